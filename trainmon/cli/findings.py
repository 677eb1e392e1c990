"""What `trainmon doctor` looks at: each finding is found by the code that will be used, not by a guess about it."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from trainmon.cli import findings_machine
from trainmon.cli.finding import Finding
from trainmon.storage.dead_spools import AGE, dead_spools
from trainmon.system.aside import Aside
from trainmon.system.disks import mount_of
from trainmon.version import __version__
from trainmon.words.units import size

NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse",
    "glusterfs",
)
"""Beginnings of the names of file systems whose changes on another host the kernel does not tell (inotify(7))."""

ASK_PATIENCE = 5.0
"""Seconds for the GPU driver, or a file system, to answer; one that hangs must not hang the doctor."""

LITTLE_DISK = 1 << 30
"""Bytes free below which a disk is called nearly full: less than one checkpoint of a small model."""


def findings(folder: Path) -> Iterator[Finding]:
    """All of them, in the order in which they are shown."""
    there = nearest(folder.absolute())
    kind = file_system(there)
    yield python()
    yield spool()
    yield left_spools()
    yield log_folder(folder, there, kind)
    yield locks(there)
    yield disk(there)
    yield terminal(os.environ)
    yield characters(os.environ)
    yield notifications(kind)
    yield messages()
    yield findings_machine.gpu()
    yield findings_machine.limits()
    yield torch()


def python() -> Finding:
    """The interpreter and the libraries."""
    names = ("msgspec", "click", "textual", "rich", "watchfiles", "psutil")
    versions = [f"{name} {_version(name) or 'missing'}" for name in names]
    words = f"trainmon {__version__}, Python {platform.python_version()}, {', '.join(versions)}"
    return Finding("well" if all(map(_version, names)) else "limited", "versions", words)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def spool() -> Finding:
    """Where log calls leave their lines: opened for real, and removed again."""
    from trainmon.spool.spool import Spool
    from trainmon.spool.spool_header import SpoolHeader

    trial = Spool(SpoolHeader(journal="", journal_id=None, writer="", pid=os.getpid()))
    trial.open()
    if trial.path is not None:
        trial.path.unlink(missing_ok=True)
    trial.leave()
    if trial.kind == "shared memory":
        words = f"shared memory in {trial.folder}, {size(trial.limit)} at most"
        return Finding("well", "spool", words)
    if trial.kind == "temporary folder":
        return Finding("limited", "spool", f"{trial.folder}, which may be slow; shared memory: {trial.why}")
    return Finding("missing", "spool", f"memory of the process only, lost when it is killed: {trial.why}")


def left_spools() -> Finding:
    """What dead processes left in shared memory; asked aside, because a run folder may be on a mount that is away."""
    unknown = Finding("limited", "dead spools", f"a run folder has not answered for {ASK_PATIENCE:.0f} s")
    return Aside("trainmon-doctor", _look_for_left_spools).ask(ASK_PATIENCE) or unknown


def _look_for_left_spools() -> Finding:
    left = list(dead_spools(time.time()))
    words = []
    for orphaned, what_next in (
        (False, "`trainmon repair FOLDER` or its next training takes them in"),
        (True, f"gone, and removed {AGE / 86_400:.0f} days after their last line"),
    ):
        of = [each for each in left if each.orphaned is orphaned]
        folders = sorted({str(each.folder) for each in of})
        if folders:
            more = f" and {len(folders) - 2:,} more" if len(folders) > 2 else ""
            much = size(sum(each.size for each in of))
            words.append(f"{len(of):,} ({much}) of {', '.join(folders[:2])}{more}: {what_next}")
    return Finding("limited" if words else "well", "dead spools", "; ".join(words) or "none")


def nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path("/"))


def file_system(folder: Path) -> str | None:
    """The type of the file system that an existing folder is on, as in `mount`; None: cannot be known."""
    try:
        mount = mount_of(os.stat(folder).st_dev)
    except OSError:
        return None
    return mount.kind if mount is not None else None


def log_folder(folder: Path, there: Path, kind: str | None) -> Finding:
    """Whether the run folder can be written, and on what it lies."""
    words = f"{folder.absolute()} on {kind or 'an unknown file system'}"
    if there != folder.absolute():
        words += f", to be made in {there}"
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("missing", "log folder", f"{words}: not writable by this user")
    return Finding("well", "log folder", words)


def locks(there: Path) -> Finding:
    """Whether the file system has the lock that keeps two trainings apart: taken for real on a file without a name."""
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=there) as trial:
            fcntl.flock(trial, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        words = f"{error.strerror or error}: every training records in a folder of its own"
        return Finding("limited", "locks", words)
    return Finding("well", "locks", "flock works")


def disk(there: Path) -> Finding:
    """Room on the file system of the run folder."""
    try:
        status = os.statvfs(there)
    except OSError as error:
        return Finding("limited", "disk", f"{there}: {error.strerror or error}")
    free = status.f_bavail * status.f_frsize
    words = f"{size(free)} of {size(status.f_blocks * status.f_frsize)} free"
    if status.f_files and not status.f_favail:
        return Finding("missing", "disk", f"{words}, but no inodes")
    return Finding("well" if free >= LITTLE_DISK else "limited", "disk", words)


def terminal(environment: Mapping[str, str]) -> Finding:
    """Whether `trainmon watch` can draw a screen."""
    from trainmon_tui.terminal.terminal import why_no_screen

    reason = why_no_screen(environment)
    term = environment.get("TERM") or "not set"
    if reason is not None:
        words = f"{reason}: `trainmon watch` prints the status instead; TERM={term}, {_colours(environment)}"
        return Finding("limited", "terminal", words)
    return Finding("well", "terminal", f"TERM={term}, {_colours(environment)}")


def _colours(environment: Mapping[str, str]) -> str:
    """How many colours a screen has there."""
    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return "16 million colours"
    term = environment.get("TERM", "")
    return "no colours" if term in ("", "dumb", "unknown") else f"{256 if '256color' in term else 16} colours"


def characters(environment: Mapping[str, str]) -> Finding:
    """Which characters charts are drawn with."""
    from trainmon_tui.terminal.terminal import needs_ascii

    encoding = getattr(sys.__stderr__, "encoding", None) or "none"
    if needs_ascii(environment):
        return Finding("limited", "characters", f"encoding {encoding}: charts are drawn in ASCII")
    return Finding("well", "characters", f"encoding {encoding}: charts are drawn in braille")


def notifications(kind: str | None) -> Finding:
    """Whether changes are told, or found by polling, which always works."""
    if importlib.util.find_spec("watchfiles") is None:
        return Finding("limited", "notifications", "polling, twice a second: watchfiles is not installed")
    if kind is None or kind.startswith(NETWORK_FILE_SYSTEMS):
        return Finding(
            "limited", "notifications", f"polling, twice a second: {kind or 'unknown'} may tell nothing"
        )
    try:
        instances = Path("/proc/sys/fs/inotify/max_user_instances").read_text().strip()
    except OSError:
        return Finding("limited", "notifications", "polling, twice a second: no inotify here")
    return Finding("well", "notifications", f"inotify ({instances} instances a user), and polling")


def messages() -> Finding:
    """Whether people are told of what happens; nothing of an address is said but its kind."""
    from trainmon.notify import readiness
    from trainmon.notify.rules import addresses, read_settings
    from trainmon.system.configuration import config_path

    settings, problems = read_settings()
    urls = addresses(settings)
    if problems:
        return Finding("limited", "messages", f"{problems[0].where}: {problems[0].why}")
    reason = readiness.why_not()
    if reason is not None:
        return Finding("missing" if len(urls) else "well", "messages", reason)
    if settings.urls and others_may_read(config_path()):
        return Finding(
            "limited", "messages", f"others can read {config_path()}, which holds addresses: chmod 600"
        )
    words = f"{len(urls)} services ({', '.join(urls.kinds())}), told of {', '.join(settings.on)}"
    return Finding("well", "messages", f"{words}; try them with `trainmon notify --test`")


def others_may_read(path: Path) -> bool:
    """Whether anybody but the owner can read a file."""
    try:
        return bool(path.stat().st_mode & 0o044)
    except OSError:
        return False


def torch() -> Finding:
    """Whether the demo trains with torch; it is found and not imported, which would take seconds."""
    if importlib.util.find_spec("torch") is None:
        return Finding("well", "torch", "not installed: the demo trains in pure Python")
    return Finding("well", "torch", f"{_version('torch') or 'installed'}: the demo trains with it")
