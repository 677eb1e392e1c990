"""What an observer finds out beside the journal: on made-up process tables, control groups and kernel messages."""

import os
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from tests.builders import START, Journal, a_run
from trainmon.facts.events import Opened
from trainmon.meaning.statuses import Evidence, Status
from trainmon.meaning.verdict import verdict
from trainmon.reading.evidence import Observer, is_victim, read_fault
from trainmon.reading.seen_end import end_file
from trainmon.storage.exit_file import read_exit
from trainmon.system.kept import keep
from trainmon.words.exits import ExitRecord
from trainmon.words.paths import EXIT

HOST = os.uname().nodename
BOOT = "11111111-2222-3333-4444-555555555555"
NAMESPACE = 4026531836
PID, TICKS = 4711, 88_000
MOUNTS = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


def a_root(
    root: Path, *, start: int | None = TICKS, state: str = "S", boot: str = BOOT, oom_kills: int = 0
) -> Path:
    """A host's files with the trainer in its process table (`start` None: without it)."""
    rest = " ".join(["0"] * 18)
    files = {
        "proc/sys/kernel/random/boot_id": f"{boot}\n",
        "proc/self/mountinfo": MOUNTS,
        f"proc/{os.getpid()}/stat": f"{os.getpid()} (us) S {rest} 5 0 0 0\n",
        "proc/1/stat": f"1 (init) S {rest} 1 0 0 0\n",
        "sys/fs/cgroup/memory/job/memory.oom_control": f"oom_kill_disable 0\nunder_oom 0\noom_kill {oom_kills}\n",
    }
    if start is not None:
        files[f"proc/{PID}/stat"] = f"{PID} (python) {state} {rest} {start} 0 0 0\n"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / f"proc/{os.getpid()}/ns").mkdir()
    (root / f"proc/{os.getpid()}/ns/pid").symlink_to(f"pid:[{NAMESPACE}]")
    (root / "proc/self").rename(root / "proc/self.files")
    (root / "proc/self").symlink_to(str(os.getpid()))
    (root / "proc/self.files/mountinfo").rename(root / f"proc/{os.getpid()}/mountinfo")
    return root


def a_journal(**fields: object) -> Journal:
    """A run of a trainer that lives in those files, unless `fields` of its header say otherwise."""
    journal = a_run()
    opened = journal.events[0]
    assert isinstance(opened, Opened)
    own = {
        "host": HOST,
        "boot_id": BOOT,
        "pid_namespace": NAMESPACE,
        "process_start": TICKS,
        "cgroup": "/job",
    }
    journal.events[0] = structs.replace(opened, **{**own, **fields})
    return journal


def seen(folder: Path, root: Path, journal: Journal) -> Evidence:
    observer = Observer(folder, clock=lambda: journal.now + 1, monotonic=lambda: 130.0, root=root)
    return observer.look(journal.state(), None)


def test_a_trainer_in_the_process_table_lives(tmp_path: Path) -> None:
    evidence = seen(tmp_path, a_root(tmp_path), a_journal())

    assert (evidence.alive, evidence.process_state, evidence.rebooted) == (True, None, False)


def test_an_end_that_a_screen_of_this_user_saw_is_known_later_too(tmp_path: Path) -> None:
    """Of that very process alone: not of another one in the folder, nor of one with the same number."""
    journal, root = a_journal(), a_root(tmp_path, start=None)
    record = ExitRecord(
        host=HOST, boot_id=BOOT, pid=PID, start_ticks=TICKS, launcher=0, started=START, time=journal.now + 1.0,
        duration=30.0, signal=9,
    )  # fmt: skip
    before = seen(tmp_path, root, journal)
    keep(*end_file(tmp_path, record))

    after = seen(tmp_path, root, journal)

    assert before.exit is None
    assert after.exit == record
    assert verdict(journal.state(), after, journal.now + 2.0).status is Status.KILLED
    assert seen(tmp_path, root, a_journal(process_start=TICKS + 1)).exit is None
    assert seen(tmp_path / "other", root, journal).exit is None


def test_an_end_that_was_seen_on_another_host_is_known_where_the_home_is_the_same(tmp_path: Path) -> None:
    """On the login node of a cluster nobody sees the trainer; a later look there is told all the same."""
    node = "5d0e7a11-0000-4000-8000-000000000017"
    journal, root = a_journal(host="node-17", boot_id=node), a_root(tmp_path, start=None)
    record = ExitRecord(
        host="node-17", boot_id=node, pid=PID, start_ticks=TICKS, launcher=0, started=START, time=journal.now + 1.0,
        duration=30.0, signal=9,
    )  # fmt: skip
    keep(*end_file(tmp_path, record))

    evidence = seen(tmp_path, root, journal)

    assert (evidence.alive, evidence.exit) == (None, record)
    assert verdict(journal.state(), evidence, journal.now + 2.0).status is Status.KILLED


