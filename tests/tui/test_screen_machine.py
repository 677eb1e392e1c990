"""The view of the machine: what it says at every size, for no GPU and for sixteen, and how it scrolls."""

import pytest
from msgspec.structs import replace

from tests.builders import START, Journal, a_reading
from tests.tui.apps import an_app, panel_text
from trainmon.facts.readings import (
    AllocatorReading,
    FileSystemReading,
    GpuProcess,
    HostReading,
    MachineReading,
    ProcessReading,
)
from trainmon.meaning.statuses import Orphan
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.live import Course, Live
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import machine
from trainmon_tui.widgets.machine_charts import charts, span_shown
from trainmon_tui.widgets.machine_page import EMPTY, MachinePage, pick, rows

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

    for name in ("CPU", "RAM", "disks read", "disks write", "net in", "net out", "trainer", "12 children"):
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
    assert line(drawn, "     4711").split() == ["4711", "0", "60.0"]


@pytest.mark.parametrize("gpus", [8, 16])
def test_many_gpus_are_a_row_each_in_80_columns(gpus: int) -> None:
    drawn = text(a_history(gpus))

    for index in range(gpus):
        found = line(drawn, f"GPU{index} ")
        assert "61.2/79.6" in found
        assert "71 °C" in found
        assert "652/700" in found


@pytest.mark.parametrize("width", [100, 117, 120, 160, 300])
def test_every_column_of_the_table_has_its_whole_name(width: int) -> None:
    """What does not fit is left out, and never cut."""
    head = line(text(a_history(8), width, 40), "GPU ")

    assert set(head.split()) <= {
        *["GPU", "util", "memory", "GiB", "temp", "watts", "MHz", "state", "proc", "power"]
    }


def test_cpu_memory_and_trainer_stay_where_gpus_take_the_room() -> None:
    names = [line.split()[0] for line in text(a_history(16)).split("\n")[1:5]]

    assert names == ["CPU", "RAM", "trainer", "12"]


def test_the_trainers_processes_come_first_and_commands_of_others_are_text() -> None:
    """A process on several cards is one process; what anybody may call a program is shown and harmless."""
    journal = a_history(2)
    reading = a_reading(journal.after(2.0).now, 2)
    strange = "python \x1b[31m[red]x[/red]\u202e.py " + "y" * 300
    own = GpuProcess(
        4711, 60 << 30, own=True, user="ada", command="python train.py", rss=5 << 30, cpu_percent=150.0
    )
    other = GpuProcess(99, 70 << 30, own=False, user="bob", command=strange)
    silent = GpuProcess(7, None, own=False)
    cards = (
        replace(reading.gpus[0], processes=(other, own)),
        replace(reading.gpus[1], processes=(own, silent)),
    )

    drawn = text(journal.system(replace(reading, gpus=cards)), 120, 40)

    after = drawn[drawn.index("  process") :].split("\n")
    assert after[1].split() == [
        "4711",
        "0-1",
        "120.0",
        "trainer",
        "ada",
        "150",
        "%",
        "5.0",
        "python",
        "train.py",
    ]
    assert after[2].startswith("       99  0               70.0           bob")
    assert "␛[31m[red]x[/red]\\u202e.py" in after[2]
    assert after[3].split() == ["7", "1", "?", "?", "?", "%", "?", "?"]


def test_processes_that_do_not_fit_are_counted() -> None:
    journal = a_history(8)
    reading = a_reading(journal.after(2.0).now, 8)
    many = tuple(GpuProcess(pid, 1 << 30) for pid in range(100, 130))
    cards = tuple(replace(card, processes=many) for card in reading.gpus)

    drawn = text(journal.system(replace(reading, gpus=cards)), 80, 22)

    assert "(28 more)" in drawn


def test_charts_have_scales_and_the_memory_reaches_to_its_limit() -> None:
    journal = a_history(8)
    reading = a_reading(journal.after(2.0).now, 8)
    assert reading.host is not None
    limited = replace(reading.host, memory_limited=True)

    drawn = text(journal.system(replace(reading, host=limited)), 160, 42)

    head = next(line for line in drawn.split("\n") if "GPU util %" in line)
    assert "GPU util %, mean of 8" in head
    assert "RAM GiB of 64.0 limit" in head
    assert "GiB limit" in line(drawn, "RAM")
    assert " 100┤" in drawn


