"""`trainmon wait`: returns when it became true, and never before it knows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.builders import Journal, a_run
from tests.conftest import OpenLogger
from trainmon.cli.main import group
from trainmon.cli.wait import wait
from trainmon.meaning.conditions import OWN_NAMES, WORDS, holds, value_of
from trainmon.meaning.expression import parse
from trainmon.meaning.statuses import Evidence, Status, Verdict
from trainmon.reading.reader import View


def run_wait(folder: Path, until: str, timeout: str = "1s") -> Result:
    return CliRunner().invoke(group, ["wait", str(folder), "--until", until, "--timeout", timeout])


def view_of(journal: Journal, *, read: int = 0) -> View:
    evidence = Evidence(alive=True, process_state="S", heartbeat=journal.now)
    return View(journal.state(), evidence, True, None, 1, read)


def true_of(journal: Journal, text: str, *, alive: bool | None = True) -> bool | None:
    evidence = Evidence(alive=alive, process_state="S" if alive else None, heartbeat=journal.now)
    return holds(parse(text, WORDS), journal.state(), evidence, journal.now + 1.0)


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def time(self) -> float:
        return self.now


def waited(poll: Callable[[], View], until: str, limit: float | None) -> tuple[View | None, float, list[str]]:
    """(what `wait` gave, seconds that passed, what it warned of)."""
    clock, said = Clock(), list[str]()
    found = wait(
        poll,
        parse(until, WORDS),
        limit,
        said.append,
        sleep=clock.sleep,
        monotonic=clock.time,
        clock=clock.time,
    )
    return found, clock.now, said


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_can_be_asked_for(word: str) -> None:
    assert true_of(a_run(), word) in (True, False)


def test_a_run_that_ended_is_done_or_dead() -> None:
    """Whatever became of it, `done or dead` is true, and one of the two only."""
    well = a_run().ended()
    badly = a_run().ended(success=False, reason="failed")
    stopped = a_run().ended(success=False, reason="interrupted")

    assert [true_of(run, "done") for run in (well, badly, stopped)] == [True, False, False]
    assert [true_of(run, "dead") for run in (well, badly, stopped)] == [False, True, True]
    assert [true_of(run, "over") for run in (well, badly, stopped, a_run())] == [True, True, True, False]
    assert true_of(a_run(), "dead", alive=False) is True
    assert true_of(a_run(), "running") is True


def test_values_are_the_newest_of_any_metric() -> None:
    """Of the last progress, the last validation, an earlier progress, and the machine; and those of every run."""
    journal = a_run(metrics={"train/acc": 0.5, "loss": 9.0}).progress(251, 0.75, metrics={"other": 1.0})
    state = journal.state()

    def value(name: str) -> float | None:
        return value_of(name, state, Verdict(Status.RUNNING), journal.now)

    assert (value("loss"), value("step"), value("epoch")) == (0.75, 251.0, 1.0)
    assert value("val_loss") == state.validations[-1].val_loss
    assert value("accuracy") == pytest.approx(0.74)
    assert value("best") == value("val_loss")
    assert (value("train/acc"), value("other")) == (0.5, 1.0)
    assert value("gpu0.temperature") == 71.0
    assert (value("errors"), value("percent")) == (0.0, pytest.approx(62.75))
    assert value("nothing of that name") is None


def test_a_loss_that_is_not_finite_is_nan() -> None:
    assert true_of(a_run().progress(251, "NaN"), "nan") is True
    assert true_of(a_run().progress(251, "Infinity"), "nan") is True
    assert true_of(a_run(), "nan or nonfinite > 0") is False


def test_it_returns_when_it_becomes_true() -> None:
    views = [view_of(a_run(steps)) for steps in (10, 20, 30)]

    found, passed, _ = waited(iter(views).__next__, "step >= 30", limit=60.0)

    assert found is views[2]
    assert passed == 1.0


def test_the_time_out_comes_on_time() -> None:
    found, passed, _ = waited(lambda: view_of(a_run(5)), "step > 100", limit=8.25)

    assert found is None
    assert passed == 8.25


def test_a_long_journal_is_read_to_its_end_before_anything_is_believed() -> None:
    """Half of it says that the loss is high; the other half was not read yet."""
    views = [
        view_of(a_run(10), read=5 << 20),
        view_of(a_run(20), read=10 << 20),
        view_of(a_run(30), read=10 << 20),
    ]

    found, _, _ = waited(iter(views).__next__, "step < 100", limit=60.0)

    assert found is views[2]


def test_a_name_that_nobody_has_used_is_said_once_with_what_may_be_meant() -> None:
    """It may come later; a misspelt one never does, and would be waited for all night."""
    _, _, said = waited(lambda: view_of(a_run()), "val_los < 0.1 or xyzzy > 1", limit=5.0)

    assert said == [
        "nothing has been named val_los so far; is val_loss meant?",
        "nothing has been named xyzzy so far",
    ]


def test_a_value_that_every_run_gets_is_waited_for_in_silence() -> None:
    """The first validation may be an hour away."""
    journal = Journal().opened().started().steps(10)

    assert waited(lambda: view_of(journal), "val_loss < 0.1 or best < 1", limit=5.0)[2] == []


def test_the_names_that_every_run_has_are_those_that_have_values() -> None:
    state, running = a_run().state(), Verdict(Status.RUNNING)

    assert [
        name for name in OWN_NAMES if value_of(name, state, running, state.last_time or 0.0) is None
    ] == []


def test_a_loss_that_diverges_can_be_waited_for() -> None:
    journal = Journal().opened().started()
    for step in range(1, 1_201):
        journal.after(0.1).progress(step, 1.0 + step % 3 / 50 if step <= 900 else 6.0)

    assert waited(lambda: view_of(journal), "diverged", limit=5.0)[0] is not None
    assert waited(lambda: view_of(a_run()), "diverged", limit=1.0)[0] is None


def test_a_run_that_is_over_is_said_once() -> None:
    _, _, said = waited(lambda: view_of(a_run().ended()), "dead", limit=5.0)

    assert said == ["the run is over (finished), and it is not true; a resume may come"]


def test_the_exit_codes_are_0_124_and_2(open_logger: OpenLogger) -> None:
    """End to end on a run that a logger recorded."""
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam")
    logger.log_training_progress(1, 1, 3, 0.5, 1e-3, {"train/acc": 0.25})
    logger.log_training_end(True, 0.5)
    logger.close()

    true = run_wait(logger.folder, '"train/acc" >= 0.25 and done')
    late = run_wait(logger.folder, "loss < 0.1", timeout="0.01s")
    wrong = run_wait(logger.folder, "loss < or done")
    span = run_wait(logger.folder, "done", timeout="soon")

    assert (true.exit_code, late.exit_code, wrong.exit_code, span.exit_code) == (0, 124, 2, 2)
    assert "train/acc 0.2500" in true.output
    assert "  loss < or done\n         ^" in wrong.output
