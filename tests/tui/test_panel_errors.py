"""The errors, as text: grouped, newest first, with their tracebacks."""

from msgspec.structs import replace

from tests.builders import Journal, a_run
from trainmon_tui.render.cells import plain
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.error_items import items_of
from trainmon_tui.widgets.errors import content, pick, rows, starts


def text(sight: Sight, width: int = 100, height: int = 30, top: int = 0) -> str:
    return plain(rows(pick(sight), width, height, False, top))


def test_equal_errors_are_one_group_with_a_count_and_the_range_of_steps() -> None:
    journal = Journal().opened().started()
    for step in (10, 20, 30):
        journal.progress(step).error()

    drawn = text(journal.sight())

    assert drawn.count("✖ RuntimeError") == 1
    assert "×3" in drawn
    assert "steps 10–30" in drawn


def test_the_newest_error_stands_on_top_with_its_whole_traceback() -> None:
    journal = a_run(50).error(error_type="OldError").after(5).error(error_type="NewError")

    drawn = text(journal.sight())

    assert drawn.index("NewError") < drawn.index("OldError")
    assert "return F.linear(input, self.weight, self.bias)" in drawn


def test_advice_stands_beside_the_error() -> None:
    journal = a_run(50).error("CUDA out of memory. Tried to allocate 2.00 GiB", error_type="OutOfMemoryError")

    assert "try: use a smaller batch" in text(journal.sight())


def test_warnings_are_listed_below() -> None:
    drawn = text(a_run(50).error().warned(count=3).sight())

    assert "warnings 3" in drawn.split("\n")[0]
    assert "! warning  step 50" in drawn
    assert "×3" in drawn


def test_the_position_is_shown_where_not_all_fits() -> None:
    drawn = text(a_run(50).error().sight(), height=6, top=2)

    assert "lines 3-7 of " in drawn.split("\n")[0]


def test_jumping_goes_to_the_beginnings_of_groups() -> None:
    piece = pick(a_run(50).error(error_type="A").after(1).error(error_type="B").sight())

    heads = [plain([content(piece, 100, False)[line]]).split()[1] for line in starts(piece, 100, False)]

    assert heads == ["B", "A"]


def test_one_line_names_type_message_and_step() -> None:
    drawn = text(a_run(50).error().sight(), 80, 1)

    assert drawn.startswith("error RuntimeError  mat1 and mat2")
    assert "step 50" in drawn


def test_without_errors_it_says_what_would_stand_here() -> None:
    assert "no errors: exceptions" in text(a_run(50).sight())
    assert text(a_run(50).sight(), 80, 1).startswith("error none")


def test_a_killed_run_explains_the_missing_traceback() -> None:
    assert "leaves no traceback" in text(a_run(50).sight(alive=False))


def test_groups_without_a_fingerprint_are_told_apart_by_their_messages() -> None:
    """The message of one may be the beginning of the other's, which alone is among the newest."""
    journal = Journal().opened().started().progress(1)
    journal.error("lost", error_type="E", fingerprint="none")
    for _ in range(200):
        journal.error("lost and found", error_type="E", fingerprint="none")
    state = journal.state()
    groups = [
        replace(state.error_groups[0], key=f"E: {message}", message=message)
        for message in ("lost", "lost and found")
    ]
    state.errors = [replace(entry, fingerprint="") for entry in state.errors[-100:]]
    state.error_groups = groups

    assert [item.message for item in items_of(state)] == ["lost and found", "lost"]
