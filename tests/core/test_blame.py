"""Which rank failed first."""

from tests.builders import START
from trainmon.meaning.blame import RankVerdict, earliest_failure
from trainmon.meaning.statuses import Status, Verdict


def rank(number: int, status: Status, after: float, why: str | None = None) -> RankVerdict:
    return RankVerdict(number, Verdict(status, why, START + after))


def first(*ranks: RankVerdict) -> int | None:
    found = earliest_failure(ranks)
    return found.rank if found is not None else None


def test_a_run_in_which_none_failed_has_no_failure() -> None:
    assert first(rank(0, Status.RUNNING, 0), rank(1, Status.FINISHED, 0), rank(2, Status.STALLED, 0)) is None


def test_the_earliest_failure_is_named_and_not_that_of_rank_0() -> None:
    assert first(rank(0, Status.FAILED, 9.0, "ValueError: x"), rank(3, Status.CRASHED, 8.0, "SIGSEGV")) == 3


def test_a_complaint_about_a_peer_comes_after_the_death_of_the_peer() -> None:
    """The peer died without a word, its last record some seconds before the others noticed."""
    complaint = "DistBackendError: NCCL error: remote process exited or there was a network error"

    assert first(rank(0, Status.FAILED, 1.0, complaint), rank(3, Status.DIED, -1.5)) == 3
    assert first(rank(0, Status.FAILED, 1.0, complaint), rank(3, Status.OUT_OF_MEMORY, 2.5)) == 3


def test_what_the_launcher_ended_afterwards_did_not_fail_first() -> None:
    """A launcher such as torchrun sends SIGTERM to the others; their last record is a little older than the failure."""
    failed = rank(2, Status.FAILED, 10.0, "RuntimeError: CUDA error")

    assert first(rank(0, Status.TERMINATED, 9.8), rank(1, Status.DIED, 9.7), failed) == 2


def test_a_silent_death_long_before_is_the_first() -> None:
    assert first(rank(0, Status.FAILED, 60.0, "ValueError: x"), rank(1, Status.DIED, 0.0)) == 1
