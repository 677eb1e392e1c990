"""`trainmon.meaning.eta`: the time that is left, against simulated runs whose truth is known."""

import random
from collections.abc import Callable, Iterator

import pytest

from trainmon.fold.pace import Pace
from trainmon.meaning import eta


class Simulation:
    """A run of `total` steps on a clock of its own; a look at every `stride` steps."""

    def __init__(self, total: int, step_time: Callable[[int], float], *, first: int = 0) -> None:
        self.total, self.step_time = total, step_time
        self.done, self.clock, self.pace = first, 100.0, Pace()
        self.pace.anchor(first, self.clock)
        self.every, self.pause, self.announced = 0, 0.0, True

    def pauses(self, every: int, seconds: float, *, announced: bool = True) -> "Simulation":
        """After each `every` steps comes a pause."""
        self.every, self.pause, self.announced = every, seconds, announced
        return self

    def advance(self, steps: int) -> None:
        """Trains so many steps more, reported one by one."""
        rows: list[tuple[int, float]] = []
        for _ in range(steps):
            self.done += 1
            self.clock += self.step_time(self.done)
            rows.append((self.done, self.clock))
            if self.every and self.done % self.every == 0:
                self.clock += self.pause
                self.report(rows)
                rows = []
                if self.announced:
                    self.pace.pause(self.pause, "validation")
        self.report(rows)

    def report(self, rows: list[tuple[int, float]]) -> None:
        self.pace.extend([step for step, _ in rows], [mono for _, mono in rows])

    def looks(self, stride: int) -> Iterator[tuple[int, float, eta.Estimate]]:
        """(steps done, moment, estimate) all along; `truths` says later what was right."""
        while self.done < self.total:
            self.advance(min(stride, self.total - self.done))
            assert self.pace.mono is not None
            yield self.done, self.pace.mono, eta.estimate(self.pace, self.done, self.total)


def errors(simulation: Simulation, stride: int, *, after: float) -> list[float]:
    """Relative errors of all estimates from the fraction `after` of the run to 95 percent of it."""
    looks = list(simulation.looks(stride))
    end = looks[-1][1]
    result = []
    for done, moment, estimate in looks:
        if after * simulation.total <= done <= 0.95 * simulation.total:
            assert estimate.seconds is not None
            result.append(abs(estimate.seconds / (end - moment) - 1.0))
    return result


def constant(seconds: float) -> Callable[[int], float]:
    return lambda step: seconds


def noisy(seconds: float, spread: float, seed: int) -> Callable[[int], float]:
    numbers = random.Random(seed)
    return lambda step: seconds * numbers.uniform(1 - spread, 1 + spread)


@pytest.mark.parametrize("step_time", [0.001, 0.03, 0.7, 20.0])
def test_at_constant_speed_the_estimate_is_exact(step_time: float) -> None:
    assert max(errors(Simulation(4000, constant(step_time)), 37, after=0.01)) < 0.01


@pytest.mark.parametrize(("every", "seconds"), [(100, 3.0), (250, 40.0), (400, 8.0)])
def test_validation_that_comes_again_is_counted_from_a_fifth_of_the_run_on(
    every: int, seconds: float
) -> None:
    simulation = Simulation(4000, noisy(0.1, 0.3, seed=1)).pauses(every, seconds)

    assert max(errors(simulation, 33, after=0.2)) < 0.05


def test_pauses_that_nobody_announced_are_counted_too() -> None:
    simulation = Simulation(4000, noisy(0.1, 0.3, seed=2)).pauses(200, 30.0, announced=False)

    assert max(errors(simulation, 33, after=0.2)) < 0.05


def test_when_the_speed_halves_the_estimate_follows_within_a_window() -> None:
    simulation = Simulation(20_000, lambda step: 0.05 if step <= 10_000 else 0.1)

    assert max(errors(simulation, 100, after=0.6)) < 0.05


@pytest.mark.parametrize(("before", "then", "steps"), [(0.02, 0.1, 28), (0.1, 0.02, 150), (0.1, 0.2, 15)])
def test_a_lasting_change_of_speed_is_believed_after_three_seconds(
    before: float, then: float, steps: int
) -> None:
    """Also early: after some two seconds of the old speed, or ten."""
    simulation = Simulation(5_000, lambda step: before if step <= 100 else then)
    simulation.advance(100 + steps)

    assert simulation.clock - 100.0 - 100 * before <= 3.0
    assert eta.steps_per_second(simulation.pace) == pytest.approx(1 / then, rel=0.05)
    assert eta.seconds_left(simulation.pace, 100 + steps, 5_000) == pytest.approx(
        (4_900 - steps) * then, rel=0.05
    )


