"""Whether the newest blocks of a pace tell of another speed than those before them. Pure; nothing is stored.

A precedence test (Nelson 1963, *Tables for a precedence life test*, Technometrics 5): blocks of one speed, however
wild, have their `FEWEST` newest all beyond nine tenths of the others once in 100,000 times on either side. So a slow
step, or a few, changes nothing, and a lasting change is believed after seconds and not after half a window.
"""

from collections.abc import Sequence
from math import inf
from operator import truediv

FEWEST = 5
"""Newest blocks that must agree."""

FEWEST_BEFORE = 3
"""Blocks before them, at least."""

FACTOR = 1.25
"""Smaller changes are left to the discounted mean."""

_MANY_BEFORE = 10
"""Below so many blocks before, none of them may lie among the newest, and the change must be large."""

_LARGE = 2.0


def newest_alike(block_steps: Sequence[int], block_seconds: Sequence[float], usual: float) -> int | None:
    """How many of the newest blocks have a new speed throughout; None where nothing shows that it is one.

    Args:
        block_steps: Steps of the blocks, oldest first; all above 0.
        block_seconds: Their seconds.
        usual: Seconds a step, about the median of the blocks; it may be some blocks old.
    """
    newest = block_seconds[-1] / block_steps[-1]
    if usual <= newest * FACTOR and newest <= usual * FACTOR:
        return None  # As almost always.
    if len(block_steps) < FEWEST + FEWEST_BEFORE:
        return None
    times = list(map(truediv, block_seconds, block_steps))
    # For a faster speed the same is asked of the steps a second.
    values = times if newest > usual else [1.0 / time if time > 0 else inf for time in times]
    last, before = values[-FEWEST:], sorted(values[:-FEWEST])
    few = len(before) < _MANY_BEFORE
    bound = before[-1] if few else before[len(before) * 9 // 10]
    if min(last) <= bound or sum(last) / FEWEST < before[len(before) // 2] * (_LARGE if few else FACTOR):
        return None
    # The change may lie within the oldest of them.
    return FEWEST - 1
