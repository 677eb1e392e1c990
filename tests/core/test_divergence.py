"""`trainmon/fold/divergence.py`: healthy losses are left alone, diverging ones are found, however they are batched."""

import math
import random
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.curves import diverging, healthy
from trainmon.fold.divergence import BLOCK, PERSISTENT, SMALL, Divergence


def first_alarm(losses: list[float]) -> int | None:
    """The step at which the detector first says that the loss diverges; None: never."""
    detector = Divergence()
    for begin in range(0, len(losses), BLOCK):
        part = losses[begin : begin + BLOCK]
        detector.extend(range(begin + 1, begin + 1 + len(part)), part)
        if detector.found:
            return begin + len(part)
    return None


def test_hardly_any_healthy_run_raises_the_alarm() -> None:
    """At most one in a thousand may; `benchmarks/alarm_quality.py` measures it on 5,000, this is a sample."""
    alarms = [seed for seed in range(160) if first_alarm(healthy(seed).losses) is not None]

    assert alarms == []


def test_a_diverging_run_is_found_within_200_steps_nearly_always() -> None:
    """At least 95 % are to be; the benchmark measures it on 1,000."""
    curves = [diverging(seed) for seed in range(60)]

    found = 0
    for curve in curves:
        alarm = first_alarm(curve.losses)
        assert curve.onset is not None
        found += alarm is not None and curve.onset < alarm <= curve.onset + 200

    assert found >= 0.9 * len(curves)


def test_an_alarm_clears_when_the_loss_comes_down_again() -> None:
    """Somebody went back to a checkpoint: the alert must not stand for ever."""
    rng = random.Random(3)
    low = [1.0 + rng.gauss(0, 0.02) for _ in range(1_000)]
    detector = Divergence()

    detector.extend(range(1, 1_001), low)
    detector.extend(range(1_001, 1_401), [8.0 + rng.gauss(0, 0.02) for _ in range(400)])
    stood = detector.found
    detector.extend(range(1_401, 1_901), [1.0 + rng.gauss(0, 0.02) for _ in range(500)])

    assert stood
    assert not detector.found
    assert detector.since is None


def test_it_says_since_which_step() -> None:
    """The first block that rose, not the step at which it was sure."""
    losses = [2.0 + 0.01 * math.sin(step) for step in range(960)] + [40.0] * 400
    detector = Divergence()

    detector.extend(range(1, len(losses) + 1), losses)

    assert detector.since is not None
    assert 961 - BLOCK <= detector.since <= 961 + 3 * BLOCK


@settings(max_examples=60, deadline=None)
@given(
    losses=st.lists(st.floats(-1e300, 1e300), max_size=400),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_batches_do_not_matter(losses: list[float], cuts: list[int]) -> None:
    """The replay law: the same memory for every cut, through JSON, too."""
    whole = Divergence()
    whole.extend(range(len(losses)), losses)

    parts = Divergence()
    edges = sorted({0, len(losses), *(cut for cut in cuts if cut < len(losses))})
    for begin, end in pairwise(edges):
        parts = msgspec.json.decode(msgspec.json.encode(parts), type=Divergence)
        parts.extend(range(begin, end), losses[begin:end])

    assert msgspec.json.encode(parts) == msgspec.json.encode(whole)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, -1.0, 1e308, -1e308, 5e-324, 1.0]), min_size=300, max_size=400))
def test_its_memory_stays_finite_whatever_the_losses(losses: list[float]) -> None:
    """JSON has no infinity, so that the snapshot could not hold one."""
    detector = Divergence()

    detector.extend(range(len(losses)), losses)

    numbers = [detector.level, detector.slow, detector.lowest, detector.drift, detector.usual, detector.peak]
    assert all(math.isfinite(number) for number in (*numbers, *detector.recent, detector.scale))


def stands(level: float, count: int, size: float = 0.02, seed: int = 3) -> list[float]:
    """Losses around a level."""
    rng = random.Random(seed)
    return [level * math.exp(rng.gauss(0, size)) for _ in range(count)]


def test_the_level_of_a_block_is_between_its_two_middle_losses() -> None:
    detector = Divergence()

    detector.extend(range(1, BLOCK + 1), [1.0] * (BLOCK // 2) + [3.0] * (BLOCK // 2))

    assert detector.scale == pytest.approx(SMALL * 2.0)


def test_a_rise_is_said_after_five_blocks_and_since_when() -> None:
    """Four are a spike, however high."""
    detector = Divergence()
    detector.extend(range(1, 961), stands(1.0, 960))
    said = list[bool]()

    for block in range(PERSISTENT):
        begin = 961 + block * BLOCK
        detector.extend(range(begin, begin + BLOCK), stands(20.0, BLOCK))
        said.append(detector.found)

    assert PERSISTENT == 5
    assert said == [False] * 4 + [True]
    assert detector.since == 961


def test_a_spike_that_passed_hides_no_divergence_that_is_smaller() -> None:
    """How high a rise must still stand is measured from its own peak."""
    spike = [*stands(1.0, 800), *stands(1e6, 2 * BLOCK), *stands(1.0, 800)]

    assert first_alarm(spike) is None
    assert first_alarm([*spike, *stands(20.0, 400)]) is not None


def test_what_is_usual_for_a_run_is_no_divergence() -> None:
    """A loss that goes up and down by a factor of four all the time is not diverging when it is up again."""
    waves = [2.0 * math.exp(0.7 * math.sin(step / 60)) for step in range(3_000)]

    assert first_alarm(waves) is None
    assert first_alarm([*waves, *(80.0 for _ in range(200))]) is not None
