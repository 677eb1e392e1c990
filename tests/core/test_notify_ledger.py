"""The ledger: nothing is told twice, never more than so many in ten minutes, and nothing that was held is lost."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trainmon.notify.ledger import (
    ALERT_AGAIN,
    CLAIM,
    WINDOW,
    Decision,
    Entry,
    Ledger,
    decide,
    settle,
    summarise,
)


def an_entry(key: str = "run:0/end", kind: str = "died") -> Entry:
    return Entry(key, kind, f"title of {key}", 0.0, "claimed")


def told(decision: Decision, key: str, now: float, *, taken: bool = True) -> Ledger:
    """The ledger after the delivery of a claim."""
    return settle(decision.ledger, key, told=taken, reached=(), held=decision.held, now=now)


def test_what_was_claimed_or_told_is_not_told_again() -> None:
    first = decide(Ledger(), an_entry(), 6, 100.0)
    second = decide(first.ledger, an_entry(), 6, 101.0)
    third = decide(told(first, "run:0/end", 102.0), an_entry(), 6, 10_000.0)

    assert (first.go, second.go, third.go) == (True, False, False)
    assert second.wait is third.wait is None


def test_a_claim_by_somebody_whose_clock_is_ahead_is_a_claim() -> None:
    claim = decide(Ledger(), an_entry(), 6, 100.0)

    assert not decide(claim.ledger, an_entry(), 6, 99.0).go


def test_a_restart_knows_it_from_what_is_kept() -> None:
    kept = msgspec.json.encode(told(decide(Ledger(), an_entry(), 6, 100.0), "run:0/end", 101.0))

    assert not decide(msgspec.json.decode(kept, type=Ledger), an_entry(), 6, 9_000.0).go


def test_a_sender_that_was_killed_leaves_its_claim_to_the_next() -> None:
    claim = decide(Ledger(), an_entry(), 6, 100.0)

    assert not decide(claim.ledger, an_entry(), 6, 100.0 + CLAIM - 1).go
    assert decide(claim.ledger, an_entry(), 6, 100.0 + CLAIM).go


def test_a_sender_claims_again_what_it_had_claimed_itself() -> None:
    """Its delivery hung and was killed; nobody else is at work on it."""
    own = replace(an_entry(), by="a")
    claim = decide(Ledger(), own, 6, 100.0)

    assert decide(claim.ledger, own, 6, 103.0).go
    assert not decide(claim.ledger, replace(own, by="b"), 6, 103.0).go


def test_what_failed_is_tried_again_and_only_where_it_failed() -> None:
    claim = decide(Ledger(), an_entry(), 6, 100.0)
    failed = settle(claim.ledger, "run:0/end", told=False, reached=(0, 2), held=(), now=101.0)

    again = decide(failed, an_entry(), 6, 110.0)

    assert again.go
    assert again.reached == (0, 2)


def test_an_alert_that_comes_again_after_hours_is_told_again() -> None:
    alert = an_entry("run:0/alert/nan", "alert")
    ledger = told(decide(Ledger(), alert, 6, 0.0), alert.key, 1.0)

    assert not decide(ledger, alert, 6, ALERT_AGAIN - 10).go
    assert decide(ledger, alert, 6, ALERT_AGAIN + 10).go


def test_beyond_the_rate_news_is_held_and_goes_with_the_next_message() -> None:
    ledger = Ledger()
    for number in range(5):
        decision = decide(ledger, an_entry(f"k{number}", "best"), 3, 10.0 * number)
        ledger = told(decision, f"k{number}", 10.0 * number) if decision.go else decision.ledger

    assert decide(ledger, an_entry("k9"), 3, 60.0).wait == WINDOW - 60.0
    later = decide(ledger, an_entry("k5"), 3, WINDOW + 1.0)
    assert later.go
    assert [entry.key for entry in later.held] == ["k3", "k4"]
    after = told(later, "k5", WINDOW + 2.0)
    assert not decide(after, an_entry("k3", "best"), 3, WINDOW + 3.0).go


def test_what_is_held_goes_in_one_message_once_there_is_room() -> None:
    ledger = decide(told(decide(Ledger(), an_entry("a"), 1, 0.0), "a", 0.0), an_entry("b"), 1, 1.0).ledger

    early, later = summarise(ledger, "s", 1, 5.0), summarise(ledger, "s", 1, WINDOW + 1)

    assert not early.go
    assert early.wait == WINDOW - 5.0
    assert [entry.key for entry in later.held] == ["b"]
    assert not summarise(told(later, "s", WINDOW + 2), "t", 1, 3 * WINDOW).go


@given(
    st.lists(st.tuples(st.floats(0, 300), st.integers(0, 20), st.booleans()), max_size=60),
    st.integers(1, 5),
)
def test_no_order_of_things_tells_twice_or_more_than_the_rate(
    steps: list[tuple[float, int, bool]], most: int
) -> None:
    """Each step lets time pass and wants something told, which the service takes or not."""
    ledger, now, sent = Ledger(), 1_000.0, []
    for passed, number, taken in steps:
        now += passed
        key = f"k{number}"
        decision = decide(ledger, an_entry(key), most, now)
        ledger = decision.ledger
        if decision.go:
            ledger = told(decision, key, now, taken=taken)
            if taken:
                sent.append((now, (key, *(entry.key for entry in decision.held))))

    said = [key for _, keys in sent for key in keys]
    assert len(said) == len(set(said))
    for time, _ in sent:
        assert sum(time <= other < time + WINDOW for other, _ in sent) <= most