def test_what_only_ages_is_not_drawn_again_and_a_new_reading_is() -> None:
    """Once a second the age moves, and nothing else."""
    journal = a_history(2)
    page = MachinePage(lambda _panel, _where: None)
    sight = journal.sight(later=1.0)
    first = page.draw(page.pick(sight), 100, 40)
    older = page.draw(page.pick(replace(sight, now=sight.now + 1.0)), 100, 40)
    journal.system(replace(a_reading(journal.after(4.0).now, 2), process=None))

    newer = page.draw(page.pick(journal.sight(later=1.0)), 100, 40)

    assert "1s ago" in plain(first[:1])
    assert "2s ago" in plain(older[:1])
    assert all(before is after for before, after in zip(first[1:], older[1:], strict=True))
    assert newer[1:] != older[1:]
    assert newer == rows(pick(journal.sight(later=1.0)), 100, 40, False)


def test_a_time_in_which_nobody_looked_is_no_curve() -> None:
    """A straight line across the night would be made up."""
    journal = a_history(0, readings=20)
    reading = a_reading(journal.after(10_000.0).now, 0)
    for _ in range(20):
        journal.system(replace(reading, time=journal.after(2.0).now))
    piece = pick(journal.sight())
    assert piece.reading is not None

    drawn = plain(charts(piece.reading, piece.courses, 40, 10, False, 0)).split("\n")[1:-1]

    columns = [{line[at] for line in drawn} for at in range(5, 40)]
    drawn_at = [at for at, column in enumerate(columns) if column != {" "}]
    assert len(drawn_at) <= 4
    assert drawn_at[-1] - drawn_at[0] > 20


def test_the_axis_of_times_extends_in_steps_and_never_slides() -> None:
    """Else every reading would move the whole chart."""
    ends = [span_shown(START, START + seconds) for seconds in range(1, 7_200)]

    assert len(set(ends)) < 40
    assert all(low <= START < START + at <= high for at, (low, high) in enumerate(ends, 1))
    assert all(high - low <= 8 * seconds for seconds, (low, high) in enumerate(ends, 1) if seconds > 30)


def test_both_file_systems_are_told_with_their_speed() -> None:
    journal = a_history(0)
    reading = a_reading(journal.after(2.0).now, 0)
    logs = FileSystemReading(
        path="/home/ada/logs", kind="nfs4", free=10**12, total=2 * 10**12, read=0.0, written=3e5
    )
    checkpoints = FileSystemReading(path="/ckpt", kind="ext4", free=10**9, total=10**12, written=4.1e8)

    drawn = text(journal.system(replace(reading, file_systems=(logs, checkpoints))), 120, 30)

    assert "1.00 TB free" in line(drawn, "disk logs")
    assert "nfs4  0 B/s read  300 kB/s written" in line(drawn, "disk logs")
    assert "ext4  410 MB/s written" in line(drawn, "disk ckpt")
    assert line(text(journal, 80, 22), "disk logs").endswith("0 B/s read  300 kB/s written")


def test_a_rate_is_shortened_or_left_out_and_never_cut() -> None:
    """Half of "7.17 MB/s written" reads as something else."""
    journal = a_history(0)
    disk = FileSystemReading(
        path="/logs", kind="ext4", free=10**12, total=2 * 10**12, read=0.0, written=7.17e6
    )
    journal.system(replace(a_reading(journal.after(2.0).now, 0), file_systems=(disk,)))

    assert line(text(journal, 80, 22), "disk ").rstrip().endswith("r 0 B/s  w 7.17 MB/s")
    assert line(text(journal, 60, 22), "disk ").rstrip().endswith(("░", "█"))


def test_a_small_trainer_has_megabytes() -> None:
    journal = a_history(0)
    process = ProcessReading(pid=7, rss=46 << 20, cpu_percent=12.0)
    journal.system(replace(a_reading(journal.after(2.0).now, 0), process=process))

    assert "46 MiB  CPU 12 %" in line(text(journal, 80, 22), "trainer")


def test_the_history_of_a_run_that_ended_long_ago_is_its_own_and_says_until_when() -> None:
    """With what is read today behind it, it would be one cell at the left of half a year."""
    state = a_history(0).state()
    assert state.reading is not None
    now = state.reading.time + 180 * 86_400
    reading = replace(a_reading(now, 0))
    sight = replace(
        a_history(0).ended().sight(),
        now=now,
        live=Live(reading, Course().join("logs", state, reading), "logs"),
    )

    head = plain(rows(pick(sight), 120, 30, False)).split("\n")[0]

    assert "history: 38s until 2026-" in head
    assert head.rstrip(" ─").endswith("live now")


