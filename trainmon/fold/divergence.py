"""Whether a loss diverges: found from medians of blocks, in bounded memory, the same however the steps were batched.

A block is 16 losses; its median ignores spikes. On a logarithmic scale, where the noise of losses is about as large
late as early, the *level* is an exponentially weighted mean of medians (Roberts 1959). A run diverges when the level
stands above the lowest it ever was by several times what its changes within 128 steps usually deviate from their drift,
by at least a half, and stays there. The yardstick comes from the run itself, so the size of the loss and of its noise
do not matter. The numbers were tuned on `benchmarks/curves.py`.
"""

import math
from collections.abc import Sequence

import msgspec

BLOCK = 16
"""Losses in a block: a spike of up to 7 steps does not move its median."""

LEVEL = 0.5
"""Weight of a new block in the level: follows within two blocks."""

SLOW = 0.12
"""Weight of a new block in the slow level, whose lowest is what a rise is measured from: the lowest of a fast one would
be the luckiest moment of the noise."""

LAG = 8
"""Blocks over which changes of the level are measured."""

USUAL = 0.03
"""Weight of a new change in what is usual: about 33 blocks."""

TIMES = 3.3
"""How many usual deviations the level must have risen."""

RISE = math.log(1.5)
"""What it must have risen at least: humps after warm-up and warm restarts rise by less."""

HELD = 0.6
"""Part of the highest rise that must still stand: a spike, however wide, comes down again."""

PERSISTENT = 5
"""Blocks in a row that must say so."""

WARM_UP = 14
"""Blocks before anything is said: the level and its usual changes must be known."""

SMALL = 1e-4
"""Part of the first loss below which the scale is linear: a loss may reach zero, and be negative."""

LARGEST = 1e300
"""Times the scale beyond which losses are no longer told apart: a level must stay finite."""


class Divergence(msgspec.Struct):
    """What the detector remembers; levels are on the logarithmic scale."""

    open: list[float] = []
    """Finite losses of the block that is not full."""
    steps: list[int] = []
    """Their run steps."""
    recent: list[float] = []
    """The level after each of the newest `LAG` blocks."""
    scale: float = 0.0
    """The loss where the scale turns from linear to logarithmic; 0.0 before the first block."""
    blocks: int = 0
    level: float = 0.0
    slow: float = 0.0
    lowest: float = 0.0
    """Of the slow level."""
    drift: float = 0.0
    """Mean change of the level within `LAG` blocks."""
    usual: float = 0.0
    """Mean deviation of the change from the drift."""
    peak: float = 0.0
    """The highest median since the first suspicion."""
    suspicions: int = 0
    """Blocks in a row that say that the run diverges."""
    since: int | None = None
    """Run step of the first of them; None: it does not diverge."""

    def copy(self) -> "Divergence":
        """A copy that shares nothing that changes."""
        return msgspec.structs.replace(
            self, open=list(self.open), steps=list(self.steps), recent=list(self.recent)
        )

    def extend(self, steps: Sequence[int], losses: Sequence[float]) -> None:
        """Takes in finite losses with their run steps, in the order of the journal."""
        self.open += losses
        self.steps += steps
        if len(self.open) < BLOCK:
            return
        full = len(self.open) // BLOCK * BLOCK
        for begin in range(0, full, BLOCK):
            block = sorted(self.open[begin : begin + BLOCK])
            self._block(0.5 * block[BLOCK // 2 - 1] + 0.5 * block[BLOCK // 2], self.steps[begin])
        del self.open[:full]
        del self.steps[:full]

    @property
    def found(self) -> bool:
        """Whether the loss diverges now."""
        return self.suspicions >= PERSISTENT

    def _block(self, loss: float, step: int) -> None:
        if not self.blocks:
            self.scale = SMALL * abs(loss) or SMALL
        median = math.asinh(max(-LARGEST, min(LARGEST, loss / self.scale)))
        self.blocks += 1
        self.level = median if self.blocks == 1 else self.level + LEVEL * (median - self.level)
        if self._suspicious(median):
            self.peak = max(self.peak, median) if self.suspicions else median
            self.suspicions += 1
            self.since = step if self.since is None else self.since
        else:
            self.suspicions, self.since = 0, None
            self._learn()
        self.recent = [*self.recent[1 - LAG :], self.level]

    def _learn(self) -> None:
        """Takes the block for usual; what may be a divergence is not learned from."""
        self.slow = self.level if self.blocks == 1 else self.slow + SLOW * (self.level - self.slow)
        self.lowest = self.slow if self.blocks == 1 else min(self.lowest, self.slow)
        if len(self.recent) < LAG:
            return
        change = self.level - self.recent[0]
        if self.blocks == LAG + 1:
            self.drift = change
        weight = max(USUAL, 1.0 / (self.blocks - LAG))
        self.drift += weight * (change - self.drift)
        self.usual += weight * (abs(change - self.drift) - self.usual)

    def _suspicious(self, median: float) -> bool:
        if self.blocks <= WARM_UP:
            return False
        if self.suspicions and median - self.lowest < HELD * (self.peak - self.lowest):
            return False
        return self.level - self.lowest > max(RISE, TIMES * self.usual)
