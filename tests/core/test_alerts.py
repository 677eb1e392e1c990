"""`trainmon/meaning/alerts.py`: what deserves attention comes, says why, and clears."""

import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_run
from trainmon.facts.readings import FileSystemReading, GpuReading, HostReading, MachineReading
from trainmon.fold.alert_log import MOST
from trainmon.meaning import derived
from trainmon.meaning.alerts import USUAL, Alert, Thresholds, alerts
from trainmon.system.configuration import CONFIG, read_section_checked

GIB = 1 << 30


def kinds(journal: Journal, thresholds: Thresholds = USUAL) -> list[str]:
    """The kinds of the alerts right after the last event."""
    return [alert.kind for alert in alerts(journal.state(), journal.now, thresholds)]


def a_start(total_steps: int = 10_000) -> Journal:
    """A run that has begun."""
    return Journal().opened().started(total_epochs=None, total_steps=total_steps)


def readings(journal: Journal, count: int, used: float, growth: float, *, every: float = 30.0) -> Journal:
    """Readings of a host with 64 GiB whose used memory grows by so many bytes a second."""
    for _ in range(count):
        journal.after(every)
        used += growth * every
        host = HostReading(memory_used=int(used), memory_total=64 * GIB, disk_free=200 * 10**9)
        journal.system(MachineReading(time=journal.now, host=host))
    return journal


def test_a_run_that_goes_well_has_no_alerts() -> None:
    """A screen that always warns is not read."""
    assert kinds(a_run()) == []


def test_a_loss_that_is_nan_is_critical_until_it_is_finite_again() -> None:
    """The alert says where it began, and clears by itself."""
    journal = a_start().steps(100).after(0.1).progress(101, "NaN")

    bad = alerts(journal.state(), journal.now)
    journal.after(0.1).progress(102, 0.5)

    assert [alert.severity for alert in bad] == ["critical"]
    assert "first at step 101" in bad[0].text
    assert kinds(journal) == []


def test_a_loss_that_is_nan_is_said_without_a_start_too() -> None:
    journal = Journal().opened().progress(1, 1.0).progress(2, "NaN")

    assert kinds(journal) == ["nan"]
    assert kinds(Journal().opened()) == []


def test_a_loss_that_rises_for_good_is_a_divergence_with_its_step() -> None:
    """Found from the state alone, so that a viewer that comes later says it, too."""
    journal = a_start()
    for step in range(1, 1_201):
        loss = 1.0 + 0.02 * math.sin(step) if step <= 900 else 6.0
        journal.after(0.1).progress(step, loss)

    found = alerts(journal.state(), journal.now)

    assert found[0].kind == "divergence"
    assert found[0].since is not None
    assert found[0].since < journal.now


def test_validation_that_rises_while_training_falls_is_overfitting() -> None:
    """Three validations above the best, and a training loss below what it was then."""
    journal = a_start()
    for epoch in range(1, 7):
        for step in range(100 * epoch - 99, 100 * epoch + 1):
            journal.after(0.1).progress(step, 3.0 / epoch, epoch=epoch)
        journal.validation(100 * epoch, 1.0 + 0.3 * abs(epoch - 3), epoch=epoch)

    assert "overfitting" in kinds(journal)


def test_waiting_for_data_is_said_with_its_share() -> None:
    """`track` times it; nobody else can know it."""
    journal = a_start()
    for step in range(1, 700):
        journal.after(0.1).progress(step, 2.0 / step, waited=0.04)

    found = [alert for alert in alerts(journal.state(), journal.now) if alert.kind == "data"]

    assert len(found) == 1
    assert "40 %" in found[0].text or "41 %" in found[0].text


def test_memory_that_grows_steadily_is_said_with_the_time_that_is_left() -> None:
    """5.2 GiB an hour from 30 of 64 GiB: six and a half hours."""
    journal = readings(a_start().steps(50), 100, 30.0 * GIB, 5.2 * GIB / 3_600)

    found = [alert for alert in alerts(journal.state(), journal.now) if alert.kind == "memory"]

    assert len(found) == 1
    assert "5.2 GiB/h" in found[0].text


