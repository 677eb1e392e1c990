"""What became of a run: every word, its reason and its certainty, at a passed clock."""

import pytest
from msgspec import structs

from tests.builders import START, Journal, a_reading, a_run
from trainmon.facts.readings import HostReading, MachineReading
from trainmon.fold.state import RunState
from trainmon.meaning.run_exit import started_as
from trainmon.meaning.statuses import Certainty, Evidence, Silence, Status, Verdict
from trainmon.meaning.verdict import silence, silence_words, verdict
from trainmon.words.accounting import Accounting
from trainmon.words.exits import LAUNCHER_APP, ExitRecord

HOUR = 3_600.0
BOOT_AGO = 100.0
"""Monotonic seconds of the builders' start."""

OFFSET = START - BOOT_AGO
"""Wall clock less monotonic clock in the builders' journals."""


def judged(journal: Journal, evidence: Evidence, later: float = 1.0) -> Verdict:
    """The verdict some seconds after the last event."""
    return verdict(journal.state(), evidence, journal.now + later)


def an_exit(journal: Journal, **fields: object) -> ExitRecord:
    """An exit record of the journal's own program."""
    record = ExitRecord(
        host="gpu-07", pid=4711, launcher=4710, started=START - 1, time=journal.now + 0.5, duration=30.0
    )
    return structs.replace(record, **fields)


def with_memory(used: float, oom_kills: int | None = None, time: float = START) -> MachineReading:
    """A reading with so many of 64 GiB in use."""
    host = HostReading(memory_used=int(used * 2**30), memory_total=64 * 2**30, oom_kills=oom_kills)
    return structs.replace(a_reading(time), host=host)


# The living.


def test_before_anything_is_recorded_the_run_is_waited_for() -> None:
    assert verdict(RunState(), Evidence(), START).status is Status.WAITING


def test_steps_that_come_without_a_start_are_a_run_too() -> None:
    """`log_training_progress` alone is all that many a loop calls."""
    journal = Journal().opened().steps(30)

    living = judged(journal, Evidence(alive=True, clock_offset=OFFSET))
    silent = judged(journal, Evidence(alive=True, clock_offset=OFFSET), HOUR)

    assert (living.status, living.certainty) == (Status.RUNNING, "certain")
    assert silent.status is Status.STALLED


def test_hours_before_the_first_step_are_starting_and_never_stalled() -> None:
    """Compiling and tokenising may take as long as they like."""
    found = judged(Journal().opened().started(), Evidence(alive=True, clock_offset=OFFSET), 5 * HOUR)

    assert (found.status, found.certainty) == (Status.STARTING, "certain")


def test_steps_that_come_are_running() -> None:
    found = judged(a_run(), Evidence(alive=True, clock_offset=OFFSET))

    assert (found.status, found.why, found.certainty) == (Status.RUNNING, None, "certain")


def test_half_an_hour_of_announced_validation_is_validating() -> None:
    journal = a_run()
    state = journal.state()
    state.span, state.span_time = "validation", journal.now

    found = verdict(state, Evidence(alive=True, clock_offset=OFFSET), journal.now + HOUR / 2)

    assert found.status is Status.VALIDATING


def test_half_an_hour_of_validation_that_nobody_announced_is_stalled_at_worst() -> None:
    found = judged(a_run(), Evidence(alive=True, clock_offset=OFFSET), HOUR / 2)

    assert found.status is Status.STALLED
    assert not found.status.over


def test_a_checkpoint_under_way_is_saving() -> None:
    state = a_run().state()
    state.span, state.span_time = "checkpoint", START + 30

    assert verdict(state, Evidence(alive=True), START + 31).status is Status.SAVING


