"""Where the spool is, who has the folder, who reads it meanwhile, and what a restart finds."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.harness import (
    RAISED,
    SLACK,
    Stage,
    check_all_there,
    check_text,
    count_records,
    count_steps,
    of_kind,
    repair,
    until,
)
from tests.processes.storage import tiny_memory
from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import Reducer
from trainmon.fold.state import Bookmark, RunState
from trainmon.reading.reader import RunReader
from trainmon.storage.snapshot import canonical
from trainmon.words.paths import JOURNAL, rank_folder

RANKS_AT_ONCE = int(os.environ.get("TRAINMON_RANKS", "64"))
"""512 are the proof."""


def test_m07_twenty_kills_and_restarts_go_on_in_one_journal(stage: Stage) -> None:
    """Each under a writer of its own, over torn lines and left spools; nothing is overwritten, twice or lost."""
    logs = stage.folder / "logs"
    returned = 0
    for number in range(20):
        training = stage.start("train", logs=logs, rate=2_000.0, resume=1, wait=20 + 13 * number)
        training.kill()
        returned += training.logged()
        with (logs / JOURNAL).open("ab") as journal:
            journal.write(b'{"kind":"progr' if number % 3 == 0 else b"")
    repair(logs)

    assert len({line["writer"] for line in of_kind(logs, "opened")}) == 20
    found = sum(count_steps(logs).values())
    assert returned <= found <= returned + 20
    assert max(count_records(logs).values()) == 1
    assert not (logs / "busy").exists()


def test_a_second_training_in_a_busy_folder_gets_one_inside_and_a_warning(stage: Stage) -> None:
    """Both go on, and both can be read."""
    first = stage.start("train", rate=200.0)
    second = stage.start("train", rate=200.0)
    until(lambda: (first.folder / "busy").is_dir(), "a folder inside")
    (inside,) = (first.folder / "busy").iterdir()
    statuses = second.stop(), first.stop()
    second.folder = inside

    assert statuses == (0, 0)
    assert len(second.said()) == 1
    assert str(inside) in second.said()[0]
    assert not first.said()
    check_all_there(first, killed=False)
    check_all_there(second, killed=False)


def test_two_openers_at_the_same_moment_do_not_share_a_journal(stage: Stage) -> None:
    """Whoever comes second is somewhere else."""
    trainings = [stage.start("train", rate=200.0, wait=0) for _ in range(4)]
    until(lambda: all(training.logged() > 5 for training in trainings), "log calls")
    statuses = [training.stop() for training in trainings]
    logs = trainings[0].folder
    folders = [logs, *(logs / "busy").iterdir()]

    assert statuses == [0, 0, 0, 0]
    assert len(folders) == 4
    assert [len(of_kind(folder, "opened")) for folder in folders] == [1, 1, 1, 1]
    assert sum(sum(count_steps(folder).values()) for folder in folders) == sum(
        training.logged() for training in trainings
    )


@pytest.mark.timeout(60 + RANKS_AT_ONCE // 4)
def test_m06_ranks_that_begin_at_once_each_get_a_folder_and_wait_for_nobody(stage: Stage) -> None:
    """All make the run folder in the same moment; rank 0, which others might wait for, comes late."""
    training = stage.start("ranks", count=RANKS_AT_ONCE, wait=0)
    status = training.wait(60 + RANKS_AT_ONCE // 4)
    folders = [rank_folder(training.folder, rank) for rank in range(RANKS_AT_ONCE)]

    assert (status, training.page[RAISED]) == (0, 0)
    # Hundreds of syncs at once may take one disk longer than an end waits for it.
    assert [line.split()[:2] for line in training.said() if "is slow" not in line] == [["failed", "0"]]
    for rank, folder in enumerate(folders):
        if len(count_steps(folder)) < 3:
            repair(folder)
        assert sorted(count_steps(folder)) == [(rank + 1, step) for step in (1, 2, 3)]
        (opened,) = of_kind(folder, "opened")
        assert (opened["rank"], opened["world_size"]) == (rank, RANKS_AT_ONCE)
    assert not (training.folder / "busy").exists()


def test_a_reader_beside_a_writer_ends_with_the_fold_of_the_journal(stage: Stage) -> None:
    """However its polls cut the file."""
    training = stage.start("train", rate=5_000.0)
    reader = RunReader(training.folder)
    polls = 0
    while training.logged() < 8_000 or polls <= 20:
        reader.poll()
        polls += 1
    training.stop()
    view = reader.poll()
    while (newer := reader.poll()).version != view.version:
        view = newer

    data = (training.folder / JOURNAL).read_bytes()
    *whole, _ = data.split(b"\n")
    offsets = [0]
    for line in whole:
        offsets.append(offsets[-1] + len(line) + 1)
    reducer = Reducer()
    reducer.apply(decode_lines(whole), offsets[:-1])
    assert comparable(view.state) == comparable(reducer.state)


def comparable(state: RunState) -> bytes:
    """A state without the place up to which it was read."""
    state.bookmark = Bookmark()
    return canonical(state)


@pytest.mark.parametrize("damage", ["cut", "torn", "empty", "gone", "edited"])
def test_a_crash_leaves_text_logs_that_are_completed_exactly(stage: Stage, damage: str) -> None:
    """Whatever became of the file since: a shorter one is completed, what a person changed stays."""
    training = stage.start("train", rate=2_000.0, wait=1_000)
    training.kill()
    path = training.folder / "training_progress.log"
    text = path.read_bytes()
    damaged = {
        "cut": text[: len(text) * 3 // 4],
        "torn": text[:-7],
        "empty": b"",
        "gone": None,
        "edited": None,
    }
    if damage == "gone":
        path.unlink()
    elif damage == "edited":
        path.write_bytes(text.replace(b"Step 10 ", b"Step ten "))
    else:
        path.write_bytes(damaged[damage] or b"")
    (training.folder / "snapshot.json").unlink(missing_ok=True)
    repair(training.folder)

    if damage == "edited":
        assert path.read_bytes().count(b"Step ten ") == 1
        assert path.read_bytes().count(b"Step 11 ") == 1
    else:
        check_text(training.folder)


@pytest.mark.root
@pytest.mark.parametrize("size", ["64k", "1m", "8m"])
def test_a_tiny_shared_memory_is_left_for_the_temporary_folder_or_used_sparingly(
    stage: Stage, tmp_path: Path, size: str
) -> None:
    """A container's /dev/shm may have 64 KiB or be full; both are survived, and a kill loses nothing."""
    spare = tmp_path / "spare"
    spare.mkdir()
    with tiny_memory(tmp_path / "shm", size) as shm:
        environment = {"TRAINMON_SPOOL_DIR": str(shm), "TMPDIR": str(spare)}
        training = stage.start("train", rate=1_000.0, wait=1_000, environment=environment)
        training.kill()
        os.environ["TRAINMON_SPOOL_DIR"] = str(shm)
        repair(training.folder)

        assert training.page[RAISED] == 0
        if size != "64k":
            check_all_there(training)
        else:
            # Named as the only place, it is not big enough: lines wait in the process, and a kill may take some.
            assert [
                line
                for line in of_kind(training.folder, "message")
                if "not in shared memory" in str(line["text"])
            ]