def test_what_pytorch_holds_is_told_beside_a_few_cards_and_below_many() -> None:
    """As the trainer numbers its devices, which are those that it sees."""
    journal = a_history(2)
    reading = a_reading(journal.after(2.0).now, 2)
    held = (AllocatorReading(device=0, allocated=5 << 30, reserved=6 << 30, peak=7 << 30),)
    cards = (replace(reading.gpus[0], visible=False), reading.gpus[1])
    few = text(journal.system(replace(reading, gpus=cards, allocators=held)), 100, 40)
    eight = a_reading(journal.after(2.0).now, 8)

    many = text(journal.system(replace(eight, allocators=held)), 100, 40)

    said = "allocated 5.0  reserved 6.0  peak 7.0 GiB"
    assert said in few[few.index("GPU1") :]
    assert said in line(many, "torch cuda:0")


def test_what_limits_is_said() -> None:
    """A quota of CPUs, or some CPUs of a large host."""
    journal = a_history(0)
    reading = a_reading(journal.after(2.0).now, 0)
    assert reading.host is not None
    quota = replace(reading.host, cpu_count=2.5, cpu_limited=True, cpus_of_host=64)
    some = replace(reading.host, cpu_count=16.0, cpus_of_host=64)

    assert "61 % of 2.5 quota" in text(journal.system(replace(reading, host=quota)))
    assert "61 % of 16 (of 64)" in text(journal.after(2.0).system(replace(reading, host=some)))


def test_errors_of_memory_and_heat_are_said_in_the_table() -> None:
    journal = a_history(8)
    reading = a_reading(journal.after(2.0).now, 8)
    cards = list(reading.gpus)
    cards[1] = replace(cards[1], ecc_uncorrected=3, throttle=("thermal (hardware)",))
    cards[2] = replace(cards[2], temperature=91, visible=False)
    journal.system(replace(reading, gpus=tuple(cards)))

    drawn = rows(pick(journal.sight()), 160, 42, False)

    shown = plain(drawn)
    assert "ECC 3, thermal hw" in line(shown, "GPU1 ")
    assert "not ours" in line(shown, "GPU2 ")
    hot = next(cells for cells in drawn if plain([cells]).startswith("GPU2 "))
    assert ("  91 °C", "warn") in hot


def test_all_cards_are_summed_up_where_there_is_room() -> None:
    assert line(text(a_history(8), 80, 42), "all").split() == [
        "all",
        "36",
        "%",
        *["489.6/636.8", "to", "71", "5,216"],
    ]
    assert not any(line.startswith("all") for line in text(a_history(16), 80, 22).split("\n"))


@pytest.mark.parametrize(
    ("sight", "said"),
    [
        (Journal().system().sight(), "none yet"),
        (Journal().opened().system().sight(), "it is gone, or not ours"),
    ],
)
def test_where_no_trainer_was_read_it_says_why(sight: Sight, said: str) -> None:
    reading = a_reading()
    sight.state.reading = replace(reading, process=None)

    assert said in line(plain(rows(pick(sight), 80, 22, False)), "trainer")


def test_processes_that_outlived_their_trainer_are_named() -> None:
    sight = Journal().opened().started().system(replace(a_reading(), process=None)).sight(alive=False)

    drawn = plain(rows(pick(replace(sight, orphans=(Orphan(12), Orphan(13)))), 80, 22, False))

    assert "gone; 2 of its processes live on: 12, 13" in line(drawn, "trainer")


def test_a_silent_driver_is_a_warning() -> None:
    journal = Journal().opened()
    journal.system(MachineReading(time=journal.now, gpu_note="no answer from the driver for 12 s"))

    drawn = rows(pick(journal.sight()), 80, 22, False)

    assert ("no answer from the driver for 12 s", "warn") in [run for cells in drawn for run in cells]


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


def test_the_panel_of_the_overview_gives_each_of_several_gpus_a_line_and_keeps_the_host() -> None:
    journal = a_history()
    reading = a_reading(journal.after(2.0).now, 16)
    cards = list(reading.gpus)
    cards[2] = replace(cards[2], state="lost")
    cards[15] = replace(cards[15], state="lost")
    journal.system(replace(reading, gpus=tuple(cards)))

    drawn = plain(machine.rows(machine.pick(journal.sight()), 56, 19, False)).split("\n")

    assert drawn[3].split() == ["GPU2", "lost"]
    assert drawn[4].split()[:5] == ["GPU3", "94", "%", "61.2/79.6", "GiB"]
    assert drawn[9] == "8 more: 86 % util on average, 1 not answering"
    assert [line.split()[0] for line in drawn[11:14]] == ["CPU", "RAM", "disk"]


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