@pytest.mark.parametrize("slow", [1, 2])
def test_a_few_slow_steps_do_not_move_the_estimate_far(slow: int) -> None:
    simulation = Simulation(10_000, lambda step: 0.9 if 600 < step <= 600 + slow else noisy_step(step))
    noise = random.Random(7)
    noisy_steps = [0.1 * noise.uniform(0.7, 1.3) for _ in range(10_001)]

    def noisy_step(step: int) -> float:
        return noisy_steps[step]

    simulation.advance(600)
    still = eta.steps_per_second(simulation.pace) or 0.0

    simulation.advance(slow + 1)

    assert eta.steps_per_second(simulation.pace) == pytest.approx(still, rel=0.15)
    assert len(simulation.pace.block_steps) == 64


@pytest.mark.parametrize("spread", [0.3, 0.9])
def test_noise_is_no_change_of_speed(spread: float) -> None:
    simulation = Simulation(10_000, noisy(0.25, spread, seed=3))
    simulation.advance(200)

    for _ in range(200):
        simulation.advance(10)
        assert len(simulation.pace.block_steps) == 64


def test_a_sudden_crawl_is_not_taken_for_pauses() -> None:
    """From 0.1 to 3 seconds a step: more than a gap takes, but it persists."""
    simulation = Simulation(3000, lambda step: 0.1 if step <= 1000 else 3.0)

    assert max(errors(simulation, 50, after=0.5)) < 0.05


def test_the_range_covers_the_truth_as_often_as_it_says() -> None:
    """500 runs with independent noise; the looks of a run are one each, at a random moment."""
    chance = random.Random(11)
    hits = 0
    for seed in range(500):
        noise = random.Random(seed)
        step_times = [noise.lognormvariate(-1.0, 0.6) for _ in range(1500)]
        simulation = Simulation(1500, lambda step, times=step_times: times[step - 1])
        simulation.advance(chance.randrange(100, 1400))
        estimate = eta.estimate(simulation.pace, simulation.done, 1500)
        truth = sum(step_times[simulation.done :])
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= truth <= estimate.high

    assert hits / 500 == pytest.approx(eta.COVERAGE, abs=0.07)


def test_a_slow_first_step_does_not_enter() -> None:
    simulation = Simulation(1000, lambda step: 300.0 if step == 1 else 0.5)

    assert max(errors(simulation, 10, after=0.01)) < 0.01


def test_a_resume_at_a_high_step_has_the_speed_of_its_own_steps() -> None:
    simulation = Simulation(60_000, constant(0.1), first=50_000)
    simulation.advance(100)

    estimate = eta.estimate(simulation.pace, simulation.done, 60_000)

    assert estimate.seconds == pytest.approx(990.0, rel=0.01)
    assert estimate.steps_per_second == pytest.approx(10.0)
    assert estimate.seconds_per_step == pytest.approx(0.1)


def test_a_total_that_changes_is_taken_as_it_is_now() -> None:
    simulation = Simulation(1000, constant(0.1))
    simulation.advance(500)

    seconds = [eta.estimate(simulation.pace, 500, total).seconds for total in (1000, 2000, 600)]

    assert seconds == pytest.approx([50.0, 150.0, 10.0])


def test_a_run_that_is_done_or_beyond_has_no_time_left() -> None:
    simulation = Simulation(100, constant(0.1))
    simulation.advance(100)

    for total in (100, 99, 0):
        estimate = eta.estimate(simulation.pace, 100, total)
        assert (estimate.low, estimate.seconds, estimate.high) == (0.0, 0.0, 0.0)


def test_nothing_is_said_before_two_intervals_were_measured() -> None:
    simulation = Simulation(100, constant(0.1))

    for _ in range(3):
        estimate = eta.estimate(simulation.pace, simulation.done, 100)
        assert estimate == eta.Estimate(None, None, None, None, None)
        simulation.advance(1)

    assert eta.estimate(simulation.pace, simulation.done, 100).seconds == pytest.approx(9.7)


