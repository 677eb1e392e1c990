"""Validation, checkpoints, metrics, machine and configuration, as text."""

import pytest

from tests.builders import Journal, a_reading, a_run, epochs_from_0
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import best, checkpoints, config, machine, metrics

EMPTY = Journal().opened().started(learning_rate=None)


def validations(sight: Sight, width: int = 70, height: int = 7) -> str:
    return plain(best.rows(best.pick(sight), width, height, False))


def saved(sight: Sight, width: int = 70, height: int = 7) -> str:
    return plain(checkpoints.rows(checkpoints.pick(sight), width, height, False))


def test_validations_are_listed_newest_first_with_their_distance_from_the_best() -> None:
    journal = a_run(300).validation(300, 1.5, epoch=3)

    lines = validations(journal.sight()).split("\n")

    assert "val_loss" in lines[0]
    assert lines[2].split()[:3] == ["3", "300", "1.5000"]
    assert "+0.9667" in lines[2]
    assert "* best" in lines[3]


def test_a_validation_shows_its_change_against_the_one_before() -> None:
    journal = a_run(100).validation(100, 1.5, epoch=1).validation(200, 1.25, epoch=2)

    newest = validations(journal.sight()).split("\n")[2]

    assert newest.split() == ["2", "200", "1.250", "-0.250", "*", "best"]


def test_values_of_a_column_have_the_same_decimals_and_so_do_their_distances() -> None:
    """What stands below each other is compared at a glance."""
    journal = Journal().opened().started()
    for epoch, loss in enumerate((0.4456, 0.157034, 0.053214, 0.053187), 1):
        journal.progress(epoch * 10, epoch=epoch).validation(epoch * 10, loss, epoch=epoch)

    shown = [line.split() for line in validations(journal.sight()).split("\n")[2:6]]

    assert [cells[2] for cells in shown] == ["0.05319", "0.05321", "0.15703", "0.44560"]
    assert shown[1][-2:] == ["-0.10382", "+0.00003"]


def test_values_too_far_apart_for_one_form_have_four_digits_each() -> None:
    journal = Journal().opened().started()
    for epoch, loss in enumerate((3.2e18, 0.05), 1):
        journal.progress(epoch * 10, epoch=epoch).validation(epoch * 10, loss, epoch=epoch)

    assert [line.split()[2] for line in validations(journal.sight()).split("\n")[2:4]] == [
        "0.05000",
        "3.20e+18",
    ]


def test_whole_numbers_have_no_decimals() -> None:
    journal = Journal().opened().started().progress(10)
    sight = journal.validation(10, 0.5, val_metrics={"accuracy": 94.3, "correct": 943}).sight()

    assert "accuracy 94.30  correct 943  epoch" in validations(sight, 80, 1)
    assert validations(sight, 80).split("\n")[2].split()[:5] == ["1", "10", "0.5000", "94.30", "943"]


def test_a_long_name_of_a_metric_keeps_its_distance_from_the_next() -> None:
    journal = Journal().opened().started().progress(10)
    journal.validation(10, 0.5, val_metrics={"validation/top1": 1.0, "validation/top5": 2.0})

    head = validations(journal.sight(), 80).split("\n")[1]

    assert head.split() == ["epoch", "step", "val_loss", "validati…", "validati…", "vs", "prev", "vs", "best"]


def test_a_checkpoint_that_newer_ones_replaced_is_no_warning_when_it_is_gone() -> None:
    """Keeping the newest three is what most trainings do."""
    journal = a_run(250)
    files = {"/ckpt/epoch_001.pt": False, "/ckpt/epoch_002.pt": True}

    rows = checkpoints.rows(checkpoints.pick(journal.sight(files=files)), 70, 7, False)
    newest_gone = checkpoints.rows(
        checkpoints.pick(journal.sight(files=dict.fromkeys(files, False))), 70, 7, False
    )

    assert ("gone", "dim") in rows[3]
    assert ("* gone", "warn") in newest_gone[2]


def test_the_name_of_a_file_gets_the_room_that_short_steps_leave() -> None:
    journal = Journal().opened().started().progress(10).checkpoint(10, "/ckpt/SpiralNet_epoch_001.pt")

    assert "SpiralNet_epoch_001.pt " in saved(journal.sight(), width=66)


