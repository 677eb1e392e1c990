"""The operations, as text: ranked by share of wall time, with percentiles and trends; model operations; details."""

import pytest
from msgspec import structs

from tests.builders import Journal
from trainmon.fold.operation_summaries import OperationSummary, add
from trainmon.fold.state_entries import OperationEntry
from trainmon_tui.render.cells import plain
from trainmon_tui.render.tree import ITEMS, LINES, tree_rows
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.operation_table import (
    header,
    memory_value,
    shown,
    span_text,
    timed_row,
    trend,
    trend_cell,
)
from trainmon_tui.widgets.operations import Chosen, OperationsSlice, choices, pick, rooms, rows


def a_journal() -> Journal:
    """A minute of a run with two operations, and two operations on a model of which one failed."""
    journal = Journal().opened().started()
    for _ in range(20):
        journal.after(1.0).performance("save", 0.3, None)
    for _ in range(40):
        journal.after(1.0).performance("forward", 0.75, 340.0)
    return journal.operation("loading").operation("inference", success=False)


def text(sight: Sight, width: int = 100, height: int = 30, chosen: Chosen | None = None, top: int = 0) -> str:
    return plain(rows(pick(sight), width, height, False, chosen, top))


def a_summary(*durations: float) -> OperationSummary:
    """What is known after so many records."""
    summaries: dict[str, OperationSummary] = {}
    for duration in durations:
        add(summaries, "op", duration=duration, throughput=None, memory={}, time=0.0)
    return summaries["op"]


def test_operations_are_ranked_by_their_share_of_the_wall_time() -> None:
    lines = text(a_journal().sight(later=0.0)).split("\n")

    assert lines[0].startswith("─ operations by share of wall time ─")
    assert lines[2].split()[:6] == ["▶", "forward", "50.0", "%", "40", "750"]
    assert lines[3].split()[:5] == ["save", "10.0", "%", "20", "300"]


def test_numbers_stand_under_the_names_of_their_columns() -> None:
    lines = text(a_journal().sight(), 140).split("\n")

    for title, number in (("share", "%"), ("count", "40"), ("p95", "ms"), ("samples/s", "340")):
        at = lines[1].index(title) + len(title)
        assert lines[2][:at].endswith(number)


def test_columns_go_where_there_is_no_room_and_the_name_never_does() -> None:
    names = {width: [column.title for column in shown(width)[1]] for width in (20, 30, 60, 80, 130)}

    assert names == {
        20: [],
        30: ["share", "count"],
        60: ["share", "count", "mean", "p50", "p95"],
        80: ["share", "count", "mean", "p50", "p95", "samples/s", "trend"],
        130: ["share", "count", "mean", "p50", "p95", "samples/s", "trend", "memory", "history"],
    }
    for width in range(1, 200):
        assert len(plain([timed_row("forward", a_summary(1.0), 10.0, width, False)])) == width
        assert len(plain([header(width)])) == width


@pytest.mark.parametrize(
    ("seconds", "shown_as"),
    [
        (0.0, "0 ms"),
        (153e-6, "153 µs"),
        (0.0412, "41.2 ms"),
        (2.345, "2.35 s"),
        (226.0, "3m 46s"),
        (None, "?"),
        ("NaN", "NaN"),
    ],
)
def test_durations_have_three_digits(seconds: float | str | None, shown_as: str) -> None:
    assert span_text(seconds) == shown_as


def test_a_trend_needs_quarters_that_lie_apart() -> None:
    slower = a_summary(*(0.1 + 0.001 * number for number in range(200)))
    faster = a_summary(*(0.3 - 0.001 * number for number in range(200)))
    noisy = a_summary(*(0.1 + 0.05 * ((number * 7919) % 17) / 17 for number in range(200)))

    assert trend_cell(slower, False) == ("↑123%", "warn")
    assert trend_cell(faster, False) == ("↓55%", "value")
    assert trend_cell(faster, True)[0].startswith("v")
    assert trend_cell(noisy, False) == ("→", "dim")
    assert trend(a_summary(1.0, 2.0)) is None


def test_model_operations_are_the_newest_first_with_a_sign_and_a_word() -> None:
    drawn = text(a_journal().sight())

    assert "failed 1" in drawn
    assert drawn.index("✖ FAILED inference") < drawn.index("✔ ok     loading")