@pytest.mark.parametrize(
    ("cpu", "gpu", "letter", "words"),
    [
        (0.3, 0, None, "hangs (CPU 0 %, GPU 0 %)"),
        (99.0, 0, None, "computes (CPU 99 %, GPU 0 %)"),
        (1.0, 97, None, "waits for its GPU (CPU 1 %, GPU 97 %)"),
        (0.0, 0, "D", "waits on disk"),
    ],
)
def test_what_a_stalled_run_does_is_told_by_cpu_and_gpu(
    cpu: float, gpu: int, letter: str | None, words: str
) -> None:
    """Readings keep coming from the monitor's thread; they are no sign that the training goes on."""
    journal = a_run().after(600.0)
    reading = a_reading(journal.now)
    assert reading.process is not None
    process = structs.replace(reading.process, cpu_percent=cpu, children_cpu_percent=0.0)
    gpus = (structs.replace(reading.gpus[0], utilisation=gpu),)
    journal.system(structs.replace(reading, process=process, gpus=gpus))

    found = judged(journal, Evidence(alive=True, process_state=letter, clock_offset=OFFSET))

    assert (found.status, found.certainty) == (Status.STALLED, "likely")
    assert (found.why or "").startswith(words)
    assert found.since == pytest.approx(journal.now - 600.0, abs=2.0)


def test_a_stopped_process_is_stopped() -> None:
    """Since when is said only where somebody saw it: its last step may be much older than the signal."""
    unseen = judged(a_run(), Evidence(alive=True, process_state="T"))
    seen = judged(a_run(), Evidence(alive=True, process_state="T", stopped_since=START + 90.0))

    assert (unseen.status, unseen.since) == (Status.STOPPED, None)
    assert seen.since == START + 90.0


@pytest.mark.parametrize("jump", [9 * HOUR, -9 * HOUR])
def test_a_clock_that_jumps_changes_no_verdict_on_the_same_host(jump: float) -> None:
    """The observer's wall clock and its offset to the monotonic clock jump together."""
    found = judged(a_run(), Evidence(alive=True, clock_offset=OFFSET + jump), 1.0 + jump)

    assert found.status is Status.RUNNING


def test_a_laptop_that_slept_for_a_night_still_runs() -> None:
    """The monotonic clock stands still in suspend, so the offset grows by what the wall clock gained."""
    found = judged(a_run(), Evidence(alive=True, clock_offset=OFFSET + 8 * HOUR), 8 * HOUR + 1)

    assert found.status is Status.RUNNING


@pytest.mark.parametrize("skew", [300.0, -300.0, 9 * HOUR])
def test_a_clock_of_another_host_that_is_off_changes_no_verdict(skew: float) -> None:
    journal = a_run()
    now = journal.now + 1.0 + skew

    found = verdict(journal.state(), Evidence(heartbeat=now - 2.0), now)

    assert (found.status, found.certainty) == (Status.RUNNING, "likely")


def test_a_minute_of_delay_over_nfs_is_still_running() -> None:
    """An attribute cache shows the files of the other host up to 60 s late."""
    journal = a_run()
    now = journal.now + 59.0

    assert verdict(journal.state(), Evidence(heartbeat=journal.now), now).status is Status.RUNNING


HERE = Evidence(alive=True, clock_offset=OFFSET)


def hush(journal: Journal, later: float, evidence: Evidence = HERE) -> Silence | None:
    """What is said of the silence some seconds after the last event."""
    now = journal.now + later
    return silence(journal.state(), verdict(journal.state(), evidence, now), now)


def test_a_loader_that_hangs_is_told_long_before_the_run_counts_as_stalled() -> None:
    journal = Journal().opened().started().steps(99, every=0.03)

    found = hush(journal, 48.0)

    assert judged(journal, HERE, 48.0).status is Status.RUNNING
    assert hush(journal, 4.9) is None
    assert found is not None
    assert silence_words(found) == "no step for 48s (usual 0.03s)"