@pytest.mark.parametrize("steps", [0, 1, 2, 40, 900])
@pytest.mark.parametrize("total", [None, 300, 5_000])
@pytest.mark.parametrize("elapsed", [0.0, 4.0])
def test_the_time_by_itself_is_that_of_the_estimate_to_the_bit(
    steps: int, total: int | None, elapsed: float
) -> None:
    """The text logs say the former, the screen the latter."""
    simulation = Simulation(5_000, noisy(0.25, 0.3, seed=1)).pauses(100, 5.0)
    simulation.advance(steps)

    alone = eta.seconds_left(simulation.pace, steps, total, elapsed)

    assert alone == eta.estimate(simulation.pace, steps, total, elapsed).seconds


def test_without_a_total_only_the_speed_is_said() -> None:
    simulation = Simulation(1000, constant(0.1))
    simulation.advance(50)

    estimate = eta.estimate(simulation.pace, 50, None)

    assert estimate.seconds is None
    assert estimate.steps_per_second == eta.steps_per_second(simulation.pace) == pytest.approx(10.0)


def test_between_two_reports_the_time_runs_down_by_the_clock() -> None:
    simulation = Simulation(100, constant(10.0))
    simulation.advance(50)

    seconds = [eta.estimate(simulation.pace, 50, 100, elapsed).seconds for elapsed in (-3.0, 0.0, 4.0, 10.0)]

    assert seconds == pytest.approx([500.0, 500.0, 496.0, 490.0])


def test_a_run_that_hangs_holds_its_estimate() -> None:
    simulation = Simulation(100, constant(10.0))
    simulation.advance(50)

    seconds = [eta.estimate(simulation.pace, 50, 100, elapsed).seconds for elapsed in (10.0, 60.0, 1e9)]

    assert seconds == pytest.approx([490.0, 490.0, 490.0])


def test_the_estimate_neither_grows_nor_jumps_through_a_validation() -> None:
    """Looked at each second from the last step before it to the first behind it."""
    simulation = Simulation(1000, constant(0.1)).pauses(100, 20.0)
    simulation.advance(300)
    pace = simulation.pace

    during = [eta.estimate(pace, 300, 1000, float(elapsed)).seconds or 0.0 for elapsed in range(20)]
    simulation.advance(1)
    behind = eta.estimate(simulation.pace, 301, 1000).seconds or 0.0

    falls = [before - after for before, after in zip(during, [*during[1:], behind], strict=True)]
    assert falls == pytest.approx([1.0] * 20, abs=0.2)


def test_a_first_hiccup_is_not_expected_again() -> None:
    """One unexplained minute in the first thousand steps of a million says nothing of the others."""
    simulation = Simulation(1_000_000, constant(0.1)).pauses(500, 60.0, announced=False)
    simulation.advance(900)

    estimate = eta.estimate(simulation.pace, 900, 1_000_000)

    assert estimate.seconds == pytest.approx(99_910.0, rel=0.01)


def test_the_range_is_said_as_soon_as_there_is_a_spread() -> None:
    simulation = Simulation(1000, noisy(1.0, 0.3, seed=5))
    simulation.advance(4)
    early = eta.estimate(simulation.pace, 4, 1000)
    simulation.advance(300)

    late = eta.estimate(simulation.pace, 304, 1000)

    assert early.seconds is not None
    assert late.low is not None
    assert late.seconds is not None
    assert late.high is not None
    assert late.low < late.seconds < late.high


def test_pauses_that_nobody_announced_make_the_range_wider() -> None:
    """They come by chance: their number is as uncertain as their length."""
    ranges = []
    for announced in (True, False):
        simulation = Simulation(2_000, lambda _step: 0.1).pauses(100, 20.0, announced=announced)
        simulation.advance(1_050)
        found = eta.estimate(simulation.pace, 1_050, 2_000)
        assert found.low is not None
        assert found.high is not None
        ranges.append(found.high - found.low)

    # Nine are to come, with the deviation of Poisson's: three of 20 s, to either side.
    assert ranges[0] == pytest.approx(0.0, abs=1.0)
    assert ranges[1] > 2 * 3 * 20.0


def test_the_time_runs_down_through_the_longest_kind_of_pause() -> None:
    """Whichever kind came last."""
    simulation = Simulation(1_000, lambda _step: 0.1).pauses(100, 60.0)
    simulation.advance(305)
    simulation.clock += 1.0
    simulation.pace.pause(1.0, "checkpoint")
    simulation.advance(100)

    before = eta.estimate(simulation.pace, 405, 1_000).seconds
    later = eta.estimate(simulation.pace, 405, 1_000, elapsed=50.0).seconds

    assert before is not None
    assert later == pytest.approx(before - 50.0)