def test_a_stopped_trainer_is_told(tmp_path: Path) -> None:
    assert seen(tmp_path, a_root(tmp_path, state="T"), a_journal()).process_state == "T"


def test_a_stop_has_the_time_at_which_it_was_first_seen(tmp_path: Path) -> None:
    """Whoever comes later does not know when it was, and says nothing."""
    root, journal = a_root(tmp_path), a_journal()
    stat = root / f"proc/{PID}/stat"
    moments = iter(range(int(START), int(START) + 100))
    first = Observer(tmp_path, clock=lambda: float(next(moments)), monotonic=lambda: 130.0, root=root)
    first.look(journal.state(), None)

    stat.write_text(stat.read_text().replace(") S ", ") T "))
    stopped, still = (first.look(journal.state(), None).stopped_since for _ in range(2))

    assert stopped is not None
    assert START < stopped < START + 100
    assert still == stopped
    assert seen(tmp_path, root, journal).stopped_since is None


def test_a_wait_on_disk_is_told_only_of_a_silent_trainer(tmp_path: Path) -> None:
    root, journal = a_root(tmp_path, state="D"), a_journal()
    last = journal.state().progress
    assert last is not None

    def after(seconds: float) -> Observer:
        return Observer(tmp_path, clock=lambda: START, monotonic=lambda: last.mono + seconds, root=root)

    soon, late = after(1.0), after(31.0)

    assert soon.look(journal.state(), None).process_state is None
    assert late.look(journal.state(), None).process_state == "D"


def test_a_pid_that_was_used_again_is_another_process(tmp_path: Path) -> None:
    """Neither is the dead trainer called living, nor the living stranger called dead."""
    root, journal = a_root(tmp_path, start=TICKS + 9_000), a_journal()

    found = verdict(journal.state(), seen(tmp_path, root, journal), journal.now + 1)

    assert (found.status, found.certainty) == (Status.DIED, "unknown")


def test_another_boot_of_the_same_host_is_a_reboot(tmp_path: Path) -> None:
    root, journal = a_root(tmp_path, boot="99999999-2222-3333-4444-555555555555"), a_journal()

    found = verdict(journal.state(), seen(tmp_path, root, journal), journal.now + 1)

    assert (found.status, found.certainty) == (Status.REBOOTED, "likely")


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "gpu-99", "boot_id": "99999999-2222-3333-4444-555555555555"},
        {"pid_namespace": NAMESPACE + 7},
        {"host": "localhost", "boot_id": "99999999-2222-3333-4444-555555555555"},
    ],
)
def test_where_processes_cannot_be_compared_only_heartbeats_count(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    """Another host, another pid namespace, a host without a name: never dead, at worst unreachable."""
    root, journal = a_root(tmp_path, start=None), a_journal(**fields)
    state = journal.state()

    evidence = seen(tmp_path, root, journal)
    fresh = verdict(state, structs.replace(evidence, heartbeat=journal.now), journal.now + 60)
    old = verdict(state, structs.replace(evidence, heartbeat=journal.now), journal.now + 1_800)

    assert evidence.alive is None
    assert (fresh.status, old.status) == (Status.RUNNING, Status.UNREACHABLE)


def test_the_counter_of_the_control_group_is_read_once_the_trainer_is_gone(tmp_path: Path) -> None:
    """Fixture files of version 1; the real killer is in tests/processes/test_verdicts.py."""
    root, journal = a_root(tmp_path, start=None, oom_kills=1), a_journal()
    state = journal.state()
    state.oom_kills_before = 0

    found = verdict(state, seen(tmp_path, root, journal), journal.now + 1)

    assert (found.status, found.certainty) == (Status.OUT_OF_MEMORY, "likely")
    assert (found.why or "").startswith("cgroup oom_kill 0 → 1")


@pytest.mark.parametrize(("seconds", "named"), [(900.0, True), (800.0, False)])
def test_the_kernel_names_a_victim_that_is_younger_than_the_process(
    tmp_path: Path, seconds: float, named: bool
) -> None:
    """The trainer started 880 s after boot; an older line is about somebody who had its pid before."""
    root = a_root(tmp_path, start=None)
    (root / "dev").mkdir()
    line = f"6,99,{int(seconds * 1e6)},-;Memory cgroup out of memory: Killed process {PID} (python) anon-rss:1kB\n"
    (root / "dev/kmsg").write_text(line)
    opened = a_journal().state().opened
    assert opened is not None

    assert is_victim(opened, root) is named


def test_kernel_messages_that_may_not_be_read_name_nobody(tmp_path: Path) -> None:
    opened = a_journal().state().opened
    assert opened is not None

    assert not is_victim(opened, a_root(tmp_path))


def test_stacks_that_somebody_asked_for_are_no_crash(tmp_path: Path) -> None:
    path = tmp_path / f"faulthandler.{PID}.log"
    path.write_text('Current thread 0x1:\n  File "train.py", line 7 in step\n')

    before = read_fault(tmp_path, PID)
    path.write_text(path.read_text() + "Fatal Python error: Bus error\n\nCurrent thread 0x1:\n")
    after = read_fault(tmp_path, PID)

    assert before is None
    assert after == "Fatal Python error: Bus error\n\nCurrent thread 0x1:\n"


def test_a_crash_whose_end_is_written_down_while_we_look_comes_with_its_stack(tmp_path: Path) -> None:
    """The process was there when the look began; the report was written before anybody saw the end."""
    journal = a_journal()
    record = ExitRecord(
        host=HOST, pid=PID, launcher=2, started=START, time=journal.now, duration=5.0, signal=6
    )
    (tmp_path / EXIT).write_bytes(msgspec.json.encode(record))
    (tmp_path / f"faulthandler.{PID}.log").write_text("Fatal Python error: Aborted\n\nCurrent thread 0x1:\n")

    evidence = seen(tmp_path, a_root(tmp_path), journal)

    assert evidence.alive is True
    assert evidence.exit is not None
    assert evidence.fault is not None


def test_a_report_that_crashed_in_its_turn_tells_the_first_crash(tmp_path: Path) -> None:
    """Looking at threads that run may do that."""
    first = "Fatal Python error: Aborted\n\nThread 0x2 (most recent call first):\n  File "
    second = (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x1:\n\nExtension modules: x (total: 1)\n"
    )
    earlier = "Fatal Python error: Bus error\n\nCurrent thread 0x1:\n\nExtension modules: x (total: 1)\n"

    (tmp_path / f"faulthandler.{PID}.log").write_text(earlier + first + second)

    assert read_fault(tmp_path, PID) == first + second


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', "x" * 300_000, '{"schema": 1, "pid": "x"}'])
def test_an_exit_record_that_cannot_be_used_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / EXIT).write_text(text)

    assert read_exit(tmp_path) is None


