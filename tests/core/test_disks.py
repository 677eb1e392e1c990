"""File systems: their room, the speed of their device or server, and what has no counters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainmon.system import disks
from trainmon.system.disks import DiskSampler, Mount, device_bytes, mount_of, nfs_bytes

MOUNTSTATS = """device proc mounted on /proc with fstype proc
device server:/home mounted on /home with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2
\tbytes:\t1 2 3 4 5 6 7 8
device server:/runs mounted on /runs with fstype nfs4 statvers=1.1
\tbytes:\t10 20 0 0 4096 8192 1 2
\tRPC iostats version: 1.1
"""


def a_device(root: Path, read: int, written: int, device: int) -> None:
    """A block device that has read and written so many sectors."""
    folder = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stat").write_text(f"  100 3 {read} 4 200 5 {written} 6 0 7 8\n")


def a_mount(root: Path, *lines: str) -> None:
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in lines))


def test_room_and_speed_of_a_folders_device(tmp_path: Path) -> None:
    """Sectors are of 512 bytes, whatever the device's own."""
    root, device = tmp_path / "root", os.stat(tmp_path).st_dev
    sampler = DiskSampler(root)
    a_device(root, 1_000, 2_000, device)
    (first,) = sampler.sample([tmp_path], 10.0)
    a_device(root, 3_000, 2_000, device)

    (second,) = sampler.sample([tmp_path], 12.0)

    assert (first.read, first.written) == (None, None)
    assert (second.read, second.written) == (512_000.0, 0.0)
    assert second.free is not None
    assert second.total is not None
    assert 0 < second.free <= second.total
    assert second.path == str(tmp_path)


def test_a_counter_that_fell_gives_no_rate(tmp_path: Path) -> None:
    root, device = tmp_path / "root", os.stat(tmp_path).st_dev
    sampler = DiskSampler(root)
    a_device(root, 1_000, 2_000, device)
    sampler.sample([tmp_path], 10.0)
    a_device(root, 10, 4_000, device)

    (reading,) = sampler.sample([tmp_path], 12.0)

    assert (reading.read, reading.written) == (None, 512_000.0)


def test_two_folders_on_one_file_system_are_one(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()

    (reading,) = DiskSampler().sample([tmp_path / "logs", tmp_path / "ckpt"], 1.0)

    assert reading.path == str(tmp_path / "logs")


def test_a_folder_that_is_not_there_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    (reading,) = DiskSampler().sample([tmp_path / "a" / "b"], 1.0)

    assert reading.free is not None


@pytest.mark.parametrize("name", ["\0", "x" * 10_000])
def test_no_path_is_too_strange(name: str) -> None:
    assert len(DiskSampler().sample([Path("/") / name], 1.0)) <= 1


def test_a_file_system_without_counters_still_says_its_room(tmp_path: Path) -> None:
    """tmpfs, or a server that does not count."""
    sampler = DiskSampler(tmp_path / "nowhere")
    sampler.sample([tmp_path], 1.0)

    (reading,) = sampler.sample([tmp_path], 3.0)

    assert reading.free is not None
    assert (reading.kind, reading.read, reading.written) == (None, None, None)


def test_the_type_is_that_of_the_mount(tmp_path: Path) -> None:
    device = os.stat(tmp_path).st_dev
    a_mount(
        tmp_path, f"30 1 {os.major(device)}:{os.minor(device)} / / rw,relatime shared:1 - ext4 /dev/vda rw"
    )

    (reading,) = DiskSampler(tmp_path).sample([tmp_path], 1.0)

    assert reading.kind == "ext4"


def test_the_last_mount_of_a_device_counts_and_blanks_are_blanks(tmp_path: Path) -> None:
    a_mount(
        tmp_path,
        "1 0 0:50 / /a rw - nfs4 server:/x rw",
        r"2 0 0:50 / /my\040runs rw shared:7 - nfs4 server:/my\134runs rw",
        "a line of another shape",
    )

    assert mount_of(os.makedev(0, 50), tmp_path) == Mount("/my runs", "nfs4", "server:/my\\runs")
    assert mount_of(os.makedev(0, 51), tmp_path) is None


def test_an_nfs_mount_counts_what_its_server_moved(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountstats").write_text(MOUNTSTATS)

    assert nfs_bytes("/runs", tmp_path) == (4096, 8192)
    assert nfs_bytes("/proc", tmp_path) is None
    assert nfs_bytes("/none", tmp_path) is None


def test_nfs_is_counted_by_its_mount(tmp_path: Path) -> None:
    device = os.stat(tmp_path).st_dev
    a_mount(tmp_path, f"30 1 {os.major(device)}:{os.minor(device)} / /runs rw - nfs4 server:/runs rw")
    stats = tmp_path / "proc/self/mountstats"
    stats.write_text(MOUNTSTATS)
    sampler = DiskSampler(tmp_path)
    sampler.sample([tmp_path], 1.0)
    stats.write_text(MOUNTSTATS.replace("4096 8192", "5096 8192"))

    (reading,) = sampler.sample([tmp_path], 2.0)

    assert (reading.kind, reading.read, reading.written) == ("nfs4", 1_000.0, 0.0)


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d e f g", "\n"])
def test_no_content_of_a_counter_raises(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "sys/dev/block/8:1"
    folder.mkdir(parents=True)
    (folder / "stat").write_text(text)

    assert device_bytes(os.makedev(8, 1), tmp_path) is None


def test_the_device_of_this_machine_counts() -> None:
    """The files are where the kernel's documentation says."""
    found = [device_bytes(os.makedev(*map(int, name.split(":")))) for name in os.listdir("/sys/dev/block")]

    assert disks.SECTOR == 512
    assert all(each is not None and min(each) >= 0 for each in found)