def test_the_best_stays_in_the_table_when_newer_ones_push_it_out() -> None:
    journal = Journal().opened().started()
    for epoch in range(1, 21):
        journal.progress(epoch * 10, epoch=epoch).validation(epoch * 10, 0.5 + epoch / 10, epoch=epoch)

    assert "* best" in validations(journal.sight())


def test_one_line_names_the_best_with_its_metrics() -> None:
    line = validations(a_run(250).sight(), 80, 1)

    assert line.startswith("best  val_loss 0.8000  accuracy 0.7400  epoch 2  step 200")


def test_a_metric_that_decides_is_named_with_its_direction() -> None:
    journal = Journal().opened().started(best_metric="top1", best_direction="max")
    journal.progress(10).validation(10, 2.0, val_metrics={"top1": 70.0})

    drawn = validations(journal.sight())

    assert "top1  up is better" in drawn


@pytest.mark.parametrize(("there", "word"), [(True, "ok"), (False, "gone"), (None, "?")])
def test_a_checkpoint_says_whether_its_file_is_there(there: bool | None, word: str) -> None:
    sight = a_run(150).sight(files={"/ckpt/epoch_001.pt": there})

    assert saved(sight, 80, 1).rstrip().endswith(f"file {word}")


def test_checkpoints_show_file_step_size_and_age_and_what_is_not_saved() -> None:
    drawn = saved(a_run(250).sight(files={"/ckpt/epoch_001.pt": True}))

    assert "epoch_002.pt" in drawn
    assert "1.04 GB" in drawn
    assert "* best" in drawn
    assert "a crash now would lose 50 steps" in drawn


def test_less_than_a_second_of_compute_is_not_said_in_seconds() -> None:
    journal = Journal().opened().started().progress(10).checkpoint(10).after(0.4).progress(14)

    assert "a crash now would lose 4 steps " in saved(journal.sight()) + " "
    assert "0s" not in saved(journal.sight()).split("lose")[1]


def test_a_narrow_panel_says_in_fewer_words_what_is_not_saved() -> None:
    assert "not saved yet: 50 steps" in saved(a_run(250).sight(), width=34)


def test_after_the_end_nothing_more_can_be_lost() -> None:
    assert "would lose" not in saved(a_run(250).sight(alive=False))


def test_checkpoints_that_come_regularly_say_when_the_next_is_due() -> None:
    journal = a_run(300)  # with one at each hundredth step

    assert "next in " in saved(journal.after(0.1).progress(301).sight(), 100, 1)


def test_what_comes_within_a_second_is_due_and_not_in_zero_seconds() -> None:
    assert "next due" in saved(a_run(399).sight(), 100, 1)
    assert "next due" in saved(a_run(399).sight(), 100, 6)


def test_all_checkpoints_are_counted_and_not_the_newest_only() -> None:
    journal = Journal().opened().started()
    for step in range(1, 131):
        journal.progress(step).checkpoint(step)

    assert "130 saved" in saved(journal.sight())


def test_metrics_have_a_value_and_a_sparkline_each() -> None:
    journal = Journal().opened().started()
    for step in range(1, 60):
        journal.after(0.1).progress(step, metrics={"accuracy": step / 60})

    drawn = plain(metrics.rows(metrics.pick(journal.sight()), 60, 6, False))

    assert "accuracy" in drawn
    assert "0.9833" in drawn
    assert "▁▂" in drawn
    assert "▇█" in drawn


def test_a_sparkline_keeps_its_distance_from_the_panel_beside_it() -> None:
    journal = Journal().opened().started().steps(300, metrics={"width": 0.1})

    drawn = plain(metrics.rows(metrics.pick(journal.sight()), 52, 6, False)).split("\n")

    assert all(len(line) < 52 for line in drawn[1:] if line.strip())


def test_a_constant_metric_is_a_flat_line() -> None:
    """Rounding within a series must not look like a course."""
    journal = Journal().opened().started().steps(300, metrics={"width": 0.1})

    line = plain(metrics.rows(metrics.pick(journal.sight()), 60, 6, False)).split("\n")[2]

    assert len(set(line.split()[-1])) == 1


def test_two_hundred_metrics_say_how_many_are_shown() -> None:
    journal = Journal().opened().started().progress(1, metrics={f"layer_{n}/grad": 1.0 for n in range(200)})

    assert "5 of 201" in plain(metrics.rows(metrics.pick(journal.sight()), 60, 6, False))


