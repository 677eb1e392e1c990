"""Which rank failed first: the others fall after it, and their words are loud but say little. Pure."""

import re
from collections.abc import Iterable

import msgspec

from trainmon.statuses import Status, Verdict

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


def earliest_failure(ranks: Iterable[RankVerdict]) -> RankVerdict | None:
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
