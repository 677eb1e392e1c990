"""What is looked at in a text log: followed or paused, filtered, searched, jumped in; driven without a thread."""

from pathlib import Path

import pytest

from trainmon_tui.logs import textfile
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import LogLine, Paper, Search
from trainmon_tui.logs.log_view import LogView


def a_record(number: int, level: str = "INFO") -> str:
    """One line, a second after the one before."""
    return (
        f"[2026-11-22 {10 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}] TRAINING - {level} - "
        f"Epoch 1, Step {number}/1000 - Loss: 1.0\n"
    )


def a_view(tmp_path: Path, count: int = 100, rows: int = 10) -> LogView:
    """A view of so many records, every tenth a warning, that was polled once."""
    path = tmp_path / "x.log"
    path.write_text(
        "".join(a_record(number, "WARNING" if number % 10 == 0 else "INFO") for number in range(count))
    )
    view = LogView(path, ViewedFile.PROGRESS)
    view.take_paper(Paper(rows))
    view.poll()
    return view


def append(tmp_path: Path, *texts: str) -> None:
    with (tmp_path / "x.log").open("a") as more:
        more.writelines(texts)


def work(view: LogView) -> None:
    """Lets it come to an end with whatever it looks for."""
    while view.busy:
        view.work()


def step_of(line: LogLine) -> int:
    """The step that a line names."""
    return int(line.text.partition("Step ")[2].partition("/")[0])


def steps(view: LogView) -> list[int]:
    """The steps on the page."""
    return [step_of(line) for line in view.page().lines]


def found_step(view: LogView) -> int:
    """The step of the line that was found."""
    page = view.page()
    return next(step_of(line) for line in page.lines if line.offset == page.found)