def test_a_silence_that_is_usual_for_the_run_is_none() -> None:
    """Slow steps, an announced validation, one that came for each epoch, and the first steps of all."""
    slow = Journal().opened().started().steps(30, every=4.0)
    validating = Journal().opened().started().steps(30).begun("validation")
    validated = Journal().opened().started()
    for epoch in range(3):
        validated.steps(100 * epoch + 100, 100 * epoch + 1).span("validation", 10.0)

    assert hush(slow, 39.0) is None
    assert hush(slow, 45.0) is not None
    assert hush(validating, 50.0) is None
    assert hush(validated, 15.0) is None
    assert hush(Journal().opened().started().steps(30).span("validation", 40.0), 4.0) is None
    assert hush(Journal().opened().started().steps(2), 50.0) is None


def test_records_that_come_late_from_another_host_are_no_silence() -> None:
    journal = Journal().opened().started().steps(99).after(2.0).system()

    assert hush(journal, 40.0, Evidence(heartbeat=journal.now)) is None


def test_a_run_on_another_host_that_only_sends_readings_is_stalled() -> None:
    journal = a_run().after(600.0)
    journal.system(a_reading(journal.now))

    found = judged(journal, Evidence(heartbeat=journal.now))

    assert (found.status, found.certainty) == (Status.STALLED, "likely")


def test_no_heartbeat_from_another_host_is_unreachable_and_not_dead() -> None:
    journal = a_run()

    found = verdict(journal.state(), Evidence(heartbeat=journal.now), journal.now + 91.0)

    assert (found.status, found.certainty) == (Status.UNREACHABLE, "unknown")
    assert not found.status.over


def test_a_held_spool_is_life_in_another_pid_namespace() -> None:
    """Files on a dead NFS server may be old while the trainer goes on into shared memory."""
    journal = a_run()

    found = verdict(journal.state(), Evidence(heartbeat=journal.now, spool_held=True), journal.now + 50.0)

    assert (found.status, found.certainty) == (Status.RUNNING, "certain")


def test_a_spool_that_nobody_holds_is_death_only_after_a_silence() -> None:
    journal = a_run()
    evidence = Evidence(heartbeat=journal.now, spool_held=False)

    soon, later = (verdict(journal.state(), evidence, journal.now + seconds) for seconds in (5.0, 20.0))

    assert soon.status is Status.RUNNING
    assert (later.status, later.certainty) == (Status.DIED, "unknown")


def test_a_program_that_knows_nothing_of_trainmon_runs_without_steps() -> None:
    """`trainmon run` opens a journal for it, and says later that a run has started."""
    opened = Journal().opened()
    opened.events[0] = structs.replace(opened.events[0], app_name=LAUNCHER_APP)
    started = Journal(events=list(opened.events)).started()
    alive, stopped = Evidence(alive=True), Evidence(alive=True, process_state="T")

    found = [judged(opened, alive), judged(opened, stopped), judged(started, alive, 9 * HOUR)]

    assert [each.status for each in found] == [Status.STARTING, Status.STOPPED, Status.RUNNING]


# Ends that were said.


def test_an_end_that_was_said_is_certain() -> None:
    ends = [
        judged(a_run().ended(), Evidence(alive=False)),
        judged(a_run().ended(success=False, reason="interrupted"), Evidence(alive=False)),
        judged(a_run().ended(success=False, reason="failed", error="ValueError: x"), Evidence(alive=False)),
    ]

    assert [end.status for end in ends] == [Status.FINISHED, Status.INTERRUPTED, Status.FAILED]
    assert {end.certainty for end in ends} == {"certain"}
    assert ends[2].why == "ValueError: x"


def test_a_finished_training_whose_program_crashed_afterwards_has_finished() -> None:
    journal = a_run().ended()

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, signal=11)))

    assert (found.status, found.why) == (Status.FINISHED, "the program then ended with SIGSEGV")


