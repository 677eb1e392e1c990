"""Since you left: drawn whole where there is room, as one line where there is not, gone by a key, and never again."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import START, Journal, a_run
from tests.tui.apps import Clock, a_frame, panel_text, screen_text
from trainmon.facts.events import Opened
from trainmon.meaning.since import LEAST, Digest
from trainmon.meaning.statuses import Status
from trainmon.reading.seen_end import end_file
from trainmon.words.exits import ExitRecord
from trainmon_tui.app import WatchApp
from trainmon_tui.visit.absence import Absence
from trainmon_tui.visit.witness import Witness
from trainmon_tui.widgets.since import SinceSlice, rows

RUN = Path("/runs/a")

DIGEST = Digest(
    since=START, away=9_060.0, status=Status.RUNNING, status_then="running", steps=84_710, epochs=17, bests=9,
    best_then=1.402, best_now=1.184, checkpoints=17, ends_then=START + 30_000, ends_now=START + 30_480,
)  # fmt: skip


def drawn(digest: Digest, width: int, height: int, *, ascii_only: bool = False) -> list[str]:
    found = rows(SinceSlice(digest, 0), width, height, ascii_only)
    return ["".join(text for text, _ in line) for line in found]


def test_there_is_a_title_and_a_line_where_there_is_room() -> None:
    title, line = drawn(DIGEST, 160, 2)

    assert "since you left (23:41, 2h 31m ago)" in title
    assert "[d] dismiss" in title
    assert "+17 epochs, +84,710 steps   new best ×9: val_loss 1.402 → 1.184   checkpoints 17" in line
    assert "ETA then 08:01, now 08:09   errors 0   restarts 0" in line


@pytest.mark.parametrize("width", [80, 60, 30])
def test_one_line_never_overflows_and_keeps_what_tells_most(width: int) -> None:
    died = replace(DIGEST, status=Status.KILLED, over_at=START + 9_000, errors=3)

    [line] = drawn(died, width, 1, ascii_only=True)

    assert len(line) <= width
    assert line.isascii()
    assert "killed" in line or width < 60


def a_visit(journal: Journal, folder: Path) -> WatchApp:
    """An app that is opened right after the last event."""
    app = WatchApp(RUN, clock=Clock(journal.now), witness=Witness(Absence(RUN, folder)))
    app.deliver(a_frame(journal))
    return app


def a_look(journal: Journal, folder: Path) -> None:
    """Somebody looks once, and leaves."""
    absence = Absence(RUN, folder)
    absence.look(journal.sight())
    absence.leave(journal.sight())


def test_an_end_that_nobody_else_wrote_down_is_kept_and_what_a_parent_wrote_is_not(tmp_path: Path) -> None:
    """Whoever opens the run later is told the same as whoever saw it die; that of another process takes no place."""
    journal = a_run(100)
    opened = journal.events[0]
    assert isinstance(opened, Opened)
    journal.events[0] = replace(opened, process_start=7)
    record = ExitRecord(
        host="gpu-07", pid=4711, start_ticks=7, launcher=0, started=START, time=journal.now, duration=9.0, signal=9
    )  # fmt: skip
    path, data = end_file(RUN, record, tmp_path)
    absence = Absence(RUN, tmp_path)

    absence.look(replace(journal.sight(alive=False), exit=replace(record, launcher=4710)))
    absence.leave(journal.sight(alive=False))
    written_by_a_parent = path.exists()
    absence.look(replace(journal.sight(alive=False), exit=record))
    absence.leave(journal.sight(alive=False))

    absence.look(replace(journal.sight(alive=None), exit=replace(record, start_ticks=6)))
    absence.leave(journal.sight(alive=False))

    assert not written_by_a_parent
    assert path.read_bytes() == data


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_it_stands_still_until_a_key_takes_it_away(tmp_path: Path, size: tuple[int, int]) -> None:
    """What comes afterwards was seen coming, and is no part of it."""
    journal = a_run(100)
    a_look(journal, tmp_path)
    app = a_visit(journal.after(LEAST).steps(150, 101), tmp_path)

    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        first = panel_text(app, "since")
        app.deliver(a_frame(journal.progress(151, epoch=2)))
        await pilot.pause()
        second = panel_text(app, "since")
        await pilot.press("d")
        await pilot.pause()

        assert "+1 epoch, +50 steps" in first
        assert second == first
        assert "+50 steps" not in screen_text(app)
        assert app.bugs == {}


async def test_leaving_the_screen_is_the_last_look(tmp_path: Path) -> None:
    journal = a_run(100)
    app = a_visit(journal, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.leave_word()

    found = Absence(RUN, tmp_path).look(journal.after(LEAST).steps(130, 101).sight())

    assert found is not None
    assert found.steps == 30


def test_a_view_that_is_not_read_to_its_end_decides_nothing(tmp_path: Path) -> None:
    """A long journal is shown while it is read; what it lacks by then did not happen meanwhile."""
    journal = a_run(100)
    a_look(journal, tmp_path)
    absence = Absence(RUN, tmp_path)
    journal.after(LEAST).steps(200, 101)

    assert absence.look(replace(journal.sight(), whole=False)) is None
    found = absence.look(journal.sight())
    assert found is not None
    assert found.steps == 100


def test_another_folder_has_an_absence_of_its_own(tmp_path: Path) -> None:
    journal = a_run(100)
    a_look(journal, tmp_path)
    journal.after(LEAST).steps(200, 101)

    other = Absence(Path("/runs/b"), tmp_path)
    assert other.look(journal.sight()) is None
    other.change(RUN)
    assert other.look(journal.sight()) is not None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"time": "x"}', b"\xff"])
def test_a_damaged_note_is_no_note(tmp_path: Path, damage: bytes) -> None:
    journal = a_run(100)
    a_look(journal, tmp_path)
    [path] = (tmp_path / "looked").iterdir()
    path.write_bytes(damage)

    assert Absence(RUN, tmp_path).look(journal.after(LEAST).steps(200, 101).sight()) is None


def test_opening_another_run_is_the_last_look_at_the_one_before(tmp_path: Path) -> None:
    journal = a_run(100)
    absence = Absence(RUN, tmp_path)
    absence.look(journal.sight())
    absence.look(journal.steps(110, 101).sight())
    absence.change(Path("/runs/b"))
    absence.leave(Journal().sight())

    found = Absence(RUN, tmp_path).look(journal.after(LEAST).steps(130, 111).sight())

    assert found is not None
    assert found.steps == 20
