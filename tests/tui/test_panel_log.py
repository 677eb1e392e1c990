"""The log, as text: names of files, levels, highlights, wrapping, empty states; nothing of a line is obeyed."""

import pytest

from trainmon_tui.expression import Marker
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import LogLine, LogPage, Search, Wanted, head_of
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.widgets.log_lines import line_rows, rows_of
from trainmon_tui.widgets.log_pane import TABS, LogPiece, rows, tab_at
from trainmon_tui.widgets.prompt import LIMIT, Typed, after_key, after_text
from trainmon_tui.widgets.prompt import rows as prompt_rows

RECORD = "[2026-11-22 23:41:07] TRAINING - {} - Epoch 37, Step 2180/5005 - Loss: 2.731300"


def a_line(text: str = "", *, level: str = "INFO", offset: int = 0, cut: int = 0) -> LogLine:
    """A record of that level; with a text, that line alone."""
    text = text or RECORD.format(level)
    return LogLine(offset, text, level, head_of(text), cut)


def a_page(*lines: LogLine, **fields: object) -> LogPage:
    """A page of the progress log."""
    known = {"name": "training_progress.log", "exists": True, "size": 4_096, "lines": lines} | fields
    return LogPage(**known)  # type: ignore[arg-type]  # fields of a page


def text(page: LogPage | None, width: int = 80, height: int = 10, **fields: object) -> str:
    return plain(rows(LogPiece(page, **fields), width, height, False))  # type: ignore[arg-type]  # fields of a piece


def test_the_files_stand_on_top_and_the_one_that_is_shown_in_brackets() -> None:
    first, second, *_ = text(a_page(a_line(), file=ViewedFile.ERRORS, name="errors.log")).split("\n")

    assert first.startswith(" training [errors] performance  model  general ")
    assert first.rstrip().endswith("● following")
    assert second.startswith("─ errors.log ─")
    assert "4.10 kB" in second


def test_a_page_that_stands_still_says_so_and_how_to_follow() -> None:
    first = text(a_page(a_line(), following=False, below=12_345), 100).split("\n")[0]

    assert first.rstrip().endswith("PAUSED  12.3 kB below  end follows")


def test_levels_have_a_sign_and_a_role() -> None:
    drawn = [
        line_rows(a_line(level=level), 80)[0] for level in ("INFO", "WARNING", "ERROR", "DEBUG", "CRITICAL")
    ]

    assert [plain([cells])[0] for cells in drawn] == [" ", "!", "✖", "·", "✖"]
    assert [cells[-1][1] for cells in drawn] == ["plain", "warn", "bad", "dim", "bad"]


def test_on_a_narrow_screen_the_beginning_of_a_record_is_short() -> None:
    assert plain(line_rows(a_line(), 80)) == "  23:41:07 Epoch 37, Step 2180/5005 - Loss: 2.731300"
    assert plain(line_rows(a_line(level="ERROR"), 80)).startswith("✖ 23:41:07 ERROR Epoch 37")
    assert plain(line_rows(a_line(), 160)) == "  " + RECORD.format("INFO")


def test_what_was_searched_for_is_highlighted_and_the_find_is_marked() -> None:
    mark = Marker(Search("step").pattern, 1.0)

    cells = line_rows(a_line(), 80, mark=mark, is_found=True)[0]

    assert [part for part, role in cells if role == "match"] == ["Step"]
    assert plain([cells]).startswith(" ▶23:41:07")


def test_highlights_go_over_parts_of_different_roles() -> None:
    cells = line_rows(a_line(), 160, mark=Marker(Search("/INFO - Epoch|\\d+/").pattern, 1.0))[0]

    matched = [part for part, role in cells if role == "match"]

    assert "INFO - Epoch" in matched
    assert plain([cells]) == "  " + RECORD.format("INFO")


def test_a_long_line_is_cut_shifted_or_wrapped() -> None:
    line = a_line("abcdefghij" * 5, level="")

    assert plain(line_rows(line, 12, shift=10)) == "  ‹abcdefgh›"
    wrapped = line_rows(line, 12, wrap=True)

    assert [plain([cells]) for cells in wrapped] == ["  abcdefghij"] * 5
    assert rows_of(line.text, 12, wrap=True, ascii_only=False) == 5
    assert rows_of(line.text, 12, wrap=False, ascii_only=False) == 1


