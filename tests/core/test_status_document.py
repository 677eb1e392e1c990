"""The status document: exit codes, what is missing, and JSON that every parser takes."""

import json
import math
from pathlib import Path

import msgspec
import pytest

from tests.builders import START, Journal, a_run
from trainmon.cli.status import as_strict_json
from trainmon.meaning.derived import Evidence
from trainmon.reading.look import Look
from trainmon.reading.reader import View
from trainmon.status import schema as status_schema
from trainmon.status.document import document
from trainmon.status.schema import StatusDocument


def a_look(journal: Journal, *, alive: bool | None = True, process_state: str | None = None,
           ranks: tuple[Look, ...] = (), folder: str = "/runs/a", checkpoint_there: bool | None = None,
           ) -> Look:  # fmt: skip
    """The run as it is seen at the time of its last event."""
    evidence = Evidence(alive=alive, process_state=process_state, heartbeat=journal.now)
    view = View(journal.state(), evidence, exists=True, note=None, version=1, bytes_read=0)
    newest = view.state.checkpoints[-1:]
    files = {entry.checkpoint_path: checkpoint_there for entry in newest}
    return Look(Path(folder), view, files, ranks)


def seen(journal: Journal, *, later: float = 1.0, alive: bool | None = True, process_state: str | None = None,
         deadline: float | None = None) -> StatusDocument:  # fmt: skip
    """The document some seconds after the last event."""
    return document(a_look(journal, alive=alive, process_state=process_state), journal.now + later, deadline)


def late_for_its_allocation(steps: int = 450) -> Journal:
    """A run of 1,000 steps, one a second, with a checkpoint every 100, whose allocation ends after step 450."""
    journal = Journal().opened(allocation_end=START + 640, utc_offset=3_600).started(total_steps=1_000)
    for first in range(1, steps + 1, 100):
        last = min(first + 99, steps)
        journal.steps(last, first, every=1.0, total_steps=1_000)
        if last % 100 == 0:
            journal.checkpoint(last)
    return journal


@pytest.mark.parametrize(
    ("journal", "status"),
    [
        (Journal().opened(), "waiting"),
        (Journal().opened().started(), "starting"),
        (a_run(), "running"),
        (a_run().ended(), "finished"),
    ],
)
def test_a_run_that_goes_well_is_0(journal: Journal, status: str) -> None:
    """Also before its first step, and when it is over."""
    found = seen(journal)

    assert (found.status.value, found.exit_code) == (status, 0)


def test_a_run_that_does_not_move_is_3() -> None:
    """Silent for longer than is usual, or stopped by a signal."""
    assert seen(a_run(), later=4_000.0).exit_code == 3
    assert seen(a_run(), process_state="T").exit_code == 3


@pytest.mark.parametrize("loss", ["NaN", "Infinity"])
def test_a_loss_that_is_not_finite_is_4(loss: str) -> None:
    """While it runs, and also where it finished so."""
    journal = a_run().progress(251, loss)  # type: ignore[arg-type]  # one of the three names

    assert seen(journal).exit_code == 4
    assert seen(journal.ended()).exit_code == 4


def test_a_loss_that_diverges_is_4() -> None:
    """A script learns of it before the loss is infinite."""
    journal = Journal().opened().started()
    for step in range(1, 1_201):
        journal.after(0.1).progress(step, 1.0 + 0.02 * math.sin(step) if step <= 900 else 6.0)

    assert seen(journal).exit_code == 4


def test_what_deserves_attention_is_in_the_document() -> None:
    """With since when; a run that is over has no alerts."""
    journal = a_run().warned(count=25)

    found, over = seen(journal), seen(journal.ended())

    assert [(alert.kind, alert.severity) for alert in found.alerts] == [("warning UserWarning", "info")]
    assert found.alerts[0].since == journal.now
    assert over.alerts == ()


def test_the_newest_error_is_explained_and_equal_ones_are_grouped() -> None:
    """Whoever reads only the JSON gets the advice, too."""
    journal = a_run().error("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)", count=3)
    journal.error(
        "CUDA out of memory. Tried to allocate 2.00 GiB", error_type="OutOfMemoryError", fingerprint="oom"
    )

    found = seen(journal)

    assert found.error is not None
    assert found.error.category == "GPU out of memory"
    assert found.error.sizes == {"tried": 2 << 30}
    assert "smaller batch" in (found.error.advice or "")
    assert [(group.error_type, group.count) for group in found.error_groups] == [
        ("OutOfMemoryError", 1), ("RuntimeError", 3),
    ]  # fmt: skip
    assert found.error_groups[0].first_step == found.error_groups[0].last_step == 250