def test_it_begins_at_the_end_and_follows(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    before = steps(view)
    append(tmp_path, a_record(100))
    view.poll()

    assert before == list(range(90, 100))
    assert steps(view) == list(range(91, 101))
    assert view.page().following


def test_scrolling_up_pauses_and_nothing_that_comes_moves_the_page(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.scroll(-3)
    before = view.page()
    append(tmp_path, a_record(100))
    view.poll()

    assert steps(view) == list(range(87, 97))
    assert view.page().lines == before.lines
    assert not view.page().following
    assert view.page().below > before.below


def test_end_follows_again_and_so_does_scrolling_below_the_last_page(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.scroll(-3)
    view.scroll(2)
    assert not view.page().following
    view.scroll(5)
    assert view.page().following

    view.to_start()
    assert steps(view)[0] == 0
    view.to_end()

    assert view.page().following


def test_it_stops_at_both_ends(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.scroll(-1_000)
    top = steps(view)
    view.scroll(-1)
    view.scroll(1_000)

    assert top == list(range(10))
    assert steps(view) == list(range(90, 100))


def test_fewer_lines_than_rows_are_all_shown_wherever_one_scrolls(tmp_path: Path) -> None:
    view = a_view(tmp_path, count=3)

    view.scroll(-5)

    assert steps(view) == [0, 1, 2]


def test_lines_that_take_several_rows_fill_the_last_page_exactly(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.take_paper(Paper(10, lambda _text: 3))
    wrapped = steps(view)
    view.scroll(-1)

    assert wrapped == [97, 98, 99]
    assert steps(view)[:3] == [96, 97, 98]


def test_the_level_filter_goes_through_the_levels_and_keeps_following(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.next_level()
    work(view)
    warnings = steps(view)
    append(tmp_path, a_record(100), a_record(101, "ERROR"))
    view.poll()
    grown = steps(view)
    view.next_level()
    work(view)
    errors = steps(view)
    view.next_level()

    assert warnings == list(range(0, 100, 10))
    assert grown == [*range(10, 100, 10), 101]
    assert errors == [101]
    assert view.page().shown is None


def test_a_text_filter_shows_only_what_holds_it_and_counts(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.filter(Search("step 1"))
    work(view)
    page = view.page()
    view.scroll(-2)
    scrolled = steps(view)
    view.filter(Search(""))

    assert page.shown == 11
    assert scrolled[0] == 1
    assert view.page().shown is None


def test_a_search_looks_upwards_from_the_end_and_marks_what_it_found(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.look_for(Search("Step 4"))
    assert view.page().busy == "0% searching Step 4"
    work(view)
    page = view.page()

    assert found_step(view) == 49
    assert not page.following
    assert page.busy is None


@pytest.mark.parametrize("from_the_middle", [False, True])
def test_how_far_a_search_or_a_jump_is_is_said_up_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_the_middle: bool
) -> None:
    """An expression takes seconds in a million lines; downwards and then upwards is one search."""
    monkeypatch.setattr(textfile, "CHUNK", 400)
    view = a_view(tmp_path)
    if from_the_middle:
        view.jump("25")
        work(view)

    for begin in (lambda: view.look_for(Search("/no.such/")), lambda: view.jump("9999")):
        begin()
        said = list[str]()
        while view.busy:
            said.append(view.page().busy or "")
            view.work()
        parts = [int(words.partition("%")[0]) for words in said]

        assert parts == sorted(parts)
        assert (parts[0], parts[-1]) == (0, 100)
        assert len(set(parts)) > 5
        assert view.page().note is not None
        assert "nothing found" in str(view.page().note)


def test_n_goes_to_the_next_find_below_and_shift_n_to_the_one_above(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    found: list[int] = []

    view.look_for(Search("/Step .5/"))
    for forward in (None, False, False, True, True, True):
        if forward is not None:
            view.look_further(forward=forward)
        work(view)
        found.append(found_step(view))

    assert found == [95, 85, 75, 85, 95, 95]
    assert view.page().note == "nothing found: searching /Step .5/"


def test_from_the_top_a_search_looks_down_first_and_then_up(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.scroll(-30)

    view.look_for(Search("Step 80/"))
    work(view)
    below = view.page().found
    view.look_for(Search("Step 3/"))
    work(view)

    assert below is not None
    assert view.page().found is not None
    assert view.page().found < below  # type: ignore[operator]  # see above


def test_a_broken_expression_is_said_and_changes_nothing(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.look_for(Search("/(a"))
    searched = view.page().note or ""
    view.filter(Search("/[/"))

    assert searched.startswith("no regular expression: ")
    assert (view.page().note or "").startswith("no regular expression: ")
    assert view.page().shown is None
    assert not view.busy


def test_without_a_search_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    view = a_view(tmp_path)

    view.look_further(forward=True)

    assert view.page().note == "nothing was searched for yet: /"


def test_a_jump_goes_to_a_time_of_the_newest_day_to_a_date_or_to_a_step(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    firsts: list[int] = []

    for place in ("10:00:50", "10:01", "2026-11-22 10:00:30", "20", "1,5"):
        view.jump(place)
        work(view)
        firsts.append(found_step(view))

    assert firsts == [50, 60, 30, 20, 15]


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    notes: list[str] = []

    for place in ("soon", "23:00", "5000", "²", ""):
        view.jump(place)
        work(view)
        notes.append(view.page().note or "")

    assert notes == [
        "a time (14:05, 14:05:30, 2026-11-22 14:05) or a step (1200)",
        "all lines are older than 2026-11-22 23:00:00",
        "nothing found: going to step 5000",
        "a time (14:05, 14:05:30, 2026-11-22 14:05) or a step (1200)",
        "",
    ]


def test_a_new_command_takes_the_place_of_a_search(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.look_for(Search("nowhere"))

    view.cancel()

    assert not view.busy
    assert view.page().busy is None


def test_a_replaced_file_is_shown_from_its_end_and_said(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.scroll(-50)
    (tmp_path / "x.log").rename(tmp_path / "x.log.1")
    (tmp_path / "x.log").write_text(a_record(500))
    view.poll()

    assert steps(view) == [500]
    assert view.page().note == "the file was replaced"
    assert view.page().following


def test_a_missing_file_has_an_empty_page_and_an_unreadable_one_says_why(tmp_path: Path) -> None:
    missing = LogView(tmp_path / "none.log", ViewedFile.ERRORS)
    (tmp_path / "folder.log").mkdir()
    unreadable = LogView(tmp_path / "folder.log", ViewedFile.ERRORS)

    for view in (missing, unreadable):
        view.poll()
        view.scroll(-1)
        view.to_start()
        view.jump("5")
        work(view)

    assert not missing.page().exists
    unreadable.poll()
    assert unreadable.page().note == "cannot be read: not a regular file"


def test_a_traceback_has_the_level_of_its_record_even_where_that_is_above_the_page(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("[2026-11-22 10:00:00] ERROR - ERROR - a - boom\n" + "    in step\n" * 30)
    view = LogView(tmp_path / "x.log", ViewedFile.ERRORS)
    view.take_paper(Paper(5))
    view.poll()

    assert {line.level for line in view.page().lines} == {"ERROR"}
    assert {line.head for line in view.page().lines} == {None}


def test_an_expression_that_would_take_for_ever_is_given_up_and_said(tmp_path: Path) -> None:
    """The search ends, a filter is taken off, and lines that come later are shown again."""
    view = a_view(tmp_path)
    append(tmp_path, f"[2026-11-22 11:00:00] TRAINING - INFO - {'a' * 4_000}!\n")
    view.poll()
    slow = Search("/(a+)+$/")

    view.look_for(slow)
    work(view)
    searched = view.page()
    view.filter(slow)
    work(view)
    filtered = view.page()

    assert searched.note == "takes too long: searching /(a+)+$/"
    assert filtered.note == "/(a+)+$/ takes too long, so it filters no more"
    assert filtered.shown is None
    assert len(filtered.lines) == 10


def test_a_filter_that_becomes_too_slow_with_new_lines_is_taken_off(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.filter(Search("/(a+)+$/"))
    work(view)
    append(tmp_path, f"[2026-11-22 11:00:00] TRAINING - INFO - {'a' * 4_000}!\n")

    view.poll()

    assert "takes too long" in (view.page().note or "")
    assert view.page().shown is None
