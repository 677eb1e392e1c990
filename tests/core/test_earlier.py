"""`trainmon.reading.earlier`: what another run followed is read from its own lines, and from no others."""

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import START, Journal
from trainmon.facts.events import Started
from trainmon.fold.state import RunState
from trainmon.reading.earlier import earlier_run
from trainmon.reading.reader import RunReader
from trainmon.words.paths import JOURNAL

STARTS = (START, START + 1_000.0, START + 2_000.0)


def three_runs() -> Journal:
    """Of 30, 50 and 20 steps, one after another in one journal; the second has two validations."""
    journal = Journal().opened().started("first").steps(30).ended()
    journal.now = STARTS[1]
    journal.started("second").steps(50).validation(25, 0.5).validation(50, 0.4).ended()
    journal.now = STARTS[2]
    return journal.started("third").steps(20)


def written(journal: Journal, folder: Path) -> RunState:
    """What a reader knows of the journal, once it is in the folder."""
    journal.write(folder)
    with closing(RunReader(folder)) as reader:
        return reader.poll().state


def losses(state: RunState) -> list[float]:
    return list(state.loss.column("loss").mean)


def test_an_earlier_run_is_what_it_was_at_its_end(tmp_path: Path) -> None:
    state = written(three_runs(), tmp_path)

    first, second = (earlier_run(tmp_path, state, started) for started in STARTS[:2])

    assert first is not None
    assert second is not None
    assert first.configuration is not None
    assert second.configuration is not None
    assert (first.configuration.model_name, first.run_step) == ("first", 30)
    assert (second.configuration.model_name, second.run_step) == ("second", 50)
    assert second.best is not None
    assert second.best.val_loss == 0.4
    assert first.end is not None
    assert losses(first) == losses(Journal().opened().started().steps(30).state())
    assert losses(second) == losses(Journal().opened().started().steps(50).state())


def a_run_of_several_starts(folder: Path) -> RunState:
    """The second and the third of three runs are continued twice, by resumptions that bring their number along."""
    journal = Journal().opened().started("first").steps(30).ended()
    for at, (name, run_id) in enumerate((("second", "run-2"), ("third", "run-3"))):
        for part in range(3):
            journal.now = STARTS[at + 1] + 100.0 * part
            journal.started(name).steps(20 * (part + 1), first=20 * part + 1).ended()
            start = next(event for event in reversed(journal.events) if isinstance(event, Started))
            journal.events[journal.events.index(start)] = replace(start, run_id=run_id, resume="auto")
    return written(journal, folder)


@pytest.mark.parametrize("chunk", [700, 1 << 20])
def test_runs_that_were_continued_are_told_apart_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Their last start is not where they begin, and not where the run before them ends."""
    newest = a_run_of_several_starts(tmp_path)
    monkeypatch.setattr("trainmon.storage.journal.CHUNK", chunk)

    first, second = (earlier_run(tmp_path, newest, run.started) for run in newest.earlier)

    assert first is not None
    assert second is not None
    assert first.configuration is not None
    assert second.configuration is not None
    assert (first.configuration.model_name, first.run_step, first.resumed) == ("first", 30, 0)
    assert (second.configuration.model_name, second.run_step, second.resumed) == ("second", 60, 2)
    assert losses(second) == losses(Journal().opened().started().steps(60).state())


def test_a_run_that_nobody_wants_any_more_is_read_no_further(tmp_path: Path) -> None:
    state = written(three_runs(), tmp_path)

    for asked in range(3):
        answers = iter([True] * asked)
        assert earlier_run(tmp_path, state, STARTS[1], lambda answers=answers: next(answers, False)) is None


def test_lines_longer_than_a_piece_are_read_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = written(three_runs(), tmp_path)
    monkeypatch.setattr("trainmon.storage.journal.CHUNK", 2_000)

    second = earlier_run(tmp_path, state, STARTS[1])

    assert second is not None
    assert second.run_step == 50


def test_the_newest_run_and_an_unknown_one_are_no_earlier_ones(tmp_path: Path) -> None:
    state = written(three_runs(), tmp_path)

    assert earlier_run(tmp_path, state, STARTS[2]) is None
    assert earlier_run(tmp_path, state, 1.0) is None


def test_of_a_journal_that_was_replaced_or_is_gone_nothing_is_made_up(tmp_path: Path) -> None:
    state = written(three_runs(), tmp_path)
    assert earlier_run(tmp_path, state, STARTS[0]) is not None
    (tmp_path / JOURNAL).unlink()
    assert earlier_run(tmp_path, state, STARTS[0]) is None

    Journal(writer="ba9876543210").opened().started("another").steps(90).write(tmp_path)
    assert earlier_run(tmp_path, state, STARTS[0]) is None


def test_a_run_whose_start_was_damaged_since_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    state = written(three_runs(), tmp_path)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"second"', b'"secon\xff"'))

    assert earlier_run(tmp_path, state, STARTS[1]) is None


def test_a_run_whose_place_is_not_known_any_more_is_left_out(tmp_path: Path) -> None:
    """After a rotation the summaries know no places."""
    state = written(three_runs(), tmp_path)
    state.earlier = [replace(run, offset=-1) for run in state.earlier]

    assert earlier_run(tmp_path, state, STARTS[0]) is None
