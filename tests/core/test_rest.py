"""`trainmon/meaning/rest.py`: the time left of steps folded together is that of steps folded one by one, to the bit."""

import random

import pytest

from tests.builders import Journal
from trainmon.facts.events import Progress
from trainmon.fold.reducer import Reducer
from trainmon.meaning.rest import Rest
from trainmon.storage.progress_rate import ProgressRate
from trainmon.storage.projection import Projector, TextLine


def a_run_with_incidents(seed: int) -> Journal:
    """Steps at a noisy speed, and now and then all that makes a fold do more than count on."""
    numbers = random.Random(seed)
    journal = Journal().opened().started(total_steps=numbers.choice([None, 400]))
    step, epoch, total = 0, 1, numbers.choice([None, 100, 400])
    for _ in range(300):
        journal.after(numbers.choice([0.01, 0.1, 0.1, 3.0]) * numbers.uniform(0.5, 1.5))
        what = numbers.random()
        if what < 0.02:
            journal.span("validation", 2.0)
        elif what < 0.04:
            journal.events.append(numbers.choice(journal.events))  # It comes twice.
        elif what < 0.06:
            journal.lost(1)
        elif what < 0.08:
            step = max(0, step - numbers.choice([1, 40]))
        elif what < 0.09:
            epoch, step = epoch + 1, numbers.choice([0, step])
        elif what < 0.1:
            total = numbers.choice([None, 100, 500])
        elif what < 0.11:
            journal.progress(step, epoch=epoch, phase="validation", total_steps=total)
        else:
            step += numbers.choice([0, 1, 1, 1, 5])
            journal.progress(step, numbers.choice([0.5, "NaN"]), epoch=epoch, total_steps=total)
    return journal


def texts(journal: Journal, size: int) -> list[TextLine]:
    """What a journal says, so many lines at a time; half of the steps have a line."""
    projector = Projector(rate=ProgressRate(burst=50, per_second=3.0))
    out: list[TextLine] = []
    for begin in range(0, len(journal.events), size):
        part = journal.events[begin : begin + size]
        out += projector.apply(part, range(begin, begin + len(part)))
    return out


@pytest.mark.parametrize("seed", range(40))
def test_the_text_is_that_of_steps_folded_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = a_run_with_incidents(seed)
    together = [texts(journal, size) for size in (1, 7, 64, 1_000)]

    monkeypatch.setattr(Rest, "of", lambda state, events: None)
    one_by_one = texts(journal, 64)

    assert all(text == one_by_one for text in together)


def test_a_steady_run_is_folded_together() -> None:
    """Otherwise the test above would say nothing."""
    journal = Journal().opened().started().steps(60)
    reducer = Reducer()
    reducer.apply(journal.events[:20], range(20))

    rest = Rest.of(reducer.state, [event for event in journal.events[20:] if isinstance(event, Progress)])

    assert rest is not None
    assert rest.after(5, 400) != rest.after(39, 400)


def test_a_run_that_counts_per_epoch_with_the_total_of_the_run_is_folded_together() -> None:
    """Such a run is as long as any other: it must not fall back to one step at a time."""
    journal = Journal().opened().started(total_epochs=5, total_steps=200)
    for epoch in (0, 1):
        for step in range(40):
            journal.after(0.1).progress(step, epoch=epoch, total_steps=200)
    reducer = Reducer()
    reducer.apply(journal.events[:60], range(60))

    assert (
        Rest.of(reducer.state, [one for one in journal.events[60:] if isinstance(one, Progress)]) is not None
    )


@pytest.mark.parametrize("size", [1, 7, 64])
def test_steps_that_show_how_a_total_is_meant_change_the_text_at_the_same_step(size: int) -> None:
    journal = Journal().opened().started(total_epochs=5, total_steps=40)
    for step in range(1, 41):
        journal.after(1.0).progress(step, epoch=1, total_steps=40)

    assert texts(journal, size) == texts(journal, 1_000)
