"""The loss panel, as text: its legend, its axes, and what it shows of a run that diverged."""

from msgspec.structs import replace

from tests.builders import Journal, a_run, epochs_from_0
from trainmon.words.units import number
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.sight.sight import Options, Sight
from trainmon_tui.widgets import chart
from trainmon_tui.widgets.loss import Axes, axes, pick, rows


def text(sight: Sight, width: int = 80, height: int = 12, *, ascii_only: bool = False) -> str:
    piece = pick(sight)
    return plain(rows(piece, width, height, ascii_only, axes(piece, Axes())))


def test_the_title_names_smoothed_raw_validation_and_best() -> None:
    title = text(a_run().sight(), 110).split("\n")[0]

    assert "smoothing 0.9" in title
    assert "train 0.6" in title
    assert "raw 0.6" in title
    assert "o val 0.8000" in title
    assert "* best 0.8000 epoch 2" in title


def test_the_best_is_in_an_epoch_as_the_status_counts_them() -> None:
    title = text(epochs_from_0(5).validation(39, 0.5, epoch=4).sight(), width=120).split("\n")[0]

    assert "best 0.5000 epoch 5" in title


def test_all_numbers_of_a_zoomed_title_are_those_at_the_right_end_of_the_window() -> None:
    """Not the newest raw loss of the run beside the validation of the window."""
    sight = a_run().sight()
    window = pick(replace(sight, options=Options(chart=ChartView(window=(20.0, 80.0)))))
    before = window.piece.curve
    assert before is not None
    at = max(index for index, x in enumerate(before.x) if x <= 80.0)

    title = text(replace(sight, options=Options(chart=ChartView(window=(20.0, 80.0)))), 110).split("\n")[0]

    assert f"train {number(before.smoothed[at])}" in title
    assert f"raw {number(before.last[at])}" in title
    assert "o val" not in title
    assert "smoothing 0.9" in title


def test_a_longer_title_gives_up_words_of_the_best_before_the_smoothing() -> None:
    sight = replace(a_run().sight(), options=Options(chart=ChartView(log_y=True)))

    title = text(sight, 97).split("\n")[0]

    assert "log y" in title
    assert "smoothing 0.9" in title


def test_steps_that_are_done_again_leave_their_old_losses_behind_the_curve() -> None:
    journal = a_run(90)
    for step in range(40, 61):
        journal.after(0.1).progress(step, 0.1)

    piece = pick(journal.sight())
    drawn = chart.chart(piece.piece, axes(piece, Axes()), "")

    assert piece.piece.redone is not None
    assert (piece.piece.redone.x[0], piece.piece.redone.x[-1]) == (40.0, 90.0)
    assert [line.role for line in drawn.lines] == ["raw", "raw", "train"]
    assert min(drawn.lines[0].y) > 0.5


def test_a_run_that_only_went_on_has_no_second_curve() -> None:
    assert pick(a_run().sight()).piece.redone is None


def test_a_narrow_title_drops_words_and_is_never_cut() -> None:
    for width in range(20, 120):
        title = text(a_run().sight(), width).split("\n")[0]

        assert len(title) == width
        assert title.endswith("─")


def test_validation_points_and_the_best_are_marked() -> None:
    chart = text(a_run().sight()).split("\n", 1)[1]

    assert chart.count("o") == 1
    assert chart.count("*") == 1


def test_a_loss_that_is_nan_is_said_in_the_title_and_marked_in_the_chart() -> None:
    journal = a_run(100)
    for step in range(101, 111):
        journal.after(0.1).progress(step, "NaN", epoch=2)

    drawn = text(journal.sight())

    assert "train NaN" in drawn.split("\n")[0]
    assert "✗" in drawn


def test_before_the_first_loss_it_says_what_makes_it_appear() -> None:
    drawn = text(Journal().opened().started().sight())

    assert "log_training_progress" in drawn


def test_axes_stay_while_the_curve_grows_within_them() -> None:
    """A moving axis repaints everything over a slow link."""
    early, late = pick(a_run(210).sight()), pick(a_run(230).sight())

    before = axes(early, Axes())

    assert axes(late, before) == before


def test_a_single_spike_does_not_flatten_the_curve() -> None:
    journal = a_run(200).after(0.1).progress(201, 1e9, epoch=3)

    bounds = axes(pick(journal.sight()), Axes())

    assert bounds.y is not None
    assert bounds.y[1] < 10


def test_a_logarithmic_axis_is_said() -> None:
    piece_rows = text(a_run().sight(options=Options(chart=ChartView(log_y=True))), 110)

    assert "log y" in piece_rows


def test_rows_fill_exactly_what_was_asked_for() -> None:
    piece = pick(a_run().sight())
    for width, height in ((1, 1), (5, 2), (8, 3), (40, 6), (200, 40)):
        drawn = rows(piece, width, height, False, axes(piece, Axes()))

        assert len(drawn) == height
        assert {row_width(cells) for cells in drawn} == {width}


def test_with_ascii_nothing_else_is_drawn() -> None:
    journal = a_run().progress(251, "NaN", epoch=3)

    assert text(journal.sight(), ascii_only=True).isascii()