def test_without_shared_memory_the_spool_is_in_the_temporary_folder(stage: Stage, tmp_path: Path) -> None:
    """It is said, and a kill loses nothing all the same."""
    place = tmp_path / "tmp"
    place.mkdir()
    os.environ["TRAINMON_SPOOL_DIR"] = str(place)
    training = stage.start("train", rate=1_000.0, wait=1_000)
    assert list(place.rglob("*.spool"))
    training.kill()
    repair(training.folder)

    check_all_there(training)


@pytest.mark.root
def test_a_spool_that_fills_up_goes_on_elsewhere(stage: Stage, tmp_path: Path) -> None:
    """Somebody else fills the shared memory while a training logs: no line is torn or lost."""
    with tiny_memory(tmp_path / "shm", "4m") as shm:
        training = stage.start("train", rate=1_000.0, wait=200, environment={"TRAINMON_SPOOL_DIR": str(shm)})
        with (shm / "other").open("wb") as other:
            try:
                while os.write(other.fileno(), bytes(4_096)):
                    continue
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - it is what ends the loop
        training.wait_logged(1_000)
        (shm / "other").unlink()
        training.wait_logged(500)
        status = training.stop()

        assert (status, training.page[RAISED]) == (0, 0)
        check_all_there(training, killed=False)


@pytest.mark.parametrize("how", ["unlinked", "wiped", "truncated"])
def test_a_spool_that_is_taken_away_is_made_again(stage: Stage, spool_base: Path, how: str) -> None:
    """By somebody who tidies /dev/shm: what was not moved may be gone with it; what comes is kept, kills included."""
    training = stage.start("train", rate=500.0, wait=300)
    (path,) = spool_base.rglob("*.spool")
    if how == "wiped":
        shutil.rmtree(path.parent)
    elif how == "unlinked":
        path.unlink()
    else:
        os.truncate(path, 0)
    # Calls use it from its first line on, not from the moment that it has a name.
    until(lambda: any(has_lines(new) for new in spool_base.rglob("*.spool") if new != path), "a new spool")
    begun = training.logged()
    training.wait_logged(300)
    training.kill()
    repair(training.folder)

    steps = {step for _, step in count_steps(training.folder)}
    assert set(range(begun + 1, training.logged() + 1)) <= steps
    if how != "truncated":
        check_all_there(training)


def has_lines(spool: Path) -> bool:
    """Whether anything stands behind the header."""
    return spool.read_bytes().count(b"\n") > 1


def test_a_logger_that_is_closed_gives_its_folder_free(stage: Stage) -> None:
    """The next one in the same program, or in another, goes on in the same journal; late records find their way."""
    code = """
import sys, trainmon
first = trainmon.TrainLogger(sys.argv[1], machine_every=None)
first.log_training_progress(1, 1, None, 1.0, 1e-3)
first.close()
second = trainmon.TrainLogger(sys.argv[1], machine_every=None)
first.log_training_progress(1, 2, None, 1.0, 1e-3)
second.log_training_progress(2, 1, None, 1.0, 1e-3)
second.close()
first.log_training_progress(1, 3, None, 1.0, 1e-3)
assert first.folder == second.folder
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(stage.folder / "logs")],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(count_steps(stage.folder / "logs")) == [(1, 1), (1, 2), (1, 3), (2, 1)]


def test_a_run_that_ends_in_order_leaves_no_spool(stage: Stage, spool_base: Path) -> None:
    """Shared memory is the job's. The folder is in memory, too: a disk that is slow to sync leaves the spool there."""
    training = stage.start("train", logs=spool_base / "logs", rate=2_000.0, wait=1_000)
    status = training.stop()

    assert (status, training.said()) == (0, [])
    assert not list(spool_base.rglob("*.spool"))


def test_an_interrupt_in_the_middle_of_closing_does_no_harm(stage: Stage) -> None:
    """Ctrl-C twice, as people do."""
    training = stage.start("train", rate=2_000.0, wait=1_000)
    training.process.send_signal(signal.SIGINT)
    training.process.send_signal(signal.SIGINT)
    training.wait(5.0 + SLACK)
    repair(training.folder)

    check_all_there(training)
