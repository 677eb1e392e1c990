"""Whether the newest blocks of a pace have another speed: what shows it, and what does not."""

import pytest

from trainmon.fold.change import FEWEST, newest_alike


def found(before: list[float], newest: list[float]) -> int | None:
    """For blocks of ten steps that took so long each; the usual time is that of the middle one before."""
    times = [*before, *newest]
    return newest_alike([10] * len(times), [10 * time for time in times], sorted(before)[len(before) // 2])


@pytest.mark.parametrize("then", [0.05, 0.2])
def test_five_blocks_beyond_the_others_are_a_change_either_way(then: float) -> None:
    assert found([0.1] * 20, [then] * 4) is None
    assert found([0.1] * 20, [then] * 5) == FEWEST - 1


def test_one_hiccup_before_does_not_hide_a_change() -> None:
    assert found([0.1] * 20 + [0.9], [0.2] * 5) == FEWEST - 1


def test_one_block_of_the_old_speed_among_the_newest_is_no_change() -> None:
    assert found([0.1] * 20, [0.2, 0.2, 0.1, 0.2, 0.2]) is None


def test_a_small_change_is_left_to_the_mean() -> None:
    assert found([0.1] * 20, [0.12] * 5) is None


def test_few_blocks_before_show_a_large_change_only() -> None:
    assert found([0.1] * 4, [0.15] * 5) is None
    assert found([0.1] * 4, [0.25] * 5) == FEWEST - 1
    assert found([0.1, 0.1, 0.1, 0.3], [0.25] * 5) is None
    assert found([0.1] * 2, [0.9] * 5) is None


def test_blocks_without_time_do_no_harm() -> None:
    assert found([0.1] * 20, [0.0] * 5) == FEWEST - 1
    assert found([0.0] * 20, [0.1] * 5) == FEWEST - 1
