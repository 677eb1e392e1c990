"""The view of the machine: what it says at every size, for no GPU and for sixteen, and how it scrolls."""

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_reading
from tests.tui.apps import an_app, panel_text
from trainmon.readings import GpuProcess, HostReading, MachineReading
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.widgets import machine
from trainmon_tui.widgets.machine_page import EMPTY, pick, rows

SIZES = [(160, 45), (80, 24), (60, 20), (20, 6), (1, 1)]


def a_history(gpus: int = 1, readings: int = 20) -> Journal:
    """A run with so many readings of a machine whose numbers move."""
    journal = Journal().opened().started()
    for at in range(readings):
        reading = a_reading(journal.after(2.0).now, gpus)
        assert reading.host is not None
        host = replace(
            reading.host,
            cpu_percent=float(at * 5 % 100),
            cpu_per_core=tuple(float(at * core % 100) for core in range(16)),
            swap_total=8 << 30,
            swap_used=1 << 30,
        )
        cards = tuple(replace(gpu, utilisation=(at * 7 + gpu.index) % 101) for gpu in reading.gpus)
        journal.system(replace(reading, host=host, gpus=cards))
    return journal


def text(
    journal: Journal, width: int = 80, height: int = 22, *, ascii_only: bool = False, top: int = 0
) -> str:
    return plain(rows(pick(journal.sight()), width, height, ascii_only, top))


def line(drawn: str, name: str) -> str:
    return next(line for line in drawn.split("\n") if line.startswith(name))


def test_before_a_reading_it_says_what_makes_one_appear() -> None:
    drawn = text(Journal().opened().started())

    assert " ".join(drawn.split("\n", 1)[1].split()) == EMPTY


def test_every_quantity_has_its_value_and_its_course() -> None:
    drawn = text(a_history(), 120, 40)

    for name in ("CPU", "RAM", "read", "written", "received", "sent", "trainer", "12 children"):
        assert any(block in line(drawn, name) for block in "▁▂▃▄▅▆▇█"), name
    assert "45.6/64.0 GiB" in line(drawn, "RAM")
    assert "1.0/8.0 GiB" in line(drawn, "swap")


def test_each_core_is_one_block() -> None:
    assert len(line(text(a_history()), "cores").split()[1]) == 16


def test_a_single_gpu_shows_name_four_courses_and_its_processes() -> None:
    journal = a_history()
    reading = a_reading(journal.after(2.0).now)
    card = replace(reading.gpus[0], processes=(GpuProcess(4711, 60 << 30),))

    drawn = text(journal.system(replace(reading, gpus=(card,))), 100, 40)

    assert "NVIDIA H100 80GB HBM3" in drawn
    for name in ("  util", "  memory", "  temp", "  power"):
        assert any(block in line(drawn, name) for block in "▁▂▃▄▅▆▇█"), name
    assert "4711 60.0 GiB" in drawn


@pytest.mark.parametrize("gpus", [8, 16])
def test_many_gpus_are_a_row_each_in_80_columns(gpus: int) -> None:
    drawn = text(a_history(gpus))

    for index in range(gpus):
        found = line(drawn, f"GPU{index} ")
        assert "61.2/79.6" in found
        assert "71 °C" in found
        assert "652/700" in found


def test_cpu_memory_and_trainer_stay_where_gpus_take_the_room() -> None:
    names = [line.split()[0] for line in text(a_history(16)).split("\n")[1:5]]

    assert names == ["CPU", "RAM", "trainer", "12"]


def test_gpus_that_do_not_fit_are_counted_and_can_be_scrolled_to() -> None:
    journal = a_history(16)

    drawn = text(journal, 60, 12, top=99)

    assert "GPUs 10-15 of 16" in drawn.split("\n")[0]
    assert "GPU15" in drawn


def test_a_throttled_gpu_says_why_and_a_lost_one_that_it_is_lost() -> None:
    journal = a_history()
    reading = a_reading(journal.after(2.0).now, 8)
    cards = list(reading.gpus)
    cards[2] = replace(cards[2], throttle=("power cap",))
    cards[5] = replace(cards[5], state="lost")

    drawn = text(journal.system(replace(reading, gpus=tuple(cards))))

    assert "power cap" in line(drawn, "GPU2 ")
    assert "lost" in line(drawn, "GPU5 ")


def test_what_is_not_known_is_a_question_mark_and_never_0() -> None:
    journal = Journal().opened().started()
    journal.system(MachineReading(time=journal.now, host=HostReading(), gpu_note="no NVML"))

    drawn = text(journal)

    assert "? %" in line(drawn, "CPU")
    assert "no NVML" in line(drawn, "GPU")
    assert "it is gone, or not ours" in line(drawn, "trainer")


@pytest.mark.parametrize("gpus", [0, 1, 8, 16])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_every_size_and_ascii_is_enough(size: tuple[int, int], gpus: int) -> None:
    width, height = size

    drawn = rows(pick(a_history(gpus).sight()), width, height, True)

    assert len(drawn) <= height
    assert all(row_width(cells) <= width for cells in drawn)
    assert plain(drawn).isascii()


def test_the_panel_of_the_overview_shows_courses_where_there_is_room() -> None:
    journal = a_history()

    wide = plain(machine.rows(machine.pick(journal.sight()), 56, 14, False))
    narrow = plain(machine.rows(machine.pick(journal.sight()), 40, 14, False))

    assert any(block in line(wide, "CPU") for block in "▁▂▃▄▅▆▇")
    assert not any(block in line(narrow, "CPU") for block in "▁▂▃▄▅▆▇")


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 20)])
async def test_key_3_shows_it_and_escape_goes_back(size: tuple[int, int]) -> None:
    app = an_app(a_history(8))

    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await pilot.pause()

        assert app.screen.id == "machine-screen"
        assert "GPU7" in panel_text(app, "machine-page")

        await pilot.press("escape")
        await pilot.pause()

        assert app.screen.id == "overview"
    assert not app.bugs


async def test_keys_scroll_gpus_that_do_not_fit() -> None:
    app = an_app(a_history(16))

    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.press("3", "end")
        await pilot.pause()

        assert "GPU15" in panel_text(app, "machine-page")

        await pilot.press("home")
        await pilot.pause()

        assert "GPU0 " in panel_text(app, "machine-page")


async def test_a_run_without_a_machine_is_no_empty_box() -> None:
    app = an_app(Journal().opened().started().steps(20))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await pilot.pause()

        assert "no reading of the machine yet" in panel_text(app, "machine-page")
