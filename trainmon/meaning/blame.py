"""Which rank failed first, and how it is named: the others fall after it, loud, and say little. Pure."""

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from trainmon.meaning.statuses import Status, Verdict

LAST_WORD = 5.0
"""Seconds by which a silent death may be later than its last record: readings come every 2 s, and a rank that waits in
a collective records nothing else."""

COMPLAINT = 30.0
"""Seconds by which a complaint about a peer is put back: the peer's death, known or silent, comes before it."""

_ABOUT_PEERS = re.compile(
    r"NCCL|Gloo|ProcessGroup|DistBackendError|DistStoreError|Connection (reset|closed|refused) by|"
    r"Broken pipe|remote process exited|Watchdog caught collective",
    re.IGNORECASE,
)
"""Messages of torch.distributed and its back ends when another rank is gone."""

_CONSEQUENCES = frozenset({Status.TERMINATED, Status.DIED, Status.INTERRUPTED})
"""What launchers do to the other ranks once one has failed."""


class RankVerdict(msgspec.Struct, frozen=True):
    """A rank and what became of it."""

    rank: int
    verdict: Verdict


Rank = TypeVar("Rank", bound=RankVerdict)


def earliest_failure(ranks: Iterable[Rank]) -> Rank | None:
    """The rank whose failure came before all others; None where none failed.

    Times are those of the ranks' own clocks, so a difference below that of their clocks decides nothing.
    """
    failed = [
        each for each in ranks if each.verdict.status.over and each.verdict.status is not Status.FINISHED
    ]
    return min(failed, key=_order, default=None)


def _order(each: RankVerdict) -> tuple[float, int]:
    verdict = each.verdict
    since = verdict.since if verdict.since is not None else float("inf")
    if verdict.status is Status.FAILED and _ABOUT_PEERS.search(verdict.why or ""):
        since += COMPLAINT
    elif verdict.status in _CONSEQUENCES:
        since += LAST_WORD
    return since, each.rank


def is_bad(verdict: Verdict) -> bool:
    """Whether it is worth to ask the other ranks: the run ended badly, or stalls."""
    return verdict.status is Status.STALLED or (verdict.status.over and verdict.status is not Status.FINISHED)


def instead(own: RankVerdict, others: RankVerdict | None) -> RankVerdict | None:
    """Who is to be named in place of rank 0; None where it goes well, or failed first itself.

    Args:
        own: Of the rank whose folder is looked at.
        others: The earliest failure of the others; None: none failed.
    """
    if others is None or not is_bad(own.verdict):
        return None
    first = earliest_failure((own, others))
    return first if first is not None and first.rank != own.rank else None


def named(own: Verdict, first: RankVerdict | None) -> Verdict:
    """The verdict on all ranks: that on the one that failed first, or how rank 0 stalls for want of it.

    Args:
        own: On rank 0.
        first: Who is to be named instead; None: nobody.
    """
    if first is None:
        return own
    word, told = first.verdict.status.value, first.verdict
    if own.status is Status.STALLED:
        why = f": {told.why}" if told.why else ""
        return replace(own, why=f"rank {first.rank} is gone: {word}{why}; {own.why or 'no step'}")
    return replace(told, why=f"rank {first.rank}: {told.why or word}")
