"""`trainmon tail`: every event once, in order, and nothing in it reaches the terminal as more than text."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given

from tests.builders import Journal, a_run
from tests.conftest import OpenLogger
from tests.histories import History, histories
from trainmon.cli.main import group
from trainmon.cli.tail import KINDS, Printer, follow
from trainmon.facts.event_text import event_line
from trainmon.facts.events import Progress
from trainmon.reading.follow import Follower, Line
from trainmon.words.paths import JOURNAL


def tail(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["tail", *arguments, "--no-follow"])


def seqs(lines: Iterable[Line]) -> list[int]:
    return [line.item.seq for line in lines]


def anything(_: Line) -> bool:
    return True


def test_the_newest_lines_come_first_and_then_what_is_added(tmp_path: Path) -> None:
    journal = a_run()
    path = journal.write(tmp_path)
    follower = Follower(tmp_path, anything)

    newest = follower.newest(3)
    nothing = follower.poll()
    with path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in Journal("abcdefabcdef").opened().started().lines))
    added = follower.poll()
    follower.close()

    count = len(journal.events)
    assert seqs(newest) == [count - 3, count - 2, count - 1]
    assert nothing == []
    assert seqs(added) == [0, 1]


def test_a_torn_line_waits_for_its_end(tmp_path: Path) -> None:
    lines = a_run(steps=5).lines
    path = tmp_path / JOURNAL
    path.write_bytes(b"\n".join(lines[:3]) + b"\n" + lines[3][:20])
    follower = Follower(tmp_path, anything)

    before = follower.newest(0)
    with path.open("ab") as file:
        file.write(lines[3][20:] + b"\n")
    after = follower.poll()
    follower.close()

    assert before == []
    assert seqs(after) == [3]


def test_a_journal_may_come_later_be_replaced_and_repeat_itself(tmp_path: Path) -> None:
    """A folder that is made later, a new file under the name, and lines that come twice."""
    folder = tmp_path / "later"
    follower = Follower(folder, anything)

    first = follower.newest(10)
    Journal().opened().started().write(folder)
    second = follower.poll()
    replacement = Journal("abcdefabcdef").opened().started().progress(1)
    twice = replacement.lines + replacement.lines
    (tmp_path / "new").write_bytes(b"".join(line + b"\n" for line in twice))
    os.replace(tmp_path / "new", folder / JOURNAL)
    third = follower.poll()
    follower.close()

    assert (first, seqs(second), seqs(third)) == ([], [0, 1], [0, 1, 2])


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Journal]:
    """Some two megabytes, more than is read at once."""
    journal = a_run(steps=9_000).error().error("second").error("third", fingerprint="x")
    folder = tmp_path_factory.mktemp("long")
    journal.write(folder)
    return folder, journal


@pytest.mark.parametrize("kind", ["progress", "validation", "error", "opened"])
@pytest.mark.parametrize("count", [0, 1, 3, 100_000])
def test_the_newest_of_a_kind_are_found_in_a_long_journal(
    long_run: tuple[Path, Journal], count: int, kind: str
) -> None:
    """They are the last of the whole journal, as if it had been read from its beginning."""
    folder, journal = long_run
    follower = Follower(folder, Printer(as_json=False, kinds=frozenset({kind})).wants)

    found = seqs(follower.newest(count))
    follower.close()

    expected = [event.seq for event in journal.events if event.__struct_config__.tag == kind]
    assert found == (expected[-count:] if count else [])


def test_json_lines_are_those_of_the_journal(tmp_path: Path) -> None:
    journal = a_run(steps=20).error("\x1b[31mred \u202e \x7f").ended()
    journal.write(tmp_path)

    result = tail(str(tmp_path), "--json", "-n", "1000")

    assert [json.loads(line) for line in result.output.splitlines()] == [
        json.loads(line) for line in journal.lines
    ]
    assert result.output.replace("\n", "").isprintable()
    assert result.output.isascii()


def test_only_the_kinds_that_were_asked_for(tmp_path: Path) -> None:
    a_run().error().write(tmp_path)

    result = tail(str(tmp_path), "--kind", "error", "--kind", "validation", "-n", "5")

    assert [line.split()[1] for line in result.output.splitlines()] == ["validation", "validation", "error"]


def test_every_kind_of_event_is_one_printable_line(tmp_path: Path) -> None:
    """Also of a journal that hypothesis made up, and of lines that are no events."""
    history = History.long(50)

    lines = [event_line(item) for item in history.items]

    assert all(line.isprintable() and len(line) < 400 for line in lines)


@given(histories())
def test_no_event_can_print_more_than_a_line(history: History) -> None:
    assert all(event_line(item).isprintable() for item in history.items)


def test_a_hostile_text_is_shown_and_not_obeyed() -> None:
    line = event_line(Journal().error("\x1b[2J\n\u202eevil\x07", context="\r\x9b").events[0])

    assert line.isprintable()
    assert "\\x1b[2J" in line


def test_following_shows_what_comes_until_it_is_interrupted(tmp_path: Path) -> None:
    path = a_run(steps=2).write(tmp_path)
    follower = Follower(tmp_path, anything)
    follower.newest(0)
    shown: list[Line] = []

    def sleep(_: float) -> None:
        if shown:
            raise KeyboardInterrupt
        with path.open("ab") as file:
            file.write(Journal("abcdefabcdef").opened().lines[0] + b"\n")

    with pytest.raises(KeyboardInterrupt):
        follow(follower, shown.extend, sleep)
    follower.close()

    assert seqs(shown) == [0]


def test_no_journal_is_code_6_where_nothing_is_waited_for(tmp_path: Path) -> None:
    assert tail(str(tmp_path / "none")).exit_code == 6


def test_what_a_logger_records_is_seen(open_logger: OpenLogger) -> None:
    """End to end, with the kinds that the help names."""
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam")
    logger.log_training_progress(1, 1, 3, 0.5, 1e-3, {"acc": 0.25})
    logger.close()

    result = tail(str(logger.folder))

    assert "epoch 1 step 1/3 loss 0.5000 lr 0.001000 acc 0.2500" in result.output
    assert {line.split()[1] for line in result.output.splitlines()} <= set(KINDS)
    assert str(Progress.__struct_config__.tag) in KINDS
