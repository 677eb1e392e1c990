"""What `trainmon.system.cgroup` reads from trees of files as Linux shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainmon.system import cgroup

GIB = 1 << 30
V2_MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
)
V1_UNLIMITED = "9223372036854771712\n"


def a_tree(root: Path, *, mounts: str, groups: str, files: dict[str, str]) -> Path:
    """A root folder with process 7 in `groups`, and `files` below sys/fs/cgroup."""
    everything = {"proc/self/mountinfo": mounts, "proc/7/cgroup": groups}
    everything |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in everything.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def a_v2_tree(root: Path, files: dict[str, str], groups: str = "0::/job/step\n") -> Path:
    return a_tree(root, mounts=V2_MOUNTS, groups=groups, files={"job/step/cgroup.procs": "7\n"} | files)


def reading_of(root: Path) -> cgroup.CgroupReading:
    return cgroup.read(cgroup.find_folders(7, root))


def test_version_2_tells_limits_use_and_kills(tmp_path: Path) -> None:
    """Every value comes from the process's own group where that is what limits."""
    root = a_v2_tree(
        tmp_path,
        {
            "job/step/memory.max": f"{4 * GIB}\n",
            "job/step/memory.current": f"{3 * GIB}\n",
            "job/step/memory.stat": f"anon 5\ninactive_file {GIB}\n",
            "job/step/memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n",
            "job/step/cpu.max": "250000 100000\n",
            "job/step/cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
        },
    )

    reading = reading_of(root)

    assert reading == cgroup.CgroupReading(
        memory_limit=4 * GIB, memory_used=2 * GIB, cpu_limit=2.5, cpu_seconds=1.5, oom_kills=2
    )


def test_the_tightest_level_is_the_one_that_is_told(tmp_path: Path) -> None:
    """A job's limit kills its step too, and then the job's use is what counts."""
    root = a_v2_tree(
        tmp_path,
        {
            "job/memory.max": f"{GIB}\n",
            "job/memory.current": "900\n",
            "job/cpu.max": "100000 100000\n",
            "job/cpu.stat": "usage_usec 9000000\n",
            "job/step/memory.max": f"{2 * GIB}\n",
            "job/step/memory.current": "100\n",
            "job/step/cpu.max": "max 100000\n",
            "job/step/cpu.stat": "usage_usec 1000000\n",
        },
    )

    reading = reading_of(root)

    assert (reading.memory_limit, reading.memory_used) == (GIB, 900)
    assert (reading.cpu_limit, reading.cpu_seconds) == (1.0, 9.0)


def test_of_equal_limits_the_upper_one_counts_the_neighbours(tmp_path: Path) -> None:
    """With equal limits the parent is full first."""
    root = a_v2_tree(
        tmp_path,
        {
            "job/memory.max": f"{GIB}\n",
            "job/memory.current": "900\n",
            "job/step/memory.max": f"{GIB}\n",
            "job/step/memory.current": "100\n",
        },
    )

    assert reading_of(root).memory_used == 900


def test_without_any_limit_the_own_group_tells_its_use(tmp_path: Path) -> None:
    """`max` is no limit, and a root group has no such file at all."""
    root = a_v2_tree(
        tmp_path,
        {
            "job/step/memory.max": "max\n",
            "job/step/memory.current": "100\n",
            "job/step/cpu.max": "max 100000\n",
            "job/step/cpu.stat": "usage_usec 1000000\n",
        },
    )

    reading = reading_of(root)

    assert (reading.memory_limit, reading.memory_used) == (None, 100)
    assert (reading.cpu_limit, reading.cpu_seconds) == (None, 1.0)


@given(limits=st.lists(st.none() | st.integers(1, 1 << 50), min_size=1, max_size=5))
def test_the_limit_is_the_smallest_on_the_way_up(
    tmp_path_factory: pytest.TempPathFactory, limits: list[int | None]
) -> None:
    """Whatever the levels say, none of them can be passed."""
    names = ["/".join(["g"] * depth) for depth in range(1, len(limits) + 1)]
    files = {f"{name}/memory.max": f"{limit or 'max'}\n" for name, limit in zip(names, limits, strict=True)}
    root = a_v2_tree(tmp_path_factory.mktemp("tree"), files, groups=f"0::/{names[-1]}\n")

    reading = reading_of(root)

    assert reading.memory_limit == min((limit for limit in limits if limit is not None), default=None)


def test_version_1_tells_the_same(tmp_path: Path) -> None:
    """Other file names, two files for the quota, nanoseconds, and the counter in oom_control."""
    root = a_tree(
        tmp_path,
        mounts=V1_MOUNTS,
        groups="4:memory:/job\n2:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n",
        files={
            "memory/job/memory.limit_in_bytes": f"{4 * GIB}\n",
            "memory/job/memory.usage_in_bytes": f"{3 * GIB}\n",
            "memory/job/memory.stat": f"inactive_file 1\ntotal_inactive_file {GIB}\n",
            "memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "cpu,cpuacct/job/cpu.cfs_quota_us": "50000\n",
            "cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/job/cpu.stat": "nr_periods 0\nnr_throttled 0\n",
            "cpu,cpuacct/job/cpuacct.usage": "1500000000\n",
        },
    )

    reading = reading_of(root)

    assert reading == cgroup.CgroupReading(
        memory_limit=4 * GIB, memory_used=2 * GIB, cpu_limit=0.5, cpu_seconds=1.5, oom_kills=2
    )