def test_wide_characters_are_wrapped_whole() -> None:
    drawn = line_rows(a_line("模型" * 10, level=""), 9, wrap=True)

    assert all(row_width(cells) <= 9 for cells in drawn)
    assert "".join(plain([cells]).strip() for cells in drawn) == "模型" * 10
    assert line_rows(a_line("模", level=""), 2, wrap=True)


def test_a_cut_line_says_how_much_is_missing() -> None:
    assert plain(line_rows(a_line("x" * 20, cut=1_000_000), 80)).endswith("x … 1,000,000 more bytes")


@pytest.mark.parametrize("file", list(ViewedFile))
def test_an_empty_state_says_what_writes_this_file(file: ViewedFile) -> None:
    drawn = text(a_page(file=file, name=file.name_in("gradio_app"), exists=False), 120)

    assert f"no {file.name_in('gradio_app')} yet" in drawn
    assert "log_" in drawn or "log" in drawn
    assert "written by" in drawn


def test_a_filter_is_shown_with_its_count_and_its_empty_state() -> None:
    wanted = Wanted("WARNING", Search("oom"))

    title = text(a_page(a_line(), wanted=wanted, shown=1_234)).split("\n")[1]
    empty = text(a_page(wanted=wanted, shown=0))
    busy = text(a_page(wanted=wanted, shown=0, busy="filtering 40%"))

    assert "WARNING+  only oom  1,234 lines" in title
    assert "no record passes the filter" in empty
    assert "looking for records" in busy
    assert "filtering 40%" in busy


def test_the_screen_is_filled_at_any_size() -> None:
    page = a_page(*(a_line(offset=number) for number in range(50)), note="a note " * 30)

    for width, height in ((1, 1), (2, 2), (5, 3), (20, 6), (60, 20), (300, 90)):
        assert len(rows(LogPiece(page), width, height, False)) <= height


@pytest.mark.parametrize(
    "payload", ["\x1b]52;c;cHduZWQ=\x07", "\x9b31m", "[@click=app.quit]x[/]", "\u202egnp", "\0\b\x7f"]
)
def test_no_line_name_or_search_is_obeyed_S01_S03_S04(payload: str) -> None:
    page = a_page(
        a_line(payload), a_line(RECORD.format("INFO") + payload), name=payload, note=payload, busy=payload,
        search=Search(payload), wanted=Wanted("", Search(payload)), shown=2,
    )  # fmt: skip

    for wrap in (False, True):
        drawn = text(page, 120, wrap=wrap)
        assert all(character.isprintable() or character == "\n" for character in drawn)
    assert plain(prompt_rows(Typed("search", "", payload), 80, 1, False)).isprintable()


def test_with_ascii_no_other_character_is_drawn_V03() -> None:
    page = a_page(a_line("modèle ✖ …", level="ERROR", cut=5), a_line(level="DEBUG"), following=False, below=5)

    assert plain(rows(LogPiece(page, shift=2), 80, 10, True)).isascii()


def test_a_click_on_a_name_finds_its_file() -> None:
    first = text(a_page(a_line())).split("\n")[0]

    assert [tab_at(first.index(name)) for name in TABS.values()] == list(TABS)
    assert tab_at(79) is None


def test_typing_edits_a_line_of_bounded_length() -> None:
    typed = Typed("search")
    for key, character in (
        ("a", "a"),
        ("space", " "),
        ("b", "b"),
        ("tab", "\t"),
        ("escape", "\x1b"),
        ("backspace", "\x08"),
    ):
        typed = after_key(typed, key, character)

    assert typed.text == "a "
    assert after_key(after_text(typed, "word two"), "ctrl+w", None).text == "a word "
    assert after_key(typed, "ctrl+u", None).text == ""
    assert after_text(typed, "x\ny").text == "a x"
    assert len(after_text(typed, "x" * 10_000).text) == LIMIT
