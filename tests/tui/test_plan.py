"""Where panels stand: at no size do they overlap, leave the screen, or drop what decides."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmon_tui.screens.plan import Look, plan

looks = st.builds(
    Look, dead=st.booleans(), errors=st.booleans(), machine=st.sampled_from([2, 3]), side=st.integers(3, 60),
    verdict=st.integers(5, 14), output=st.sampled_from([0, 1, 24]),
    curves=st.booleans(), since=st.booleans(),
)  # fmt: skip


@settings(deadline=None)
@given(st.integers(1, 320), st.integers(1, 120), looks)
def test_boxes_fill_rows_without_overlapping_or_leaving_the_screen(
    width: int, height: int, look: Look
) -> None:
    boxes = plan(width, height, look)

    taken: set[tuple[int, int]] = set()
    for box in boxes.values():
        assert box.width >= 1
        assert box.height >= 1
        assert 0 <= box.x <= box.x + box.width <= width
        assert 0 <= box.y <= box.y + box.height <= height
        area = {(box.x, y) for y in range(box.y, box.y + box.height)}
        assert not area & taken
        taken |= area
    assert max(box.y + box.height for box in boxes.values()) == height


@settings(deadline=None)
@given(st.integers(1, 320), st.integers(1, 120), looks)
def test_the_status_is_always_there(width: int, height: int, look: Look) -> None:
    assert plan(width, height, look)["status"].y == 0


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (160, 45), (300, 90), (100, 60)])
def test_status_bars_alert_loss_errors_and_keys_are_on_every_ordinary_screen(width: int, height: int) -> None:
    assert {"status", "bars", "alert", "loss", "errors", "footer"} <= set(plan(width, height))


@pytest.mark.parametrize("height", range(4, 60))
def test_panels_keep_their_order_at_every_height(height: int) -> None:
    tops = {name: box.y for name, box in plan(80, height).items()}

    order = [
        name
        for name in ("status", "bars", "alert", "loss", "machine", "best", "errors", "footer")
        if name in tops
    ]
    assert [tops[name] for name in order] == sorted(tops[name] for name in order)


def test_a_dead_run_gives_the_verdict_the_rows_that_it_needs() -> None:
    assert plan(80, 24, Look(dead=True, verdict=9))["verdict"].height == 9


def test_without_errors_no_empty_box_waits_for_them() -> None:
    assert plan(160, 45)["errors"].height == 1
    assert plan(160, 45, Look(errors=True))["errors"].height > 6


@pytest.mark.parametrize(
    ("width", "height", "look"),
    [
        (160, 45, Look(output=9)),
        (80, 24, Look(output=9, dead=True)),
        (80, 24, Look(output=9, dead=True, errors=True)),
    ],
)
def test_the_last_output_is_there_where_there_is_room_and_after_a_death(
    width: int, height: int, look: Look
) -> None:
    assert plan(width, height, look)["output"].height >= 2
    assert "output" not in plan(width, height, look._replace(output=0))


def test_while_it_trains_the_newest_line_of_output_is_there_at_80x24() -> None:
    assert plan(80, 24, Look(output=9))["output"].height == 1


@pytest.mark.parametrize("dead", [False, True])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 45), (200, 50)])
def test_what_a_program_prints_takes_the_place_of_a_chart_that_stays_empty(
    width: int, height: int, dead: bool
) -> None:
    """`trainmon run` keeps what a program prints that records no step; until then the chart says what it waits for."""
    printed = plan(width, height, Look(output=24, curves=False, dead=dead))
    silent = plan(width, height, Look(output=0, curves=False, dead=dead))

    assert "loss" not in printed
    assert printed["output"].height >= (6 if dead else 8)
    assert "output" not in silent
