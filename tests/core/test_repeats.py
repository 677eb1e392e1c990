"""The same error more than once in a second becomes one record with a count."""

import threading

from tests.builders import Journal
from trainmon.calls.repeats import MOST, Repeats
from trainmon.facts.events import Error


def an_error(mono: float, fingerprint: str = "f", context: str = "c") -> Error:
    """An error at a monotonic time."""
    made = (
        Journal(now=1_795_390_867.0 - 100.0 + mono).error(fingerprint=fingerprint, context=context).events[0]
    )
    assert isinstance(made, Error)
    return made


def test_w24_the_first_is_recorded_and_the_others_of_its_second_are_counted() -> None:
    repeats = Repeats()

    admitted = [repeats.admit(an_error(10 + number / 10_000)) for number in range(5_000)]
    early, ripe = repeats.take(10.9), repeats.take(11.0)

    assert admitted == [True] + [False] * 4_999
    assert early == []
    assert [error.count for error in ripe] == [4_999]
    assert ripe[0].traceback == ""


def test_w24_under_a_flood_one_record_a_second_is_made() -> None:
    repeats, records = Repeats(), 0

    for number in range(10_000):
        records += repeats.admit(an_error(number / 1_000))
        records += len(repeats.take(number / 1_000))

    assert records <= 11


def test_different_errors_and_contexts_are_apart() -> None:
    repeats = Repeats()

    assert all(repeats.admit(an_error(1.0, fingerprint, context)) for fingerprint in "ab" for context in "xy")


def test_the_same_error_a_second_later_is_recorded_again() -> None:
    repeats = Repeats()

    assert [repeats.admit(an_error(mono)) for mono in (1.0, 2.5)] == [True, True]


def test_at_the_end_everything_is_taken() -> None:
    repeats = Repeats()
    for _ in range(3):
        repeats.admit(an_error(1.0))

    assert [error.count for error in repeats.take(1.1, all_of_them=True)] == [2]
    assert repeats.take(9.0, all_of_them=True) == []


def test_w18_memory_is_bounded_whatever_comes() -> None:
    repeats = Repeats()

    for number in range(4 * MOST):
        repeats.admit(an_error(1.0, str(number)))

    assert len(repeats._recorded) <= MOST


def test_w24_w27_none_is_miscounted_by_threads() -> None:
    repeats, error = Repeats(), an_error(1.0)
    repeats.admit(error)
    threads = [
        threading.Thread(target=lambda: [repeats.admit(error) for _ in range(2_000)]) for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [taken.count for taken in repeats.take(9.0)] == [16_000]
