"""`trainmon/trends.py`: what is said of bounded histories."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from trainmon import trends


@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-1_000, 1_000), min_size=1, max_size=9))
def test_the_median_is_that_of_the_standard_library(values: list[float]) -> None:
    """Which takes 10 ms to import."""
    assert trends.median(values) == statistics.median(values)
