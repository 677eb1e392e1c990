"""Ranges: the same run steps and values as the fold, from the visible part of the journal alone."""

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import Journal
from trainmon.facts.codec import decode_lines
from trainmon.facts.events import Number, Started
from trainmon.fold.counting import Counting
from trainmon.fold.reducer import fold
from trainmon.fold.runs import forget_offsets
from trainmon.fold.series import Column, Series
from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon.reading.ranges import Range, read_range
from trainmon.storage import journal as journal_file
from trainmon.storage.journal import bookmark, first_writer, open_shared, read_lines
from trainmon.words.paths import JOURNAL

LOSS = Key("loss", "loss")
RATE = Key("metrics", "learning_rate")


def folded(path: Path) -> RunState:
    """What a reader knows of the journal."""
    state = RunState()
    descriptor = open_shared(path)
    part = read_lines(descriptor, 0, 1 << 30)
    state = fold(state, decode_lines(part.lines), part.offsets)
    state.bookmark = bookmark(descriptor, part.end, first_writer(descriptor))
    os.close(descriptor)
    return state


def with_buckets(journal: Journal, folder: Path, capacity: int) -> RunState:
    """The same; a start empties the curves, so their size is set behind it."""
    path = journal.write(folder)
    begin = next(
        (at for at, event in enumerate(journal.events) if isinstance(event, Started)), -1
    )  # the first start; those that follow in these tests continue the run
    descriptor = open_shared(path)
    part = read_lines(descriptor, 0, 1 << 30)
    items = decode_lines(part.lines)
    state = fold(RunState(), items[: begin + 1], part.offsets[: begin + 1])
    state.loss, state.metrics = Series(capacity), Series(capacity)
    state = fold(state, items[begin + 1 :], part.offsets[begin + 1 :])
    state.bookmark = bookmark(descriptor, part.end, first_writer(descriptor))
    os.close(descriptor)
    return state


def resumed(journal: Journal, *, initial_step: int | None = None) -> Journal:
    """Continues the run."""
    event = Started(
        *journal._head(), run_id="run-1", model_name="DemoModel", total_epochs=4, resume="always",
        initial_step=initial_step,
    )  # fmt: skip
    return journal._add(event)


def read(folder: Path, state: RunState, first: int, last: int, *keys: Key, most: int = 16_384) -> Range:
    found = read_range(folder, state, keys or (LOSS,), first, last, most=most)
    assert found is not None
    return found


def pairs(column: Column) -> list[tuple[int, float]]:
    return list(zip(column.last_step, column.last, strict=True))


def exact(state: RunState) -> list[tuple[int, float]]:
    """The curve of a state whose buckets are single rows."""
    return pairs(state.loss.column("loss")) if "loss" in state.loss.names else []


def test_a_range_has_every_row_between_its_ends_with_the_number_that_was_logged(tmp_path: Path) -> None:
    journal = Journal().opened().started(total_steps=3_000)
    for step in range(1, 3_001):
        journal.after(0.1).progress(step, 1 / step, epoch=1, total_steps=3_000)
    state = with_buckets(journal, tmp_path, 16)

    found = read(tmp_path, state, 1_001, 1_100)

    assert pairs(found.columns[LOSS]) == [(step, 1 / step) for step in range(1_001, 1_101)]
    assert (found.first, found.last) == (1_001, 1_100)


def test_only_the_visible_part_of_the_journal_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "CHUNK", 4_096)
    journal = Journal().opened().started().steps(4_000, epoch_steps=4_000, total_steps=4_000)
    state = with_buckets(journal, tmp_path, 64)

    found = read(tmp_path, state, 2_000, 2_010)

    assert found.bytes_read < (tmp_path / JOURNAL).stat().st_size / 20


def test_rows_without_a_value_are_left_out_and_one_that_is_not_finite_stays(tmp_path: Path) -> None:
    journal = Journal().opened().started()
    values: list[Number | None] = [1.0, None, "NaN", 2, "-Infinity", 3.0]
    for step, value in enumerate(values, 1):
        journal.after(0.1).progress(step, value)
    state = folded(journal.write(tmp_path))

    column = read(tmp_path, state, 1, 6).columns[LOSS]

    assert column.last_step == (1, 3, 4, 5, 6)
    assert math.isnan(column.last[1])
    assert column.last[2:] == (2.0, -math.inf, 3.0)
    assert column.count == (1, 0, 1, 0, 1)
    assert column.nonfinite == (0, 1, 0, 1, 0)
    assert math.isnan(column.maximum[3])


