"""The status line, as text."""

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_run, epochs_from_0
from trainmon.meaning.statuses import Status, Verdict
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.status import SIGNS, pick, rows


def line(sight: Sight, width: int = 80, *, ascii_only: bool = False) -> str:
    return plain(rows(pick(sight), width, 1, ascii_only))


def test_name_sign_status_and_epoch_stand_first_and_the_clock_last() -> None:
    text = line(a_run().sight())

    assert text.startswith("DemoModel  ● RUNNING  epoch 3/4")
    assert text.endswith("gpu-07  pid 4711  23:41:35")


def test_epochs_from_0_are_shown_from_1() -> None:
    assert "epoch 1/5" in line(epochs_from_0(1).sight())
    assert "epoch 5/5" in line(epochs_from_0(5).sight())


@pytest.mark.parametrize("width", [1, 5, 12, 20, 40, 60, 80, 120, 160, 300])
@pytest.mark.parametrize("status", list(Status))
def test_the_line_has_exactly_its_width_for_every_status(status: Status, width: int) -> None:
    piece = pick(a_run().sight())
    piece = type(piece)(
        **{name: getattr(piece, name) for name in piece.__struct_fields__} | {"status": status}
    )

    (cells,) = rows(piece, width, 1, False)

    assert row_width(cells) == width


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_sign_that_ascii_can_draw(status: Status) -> None:
    """Colour is never alone: a sign and a word say the same."""
    sign, ascii_sign, _ = SIGNS[status]

    assert len(sign) == 1
    assert ascii_sign.isascii()


def test_a_long_name_is_cut_and_the_status_is_not() -> None:
    text = line(Journal().opened().started("x" * 300).progress(1).sight())

    assert "…" in text
    assert "● RUNNING" in text


def test_a_dead_run_says_why_and_when_instead_of_where() -> None:
    text = line(a_run().sight(alive=False, later=8.0), 120)

    assert "✖ " in text
    assert "8s ago" in text
    assert "gpu-07" not in text


def test_before_a_run_the_folder_is_named() -> None:
    """And whether it is missing itself, or only a run in it."""
    empty = Journal().sight(exists=False)

    assert line(empty).startswith("logs/  ○ WAITING  for a run: no run in it yet")
    missing = line(replace(empty, folder_there=False))
    assert missing.startswith("logs/  ○ WAITING  for a run: the folder is not there yet")


def test_with_ascii_nothing_else_is_drawn() -> None:
    text = line(Journal().opened().started("modèle").progress(1).sight(), ascii_only=True)

    assert text.isascii()
    assert "* RUNNING" in text


def test_a_verdict_that_is_over_is_dead_unless_it_finished() -> None:
    sight = a_run().sight()

    def seen_as(status: Status) -> bool:
        return Sight(sight.state, Verdict(status), sight.now).dead

    assert seen_as(Status.KILLED)
    assert not seen_as(Status.FINISHED)
    assert not seen_as(Status.STALLED)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.KILLED, "✖ KILLED  SIGKILL"),
        (Status.TERMINATED, "✖ KILLED (terminated)  SIGTERM"),
        (Status.OUT_OF_MEMORY, "✖ KILLED by the out-of-memory killer  cgroup"),
        (Status.REBOOTED, "✖ KILLED (host rebooted)  another boot id"),
        (Status.DIED, "✖ ENDED without a word  the process is gone"),
    ],
)
def test_every_way_of_being_killed_is_the_word_killed_and_how(status: Status, said: str) -> None:
    sight = a_run().sight()
    reason = said.rpartition("  ")[2]

    assert said in line(Sight(sight.state, Verdict(status, reason), sight.now), 120)


def test_a_batch_job_is_named_and_takes_the_place_of_the_pid_where_there_is_little_room() -> None:
    """Whoever has to cancel it needs its number."""
    sight = Journal().opened(job="slurm 88213").started().steps(10).sight()

    narrow, wide = (plain(rows(pick(sight), width, 1, False)) for width in (80, 160))

    assert narrow.rstrip().endswith("gpu-07  slurm 88213  23:41:08")
    assert "pid 4711   gpu-07   slurm 88213   git" in wide
