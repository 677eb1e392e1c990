"""A machine that loses its power, or kills for memory: what is on the disk is enough to go on."""

import fcntl
import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.harness import (
    RAISED,
    Stage,
    check_all_there,
    count_records,
    lines,
    of_kind,
    repair,
    until,
)
from tests.processes.storage import mounted

SHUTDOWN = 0x8004587D
"""`EXT4_IOC_SHUTDOWN`, of fs/ext4/ext4.h."""
NO_FLUSH = 2
"""`EXT4_GOING_FLAGS_NOLOGFLUSH`: what was not synced is gone, as at a power cut."""
LOST = 5.0 + 1.0
"""Seconds of records that may be lost: the pause between two syncs, and one sync."""
MEMORY = Path("/sys/fs/cgroup/memory")
"""Control groups of version 1."""
LIMIT = 300 << 20
"""Bytes of memory of the group that is killed."""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An ext4 file system in a file."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("needs root and mkfs.ext4")
    path = tmp_path / "disk.ext4"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", path], check=True)
    return path


def cut_the_power(mount: Path) -> None:
    """Has the file system forget what it has not written down."""
    descriptor = os.open(mount, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_FLUSH))
    finally:
        os.close(descriptor)


@pytest.mark.root
def test_w06_a_power_cut_loses_six_seconds_at_most_and_the_run_goes_on(
    stage: Stage, image: Path, tmp_path: Path, spool_base: Path
) -> None:
    """Shared memory is gone with it: what was synced counts. No byte that was never written shows as a record."""
    with mounted("-o", "loop", str(image), on=tmp_path / "disk") as disk:
        training = stage.start("train", logs=disk / "logs", rate=200.0, wait=1_500)
        cut_the_power(disk)
        at = time.time()
        training.kill()
        subprocess.run(["umount", str(disk)], check=True)
        for spool in spool_base.rglob("*.spool"):
            spool.unlink()
        subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True)

        data = (training.folder / "journal.jsonl").read_bytes()
        newest = max(float(str(line["time"])) for line in lines(training.folder))
        repair(training.folder)
        again = stage.start("train", logs=disk / "logs", rate=200.0, resume=1, wait=20)
        status = again.stop()

        print(f"a power cut lost {at - newest:.2f} s")
        assert at - newest < LOST
        whole = data[: data.rfind(b"\n") + 1]
        assert b"\0" not in whole
        assert all(json.loads(line) for line in whole.splitlines())
        assert (status, again.page[RAISED]) == (0, 0)
        assert max(count_records(training.folder).values()) == 1
        assert len(of_kind(training.folder, "opened")) == 2


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with a limit of memory."""
    path = MEMORY / f"trainmon-test-{os.getpid()}"
    try:
        path.mkdir()
        (path / "memory.limit_in_bytes").write_text(str(LIMIT))
        (path / "memory.swappiness").write_text("0")
    except OSError as error:
        pytest.skip(f"no control group of version 1 can be made here: {error}")
    yield path
    until(lambda: not (path / "cgroup.procs").read_text().split(), "an empty group")
    path.rmdir()


@pytest.mark.root
def test_w02_a_process_that_is_killed_for_memory_loses_nothing(stage: Stage, group: Path) -> None:
    """The kernel's out-of-memory killer, in a control group as batch systems make them."""
    training = stage.start("train", rate=2_000.0, wait=500, eat=1)
    (group / "cgroup.procs").write_text(str(training.process.pid))
    training.stop_file.touch()  # From now on it eats memory, too.
    status = training.wait()
    found = repair(training.folder)

    print(f"killed for memory after {training.logged():,} calls, {found:,} lines in the spool")
    assert status == -9
    check_all_there(training)