def test_the_end_of_a_later_program_is_not_that_of_the_one_that_finished() -> None:
    """A second start in the folder that fails before its training begins."""
    first = a_run().ended().closed()
    second = Journal("ba9876543210", first.now + 60.0).opened().after(2.0)
    first.events += second.events

    found = verdict(first.state(), Evidence(alive=False, exit=an_exit(second, status=1)), second.now + 1.0)

    why = "a later start in this folder ended with exit status 1"
    assert (found.status, found.why) == (Status.FINISHED, why)


def test_a_worker_that_the_out_of_memory_killer_took_explains_the_exception() -> None:
    message = "DataLoader worker (pid 4777) is killed by signal: Killed. "
    journal = a_run().system(with_memory(20.0, oom_kills=2))
    journal.error(message).ended(success=False, reason="failed", error=f"RuntimeError: {message}")

    found = judged(journal, Evidence(alive=False, oom_kills=3))

    assert (found.status, found.certainty) == (Status.OUT_OF_MEMORY, "certain")
    assert (found.why or "").startswith("cgroup oom_kill 2 → 3; a worker was killed")


# Deaths.


def test_a_stranger_cannot_tell_a_kill_from_an_exit() -> None:
    found = judged(a_run(), Evidence(alive=False))

    assert found.status.value == "ended without a word"
    assert found.why == "the process is gone and said no end: killed, or exited"
    assert found.certainty == "unknown"


@pytest.mark.parametrize(
    ("fields", "status", "why", "certainty"),
    [
        ({"signal": 9}, Status.KILLED, "SIGKILL", "certain"),
        ({"signal": 15}, Status.TERMINATED, "SIGTERM", "certain"),
        ({"signal": 11}, Status.CRASHED, "SIGSEGV", "certain"),
        ({"signal": 6}, Status.CRASHED, "SIGABRT", "certain"),
        ({"signal": 2}, Status.INTERRUPTED, "SIGINT (Ctrl-C)", "certain"),
        ({"signal": 1}, Status.TERMINATED, "SIGHUP: the terminal went away", "certain"),
        ({"status": 137}, Status.KILLED, "SIGKILL", "likely"),
        ({"status": 3}, Status.FAILED, "exit status 3, at once (os._exit or a C library)", "certain"),
        ({"status": 0}, Status.DIED, "the program exited with status 0, without log_training_end", "certain"),
        (
            {"signal": 15, "forwarded": (15,)},
            Status.TERMINATED,
            "SIGTERM, sent to trainmon run and passed on",
            "certain",
        ),
        (
            {"status": 1, "forwarded": (15,)},
            Status.TERMINATED,
            "SIGTERM, sent to trainmon run and passed on; the program left with exit status 1",
            "likely",
        ),
        (
            {"signal": 15, "job": "slurm 88213", "job_end": START + 60},
            Status.TERMINATED,
            "SIGTERM: the time limit of slurm 88213",
            "certain",
        ),
        (
            {"signal": 15, "job": "slurm 88213", "job_end": START + 9_000},
            Status.TERMINATED,
            "SIGTERM: slurm 88213 was cancelled or preempted",
            "certain",
        ),
    ],
)
def test_a_parent_knows_how_its_child_ended(
    fields: dict[str, object], status: Status, why: str, certainty: Certainty
) -> None:
    journal = a_run()

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, **fields)))

    assert (found.status, found.why, found.certainty) == (status, why, certainty)
    assert found.since == journal.now + 0.5


def test_an_exit_record_of_an_earlier_program_says_nothing_about_this_one() -> None:
    journal = a_run()
    old = an_exit(journal, pid=99, launcher=98, started=START - 500, time=START - 400, signal=9)

    assert judged(journal, Evidence(alive=False, exit=old)).status is Status.DIED


def test_a_signal_that_a_shell_in_between_reports_is_likely() -> None:
    """`trainmon run -- bash train.sh`: the parent sees bash."""
    journal = a_run()

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, pid=4700, launcher=4600, status=139)))

    assert (found.status, found.certainty) == (Status.CRASHED, "likely")


