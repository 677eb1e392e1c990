"""What a dead run still holds, as text."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import START, Journal, a_run
from tests.tui.apps import a_frame, an_app, panel_text
from tests.tui.test_screen_errors import until
from trainmon.facts.readings import GpuProcess, GpuReading, HostReading, MachineReading
from trainmon.meaning.statuses import Orphan, Status, Verdict
from trainmon_tui.copies import COPIED
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.widgets import verdict
from trainmon_tui.widgets.aftermath import Aftermath, pick, rows


def text(piece: Aftermath, width: int = 80) -> str:
    return plain(rows(piece, width, False))


def gpu(index: int = 0, **fields: object) -> GpuReading:
    free = GpuReading(index=index, utilisation=0, memory_used=0, memory_total=80 << 30, processes=())
    return replace(free, **fields)


def test_a_gpu_that_nobody_holds_is_freed() -> None:
    drawn = text(Aftermath((gpu(),), ()))

    assert drawn.strip() == "now      GPU0 0 %, 0.0/80.0 GiB: freed   orphan processes: none"


def test_a_gpu_that_somebody_holds_is_not_called_freed() -> None:
    held = gpu(memory_used=61 << 30, processes=(GpuProcess(4712, 61 << 30),))

    assert "GPU0 0 %, 61.0/80.0 GiB: held by pid 4712" in text(Aftermath((held,)))


def test_without_the_drivers_list_nothing_is_said_of_who_holds_it() -> None:
    assert text(Aftermath((gpu(processes=None),))).strip() == "now      GPU0 0 %, 0.0/80.0 GiB"


def test_eight_free_gpus_are_one_word_and_a_held_one_stands_out() -> None:
    eight = tuple(gpu(index) for index in range(8))

    assert "8 GPUs, 0.0 GiB used: freed" in text(Aftermath(eight))
    assert "GPU8 0 %, 0.0/80.0 GiB: held by pid 7" in text(
        Aftermath((*eight, gpu(8, processes=(GpuProcess(7),))))
    )


def test_orphans_are_named_with_the_command_that_ends_them() -> None:
    piece = Aftermath((), (Orphan(4712, "python train.py\x1b[2J"), Orphan(4713)))
    drawn = text(piece, 60)

    assert "orphans  2 live on: kill 4712 4713   python train.py" in drawn
    assert "\x1b" not in drawn
    assert all(row_width(cells) <= 60 for cells in rows(piece, 60, False))


def test_what_is_not_known_is_not_said() -> None:
    assert text(Aftermath()) == ""


def test_a_reading_from_before_the_death_says_nothing_of_now() -> None:
    sight = a_run(250).sight(alive=False)

    assert pick(sight) == Aftermath((), None, None)


def test_after_the_out_of_memory_killer_the_course_of_the_memory_and_advice_are_shown() -> None:
    journal = Journal().opened().started().steps(5)
    for number in range(8):
        host = HostReading(memory_used=(17 + 6 * number) << 30, memory_total=64 << 30)
        journal = journal.system(MachineReading(time=START + 60.0 * number, host=host))
    killed = Verdict(Status.OUT_OF_MEMORY, "cgroup oom_kill 0 → 1", since=journal.now)
    piece = verdict.pick(replace(journal.sight(), verdict=killed))

    drawn = plain(verdict.rows(piece, 80, 40, False))

    assert "RAM " in drawn
    assert " 17.0 " in drawn
    assert "59.0 GiB" in drawn
    assert "█" in drawn
    assert "try: " in drawn


async def test_the_command_of_a_dead_run_is_copied_with_one_key_and_its_chart_keeps_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "trainmon" / COPIED
    journal = a_run(50)
    app = an_app(journal, frame=a_frame(journal, alive=False))
    async with app.run_test(size=(80, 24)) as pilot:
        before = panel_text(app, "verdict")
        await pilot.press("y")
        said = await until(pilot, "verdict", "y copied to ")

        assert "y copy" in before
        assert said.split("y copied to ")[1].split("\n")[0].rstrip()[-12:] in str(path)
        assert app.clipboard == path.read_text() == "python train.py"

        await pilot.press("c")
        await pilot.pause()
        assert "step 50" in panel_text(app, "loss")


async def test_what_a_dead_run_left_is_shown_until_it_is_gone() -> None:
    """Nothing else changes any more on the screen of a dead run."""
    journal = a_run(50)
    dead = a_frame(journal, alive=False)
    app = an_app(journal, frame=dead)
    async with app.run_test(size=(80, 24)) as pilot:
        for orphans, words in (
            ((Orphan(4712, "python worker.py"),), "1 lives on: kill 4712"),
            ((), "orphan processes: none"),
        ):
            evidence = replace(dead.view.evidence, orphans=orphans)
            app.deliver(replace(dead, view=replace(dead.view, evidence=evidence, version=2)))
            await until(pilot, "verdict", words)