def test_metrics_and_validations_come_with_the_same_reading(tmp_path: Path) -> None:
    journal = Journal().opened().started()
    for step in range(1, 31):
        journal.after(0.1).progress(step, metrics={"a/b": float(step)} if step % 2 else None, waited=0.5)
        if step % 10 == 0:
            journal.validation(step, step / 100, val_metrics={"top 1": float(step)})
    state = folded(journal.write(tmp_path))
    keys = [Key("metrics", name) for name in ("a/b", "waited", "learning_rate", "absent")]
    keys += [Key("validation", "val_loss"), Key("validation", "top 1")]

    columns = read(tmp_path, state, 10, 20, *keys).columns

    assert pairs(columns[Key("metrics", "a/b")]) == [(step, float(step)) for step in range(11, 20, 2)]
    assert set(columns[Key("metrics", "waited")].last) == {0.5}
    assert len(columns[RATE].last) == 11
    assert Key("metrics", "absent") not in columns
    assert pairs(columns[Key("validation", "val_loss")]) == [(10, 0.1), (20, 0.2)]
    assert pairs(columns[Key("validation", "top 1")]) == [(10, 10.0), (20, 20.0)]


def test_a_metric_that_is_called_like_one_of_ours_takes_its_place_as_in_the_fold(tmp_path: Path) -> None:
    journal = Journal().opened().started()
    journal.progress(1, 1.0, metrics={"learning_rate": 7.0, "loss": 8.0}).progress(2, 1.5)
    state = folded(journal.write(tmp_path))

    columns = read(tmp_path, state, 1, 2, LOSS, RATE, Key("metrics", "loss")).columns

    assert columns[LOSS].last == (1.0, 1.5)
    assert columns[RATE].last == (7.0, 1e-3)
    assert columns[Key("metrics", "loss")].last == (8.0,)


@pytest.mark.parametrize("name", ['qu"ote', "back\\slash", "line\nbreak", "\ud800", "", "模型", "kind"])
def test_odd_names_are_harmless(tmp_path: Path, name: str) -> None:
    journal = Journal().opened().started().progress(1, 1.0)
    state = folded(journal.write(tmp_path))

    found = read_range(tmp_path, state, [LOSS, Key("metrics", name), Key("validation", name)], 1, 1)

    assert found is not None
    assert list(found.columns) == [LOSS]


def test_many_rows_become_cells_that_keep_every_extreme(tmp_path: Path) -> None:
    journal = Journal().opened().started(total_steps=1_000)
    for step in range(1, 1_001):
        loss: Number = 100.0 if step == 500 else "NaN" if step == 700 else 1.0
        journal.after(0.1).progress(step, loss, epoch=1, total_steps=1_000)
    state = folded(journal.write(tmp_path))

    column = read(tmp_path, state, 1, 1_000, most=64).columns[LOSS]

    assert len(column.last) <= 64
    assert max(column.maximum) == 100.0
    assert sum(column.count) == 999
    assert sum(column.nonfinite) == 1
    assert (column.first_step[0], column.last_step[-1]) == (1, 1_000)


def test_what_was_done_again_is_read_once(tmp_path: Path) -> None:
    journal = Journal().opened().started()
    for step in (*range(1, 201), *range(101, 301)):
        journal.after(0.1).progress(step, float(len(journal.events)), total_steps=400)
    state = with_buckets(journal, tmp_path, 16)

    column = read(tmp_path, state, 90, 110).columns[LOSS]

    assert column.last_step == tuple(range(90, 111))
    assert column.last[:11] == tuple(float(step + 1) for step in range(90, 101))
    assert column.last[11:] == tuple(float(step + 101) for step in range(101, 111))


def test_steps_before_those_that_were_done_again_are_read_though_they_shared_a_bucket(tmp_path: Path) -> None:
    """The first bucket of a long curve has many steps; a run begun anew near its beginning takes it off the curve."""
    journal = Journal().opened().started(total_steps=100)
    for step in (*range(1, 101), *range(11, 31)):
        journal.after(0.1).progress(step, float(len(journal.events)), total_steps=100)
    state = with_buckets(journal, tmp_path, 4)

    column = read(tmp_path, state, 1, 30).columns[LOSS]

    assert state.loss.column("loss").first_step[0] == 11
    assert column.last_step == tuple(range(1, 31))
    assert column.last[9:11] == (11.0, 102.0)


def test_an_epoch_of_one_step_has_its_own_step_in_a_range(tmp_path: Path) -> None:
    journal = Journal().opened().started(total_epochs=None, total_steps=None)
    for epoch, step in ((1, 1), (2, 1), (2, 2), (3, 1)):
        journal.after(0.1).progress(step, float(10 * epoch + step), epoch=epoch, total_steps=None)
    state = folded(journal.write(tmp_path))

    column = read(tmp_path, state, 1, 5).columns[LOSS]

    assert pairs(column) == [(1, 11.0), (2, 21.0), (3, 22.0), (5, 31.0)]