def test_a_run_that_is_over_does_not_say_what_would_make_something_appear() -> None:
    """It was missed, and will not come."""
    going, over = EMPTY.sight(), Journal().opened().started(learning_rate=None).ended().sight()

    for panel, hint in (
        (best, "log_validation_results"), (checkpoints, "log_model_checkpoint"), (metrics, "log_training_progress"),
    ):  # fmt: skip
        for height in (1, 4):
            assert hint in plain(panel.rows(panel.pick(going), 100, height, False))
            drawn = plain(panel.rows(panel.pick(over), 100, height, False))
            assert hint not in drawn
            assert "no " in drawn


def test_the_best_is_in_an_epoch_as_the_status_counts_them() -> None:
    """A program that counts from 0 is at "5/5" above, and its best was not in epoch 4 of these."""
    sight = epochs_from_0(5).validation(39, 0.5, epoch=4).sight()

    assert "epoch 5  " in plain(best.rows(best.pick(sight), 100, 1, False))
    assert plain(best.rows(best.pick(sight), 100, 4, False)).split("\n")[2].split()[0] == "5"


def test_long_names_that_differ_at_their_end_can_be_told_apart() -> None:
    names = [f"model/encoder/layers/{n}/attn/{part}" for n in (10, 11) for part in ("query", "key")]
    journal = Journal().opened().started().progress(1, metrics=dict.fromkeys(names, 1.0))

    drawn = plain(metrics.rows(metrics.pick(journal.sight()), 60, 8, False))

    shown = [line.split()[0] for line in drawn.split("\n")[1:] if "1.0" in line]
    assert shown == ["…10/attn/query", "…10/attn/key", "…11/attn/query", "…11/attn/key"]


def test_the_machine_in_two_lines_and_as_a_panel() -> None:
    sight = a_run(50).system(a_reading(gpus=2)).sight()

    compact = plain(machine.rows(machine.pick(sight), 80, 3, False))
    panel = plain(machine.rows(machine.pick(sight), 56, 24, False))

    assert "GPU0 H100 80GB H… (1 of 2)" in compact
    assert "61.2/79.6 GiB" in compact
    assert "RAM 45.6/64.0 GiB" in compact
    assert "GPU1" in panel
    assert "12 children" in panel


def test_the_configuration_lists_what_was_given() -> None:
    journal = Journal().opened().started(config={"width": 24, "schedule": "cosine"})

    drawn = plain(config.rows(config.pick(journal.sight()), 56, 12, False))

    assert "optimizer" in drawn
    assert "cosine" in drawn


def test_a_setting_that_a_function_was_told_too_is_listed_once() -> None:
    journal = Journal().opened().started(batch_size=32, config={"batch_size": 32, "Learning-Rate": 0.5})

    drawn = plain(config.rows(config.pick(journal.sight()), 56, 12, False))

    assert drawn.count("32") == 1
    assert "Learning-Rate" in drawn


@pytest.mark.parametrize("height", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("module", [best, checkpoints, metrics, machine, config])
def test_an_empty_panel_says_what_makes_it_fill(module: object, height: int) -> None:
    sight = Journal().opened().sight()

    drawn = plain(module.rows(module.pick(sight), 80, height, False))  # type: ignore[attr-defined]  # the five

    assert "no " in drawn or height < 2


@pytest.mark.parametrize("width", [1, 4, 10, 30, 52, 80, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 4, 7, 20])
@pytest.mark.parametrize("module", [best, checkpoints, metrics, machine, config])
def test_no_row_is_wider_than_its_panel(module: object, width: int, height: int) -> None:
    sight = a_run(250).system(a_reading(gpus=8)).sight()

    drawn = module.rows(module.pick(sight), width, height, False)  # type: ignore[attr-defined]  # the five

    assert len(drawn) <= height
    if width >= 52:  # a panel with less is cut by its base
        assert max(map(row_width, drawn)) <= width


def test_the_epoch_of_a_validation_before_the_first_step_is_counted_as_soon_as_that_is_known() -> None:
    """As one that only tries whether validating works; with the first step epochs turn out to begin at 0."""
    journal = Journal().opened().started().validation(0, 2.0, epoch=0)
    before = journal.sight()
    after = journal.progress(0, epoch=0).sight()
    panel = best.BestPanel(lambda panel, where: None)

    assert not panel.same(before, after)
    assert (best.pick(before).from_0, best.pick(after).from_0) == (False, True)
