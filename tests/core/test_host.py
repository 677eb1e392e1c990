"""The samples of host and trainer: their units, their first time, and what happens where a part fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.system.host import CpuTime, HostSampler, cpu_percents

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
GIB = 1 << 30
MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def a_cgroup(root: Path, **files: str) -> Path:
    """A root folder whose only control group holds `files`, with `_` for the dot of their names."""
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/mountinfo").write_text(MOUNTS)
    (root / "proc/self/cgroup").write_text("0::/\n")
    (root / "sys/fs/cgroup").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / "sys/fs/cgroup" / name.replace("_", ".", 1)).write_text(text)
    return root


def counters(**values: int) -> Callable[..., SimpleNamespace]:
    return lambda **_: SimpleNamespace(**values)


def test_the_first_sample_has_no_rates(tmp_path: Path) -> None:
    """A rate needs two moments; nothing is made up for the first."""
    reading = HostSampler(tmp_path).sample(100.0)

    assert reading.cpu_percent is None
    assert (reading.network_sent, reading.network_received) == (None, None)
    assert (reading.disk_read, reading.disk_written) == (None, None)


def test_a_sample_says_what_the_host_has(tmp_path: Path) -> None:
    """Every plain quantity is there on an ordinary host, and fits together."""
    reading = HostSampler(tmp_path).sample(100.0)

    assert reading.memory_used is not None
    assert reading.memory_total is not None
    assert 0 < reading.memory_used < reading.memory_total
    assert reading.disk_free is not None
    assert reading.disk_total is not None
    assert 0 < reading.disk_free <= reading.disk_total
    assert reading.cpu_count is not None
    assert reading.cpu_count > 0
    assert reading.disk_path == str(tmp_path)


def test_rates_are_bytes_a_second_between_two_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3,000 bytes in two seconds are 1,500 a second."""
    sampler = HostSampler(tmp_path)
    monkeypatch.setattr(psutil, "disk_io_counters", counters(read_bytes=1_000, write_bytes=0))
    sampler.sample(100.0)
    monkeypatch.setattr(psutil, "disk_io_counters", counters(read_bytes=4_000, write_bytes=500))

    reading = sampler.sample(102.0)

    assert (reading.disk_read, reading.disk_written) == (1_500.0, 250.0)


def test_loopback_is_not_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that talk to each other on the host send nothing out; a container's one device counts."""

    def devices(total: int) -> Callable[..., dict[str, SimpleNamespace]]:
        device = SimpleNamespace(bytes_sent=total, bytes_recv=2 * total)
        return lambda **_: {"lo": SimpleNamespace(bytes_sent=9**9, bytes_recv=9**9), "veth-made-up": device}

    sampler = HostSampler(tmp_path)
    monkeypatch.setattr(psutil, "net_io_counters", devices(0))
    sampler.sample(100.0)
    monkeypatch.setattr(psutil, "net_io_counters", devices(800))

    reading = sampler.sample(104.0)

    assert (reading.network_sent, reading.network_received) == (200.0, 400.0)


@pytest.mark.parametrize(("total", "mono"), [(500, 101.0), (2_000, 100.0), (2_000, 99.0)])
def test_a_counter_that_fell_or_a_clock_that_stood_gives_no_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, mono: float
) -> None:
    """A disk that was pulled, or two samples at once."""
    sampler = HostSampler(tmp_path)
    monkeypatch.setattr(psutil, "disk_io_counters", counters(read_bytes=1_000, write_bytes=1_000))
    sampler.sample(100.0)
    monkeypatch.setattr(psutil, "disk_io_counters", counters(read_bytes=total, write_bytes=total))

    reading = sampler.sample(mono)

    assert (reading.disk_read, reading.disk_written) == (None, None)


def test_memory_is_told_against_the_cgroups_limit(tmp_path: Path) -> None:
    """The limit is what kills, not the host's size."""
    root = a_cgroup(
        tmp_path,
        memory_max=f"{GIB}\n",
        memory_current="700\n",
        memory_stat="inactive_file 200\n",
        memory_events="oom_kill 4\n",
    )

    reading = HostSampler(tmp_path, root=root).sample(100.0)

    assert (reading.memory_used, reading.memory_total, reading.memory_limited) == (500, GIB, True)
    assert reading.oom_kills == 4


def test_a_limit_above_the_host_is_no_limit(tmp_path: Path) -> None:
    """The host is full before."""
    root = a_cgroup(tmp_path, memory_max=f"{1 << 55}\n", memory_current="700\n")

    reading = HostSampler(tmp_path, root=root).sample(100.0)

    assert (reading.memory_total, reading.memory_limited) == (psutil.virtual_memory().total, False)


def test_cpu_is_told_against_the_cgroups_quota(tmp_path: Path) -> None:
    """Half a CPU used of a quarter and more is full, whatever the host's 128 CPUs do."""
    root = a_cgroup(tmp_path, cpu_max="50000 100000\n", cpu_stat="usage_usec 0\n")
    sampler = HostSampler(tmp_path, root=root)
    sampler.sample(100.0)
    a_cgroup(tmp_path, cpu_stat="usage_usec 500000\n")

    reading = sampler.sample(102.0)

    assert (reading.cpu_count, reading.cpu_percent, reading.cpu_limited) == (0.5, 50.0, True)


@pytest.mark.parametrize("failure", [RuntimeWarning("not determined"), OSError("gone"), KeyError("MemTotal")])
def test_each_part_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """A /proc that psutil cannot read costs one value, not the sample."""

    def fail(**_: object) -> None:
        raise failure

    for name in ("virtual_memory", "swap_memory", "net_io_counters", "disk_io_counters", "cpu_times"):
        monkeypatch.setattr(psutil, name, fail)
    root = a_cgroup(tmp_path, memory_events="oom_kill 1\n")

    reading = HostSampler(tmp_path, root=root).sample(100.0)

    assert (reading.memory_used, reading.memory_total, reading.swap_total) == (None, None, None)
    assert reading.oom_kills == 1
    assert reading.disk_free is not None


def test_a_folder_that_is_not_there_yet_leaves_the_disk_unknown(tmp_path: Path) -> None:
    """The log folder may be made later."""
    reading = HostSampler(tmp_path / "later").sample(100.0)

    assert (reading.disk_free, reading.disk_total) == (None, None)
    assert reading.memory_total is not None


times = st.builds(CpuTime, st.floats(0, 1e9), st.floats(0, 1e9))


@given(before=st.lists(times, max_size=4), after=st.lists(times, max_size=4))
def test_a_cpu_is_busy_between_nothing_and_all_of_the_time(
    before: list[CpuTime], after: list[CpuTime]
) -> None:
    """Also when a counter jumps or a CPU went off line in between."""
    percents = cpu_percents(before, after)

    assert all(0 <= percent <= 100 for percent in percents)
    assert len(percents) in (0, len(after))


def test_each_cpu_is_told_apart_only_where_they_are_not_too_many(tmp_path: Path) -> None:
    """Hundreds of numbers every two seconds would be most of a journal."""
    sampler = HostSampler(tmp_path, per_core=1_024)
    sampler.sample(100.0)
    while sampler.sample(101.0).cpu_per_core is None:  # the kernel counts in hundredths of a second
        pass

    sampler.per_core = 0

    assert sampler.sample(102.0).cpu_per_core is None