def test_a_crash_shows_the_stack_that_faulthandler_left() -> None:
    fault = (
        'Fatal Python error: Segmentation fault\n\nCurrent thread 0x1:\n  File "train.py", line 7 in step\n'
    )

    found = judged(a_run(), Evidence(alive=False, fault=fault))

    assert (found.status, found.why, found.certainty) == (Status.CRASHED, "Segmentation fault", "certain")
    assert found.details == ("Current thread 0x1:", '  File "train.py", line 7 in step')


def test_an_abort_whose_report_crashed_is_called_an_abort_by_parent_and_stranger() -> None:
    journal = a_run()
    first, second = (
        "Fatal Python error: Aborted\n\nThread 0x2:\n",
        "Fatal Python error: Segmentation fault\n\n",
    )
    fault = f"{first}  File {second}Current thread 0x1:"
    evidence = Evidence(alive=False, fault=fault)

    stranger = judged(journal, evidence)
    parent = judged(journal, structs.replace(evidence, exit=an_exit(journal, signal=11)))

    assert (stranger.why, parent.why) == ("Aborted", "SIGABRT: Aborted")
    assert parent.details == ("Current thread 0x1:", "Thread 0x2:")


def test_the_out_of_memory_killer_is_told_by_the_counter() -> None:
    journal = a_run().system(with_memory(63.9, oom_kills=0, time=a_run().now))
    evidence = Evidence(alive=False, oom_kills=1)

    stranger = judged(journal, evidence)
    parent = judged(journal, structs.replace(evidence, exit=an_exit(journal, signal=9)))

    assert stranger.status is parent.status is Status.OUT_OF_MEMORY
    assert stranger.why == "cgroup oom_kill 0 → 1; host memory, not CUDA"
    assert (stranger.certainty, parent.certainty) == ("likely", "certain")
    assert stranger.details == ("63.9 of 64.0 GiB at 23:41:34 = trainer 9.8 + 12 workers 34.0 + other 20.1",)


def test_parts_that_are_more_than_the_whole_are_no_sum() -> None:
    """Shared pages count in every process, and pages of files that are mapped do not count as used."""
    journal = a_run().system(with_memory(40.0, oom_kills=0, time=a_run().now))

    found = judged(journal, Evidence(alive=False, oom_kills=1))

    assert found.details == ("40.0 of 64.0 GiB at 23:41:34; trainer 9.8, 12 workers 34.0",)


def test_a_run_is_started_again_as_its_launcher_was() -> None:
    """A rank's own command line starts one rank, also where `torchrun` said how that one ended."""
    journal = Journal().opened(command=("python", "-u", "train.py"), rank=0, world_size=4).started().steps(9)
    torchrun = an_exit(journal, pid=4_000, launcher=3_999, status=1, command=("torchrun", "train.py"))
    rank = an_exit(journal, launcher=3_999, signal=9, command=("torchrun", "train.py"))
    seen = an_exit(journal, launcher=0, signal=9)

    assert started_as(journal.state(), Evidence(alive=False, exit=torchrun)) == ("torchrun", "train.py")
    assert started_as(journal.state(), Evidence(alive=False, exit=rank)) == ("torchrun", "train.py")
    assert started_as(journal.state(), Evidence(alive=False, exit=seen)) == ("python", "-u", "train.py")
    assert started_as(journal.state(), Evidence(alive=False)) == ("python", "-u", "train.py")
    assert started_as(RunState(), Evidence()) == ()


def test_the_kernel_that_names_the_trainer_makes_it_certain() -> None:
    found = judged(a_run(), Evidence(alive=False, oom_victim=True))

    assert (found.status, found.certainty) == (Status.OUT_OF_MEMORY, "certain")