def test_memory_that_stands_still_is_no_leak() -> None:
    """Nor is memory that fills caches in the first minutes."""
    still = readings(a_start().steps(50), 100, 30.0 * GIB, 0.0)
    caches = readings(readings(a_start().steps(50), 8, 10.0 * GIB, 40e6), 100, 20.0 * GIB, 0.0)

    assert "memory" not in kinds(still)
    assert "memory" not in kinds(caches)


def test_each_gpu_speaks_for_itself() -> None:
    """One that is hidden from the training is none of its business."""
    gpus = (
        GpuReading(index=0, temperature=91),
        GpuReading(index=1, throttle=("power cap", "thermal (hardware)")),
        GpuReading(index=2, state="lost"),
        GpuReading(index=3, temperature=95, visible=False),
        GpuReading(index=4, ecc_uncorrected=2),
    )
    journal = a_start().steps(10)
    journal.system(MachineReading(time=journal.now, gpus=gpus))

    assert kinds(journal) == ["GPU2 state", "GPU4 ecc", "GPU0 hot", "GPU1 throttle"]


def test_a_gpu_at_its_power_limit_is_used_well() -> None:
    """Unless its clock is far below what it could be: then somebody may have lowered the limit."""
    cap = ("power cap",)
    gpus = (
        GpuReading(index=0, throttle=cap, sm_clock=1_755, sm_clock_max=1_980),
        GpuReading(index=1, throttle=cap, sm_clock=900, sm_clock_max=1_980),
    )
    journal = a_start().steps(10)
    journal.system(MachineReading(time=journal.now, gpus=gpus))

    found = alerts(journal.state(), journal.now)

    assert [(alert.kind, alert.severity, alert.text) for alert in found] == [
        ("GPU1 throttle", "info", "GPU1 runs at 900 of 1,980 MHz: power cap")
    ]


def test_a_loader_that_was_slow_an_hour_ago_is_no_news() -> None:
    """Nor is one that was slow before the run was continued."""
    journal = a_start()
    for step in range(1, 6_001):
        journal.after(0.1).progress(step, 2.0 / step, waited=0.08 if step < 3_000 else 0.001)

    assert "data" not in kinds(journal)


def test_a_checkpoint_that_does_not_come_is_overdue() -> None:
    """Every 100 steps until 400, then none."""
    journal = a_start()
    for step in range(100, 401, 100):
        journal.steps(step, step - 99).checkpoint(step)

    on_time = kinds(journal.steps(600, 401))
    overdue = kinds(journal.steps(700, 601))

    assert "checkpoint" not in on_time
    assert "checkpoint" in overdue


def test_checkpoints_that_will_not_fit_are_said_before_the_disk_is_full() -> None:
    """Ninety to come at 1.04 GB each, 20 GB free."""
    journal = a_start()
    for step in range(100, 1_001, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step)
    journal.system(MachineReading(time=journal.now, host=HostReading(disk_free=20 * 10**9)))

    assert "disk" in kinds(journal)


def test_checkpoints_on_a_file_system_of_their_own_are_measured_against_that() -> None:
    """The logs' disk may be full of room, and the checkpoints' not."""
    journal = a_start()
    for step in range(100, 1_001, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step)
    logs = FileSystemReading(path="/home", free=10**15)
    reading = MachineReading(time=journal.now, host=HostReading(disk_free=10**15), file_systems=(logs,))
    roomy = kinds(journal.system(reading))
    full = FileSystemReading(path="/ckpt", free=20 * 10**9)

    tight = kinds(journal.system(replace(reading, file_systems=(logs, full))))

    assert "disk" not in roomy
    assert "disk" in tight


