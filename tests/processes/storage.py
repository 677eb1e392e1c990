"""Storage that a test makes fail: a shared library under the training, a frozen loop mount, a small tmpfs."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.harness import PROGRAMS

WATCHDOG = 20
"""Seconds after which a frozen file system is thawed whatever became of the test."""


class FailingStorage:
    """The library under a training, and the file that tells it what to do."""

    def __init__(self, folder: Path, path: Path) -> None:
        """Compiles the library into `folder`; it acts on files whose path holds `path`."""
        library = folder / "storage.so"
        subprocess.run(
            ["gcc", "-O1", "-shared", "-fPIC", "-o", library, PROGRAMS / "storage.c", "-ldl"], check=True
        )
        self.control = folder / "storage"
        self.control.touch()
        self.environment = {
            "LD_PRELOAD": str(library),
            "STORAGE_CONTROL": str(self.control),
            "STORAGE_PATH": str(path),
        }

    def fail(self, how: str) -> None:
        """From now on; see `programs/storage.c`."""
        self.control.write_text(how)

    def heal(self) -> None:
        self.control.write_text("")


@pytest.fixture
def failing(tmp_path: Path) -> FailingStorage:
    """Fails what is under `tmp_path/logs`."""
    if shutil.which("gcc") is None:
        pytest.skip("needs a C compiler")
    return FailingStorage(tmp_path, tmp_path / "logs")


@contextlib.contextmanager
def mounted(*arguments: str, on: Path) -> Iterator[Path]:
    """A mount for the time of the block; skips the test where mounting is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    on.mkdir()
    done = subprocess.run(["mount", *arguments, str(on)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield on
    finally:
        subprocess.run(["umount", "--lazy", str(on)], check=False)


@contextlib.contextmanager
def tiny_memory(on: Path, size: str) -> Iterator[Path]:
    """A tmpfs of a size such as `1m`."""
    with mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", on=on) as folder:
        yield folder


class Freezer:
    """An ext4 file system that can be frozen."""

    def __init__(self, mount: Path) -> None:
        self.mount = mount
        self._watchdog: subprocess.Popen[bytes] | None = None

    def freeze(self) -> None:
        """Freezes it; a process of its own thaws it after 20 s, even if the test is killed."""
        self._watchdog = subprocess.Popen(
            ["sh", "-c", f'sleep {WATCHDOG}; exec fsfreeze -u "$0"', str(self.mount)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        done = subprocess.run(
            ["fsfreeze", "-f", str(self.mount)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            self.thaw()
            pytest.skip(f"freezing is not allowed here: {done.stderr.strip()}")

    def thaw(self) -> None:
        if self._watchdog is not None:
            subprocess.run(
                ["fsfreeze", "-u", str(self.mount)], stderr=subprocess.DEVNULL, check=False, timeout=10
            )
            os.killpg(self._watchdog.pid, signal.SIGKILL)
            self._watchdog.wait(10)
            self._watchdog = None


@pytest.fixture
def freezer(tmp_path: Path) -> Iterator[Freezer]:
    """A loop mount; thawed and unmounted at the end, whatever happened."""
    tools = [tool for tool in ("mkfs.ext4", "fsfreeze", "mount") if shutil.which(tool) is None]
    if tools or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(tools) or 'loop mounts'}")
    image = tmp_path / "disk.ext4"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    with mounted("-o", "loop", str(image), on=tmp_path / "disk") as mount:
        freezer = Freezer(mount)
        try:
            yield freezer
        finally:
            freezer.thaw()
