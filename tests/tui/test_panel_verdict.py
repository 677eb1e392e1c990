"""What is said of a run that died, as text."""

from msgspec.structs import replace

from tests.builders import Journal, a_run
from trainmon.meaning.statuses import Status, Verdict
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.verdict import pick, rows, wanted_height


def text(sight: Sight, width: int = 80) -> str:
    piece = pick(sight)
    return plain(rows(piece, width, wanted_height(piece, width), False))


def test_why_and_what_is_left_are_said() -> None:
    drawn = text(a_run(250).sight(alive=False, files={"/ckpt/epoch_002.pt": True}))

    assert "─ why ─" in drawn
    assert "newest   /ckpt/epoch_002.pt  step 200" in drawn
    assert "file ok" in drawn
    assert "best     the newest is the best" in drawn
    assert "50 steps" in drawn
    assert "ran as   python train.py" in drawn


def test_an_older_best_is_named_apart() -> None:
    journal = (
        a_run(200)
        .progress(300, epoch=3)
        .validation(300, 9.0, epoch=3)
        .checkpoint(300, "/ckpt/epoch_003.pt", epoch=3)
    )

    drawn = text(journal.sight(alive=False))

    assert "newest   /ckpt/epoch_003.pt" in drawn
    assert "best     /ckpt/epoch_002.pt" in drawn


def test_the_name_of_the_checkpoint_gets_all_the_room_that_there_is() -> None:
    journal = Journal().opened().started().steps(30).checkpoint(30, "/data/runs/a/SpiralNet_epoch_011.json")

    assert "/SpiralNet_epoch_011.json  step 30" in text(journal.sight(alive=False), 80)


def test_advice_is_whole_in_a_side_panel_and_cut_with_an_ellipsis_where_there_is_no_room() -> None:
    journal = a_run(50).error("mat1 and mat2 shapes cannot be multiplied (32x7 and 2x24)", uncaught=True)
    sight = (
        journal.ended(success=False, reason="failed", error="RuntimeError: shapes")
        .closed()
        .sight(alive=False)
    )

    small = plain(rows(pick(sight), 60, 8, False)).split("\n")

    assert "what the layer was made for" in " ".join(text(sight, 56).split())
    assert any(line.lstrip().startswith("try: ") and line.rstrip().endswith("…") for line in small)


def test_a_run_without_checkpoints_says_that_all_is_lost() -> None:
    drawn = text(Journal().opened().started().steps(30).sight(alive=False))

    assert "no checkpoint was saved" in drawn
    assert "30 steps" in drawn


def test_the_error_that_ended_it_and_the_advice_are_named() -> None:
    journal = (
        a_run(50)
        .error(uncaught=True)
        .ended(success=False, reason="failed", error="RuntimeError: mat1 and mat2")
    )

    drawn = text(journal.closed().sight(alive=False))

    assert "RuntimeError: mat1 and mat2" in drawn
    assert "last error: RuntimeError at /home/ada/train.py:61" in drawn
    assert "try: " in drawn


def test_an_error_from_before_a_resume_is_no_reason_of_this_end() -> None:
    """It ended the start before; under "why" it would be taken for the cause of a kill."""
    journal = a_run(50).error(uncaught=True).after(60.0).started()
    journal.events[-1] = replace(journal.events[-1], resume="always")
    journal.steps(60)

    assert "last error" not in text(journal.sight(alive=False))
    assert "last error" in text(journal.error().sight(alive=False))


def test_the_command_is_shown_as_one_types_it() -> None:
    venv = "/home/ada/a/very/long/way/.venv/bin"
    for command, shown in (
        ((f"{venv}/python", "train.py", "--lr", "1"), "ran as   python train.py --lr 1  "),
        ((f"{venv}/python3", f"{venv}/torchrun", "train.py"), "ran as   torchrun train.py  "),
        (("/opt/train",), "ran as   train  "),
    ):
        journal = Journal().opened(command=command).started().steps(30)
        assert shown in text(journal.sight(alive=False))


def test_the_command_of_the_launcher_is_the_one_to_type_again() -> None:
    sight = replace(a_run(50).sight(alive=False), started_as=("torchrun", "--nproc-per-node", "4", "ddp.py"))

    assert "ran as   torchrun --nproc-per-node 4 ddp.py  " in text(sight)


def test_no_row_is_wider_than_the_panel() -> None:
    piece = pick(a_run(250).error("x" * 5_000).sight(alive=False))
    for width in (56, 80, 160):
        assert max(map(row_width, rows(piece, width, 20, False))) <= width


def test_the_evidence_stands_under_the_reason_and_how_sure_it_is_in_the_title() -> None:
    evidence = ("63.9 of 64.0 GiB at 03:12:43", "RAM 18:15 17 GiB 64 GiB 03:12")
    killed = Verdict(Status.OUT_OF_MEMORY, "cgroup oom_kill 0 → 1", certainty="likely", details=evidence)

    first, *others = text(replace(a_run(250).sight(), verdict=killed)).split("\n")

    assert first.startswith("─ why ─")
    assert first.endswith("─ likely ─")
    assert [line.strip() for line in others[:3]] == ["cgroup oom_kill 0 → 1", *evidence]


def test_a_checkpoint_whose_file_is_gone_saves_nothing() -> None:
    drawn = text(a_run(200).sight(alive=False, files={"/ckpt/epoch_002.pt": False}))

    assert "100 steps" in drawn
    assert "no steps" not in drawn