def test_a_training_that_deletes_its_old_checkpoints_fills_no_disk() -> None:
    """It keeps three; the fourth took nothing. Where not even two fit, that is said all the same."""
    journal = a_start()
    for step in range(100, 1_001, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step).after(3.0)
        free = 20 * 10**9 - 1_040_000_000 * min(step // 100, 3)
        journal.system(MachineReading(time=journal.now, host=HostReading(disk_free=free)))
    full = HostReading(disk_free=10**9)

    assert "disk" not in kinds(journal)
    assert "disk" in kinds(journal.system(MachineReading(time=journal.now, host=full)))


def test_a_warning_that_repeats_is_said_once() -> None:
    """Warnings hide warnings."""
    assert "warning UserWarning" in kinds(a_start().steps(10).warned(count=25))


def test_a_run_that_is_over_has_no_alerts() -> None:
    """What was wrong is in the verdict then."""
    journal = a_start().steps(100).progress(101, "NaN").ended(success=False, reason="failed")

    assert kinds(journal) == []


def test_a_plateau_is_told_from_progress() -> None:
    """A loss that still falls by a little in each quarter is no plateau."""
    flat, falling = a_start(), a_start()
    for step in range(1, 2_001):
        flat.after(0.1).progress(step, 1.0 + 4.0 * math.exp(-step / 60))
        falling.after(0.1).progress(step, 5.0 / step**0.3)

    assert "plateau" in kinds(flat)
    assert "plateau" not in kinds(falling)


def test_a_few_seconds_of_slow_steps_are_no_news() -> None:
    """The speed that is shown follows at once; a warning waits until it lasts."""
    journal = a_start().steps(6_500, every=0.1, total_steps=9_000)
    journal.steps(6_520, 6_501, every=0.25, total_steps=9_000)

    assert derived.steps_per_second(journal.state()) == pytest.approx(4.0, rel=0.05)
    assert "slow" not in kinds(journal)
    assert "slow" in kinds(journal.steps(6_560, 6_521, every=0.25, total_steps=9_000))


def test_steps_that_become_slow_are_said_with_how_slow() -> None:
    """From 0.5 s to 1.5 s a step after ten minutes."""
    journal = a_start()
    for step in range(1, 1_501):
        journal.after(0.5 if step <= 1_400 else 1.5).progress(step, 5.0 / step**0.3)

    assert "slow" in kinds(journal)


def found_one(
    journal: Journal, kind: str, *, later: float = 0.0, deadline: float | None = None
) -> Alert | None:
    """The alert of this kind some seconds after the last event; None where there is none."""
    found = alerts(journal.state(), journal.now + later, USUAL, deadline)
    return next((alert for alert in found if alert.kind == kind), None)


def test_since_when_is_what_the_trainer_saw_where_the_state_does_not_know_better() -> None:
    """A share of waiting has no beginning in itself; a NaN has."""
    starved = a_start()
    for step in range(1, 700):
        starved.after(0.1).progress(step, 2.0 / step, waited=0.04)
        if step == 500:
            starved.alerted("data", "waits for data")
    bad = (
        a_start()
        .steps(100)
        .progress(101, "NaN")
        .after(30.0)
        .alerted("nan", "loss is NaN")
        .progress(102, "NaN")
    )

    data, nan = found_one(starved, "data"), found_one(bad, "nan")

    assert data is not None
    assert nan is not None
    assert data.since == starved.state().alerts[0].since
    assert nan.since == pytest.approx(bad.now - 30.0, abs=0.001)


def test_an_alert_that_cleared_and_came_again_begins_anew() -> None:
    journal = a_start().steps(10).alerted("slow").after(90.0).alerted("slow", over=True)
    journal.after(10.0).alerted("slow")

    entries = journal.state().alerts

    assert [(entry.since == journal.now, entry.until is None) for entry in entries] == [
        (False, False),
        (True, True),
    ]


def test_the_end_of_a_run_clears_what_stood() -> None:
    journal = a_start().steps(10).alerted("slow").after(5.0).ended()

    assert [entry.until for entry in journal.state().alerts] == [journal.now]


def test_the_alerts_that_are_kept_are_bounded_and_those_that_stand_stay() -> None:
    """Whatever a journal says."""
    journal = a_start().alerted("first")
    for number in range(200):
        journal.alerted(f"kind {number}").alerted(f"kind {number}", over=True)

    entries = journal.state().alerts

    assert len(entries) == MOST
    assert entries[0].name == "first"


def test_no_step_for_long_is_a_stall_with_its_last_step() -> None:
    """A validation that was announced is none."""
    silent = a_start().steps(300)

    stall = found_one(silent, "stall", later=600.0)

    assert stall is not None
    assert stall.text == "no step after 300; usual are many a second"
    assert stall.since == silent.now
    assert found_one(silent, "stall", later=30.0) is None
    assert found_one(a_start().steps(300).begun("validation"), "stall", later=600.0) is None


def test_a_run_that_ends_after_its_deadline_names_the_last_checkpoint_that_fits() -> None:
    """9,500 steps at ten a second are sixteen minutes."""
    journal = a_start()
    for step in range(100, 501, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step)

    late = found_one(journal, "deadline", deadline=journal.now + 600.0)
    fits = found_one(journal, "deadline", deadline=journal.now + 1_200.0)
    unsaved = a_start().steps(500, total_steps=10_000)
    bare = found_one(unsaved, "deadline", deadline=unsaved.now + 40.0)
    early = found_one(unsaved, "deadline", deadline=unsaved.now + 60.0)

    assert late is not None
    assert bare is not None
    assert late.severity == "warning"
    assert late.text.startswith("ends 5m 49s after the deadline; the last checkpoint that fits is step 6,")
    assert fits is None
    assert early is not None
    assert (bare.severity, early.severity) == ("critical", "warning")
    assert bare.text.endswith("no checkpoint was saved yet")


def test_gpu_memory_that_grows_steadily_is_said_with_the_time_that_is_left() -> None:
    """Ten of eighty GiB are left, at five an hour."""
    journal = a_start().steps(50)
    used = 70.0 * GIB
    for _ in range(100):
        journal.after(30.0)
        used += 5.0 * GIB * 30 / 3_600
        gpu = GpuReading(index=1, memory_used=int(used), memory_total=80 * GIB)
        journal.system(MachineReading(time=journal.now, gpus=(gpu,)))

    leak = found_one(journal, "GPU1 memory")

    assert leak is not None
    assert leak.text.startswith("GPU1 memory grows 5.0 GiB/h: limit 80.0 GiB at about 01:41")


def test_a_disk_that_fills_up_says_in_how_long_and_whether_before_the_end() -> None:
    """Nineteen of ninety checkpoints fit: the twentieth comes after 2,000 steps of a tenth of a second."""
    journal = a_start()
    for step in range(100, 1_001, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step)
    journal.system(MachineReading(time=journal.now, host=HostReading(disk_free=20 * 10**9)))

    disk = found_one(journal, "disk")

    assert disk is not None
    assert (
        "90 checkpoints to come need 93.6 GB if none is deleted: full at about 23:46, before the end 23:57"
        in disk.text
    )


def test_what_is_switched_off_is_not_said() -> None:
    """By its name, for all GPUs, or all of the GPUs'."""
    gpus = tuple(GpuReading(index=index, temperature=91, ecc_uncorrected=2) for index in range(2))
    journal = a_start().steps(10).warned(count=25)
    journal.system(MachineReading(time=journal.now, gpus=gpus))

    assert kinds(journal, Thresholds(off=("GPU hot", "warning UserWarning"))) == ["GPU0 ecc", "GPU1 ecc"]
    assert kinds(journal, Thresholds(off=("GPU", "warning"))) == []


def test_thresholds_are_what_the_user_wrote(tmp_path: Path) -> None:
    """A number out of its range is refused, and costs no other setting."""
    (tmp_path / CONFIG).write_text("[alerts]\ngpu_hot = 92\ndata_share = 3.0\nslower = 2\n")

    thresholds, problems = read_section_checked("alerts", Thresholds, tmp_path)

    assert thresholds == Thresholds(gpu_hot=92.0, slower=2.0)
    assert [problem.where for problem in problems] == ["alerts.data_share"]