def test_a_memory_that_was_full_just_before_is_likely_the_reason() -> None:
    journal = a_run()
    journal.system(with_memory(63.9, time=journal.now))

    found = judged(journal, Evidence(alive=False))

    assert (found.status, found.certainty) == (Status.OUT_OF_MEMORY, "likely")


def test_a_segfault_with_full_memory_is_a_crash() -> None:
    journal = a_run()
    journal.system(with_memory(63.9, time=journal.now))

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, signal=11)))

    assert found.status is Status.CRASHED


def test_a_host_that_booted_since_is_named() -> None:
    found = judged(a_run(), Evidence(alive=False, rebooted=True), HOUR)

    assert (found.status.value, found.certainty) == ("host rebooted", "likely")


def test_a_program_that_closed_its_record_has_exited() -> None:
    found = judged(a_run().closed(), Evidence(alive=False))

    assert (found.status, found.certainty) == (Status.DIED, "certain")
    assert found.why == "the program exited without log_training_end"


@pytest.mark.parametrize("closed", [True, False])
def test_steps_are_a_training_where_nobody_said_that_one_starts(closed: bool) -> None:
    journal = Journal().opened().progress(1).progress(2)

    found = judged(journal.closed() if closed else journal, Evidence(alive=False))

    assert "before a training started" not in found.why


def test_the_journal_that_trainmon_run_keeps_is_judged_by_the_exit_of_its_child() -> None:
    """The launcher is the recorder, and closes in order whatever became of the program."""
    journal = Journal().opened(pid=4710).started().after(9.0)
    journal.ended(success=False, reason="failed", error="SIGKILL").closed()

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, signal=9)))

    assert (found.status, found.why, found.certainty) == (Status.KILLED, "SIGKILL", "certain")


# What the batch system says.


def told(state: str, **fields: object) -> Accounting:
    return structs.replace(Accounting("88213", state), **fields)


@pytest.mark.parametrize(
    ("accounting", "status", "why", "certainty"),
    [
        (told("TIMEOUT"), Status.TERMINATED, "the time limit of slurm 88213", "certain"),
        (told("PREEMPTED"), Status.TERMINATED, "slurm 88213 was preempted", "certain"),
        (
            told("CANCELLED", by="1000"),
            Status.TERMINATED,
            "slurm 88213 was cancelled by user 1000",
            "certain",
        ),
        (told("NODE_FAIL"), Status.DIED, "the node of slurm 88213 failed", "certain"),
        (told("OUT_OF_MEMORY"), Status.OUT_OF_MEMORY, "slurm 88213: OUT_OF_MEMORY", "likely"),
        (told("FAILED", code=3), Status.FAILED, "exit status 3, says slurm 88213", "likely"),
        (told("FAILED", code=0, signal=9), Status.KILLED, "SIGKILL, says slurm 88213", "likely"),
        (told("FAILED", code=0, signal=11), Status.CRASHED, "SIGSEGV, says slurm 88213", "likely"),
        (told("COMPLETED", code=0), Status.DIED, "slurm 88213 is over (COMPLETED)", "likely"),
    ],
)
def test_a_stranger_is_told_by_the_batch_system(
    accounting: Accounting, status: Status, why: str, certainty: Certainty
) -> None:
    found = judged(a_run(), Evidence(alive=False, accounting=accounting))

    assert (found.status, found.certainty) == (status, certainty)
    assert why in (found.why or "")


def test_the_batch_system_says_why_a_parent_saw_a_signal() -> None:
    journal = a_run()
    exit_ = an_exit(journal, signal=15, job="slurm 88213", start_ticks=None)

    found = judged(journal, Evidence(alive=False, exit=exit_, accounting=told("PREEMPTED")))

    assert (found.status, found.certainty) == (Status.TERMINATED, "certain")
    assert found.why == "SIGTERM: slurm 88213 was preempted"


