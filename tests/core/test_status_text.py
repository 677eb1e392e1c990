"""The status as plain text: what it says, how it is aligned, and that nothing in a file can break it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders import Journal, a_run, epochs_from_0
from tests.core.test_status_document import a_look, late_for_its_allocation, seen
from trainmon.reading.look import Look
from trainmon.reading.reader import View
from trainmon.status.document import document
from trainmon.status.text import one_line, status_lines


def rows_of(journal: Journal, *, later: float = 1.0, alive: bool = True) -> dict[str, str]:
    """The text by its label; the headline is ``."""
    headline, *lines = status_lines(seen(journal, later=later, alive=alive))
    return {"": headline} | {line[2:14].strip(): line[14:] for line in lines}


def test_a_running_run_says_where_it_is_how_fast_and_how_long_it_takes() -> None:
    """One line a subject, in words and numbers that need no screen."""
    rows = rows_of(a_run())

    assert rows[""] == "DemoModel  ● RUNNING"
    assert rows["run"].startswith("250/400 steps  62.5 %  elapsed")
    assert rows["epoch"] == "3/4  50/100 steps  50.0 %"
    assert "ends" in rows["left"]
    assert rows["speed"].endswith("samples/s")
    assert "learning rate" in rows["loss"]
    assert rows["best"] == "val_loss 0.8000  epoch 2  step 200"
    assert rows["checkpoint"].startswith("/ckpt/epoch_002.pt  step 200  1.04 GB")
    assert rows["records"] == "none lost"
    assert rows["heartbeat"].endswith("pid 4711 on gpu-07")


def test_a_deadline_and_the_alerts_have_lines_of_their_own() -> None:
    """Times are those of the trainer's host."""
    rows = rows_of(late_for_its_allocation())

    assert rows["deadline"].startswith("allocation ends 00:51  ends ")
    assert rows["deadline"].endswith("too late  last checkpoint in time: step 600")
    assert rows["alert"].startswith("warning  ends ")


def test_a_status_bar_names_the_gravest_alert_and_counts_the_others() -> None:
    """But none that is only worth knowing."""
    assert "  ! deadline  DemoModel" in one_line(seen(late_for_its_allocation()))
    assert "!" not in one_line(seen(a_run().warned(count=25)))


def test_a_run_that_fits_says_what_is_spare() -> None:
    journal = a_run()

    lines = status_lines(seen(journal, deadline=journal.now + 3_700.0))

    assert any(line.startswith("  deadline") and "fits, 1h 1m spare" in line for line in lines)


def test_a_dead_run_says_why_and_what_is_lost() -> None:
    """No ETA is shown for what cannot go on."""
    rows = rows_of(a_run().error(uncaught=True), later=120.0, alive=False)

    assert "✖ ENDED WITHOUT A WORD" in rows[""]
    assert rows["ended"].endswith("2m 0s ago")
    assert rows["lost"] == "50 steps since the newest checkpoint"
    assert rows["error"].startswith("RuntimeError: mat1 and mat2")
    assert "left" not in rows


def test_the_best_is_in_the_epoch_that_is_shown_beside_it() -> None:
    rows = rows_of(epochs_from_0(5).validation(100, 0.5, epoch=4))

    assert rows["epoch"].startswith("5/5")
    assert "epoch 5  " in rows["best"]


def test_epochs_from_0_begin_at_1_and_end_at_the_last() -> None:
    first, last = (rows_of(epochs_from_0(epochs))["epoch"] for epochs in (1, 5))

    assert first.startswith("1/5")
    assert last.startswith("5/5")
    progress = seen(epochs_from_0(5)).progress
    assert progress is not None
    assert (progress.epoch, progress.epoch_number) == (4, 5)


def test_all_texts_begin_in_the_same_column() -> None:
    """Labels are padded to one width."""
    lines = status_lines(seen(a_run().error()))[1:]

    assert all(line[:2] == "  " and line[13] == " " and line[14] != " " for line in lines)


@given(st.text(min_size=1, max_size=80))
def test_no_text_of_a_file_can_forge_a_line(text: str) -> None:
    """Model names, messages, paths and hosts are untrusted."""
    journal = Journal().opened(host=text).started(model_name=text).steps(3).error(text, error_type=text)
    journal.checkpoint(3, text)

    lines = status_lines(seen(journal))

    assert all(line.isprintable() for line in lines)
    assert len({line[2:13] for line in lines[1:]}) == len(lines[1:])


def test_the_one_line_has_what_a_status_bar_needs() -> None:
    """Sign and status first; they survive a cut."""
    line = one_line(seen(a_run()))

    assert line.startswith("● running  62.5 %  250/400  ETA ")
    assert line.endswith("DemoModel")


def test_each_rank_has_a_line_and_the_worst_comes_first() -> None:
    """Of 8 ranks the one that died is the one to see."""
    alive = [a_look(a_run(), folder=f"/r/ranks/{rank:05}") for rank in range(1, 8)]
    dead = a_look(a_run(), alive=False, folder="/r/ranks/00008")
    whole = a_look(a_run(), ranks=(*alive, dead))

    lines = [line for line in status_lines(document(whole, a_run().now)) if line.startswith("  rank")]

    assert len(lines) == 8
    assert "00008  ✖ ended without a word" in lines[0]


