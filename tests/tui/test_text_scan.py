"""Scans of a text log: filters by record, searches both ways, jumps to a time and to a step; piece by piece."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from trainmon_tui.expression import UnusableError
from trainmon_tui.logs import textfile
from trainmon_tui.logs.hunt import Hit, Scan
from trainmon_tui.logs.log_page import Search, Wanted
from trainmon_tui.logs.log_places import find_step, find_time, newest_stamp
from trainmon_tui.logs.log_search import Sieve
from trainmon_tui.logs.text_scan import Matches, find, record_start
from trainmon_tui.logs.textfile import TextFile

RECORDS = [
    "[2026-11-22 10:00:00] TRAINING - INFO - Epoch 1, Step 10/100 - Loss: 1.0",
    "[2026-11-22 10:00:01] ERROR - ERROR - train - boom\nTraceback: a.py:line 3\n    in step",
    "[2026-11-22 10:00:02] TRAINING - WARNING - Epoch 1, Step 20/100 - Loss: nan",
    "[2026-11-22 10:00:05] TRAINING - INFO - Epoch 2, Step 5/100 - Loss: 0.9",
    "[2026-11-22 10:00:06] TRAINING - INFO - Epoch 2, Step 12/100 - Loss: 0.8",
]


@pytest.fixture(params=[None, 64, 200], ids=["one piece", "tiny pieces", "small pieces"])
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[TextFile]:
    """The records, read at once or in pieces smaller than a record."""
    (tmp_path / "x.log").write_text("\n".join(RECORDS) + "\n")
    with patch.object(textfile, "CHUNK", request.param or textfile.CHUNK):
        opened = TextFile(tmp_path / "x.log")
        opened.poll()
        yield opened
        opened.close()


def shown(file: TextFile, wanted: Wanted) -> list[str]:
    """The lines that a filter lets through."""
    matches = Matches(file, wanted)
    while not matches.done:
        matches.step()
    return [file.line_at(matches[number]).text for number in range(len(matches))]


def arrive(scan: Scan) -> int | None:
    """Where a scan comes to; None: nowhere."""
    return next((found.offset for found in scan if isinstance(found, Hit)), None)


def line(file: TextFile, offset: int | None) -> str | None:
    return file.line_at(offset).text if offset is not None else None


def sieve(text: str) -> Sieve:
    found = Sieve.of(Search(text))
    assert found is not None
    return found


def test_a_level_lets_whole_records_through_with_their_tracebacks(file: TextFile) -> None:
    assert shown(file, Wanted("ERROR")) == RECORDS[1].split("\n")
    assert shown(file, Wanted("WARNING")) == [*RECORDS[1].split("\n"), RECORDS[2]]


def test_a_text_in_any_line_of_a_record_lets_all_of_it_through(file: TextFile) -> None:
    assert shown(file, Wanted(text=Search("A.PY"))) == []
    assert shown(file, Wanted(text=Search("a.py"))) == RECORDS[1].split("\n")
    assert shown(file, Wanted("WARNING", Search("step"))) == [*RECORDS[1].split("\n"), RECORDS[2]]


def test_an_expression_filters_too_and_no_match_shows_nothing(file: TextFile) -> None:
    assert shown(file, Wanted(text=Search(r"/step 1\d/"))) == [RECORDS[0], RECORDS[4]]
    assert shown(file, Wanted(text=Search("nowhere"))) == []


def test_a_filter_grows_with_the_file_and_with_the_last_record(file: TextFile) -> None:
    matches = Matches(file, Wanted("ERROR"))
    while not matches.done:
        matches.step()
    with file.path.open("a") as more:
        more.write("[2026-11-22 10:00:07] ERROR - ERROR - train - again\n")
    file.poll()
    while matches.grow():
        pass
    with file.path.open("a") as more:
        more.write("    its traceback\n[2026-11-22 10:00:08] TRAINING - INFO - on\n")
    file.poll()
    while matches.grow():
        pass

    found = [file.line_at(matches[number]).text for number in range(len(matches))]

    assert found[3:] == ["[2026-11-22 10:00:07] ERROR - ERROR - train - again", "    its traceback"]


def test_a_search_goes_both_ways_and_ends(file: TextFile) -> None:
    nan = arrive(find(file, sieve("NaN"), 0, Wanted(), forward=True))
    small = arrive(find(file, sieve("nan"), 0, Wanted(), forward=True))
    assert nan is None
    assert line(file, small) == RECORDS[2]
    assert small is not None

    later = arrive(find(file, sieve("loss"), file.end_of(small), Wanted(), forward=True))
    earlier = arrive(find(file, sieve("loss"), small, Wanted(), forward=False))

    assert (line(file, later), line(file, earlier)) == (RECORDS[3], RECORDS[0])
    assert arrive(find(file, sieve("loss"), file.size, Wanted(), forward=True)) is None
    assert arrive(find(file, sieve("boom"), 10, Wanted(), forward=False)) is None


def test_a_search_under_a_filter_finds_only_what_is_shown(file: TextFile) -> None:
    found = arrive(find(file, sieve("step"), file.size, Wanted("ERROR"), forward=False))
    down = arrive(find(file, sieve("step"), 0, Wanted("WARNING"), forward=True))

    assert line(file, found) == "    in step"
    assert line(file, down) == "    in step"


@pytest.mark.parametrize(
    ("stamp", "number"),
    [
        ("2026-11-22 10:00:02", 2),
        ("2026-11-22 10:00:03", 3),
        ("2026-11-22 09", 0),
        ("2026-11-22 10:00:07", None),
    ],
)
def test_a_time_leads_to_the_first_record_that_is_not_older(
    file: TextFile, stamp: str, number: int | None
) -> None:
    found = find_time(file, stamp)

    assert line(file, found) == (None if number is None else RECORDS[number].split("\n")[0])


@pytest.mark.parametrize(("step", "number"), [(12, 4), (10, 4), (5, 3), (1, 3), (15, 2), (20, 2), (21, None)])
def test_a_step_leads_to_the_newest_line_that_reaches_it(
    file: TextFile, step: int, number: int | None
) -> None:
    """Steps of the second epoch count from its start; not every step has a line."""
    found = arrive(find_step(file, step))

    assert line(file, found) == (None if number is None else RECORDS[number])


def test_the_newest_stamp_and_the_beginning_of_a_record(file: TextFile) -> None:
    head = arrive(find(file, sieve("boom"), 0, Wanted(), forward=True))
    inside = arrive(find(file, sieve("in step"), 0, Wanted(), forward=True))
    assert head is not None
    assert inside is not None

    assert newest_stamp(file) == "2026-11-22 10:00:06"
    assert record_start(file, file.end_of(inside)) == head


def test_a_file_without_stamps_is_searched_by_lines(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"".join(b"plain %d\n" % number for number in range(30_000)))
    file = TextFile(tmp_path / "x.log")
    file.poll()

    assert line(file, arrive(find(file, sieve("plain 7"), 0, Wanted(), forward=True))) == "plain 7"
    assert (
        line(file, arrive(find(file, sieve("plain 77"), file.size, Wanted(), forward=False))) == "plain 7799"
    )
    assert shown(file, Wanted(text=Search("/plain 2999.$/"))) == [
        f"plain {number}" for number in range(29_990, 30_000)
    ]
    assert find_time(file, "2026") is None
    assert newest_stamp(file) is None


def test_a_search_that_is_no_expression_is_refused() -> None:
    with pytest.raises(UnusableError):
        _ = Search("/(a").pattern
    assert Sieve.of(Search("(a")) is not None
    assert Sieve.of(Search("")) is None
