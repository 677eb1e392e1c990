"""Opening the files of a run folder so that nobody else can make us write, or read, in another place.

A run folder may stand where others write too. A planted symbolic link, hard link, pipe or foreign file is
refused with `OSError`, never followed; what is made is for the user alone. Descriptors are not inherited by
programs that the training starts.
"""

import errno
import fcntl
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

FILE_MODE = 0o600
"""Of every file made here; the umask may take more away."""

UNFINISHED = ".new"
"""Suffix of a file between its opening and its name."""

FOLDER_MODE = 0o700
"""Of every folder made here; the umask may take more away."""

REFUSALS = frozenset({errno.EPERM, errno.EACCES, errno.ELOOP, errno.EISDIR, errno.ENXIO})
"""Why a name cannot be used that somebody else has taken. Unlike faults of storage these do not heal by themselves."""

_ALWAYS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""`O_NONBLOCK` keeps a planted pipe from holding up the open; it means nothing for a regular file."""


def open_private(path: Path, flags: int) -> int:
    """A descriptor of the regular file `path` that this user owns and that has no other name.

    Args:
        path: The last part may not be a symbolic link; folders before it may.
        flags: Of `os.open`, beside `O_NOFOLLOW` and `O_CLOEXEC`, which are always set. Never `O_TRUNC`, which
            would cut a foreign file before it is looked at.

    Raises:
        OSError: As `os.open` does; `ELOOP` for a symbolic link, `EPERM` for a file that is not ours alone.
    """
    try:
        descriptor = os.open(path, flags | _ALWAYS, FILE_MODE)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, "Is a symbolic link", str(path)) from error
        raise
    try:
        refusal = _refusal(os.fstat(descriptor))
        if refusal is not None:
            raise OSError(errno.EPERM, refusal, str(path))
    except OSError:
        close(descriptor)
        raise
    return descriptor


def close(descriptor: int) -> None:
    """Closes a descriptor. What a dead mount says to that changes nothing: the number is free then (close(2))."""
    try:
        os.close(descriptor)
    except OSError:
        return


def _refusal(status: os.stat_result) -> str | None:
    """Why a file is not to be used; None where it may be."""
    if not stat.S_ISREG(status.st_mode):
        return "Not a regular file"
    if status.st_uid != os.geteuid():
        return f"Owned by user {status.st_uid}, not by {os.geteuid()}"
    if status.st_nlink != 1:
        return f"Has {status.st_nlink} names where it should have one"
    return None


def open_append(path: Path) -> int:
    """A descriptor that writes at the end of `path`, which is made where it is missing."""
    return open_private(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def open_new(path: Path) -> int:
    """A descriptor that writes at the end of a new `path`; `FileExistsError` where the name is taken."""
    return open_private(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)


def new_locked_file(folder: Path, suffix: str, head: bytes, hold: Callable[[int], None]) -> Path:
    """A new file with a random name that begins with `head`, locked before it can be found.

    Args:
        folder: Where.
        suffix: Of its name.
        head: Its first bytes.
        hold: Is told the descriptor at once, and owns it whatever follows.

    Raises:
        OSError: It could not be made, and is not there.
    """
    name = os.urandom(12).hex()
    unnamed = folder / f".{name}{UNFINISHED}"
    descriptor = open_new(unnamed)
    hold(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(descriptor, head) != len(head):
            raise OSError(errno.ENOSPC, "nothing more can be written", str(folder))
        path = folder / f"{name}{suffix}"
        unnamed.rename(path)
    except OSError:
        unnamed.unlink(missing_ok=True)
        raise
    return path


def open_read(path: Path) -> int:
    """A descriptor that reads `path`; raises `FileNotFoundError` where it is missing."""
    return open_private(path, os.O_RDONLY)


def make_folder(path: Path) -> None:
    """Makes `path` and the folders above it where they are missing; those that exist stay as they are.

    Raises:
        OSError: A folder cannot be made; `NotADirectoryError` where something else has the name.
    """
    missing: list[Path] = []
    for folder in (path, *path.parents):
        if folder.exists():
            break
        missing.append(folder)
    for folder in reversed(missing):
        # `exist_ok`: another process may be making the same folder; a dangling link still raises.
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(path))


def high_descriptor(descriptor: int) -> int:
    """The descriptor under a high number, out of the way of programs that close or count the low ones.

    The low number is closed. Where there is no room above, the descriptor stays as it is.
    """
    try:
        high = duplicate(descriptor)
    except OSError:
        return descriptor
    close(descriptor)
    return high


def duplicate(descriptor: int) -> int:
    """Another descriptor of the same open file, under a high number.

    Raises:
        OSError: There is no room above.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, max(64, min(soft, 4_096) - 64))


Identity = tuple[int, int]
"""Device and inode of an open file."""


def identity(descriptor: int) -> Identity | None:
    """What tells an open file from others; None where the descriptor is closed.

    A program may close all descriptors, and get the numbers of ours for files of its own.
    """
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def make_unwritable(descriptor: int) -> Identity | None:
    """Puts something under a descriptor to which no write succeeds, and gives its identity.

    Raises:
        OSError: No descriptor is left for it; nothing has changed.
    """
    nowhere = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.dup2(nowhere, descriptor, inheritable=False)
        return identity(descriptor)
    finally:
        os.close(nowhere)


def close_own(descriptor: int, own: Identity | None) -> None:
    """Closes a descriptor, if it still is the file that it was, or is one of a dead mount, which cannot say so."""
    if descriptor < 0 or own is None:
        return
    try:
        status = os.fstat(descriptor)
    except OSError as error:
        if error.errno == errno.EBADF:
            return
    else:
        if (status.st_dev, status.st_ino) != own:
            return
    close(descriptor)