def test_hundreds_of_ranks_do_not_fill_the_screen() -> None:
    """What is left out is counted."""
    ranks = tuple(a_look(Journal().opened(), folder=f"/r/ranks/{rank:05}") for rank in range(1, 101))

    lines = status_lines(document(a_look(a_run(), ranks=ranks), a_run().now))

    assert sum(line.startswith("  rank") for line in lines) == 17
    assert lines[-1].endswith("and 84 more")


def test_what_is_wrong_with_reading_is_said() -> None:
    """The reader's own words, made safe."""
    look = a_look(a_run())
    view = look.view
    broken = View(
        view.state, view.evidence, view.exists, "3 damaged lines\x1b", view.version, view.bytes_read
    )

    lines = status_lines(document(Look(look.folder, broken), a_run().now))

    assert "  note        3 damaged lines\\x1b" in lines


def test_a_stalled_run_names_the_command_that_tells_where_it_stands() -> None:
    assert "trainmon xray " in rows_of(a_run(), later=3_600.0)["ask"]
    assert "ask" not in rows_of(a_run())


def test_a_run_that_is_silent_against_expectation_says_so_before_it_counts_as_stalled() -> None:
    silent = rows_of(a_run(), later=30.0)

    assert silent["left"] == "no step for 30s (usual 0.1s)"
    assert "trainmon xray " in silent["ask"]
    assert "speed" not in silent
    assert "no step for 30s" in one_line(seen(a_run(), later=30.0))


def test_what_a_dead_trainer_left_behind_is_listed_to_be_ended() -> None:
    left = replace(seen(a_run(), alive=False), left_behind=(4712, 4713))

    rows = {line[2:14].strip(): line[14:] for line in status_lines(left)[1:]}

    assert rows["left over"] == "2 processes live on: kill 4712 4713"
    assert "left over" not in rows_of(a_run(), alive=False)


def a_failed_pair() -> Look:
    """Rank 1 raised; rank 0 lost its peer, and said so at length."""
    own = Journal().opened(rank=0, world_size=2).started().steps(5).after(1.0)
    own.error("[/w/gloo/transport/tcp/pair.cc:553] Connection closed by peer. " + "GLHF! " * 40)
    own.ended(
        success=False, reason="failed", error="RuntimeError: [pair.cc:553] Connection closed by peer" * 8
    )
    other = Journal().opened(rank=1, world_size=2).started().steps(5)
    other.error("bad sample on rank 1", error_type="ValueError").ended(
        success=False, reason="failed", error="ValueError: bad sample on rank 1"
    )
    return a_look(own.closed(), alive=False, ranks=(a_look(other.closed(), alive=False, folder="/r/00001"),))


def test_the_headline_and_the_error_are_those_of_the_rank_that_failed_first() -> None:
    """What the other ranks complain about afterwards is a consequence."""
    found = document(a_failed_pair(), a_run().now)
    headline, *lines = status_lines(found)
    rows = {line[2:14].strip(): line[14:] for line in lines}

    assert "✖ FAILED  rank 1: ValueError: bad sample on rank 1" in headline
    assert rows["error"].startswith("rank 1  ValueError: bad sample on rank 1")
    assert "failed 1st" not in rows
    assert found.error is not None
    assert (found.why, found.error.rank) == ("rank 1: ValueError: bad sample on rank 1", 1)


def test_a_long_message_does_not_break_the_line() -> None:
    """The JSON has all of it."""
    journal = a_run().error("x" * 500).ended(success=False, reason="failed", error="y" * 500)
    found = seen(journal)

    headline, *lines = status_lines(found, 100)

    assert len(headline) <= 100
    assert all(len(line) <= 100 for line in lines if line.startswith("  error"))
    assert found.error is not None
    assert found.error.message == "x" * 500


def test_a_journal_that_was_begun_again_says_at_which_step() -> None:
    """That nothing is missing is true of what was recorded, and not of the file."""
    found = seen(a_run())
    again = replace(found, records=replace(found.records, begins_at=46))

    rows = {line[2:14].strip(): line[14:] for line in status_lines(again)[1:]}

    assert rows["records"].startswith("none lost  the journal begins at step 46: ")


def test_a_loss_that_was_not_finite_says_how_often_and_since_when() -> None:
    """Also of a run that finished, and of one whose loss is finite again."""
    ended = a_run(99).progress(100, "NaN").progress(101, "NaN").ended()
    healed = a_run(99).progress(100, "NaN").progress(101, 0.5)

    assert rows_of(ended)["loss"].startswith("NaN at step 101  not finite 2 times, first at step 100")
    assert rows_of(healed)["loss"].startswith("0.5000 at step 101  not finite once, first at step 100")
    assert "not finite" not in rows_of(a_run())["loss"]