def test_a_deadline_says_whether_the_run_fits_and_which_checkpoint_does() -> None:
    """The trainer's own allocation counts, and the earlier of it and what is asked for."""
    journal = late_for_its_allocation()

    own, earlier = seen(journal).deadline, seen(journal, deadline=journal.now + 60.0).deadline

    assert own is not None
    assert earlier is not None
    assert (own.allocation, own.fits, own.last_checkpoint) == (True, False, 600)
    assert (earlier.allocation, earlier.fits, earlier.last_checkpoint) == (False, False, 500)
    assert seen(a_run()).deadline is None


def test_a_run_that_failed_was_interrupted_or_died_is_5() -> None:
    """Whatever its loss was: the worst is said."""
    assert seen(a_run().ended(success=False, reason="failed", error="ValueError: x")).exit_code == 5
    assert seen(a_run().ended(success=False, reason="interrupted")).exit_code == 5
    assert seen(a_run().progress(251, "NaN"), alive=False).exit_code == 5


def test_no_run_is_6() -> None:
    """An empty folder; a program that was here and went before it started a training is dead, and says why."""
    assert seen(Journal(), alive=None).exit_code == 6
    assert seen(Journal().opened().closed(), alive=False).exit_code == 5


def test_a_node_that_has_only_ranks_gets_the_code_of_the_worst_of_them() -> None:
    """On the second node of a job with local disks there is no rank 0."""
    ranks = (a_look(a_run(), folder="/r/00008"), a_look(a_run(), alive=False, folder="/r/00009"))
    nobody = a_look(Journal(), alive=None, ranks=ranks)

    found = document(nobody, ranks[0].view.state.last_time or 0.0)

    assert found.exit_code == 5
    assert [(rank.folder, rank.exit_code) for rank in found.ranks] == [("00008", 0), ("00009", 5)]


def test_a_run_lasted_until_the_rank_failed_that_ended_it() -> None:
    """As the screen says, and not until rank 0 was ended: "ended at" and "elapsed" stand below each other."""
    other = Journal().opened(rank=1, world_size=2).started().steps(50).after(1.0)
    other.ended(success=False, reason="failed", error="ValueError: x").closed()
    own = Journal().opened(rank=0, world_size=2).started().steps(50).after(9.0).system()
    rank_1 = a_look(other, alive=False, folder="/r/ranks/00001")

    found = document(a_look(own, alive=False, ranks=(rank_1,)), own.now + 1.0)

    assert found.run is not None
    assert found.since is not None
    assert found.run.elapsed == pytest.approx(found.since - found.run.started, abs=1e-6)
    assert found.why == "rank 1: ValueError: x"


def test_the_json_is_strict_and_names_numbers_that_it_lacks() -> None:
    """NaN as a bare word would break most parsers; here it is a string."""
    journal = Journal().opened().started().steps(20).progress(21, "NaN").validation(21, "-Infinity")

    text = as_strict_json(seen(journal))

    parsed = json.loads(text, parse_constant=pytest.fail)
    assert parsed["schema"] == 1
    assert parsed["progress"]["loss"] == "NaN"
    assert parsed["best"] is None or parsed["best"]["val_loss"] == "-Infinity"


def test_the_json_holds_no_character_that_a_terminal_obeys() -> None:
    """It is looked at in terminals, too; what was logged comes back unchanged when it is parsed."""
    hostile = "\x1b]0;owned\x07\x9b2J\x7f\u202e"

    text = as_strict_json(seen(Journal().opened().started().error(hostile)))

    assert all(character.isprintable() or character == "\n" for character in text)
    assert json.loads(text)["error"]["message"] == hostile


def test_what_a_run_has_done_stands_in_the_document() -> None:
    """Steps, epoch, speed, the best validation and the newest checkpoint with its file."""
    journal = a_run(steps=250)

    found = document(a_look(journal, checkpoint_there=False), journal.now + 1.0)

    assert found.progress is not None
    assert found.best is not None
    assert found.checkpoint is not None
    assert (found.progress.run_step, found.progress.total_steps, found.progress.epoch) == (250, 400, 3)
    assert found.progress.fraction == pytest.approx(0.625)
    assert math.isclose(float(found.speed.steps_per_second or 0.0), 10.0, rel_tol=0.1)
    assert (found.best.value, found.best.run_step) == (0.8, 200)
    assert (found.checkpoint.run_step, found.checkpoint.there) == (200, False)


def test_records_that_never_came_are_counted() -> None:
    """A gap in a writer's numbers is a loss."""
    journal = a_run()
    del journal.events[50:60]

    assert seen(journal).records.missing == 10


@pytest.mark.parametrize(
    "part", [part for name, part in vars(status_schema).items() if name.endswith(("Part", "Document"))]
)
def test_every_field_of_the_document_is_documented(part: type[msgspec.Struct]) -> None:
    """Scripts are written against docs/cli.md; a field that is not there does not exist for them."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")

    assert [name for name in part.__struct_fields__ if f"`{name}`" not in text] == []
