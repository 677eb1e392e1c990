"""The replay law: a state does not depend on how the journal was cut, nor on whether it went through a snapshot.

Histories hold every kind of event, of several writers, with lines that come twice, late or never, unknown and damaged
lines, numbers that are not finite, steps that go back, resumed runs and runs that follow each other.
"""

import math
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import Journal
from tests.histories import History, histories
from trainmon.facts.codec import decode_lines, encode_line
from trainmon.facts.events import AnyEvent, Metrics
from trainmon.fold.reducer import Item, Reducer, fold
from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.meaning.monitoring import monitoring_data
from trainmon.meaning.statuses import Evidence
from trainmon.meaning.verdict import verdict
from trainmon.storage import snapshot
from trainmon.storage.progress_rate import ProgressRate
from trainmon.storage.projection import Projector, TextLine
from trainmon.storage.snapshot import Texts, canonical

law = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
"""Derandomized: the same examples on every machine, so that a red build is red for everybody."""


def folded(items: Sequence[Item], offsets: Sequence[int], state: RunState | None = None) -> RunState:
    """The state after all items at once."""
    return fold(state if state is not None else RunState(), items, offsets)


def through_a_snapshot(state: RunState) -> RunState:
    """The state as another process reads it."""
    return snapshot.decode(snapshot.encode(state, Texts(), 1.7e9)).state


@law
@given(histories())
def test_a_cut_anywhere_changes_nothing(history: History) -> None:
    """`fold(fold(empty, a), b) == fold(empty, a + b)` at every cut."""
    items, offsets = history.items, history.offsets
    whole = canonical(folded(items, offsets))

    before = RunState()
    for cut in range(len(items) + 1):
        assert canonical(folded(items[cut:], offsets[cut:], before)) == whole, f"cut at {cut}"
        before = fold(before, items[cut : cut + 1], offsets[cut : cut + 1])


@law
@given(histories(), st.integers(1, 40))
def test_every_batch_size_gives_the_same_state(history: History, size: int) -> None:
    """The writer folds 64 lines at a time, a reader a megabyte."""
    items, offsets = history.items, history.offsets
    reducer = Reducer()

    for begin in range(0, len(items), size):
        reducer.apply(items[begin : begin + size], offsets[begin : begin + size])

    assert canonical(reducer.state) == canonical(folded(items, offsets))


STEPS = st.tuples(
    st.none()
    | st.dictionaries(st.sampled_from(["a", "learning_rate", "waited"]), st.floats(0, 1), max_size=3),
    st.none() | st.just(0.1),
    st.none() | st.just(0.5),
)


@law
@given(st.lists(STEPS, min_size=2, max_size=8), st.integers(1, 7))
def test_metrics_that_are_called_as_ours_do_not_make_the_state_depend_on_batches(
    rows: list[tuple[Metrics | None, float | None, float | None]], size: int
) -> None:
    """In a batch, one step may have a metric `waited`, and the next a wait."""
    journal = Journal().opened().started()
    for step, (metrics, rate, wait) in enumerate(rows, 1):
        journal.progress(step, metrics=metrics, learning_rate=rate, waited=wait)
    items, offsets, reducer = journal.events, range(len(journal.events)), Reducer()

    for begin in range(0, len(items), size):
        reducer.apply(items[begin : begin + size], offsets[begin : begin + size])

    assert canonical(reducer.state) == canonical(folded(items, offsets))


@law
@given(histories(), st.data())
def test_a_snapshot_at_any_cut_changes_nothing(history: History, data: st.DataObject) -> None:
    """`fold(snapshot, tail) == fold(empty, whole journal)`."""
    items, offsets = history.items, history.offsets
    cut = data.draw(st.integers(0, len(items)))

    restored = through_a_snapshot(folded(items[:cut], offsets[:cut]))

    assert canonical(folded(items[cut:], offsets[cut:], restored)) == canonical(folded(items, offsets))


@law
@given(histories())
def test_the_fold_leaves_the_state_that_it_was_given_alone(history: History) -> None:
    """Readers show a state while the next one is made."""
    items, offsets = history.items, history.offsets
    half = len(items) // 2
    before = folded(items[:half], offsets[:half])
    picture = canonical(before)

    fold(before, items[half:], offsets[half:])

    assert canonical(before) == picture


@law
@given(histories(), st.data())
def test_text_logs_do_not_depend_on_batches_or_restarts(history: History, data: st.DataObject) -> None:
    """So that recovery writes exactly the text that the crash kept from being written, and counts what it left out."""
    items, offsets = history.items, history.offsets
    cut = data.draw(st.integers(0, len(items)))
    burst = data.draw(st.sampled_from([1, 3, 1_000]))
    whole = Projector(rate=ProgressRate(burst=burst)).apply(items, offsets)

    first = Projector(rate=ProgressRate(burst=burst))
    text: list[TextLine] = []
    for item, offset in zip(items[:cut], offsets[:cut], strict=True):
        text += first.apply([item], [offset])
    saved = snapshot.decode(snapshot.encode(first.reducer.state, Texts(rate=first.rate), 1.7e9))
    second = Projector(saved.state, saved.texts.rate)
    text += second.apply(items[cut:], offsets[cut:])

    assert text == whole


@law
@given(histories())
def test_a_journal_gives_back_the_events_that_were_written(history: History) -> None:
    """Decoding is the inverse of encoding, for every kind."""
    events: list[AnyEvent] = history.events

    lines = [encode_line(event) for event in events]

    assert decode_lines([line[:-1] for line in lines]) == events
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)


@law
@given(histories(), st.sampled_from([-1e18, 0.0, 1.7e9, 1e18]))
def test_what_follows_from_any_state_at_any_time_is_finite_and_raises_nothing(
    history: History, now: float
) -> None:
    """W29, W30, R10, R16: whatever clocks and counters say, there is no negative ETA and no exception."""
    state = folded(history.items, history.offsets)

    verdict(state, Evidence(alive=True), now)
    verdict(state, Evidence(), now)
    monitoring_data(state, now)
    estimate = derived.estimate(state, now)
    numbers = [derived.elapsed(state, now), derived.steps_per_second(state), derived.run_bar(state).fraction]

    numbers.append(estimate.seconds if estimate is not None else None)

    assert all(number is None or (number >= 0 and math.isfinite(number)) for number in numbers)


@pytest.mark.parametrize("size", [1, 7, 64, 4_096])
def test_a_long_run_folds_alike_in_small_and_large_batches(size: int) -> None:
    """Buckets merge and blocks close on the way; hypothesis does not reach so far."""
    history = History.long(6_000)
    reducer = Reducer()

    for begin in range(0, len(history.items), size):
        reducer.apply(history.items[begin : begin + size], history.offsets[begin : begin + size])

    assert canonical(reducer.state) == canonical(folded(history.items, history.offsets))