def test_an_exit_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = ExitRecord(host=HOST, pid=1, launcher=2, started=START, time=START + 5, duration=5.0, signal=9)
    (tmp_path / EXIT).write_bytes(msgspec.json.encode(record))

    assert read_exit(tmp_path) == record


class Clocks:
    """A wall clock and a monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.wall, self.mono = START, 500.0

    def observer(self, folder: Path) -> Observer:
        return Observer(folder, clock=lambda: self.wall, monotonic=lambda: self.mono)

    def age(self, heartbeat: float | None) -> float:
        """Seconds by the present wall clock."""
        assert heartbeat is not None
        return self.wall - heartbeat


@pytest.mark.parametrize("jump", [9 * 3_600.0, -9 * 3_600.0])
def test_a_heartbeat_does_not_age_by_a_jump_of_our_clock(tmp_path: Path, jump: float) -> None:
    """A suspended laptop looks the same: its wall clock jumps, its monotonic clock does not."""
    clocks = Clocks()
    observer = clocks.observer(tmp_path)
    observer.heartbeat(("a",), clocks.wall)

    clocks.wall += jump + 3.0
    clocks.mono += 3.0

    assert clocks.age(observer.heartbeat(("a",), clocks.wall)) == pytest.approx(3.0)


def test_a_first_heartbeat_has_the_time_of_the_files_but_is_never_to_come(tmp_path: Path) -> None:
    clocks = Clocks()

    old = clocks.observer(tmp_path).heartbeat(("a",), clocks.wall - 40.0)
    ahead = clocks.observer(tmp_path).heartbeat(("a",), clocks.wall + 3_600.0)

    assert clocks.age(old) == pytest.approx(40.0)
    assert clocks.age(ahead) == pytest.approx(0.0)


def test_a_change_of_the_files_is_a_heartbeat_whatever_their_time_says(tmp_path: Path) -> None:
    """The clock of the other host may be hours behind."""
    clocks = Clocks()
    observer = clocks.observer(tmp_path)
    observer.heartbeat(("a",), clocks.wall - 7_200.0)

    assert clocks.age(observer.heartbeat(("b",), clocks.wall - 7_199.0)) == pytest.approx(0.0)