def test_version_1_has_a_number_for_no_limit(tmp_path: Path) -> None:
    """2**63 less a page and -1 are how version 1 says "none"."""
    root = a_tree(
        tmp_path,
        mounts=V1_MOUNTS,
        groups="4:memory:/\n2:cpu,cpuacct:/\n0::/\n",
        files={
            "memory/memory.limit_in_bytes": V1_UNLIMITED,
            "memory/memory.stat": f"hierarchical_memory_limit {V1_UNLIMITED}",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )

    reading = reading_of(root)

    assert (reading.memory_limit, reading.cpu_limit) == (None, None)


def test_version_1_tells_the_limit_of_ancestors_out_of_sight(tmp_path: Path) -> None:
    """In a container the host's groups cannot be walked, but the hierarchical limit names theirs."""
    root = a_tree(
        tmp_path,
        mounts=V1_MOUNTS,
        groups="4:memory:/\n",
        files={
            "memory/memory.limit_in_bytes": V1_UNLIMITED,
            "memory/memory.stat": f"hierarchical_memory_limit {GIB}\n",
        },
    )

    assert reading_of(root).memory_limit == GIB


def test_cpu_time_is_found_where_its_controller_is_mounted_apart(tmp_path: Path) -> None:
    """Some hosts mount `cpu` and `cpuacct` as two trees; the same level is read in both."""
    root = a_tree(
        tmp_path,
        mounts=(
            "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
            "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
        ),
        groups="2:cpuacct:/job/step\n1:cpu:/job/step\n",
        files={
            "cpu/job/step/cpu.cfs_quota_us": "-1\n",
            "cpu/job/cpu.cfs_quota_us": "100000\n",
            "cpu/job/cpu.cfs_period_us": "100000\n",
            "cpuacct/job/step/cpuacct.usage": "1000000000\n",
            "cpuacct/job/cpuacct.usage": "9000000000\n",
        },
    )

    reading = reading_of(root)

    assert (reading.cpu_limit, reading.cpu_seconds) == (1.0, 9.0)


def test_the_cpu_time_of_another_group_is_not_taken_for_that_of_the_quota(tmp_path: Path) -> None:
    """Whoever moves a process into a group of `cpu` alone leaves its time with everybody else's."""
    root = a_tree(
        tmp_path,
        mounts=(
            "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
            "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
        ),
        groups="2:cpuacct:/\n1:cpu:/job\n",
        files={
            "cpu/job/cpu.cfs_quota_us": "50000\n",
            "cpu/job/cpu.cfs_period_us": "100000\n",
            "cpuacct/cpuacct.usage": "9000000000\n",
        },
    )

    reading = reading_of(root)

    assert (reading.cpu_limit, reading.cpu_seconds) == (0.5, None)


def test_a_container_that_sees_the_hosts_path_reads_its_own_mount(tmp_path: Path) -> None:
    """Without a cgroup namespace /proc names the host's path, and the mount begins there."""
    root = a_tree(
        tmp_path,
        mounts="35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
        groups="4:memory:/docker/abc/inner\n",
        files={
            "memory/memory.limit_in_bytes": f"{GIB}\n",
            "memory/inner/memory.limit_in_bytes": f"{2 * GIB}\n",
        },
    )

    assert reading_of(root).memory_limit == GIB


def test_a_group_outside_the_namespace_is_unknown(tmp_path: Path) -> None:
    """The mount's root would be another group, and its numbers wrong."""
    root = a_v2_tree(tmp_path, {"memory.max": "5\n", "memory.current": "5\n"}, groups="0::/../other\n")

    assert reading_of(root) == cgroup.CgroupReading()


def test_the_kills_of_a_dead_process_can_still_be_asked_for(tmp_path: Path) -> None:
    """Its path was written down while it lived; /proc no longer knows it."""
    root = a_v2_tree(tmp_path, {"job/step/memory.events": "oom_kill 1\n"})
    path = cgroup.memory_path(7, root)
    (root / "proc/7/cgroup").unlink()

    assert path == "/job/step"
    assert cgroup.oom_kills(path, root) == 1


def test_the_kills_of_a_removed_group_are_unknown(tmp_path: Path) -> None:
    """SLURM removes a step's group after its end: then nothing may be concluded."""
    root = a_v2_tree(tmp_path, {})

    assert cgroup.oom_kills("/job/gone", root) is None


def test_a_host_without_control_groups_says_nothing(tmp_path: Path) -> None:
    """No /proc, no mounts, and no exception."""
    assert reading_of(tmp_path) == cgroup.CgroupReading()
    assert cgroup.memory_path(7, tmp_path) is None
    assert cgroup.oom_kills("/", tmp_path) is None


@given(text=st.text(max_size=60))
@example(text="0\x1f")
def test_no_content_of_a_file_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Files of a kernel of the future are unknown, not an error."""
    names = ("memory.max", "memory.current", "memory.stat", "memory.events", "cpu.max", "cpu.stat")
    root = a_v2_tree(tmp_path_factory.mktemp("tree"), {})
    for name in names:
        (root / "sys/fs/cgroup/job/step" / name).write_bytes(text.encode("utf-8", "replace"))
    (root / "proc/self/mountinfo").write_bytes(V2_MOUNTS.encode() + text.encode("utf-8", "replace"))

    reading = reading_of(root)

    assert reading.cpu_limit is None or reading.cpu_limit >= 0
