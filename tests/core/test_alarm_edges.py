"""Where each alert begins and what holds it back: the edges of the rules in `trainmon/meaning/alarms/`."""

import math
import random

import pytest

from tests.builders import Journal
from tests.core.test_alerts import GIB, a_start, found_one, kinds, readings
from trainmon.facts.readings import GpuReading, HostReading, MachineReading
from trainmon.meaning import derived
from trainmon.meaning.alerts import USUAL


def epochs(losses: list[float], validations: list[float]) -> Journal:
    """A run of epochs of a hundred steps, each with its training loss and its validation."""
    journal = a_start()
    for epoch, (loss, val_loss) in enumerate(zip(losses, validations, strict=True), start=1):
        for step in range(100 * epoch - 99, 100 * epoch + 1):
            journal.after(0.1).progress(step, loss, epoch=epoch)
        journal.validation(100 * epoch, val_loss, epoch=epoch)
    return journal


RISING = [1.6, 1.3, 1.0, 1.3, 1.6, 1.9]
FALLING = [3.0, 1.5, 1.0, 0.75, 0.6, 0.5]


@pytest.mark.parametrize(
    ("losses", "validations", "said"),
    [
        (FALLING, RISING, True),
        ([3.0, 1.5, 1.0, 1.2, 1.4, 1.6], RISING, False),
        (FALLING, [1.6, 1.3, 1.0, 1.01, 1.0, 1.01], False),
        (FALLING, [*RISING[:5], 0.9], False),
        ([*FALLING, 0.4], [3.0, 2.6, 2.2, 1.8, 1.0, 5.0, 9.0], False),
    ],
    ids=[
        "rises",
        "the training rises too",
        "stands still",
        "a new best at last",
        "two validations after the best",
    ],
)
def test_overfitting_is_a_validation_that_rises_away_from_a_training_that_falls(
    losses: list[float], validations: list[float], said: bool
) -> None:
    assert ("overfitting" in kinds(epochs(losses, validations))) is said


def test_a_gain_that_noise_may_hide_is_no_plateau() -> None:
    """Certain is what stands two standard errors off."""
    clear, loud, rng = a_start(), a_start(), random.Random(6)
    for step in range(1, 2_001):
        loss = 1.0 + 4.0 * math.exp(-step / 60)
        clear.after(0.1).progress(step, loss)
        loud.after(0.1).progress(step, loss * (1 + 1.5 * rng.random()))

    assert "plateau" in kinds(clear)
    assert "plateau" not in kinds(loud)


def test_a_checkpoint_is_overdue_beyond_so_many_usual_distances_and_not_at_them() -> None:
    journal = a_start()
    for step in (100, 200, 300):
        journal.steps(step, step - 99).checkpoint(step)
    last = 300 + int(100 * USUAL.overdue)

    assert "checkpoint" not in kinds(journal.steps(last, 301))
    assert "checkpoint" in kinds(journal.steps(last + 1, last + 1))


def test_a_deadline_that_may_be_met_is_said_as_that() -> None:
    """The speed of this run goes up and down: the range of its end reaches over the deadline."""
    rng, journal = random.Random(2), a_start()
    for step in range(1, 1_001):
        journal.after(0.1 * math.exp(rng.gauss(0, 0.3) + 0.5 * math.sin(step / 90)))
        journal.progress(step, 1.0, total_steps=10_000)
    left = derived.estimate(journal.state(), journal.now)
    assert left is not None
    assert left.seconds is not None
    assert left.low is not None

    found = found_one(journal, "deadline", deadline=journal.now + (left.low + left.seconds) / 2)

    assert found is not None
    assert (found.severity, found.text.split()[0]) == ("info", "may")


def test_a_deadline_before_the_next_checkpoint_names_the_newest() -> None:
    journal = a_start()
    for step in range(100, 501, 100):
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step)

    found = found_one(journal, "deadline", deadline=journal.now + 8.0)

    assert found is not None
    assert found.text.endswith("the newest checkpoint is step 500")


def test_a_gpu_is_hot_from_its_limit_on() -> None:
    gpus = tuple(GpuReading(index=index, temperature=int(USUAL.gpu_hot) - 1 + index) for index in range(2))
    journal = a_start().steps(10)
    journal.system(MachineReading(time=journal.now, gpus=gpus))

    assert [kind for kind in kinds(journal) if "hot" in kind] == ["GPU1 hot"]


def test_a_gpu_idles_while_the_run_trains_and_not_while_it_validates() -> None:
    journal = a_start().steps(50)
    for _ in range(20):
        journal.after(15.0)
        journal.system(MachineReading(time=journal.now, gpus=(GpuReading(index=0, utilisation=1),)))

    assert "GPU0 idle" in kinds(journal.progress(51, 1.0))
    assert "GPU0 idle" not in kinds(journal.begun("validation"))


def test_memory_that_is_full_in_days_is_no_news_and_before_the_end_of_the_run_it_is_critical() -> None:
    """A hundredth of a GiB an hour; and six and a half hours of memory beside a run of days, or of minutes."""
    hour = 3_600.0
    slow = readings(a_start().steps(50), 200, 30.0 * GIB, 34.0 * GIB / (USUAL.memory_hours * 2) / hour)
    long_run = readings(a_start(10**7).steps(50, total_steps=10**7), 100, 30.0 * GIB, 5.2 * GIB / hour)
    short_run = readings(a_start(100).steps(50, total_steps=100), 100, 30.0 * GIB, 5.2 * GIB / hour)

    assert "memory" not in kinds(slow)
    found = [found_one(journal, "memory") for journal in (long_run, short_run)]
    assert [alert.severity if alert is not None else None for alert in found] == ["critical", "warning"]


def deleting(share: float, left: int = 20 * 10**9) -> Journal:
    """Ten checkpoints of a gigabyte; the newest four took this share of their size from what was free."""
    journal = a_start()
    size = 1_040_000_000
    for number in range(1, 11):
        step = 100 * number
        journal.steps(step, step - 99, total_steps=10_000).checkpoint(step).after(3.0)
        free = left + int(share * size * (10 - number))
        journal.system(MachineReading(time=journal.now, host=HostReading(disk_free=free)))
    return journal


@pytest.mark.parametrize(("share", "said"), [(0.0, False), (0.4, False), (0.6, True), (1.0, True)])
def test_old_checkpoints_are_taken_to_be_deleted_where_new_ones_take_less_than_half(
    share: float, said: bool
) -> None:
    assert ("disk" in kinds(deleting(share))) is said


def test_a_disk_for_one_more_checkpoint_is_critical_even_where_old_ones_are_deleted() -> None:
    """The next is written before an old one goes."""
    tight, roomy = found_one(deleting(0.0, 1_500_000_000), "disk"), found_one(deleting(1.0), "disk")

    assert tight is not None
    assert roomy is not None
    assert (tight.severity, roomy.severity) == ("critical", "warning")