def test_the_details_are_those_of_the_selected_one() -> None:
    journal = a_journal()
    forward, save, inference, loading = choices(pick(journal.sight()))

    assert "operation   forward" in text(journal.sight())
    assert "p50 p95 p99 300 ms   300 ms   300 ms  ±1 %" in text(journal.sight(), chosen=save)
    assert "340 samples/s   mean 340" in text(journal.sight(), chosen=forward)
    assert "result      ✖ FAILED" in text(journal.sight(), chosen=inference)
    assert "result      ✔ ok" in text(journal.sight(), 160, 45, loading)


def test_details_of_a_model_operation_are_a_tree() -> None:
    journal = a_journal()
    details = {"device": "cuda:0", "config": {"layers": [320, 640], "vae": True}, "empty": {}}
    event = journal.events[-1]
    journal.events[-1] = structs.replace(event, details=details)  # type: ignore[call-arg]  # it is an `Operation`

    drawn = text(journal.sight(), chosen=choices(pick(journal.sight()))[2], height=40)

    for line in ("device: cuda:0", "config:", "layers:", "0: 320", "vae: True", "empty: {}"):
        assert line in drawn


def test_arrivals_do_not_select_another() -> None:
    journal = a_journal()
    chosen = choices(pick(journal.sight()))[2]
    journal.operation("newer").performance("new and long", 1_000.0)

    drawn = text(journal.sight(), chosen=chosen)

    assert "operation   inference" in drawn
    assert next(line for line in drawn.split("\n") if line.startswith("▶")).split()[4] == "inference"


def test_empty_states_say_what_will_be_here() -> None:
    drawn = text(Journal().opened().started().sight())

    assert "no timed operations yet: log_performance_metrics" in drawn
    assert "no model operations yet: log_model_operation" in drawn


def test_what_was_left_out_is_said() -> None:
    journal = Journal().opened().started()
    for number in range(120):
        journal.performance(f"made up {number}", 0.001 * number)

    assert "20 records of smaller ones left out" in text(journal.sight())


def test_the_rows_are_shared_and_the_selected_one_is_among_them() -> None:
    journal = a_journal()
    for number in range(50):
        journal.performance(f"op {number}", 0.001 * number).operation(f"model op {number}")
    piece = pick(journal.sight())

    for chosen in choices(piece)[::7]:
        for width, height in ((80, 22), (160, 43), (60, 18)):
            drawn = plain(rows(piece, width, height, False, chosen))
            assert "▶" in drawn
    for height in range(1, 60):
        room = rooms(52, 52, 12, height)
        assert sum(room) <= height
        assert min(room) >= 0


def test_the_screen_is_filled_at_any_size() -> None:
    piece = pick(a_journal().sight())

    for width, height in ((1, 1), (2, 2), (5, 3), (20, 6), (60, 20), (129, 30), (300, 90)):
        assert len(rows(piece, width, height, False)) <= height
        assert len(rows(OperationsSlice(), width, height, True)) <= height


@pytest.mark.parametrize(
    "payload", ["\x1b]52;c;cHduZWQ=\x07", "[@click=app.quit]x[/]", "\u202egnp", "x" * 10_000, ""]
)
def test_no_name_or_detail_is_obeyed_S01_S03_S04(payload: str) -> None:
    journal = Journal().opened().started().performance(payload).operation(payload)
    entry = OperationEntry(payload, payload, False, {payload: [payload, {payload: None}]}, "", 0.0)
    piece = structs.replace(pick(journal.sight()), models=(entry,))

    for chosen in choices(piece):
        for width in (60, 160):
            drawn = plain(rows(piece, width, 30, False, chosen))
            assert all(character.isprintable() or character == "\n" for character in drawn)
            assert plain(rows(piece, width, 30, True, chosen)).isascii()


def test_a_tree_is_bounded() -> None:
    deep: object = "leaf"
    for _ in range(100):
        deep = {"x": deep}

    assert len(tree_rows(deep)) < 20
    assert len(tree_rows(list(range(10_000)))) == ITEMS + 1
    assert len(tree_rows({str(a): {str(b): list(range(50)) for b in range(50)} for a in range(50)})) == LINES
    assert plain(tree_rows(None)) == "None"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("memory_percent", "9.900 %"), ("process_memory_gb", "9.900 GB"), ("peak_MiB", "9.900 MiB"), ("cells", "9.900"),
        ("rss_bytes", "10 B"),
    ],
)  # fmt: skip
def test_a_value_of_memory_usage_has_the_unit_that_its_name_says(name: str, said: str) -> None:
    assert memory_value(name, 9.9) == said