def test_steps_that_were_taken_back_are_not_read_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was begun anew many times must not make a zoom read all of its attempts."""
    monkeypatch.setattr(journal_file, "CHUNK", 4_096)
    journal = Journal().opened().started()
    for step in (*range(1, 5_001), *range(101, 301)):
        journal.after(0.1).progress(step, 1.0, total_steps=9_000)
    state = with_buckets(journal, tmp_path, 1024)

    found = read(tmp_path, state, 1, 300)

    assert found.columns[LOSS].last_step == tuple(range(1, 301))
    assert found.bytes_read < (tmp_path / JOURNAL).stat().st_size / 5


def test_a_line_that_came_twice_counts_once(tmp_path: Path) -> None:
    journal = Journal().opened().started().steps(200)
    journal.events += journal.events[50:150]
    journal.steps(300, 201)
    path = journal.write(tmp_path)
    state = folded(path)

    column = read(tmp_path, state, 1, 300).columns[LOSS]

    assert column.last_step == state.loss.column("loss").last_step


def test_a_damaged_line_costs_itself_only(tmp_path: Path) -> None:
    path = Journal().opened().started().steps(20).write(tmp_path)
    lines = path.read_bytes().split(b"\n")
    lines[10] = b'{"kind":"progress","step":'
    lines[12] = b"\x00" * 50
    path.write_bytes(b"\n".join(lines))
    state = folded(path)

    column = read(tmp_path, state, 1, 20).columns[LOSS]

    assert column.last_step == state.loss.column("loss").last_step
    assert len(column.last_step) == 18


def test_what_cannot_be_reached_is_none(tmp_path: Path) -> None:
    journal = Journal().opened().started().steps(50)
    path = journal.write(tmp_path)
    state, replaced = folded(path), folded(path)
    forget_offsets(replaced)
    other = folded(Journal(writer="ba9876543210").opened().started().steps(50).write(tmp_path / "other"))

    assert read_range(tmp_path, replaced, [LOSS], 1, 50) is None
    assert read_range(tmp_path, other, [LOSS], 1, 50) is None
    assert read_range(tmp_path / "missing", state, [LOSS], 1, 50) is None
    assert read_range(tmp_path, RunState(), [LOSS], 1, 50) is None
    assert read_range(tmp_path, state, [LOSS], 50, 1) is None
    assert read_range(tmp_path, state, [LOSS], 1, 50, cancelled=lambda: True) is None


def test_reading_changes_nothing_in_the_state(tmp_path: Path) -> None:
    state = folded(Journal().opened().started().steps(250).write(tmp_path))
    counting = Counting(**{name: getattr(state.counting, name) for name in Counting.__struct_fields__})

    read(tmp_path, state, 1, 150)

    assert state.counting == counting


@st.composite
def histories(draw: st.DrawFn) -> Journal:
    """Runs that count over the run or per epoch, from 0 or 1, with epochs of any length, rewinds and resumptions."""
    journal = (
        Journal()
        .opened()
        .started(
            total_epochs=draw(st.none() | st.integers(1, 4)),
            total_steps=None,
            steps_per_epoch=draw(st.sampled_from([None, None, 60])),
        )
    )
    per_epoch, zero = draw(st.booleans()), draw(st.integers(0, 1))
    total = draw(st.sampled_from([None, 60, 120, 240]))
    step = 1 - zero
    for epoch in range(1, draw(st.integers(1, 4)) + 1):
        if per_epoch:
            step = 1 - zero
        length = draw(st.sampled_from([1, 2]) | st.integers(1, 60))
        last = step + length
        while step < last:
            journal.after(0.1).progress(step, float(len(journal.events)), epoch=epoch, total_steps=total)
            step += 1
            event = draw(st.integers(0, 40))
            if event == 0 and step > 40 and not per_epoch:
                step -= draw(st.integers(1, 35))
            elif event == 1:
                resumed(journal, initial_step=draw(st.none() | st.just(step - 1)) if not per_epoch else None)
            elif event == 2:
                journal.validation(step - 1, 1.0, epoch=epoch)
            elif event == 3:
                journal.progress(step, 9.0, epoch=epoch, phase="evaluation")
    return journal


@settings(deadline=None, max_examples=60)
@given(histories(), st.integers(1, 260), st.integers(0, 120), st.sampled_from([4, 16, 64]))
def test_a_range_of_any_history_is_that_part_of_the_curve(
    tmp_path_factory: pytest.TempPathFactory, journal: Journal, first: int, length: int, capacity: int
) -> None:
    """Where buckets are single rows, the curve of the fold is exact: a range read by coarse buckets must equal it."""
    folder = tmp_path_factory.mktemp("run")
    truth = exact(with_buckets(journal, folder, 1024))
    state = with_buckets(journal, folder, capacity)

    found = read_range(folder, state, [LOSS], first, first + length)

    expected = [pair for pair in truth if first <= pair[0] <= first + length]
    assert (pairs(found.columns[LOSS]) if found is not None and LOSS in found.columns else []) == expected


def test_progress_of_other_phases_is_no_point(tmp_path: Path) -> None:
    journal = Journal().opened().started().progress(1).progress(1, 5.0, phase="validation").progress(2)
    state = folded(journal.write(tmp_path))

    assert read(tmp_path, state, 1, 2).columns[LOSS].last == (1.0, 1.0)
