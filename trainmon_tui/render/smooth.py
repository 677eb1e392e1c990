"""Smoothing of curves: the exponential moving average without the bias of its start."""

import math
from collections.abc import Iterable

MOST_WEIGHT = 0.9999
"""Beyond this the curve follows its own start for more points than a chart has."""


def smooth(values: Iterable[float], weight: float) -> list[float]:
    """The bias-corrected exponential moving average, one value for each given one.

    With m_0 = 0 and w = `weight`: m_n = w * m_(n-1) + (1 - w) * x_n, and the result is
    m_n / (1 - w^n), so that the first values are not pulled to zero (Kingma & Ba 2015, "Adam",
    arXiv:1412.6980, section 3; TensorBoard smooths its scalars in the same way). A value that is not finite
    stays as it is, so that the chart shows its gap, and does not enter the average.

    Args:
        values: In the order of x.
        weight: Share of the past in the average, 0 (no smoothing) to `MOST_WEIGHT`; others are clamped, NaN
            counts as 0.
    """
    w = min(max(weight, 0.0), MOST_WEIGHT) if weight == weight else 0.0
    smoothed: list[float] = []
    moment, power = 0.0, 1.0
    least, greatest = math.inf, -math.inf
    for value in values:
        if value - value != 0.0:
            smoothed.append(value)
            continue
        power *= w
        moment = w * moment + (1.0 - w) * value
        least, greatest = min(least, value), max(greatest, value)
        # An average lies within its values; the clamp undoes rounding, which shows on a constant series.
        smoothed.append(min(max(moment / (1.0 - power), least), greatest))
    return smoothed