def test_a_job_that_is_over_ends_a_silent_run_of_another_host_and_never_a_living_one() -> None:
    journal = a_run()
    over = told("TIMEOUT")
    silent = Evidence(alive=None, accounting=over, heartbeat=journal.now)

    assert judged(journal, silent, 200.0).status is Status.TERMINATED
    assert judged(journal, silent, 20.0).status is Status.RUNNING
    assert not judged(journal, Evidence(alive=True, accounting=over, clock_offset=OFFSET), 200.0).status.over


def test_an_end_that_was_said_needs_no_batch_system() -> None:
    journal = a_run().ended(success=True)

    assert judged(journal, Evidence(alive=False, accounting=told("TIMEOUT"))).status is Status.FINISHED


# Where the lines lie.


def test_a_run_of_slow_steps_is_stalled_after_ten_of_them() -> None:
    journal = Journal().opened().started().steps(30, every=20.0)

    assert judged(journal, HERE, 190.0).status is Status.RUNNING
    assert judged(journal, HERE, 210.0).status is Status.STALLED


def test_a_process_that_a_debugger_holds_is_stopped_too() -> None:
    assert judged(a_run(), Evidence(alive=True, process_state="t")).status is Status.STOPPED


def test_of_the_first_interval_alone_no_silence_is_told() -> None:
    """One says nothing of what is usual; that before the first step is none."""
    journal = Journal().opened().started().steps(3)

    assert hush(journal, 50.0) is None
    assert hush(journal.steps(4, 4), 50.0) is not None


def test_an_observer_whose_clock_is_known_to_be_ahead_waits_no_less() -> None:
    found = judged(a_run(), Evidence(alive=True, skew=300.0), 310.0)

    assert found.status is Status.RUNNING


def test_the_load_of_a_gpu_that_the_trainer_does_not_see_says_nothing_of_it() -> None:
    journal = a_run().after(600.0)
    reading = a_reading(journal.now)
    assert reading.process is not None
    process = structs.replace(reading.process, cpu_percent=0.3, children_cpu_percent=0.0)
    own = structs.replace(reading.gpus[0], utilisation=0)
    other = structs.replace(own, index=1, visible=False, utilisation=97)
    journal.system(structs.replace(reading, process=process, gpus=(own, other)))

    assert (judged(journal, HERE).why or "").startswith("hangs (CPU 0 %, GPU 0 %)")


def test_a_checkpoint_is_a_sign_that_the_training_goes_on() -> None:
    journal = a_run().after(100.0).checkpoint()

    assert judged(journal, HERE, 30.0).status is Status.RUNNING
    assert judged(journal, HERE, 90.0).status is Status.STALLED


@pytest.mark.parametrize(
    ("number", "heard"), [(9, False), (15, False), (11, True)], ids=["SIGKILL", "SIGTERM", "SIGSEGV"]
)
def test_what_a_signal_ended_left_no_traceback_unless_it_crashed(number: int, heard: bool) -> None:
    """Of a crash faulthandler tells the stack."""
    journal = a_run()

    found = judged(journal, Evidence(alive=False, exit=an_exit(journal, signal=number)))

    assert found.status.over
    assert found.status.leaves_no_traceback is not heard


def test_an_exception_from_before_a_resume_is_not_why_the_resumed_run_ended() -> None:
    """The same program, started again after an error, is ended by another cause."""
    journal = a_run().error(uncaught=True).closed().after(60.0).opened().started()
    journal.events[-1] = structs.replace(journal.events[-1], resume="always")

    silent = judged(journal, Evidence(alive=False, exit=an_exit(journal, status=3)))
    trained = judged(journal.steps(300), Evidence(alive=False, exit=an_exit(journal, status=3)))
    failed = judged(
        journal.error("CUDA error", uncaught=True), Evidence(alive=False, exit=an_exit(journal, status=1))
    )

    assert (silent.why, silent.details) == ("exit status 3", ())
    assert (trained.why, trained.details) == ("exit status 3", ())
    assert failed.why is not None
    assert "CUDA error" in failed.why
