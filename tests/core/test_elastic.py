"""What torchrun prints about the ends of its ranks, below `trainmon run`."""

from pathlib import Path

import pytest
from msgspec import structs

from tests.builders import START, Journal, a_run
from trainmon.facts.events import Opened
from trainmon.meaning.blame import RankVerdict, earliest_failure
from trainmon.meaning.statuses import Evidence, Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon.reading.elastic import LauncherWord
from trainmon.storage.exit_file import write_exit
from trainmon.storage.output import OutputLog
from trainmon.words.exits import ExitRecord
from trainmon.words.paths import rank_folder

AGENT = "1128 18:59:01.876000 4700 torch/distributed/elastic/multiprocessing/api.py"
KILLED = f"""\
W{AGENT}:1028] Sending process 4711 closing signal SIGTERM
E{AGENT}:1002] failed (exitcode: -9) local_rank: 1 (pid: 4712) of binary: /usr/bin/python3
Failures:
[1]:
  rank      : 0 (local_rank: 0)
  exitcode  : -15 (pid: 4711)  (SIGTERM)
Root Cause (first observed failure):
[0]:
  rank      : 1 (local_rank: 1)
  exitcode  : -9 (pid: 4712)  (SIGKILL)
"""


def a_rank(number: int) -> Journal:
    journal = a_run()
    opened = journal.events[0]
    assert isinstance(opened, Opened)
    journal.events[0] = structs.replace(opened, rank=number, world_size=2, pid=4711 + number)
    return journal


def judged(folder: Path, printed: str, number: int) -> Verdict:
    """The verdict on a rank below torchrun, whose exit status 1 stands in the run folder."""
    journal = a_rank(number)
    own = rank_folder(folder, number)
    own.mkdir(parents=True, exist_ok=True)
    launcher = ExitRecord(
        host="gpu-07",
        pid=4700,
        launcher=4699,
        started=START - 1,
        time=journal.now + 2,
        duration=30.0,
        status=1,
    )
    write_exit(folder, launcher)
    output = OutputLog()
    output.settle(folder)
    output.add(printed.encode(), journal.now + 1)
    output.close(journal.now + 1)
    opened = journal.state().opened
    assert opened is not None

    word = LauncherWord(own).word(opened, launcher if number == 0 else None)

    evidence = Evidence(alive=False, exit=word or (launcher if number == 0 else None))
    return verdict(journal.state(), evidence, journal.now + 3)


def test_the_rank_that_was_killed_is_named_and_not_the_one_that_torchrun_ended(tmp_path: Path) -> None:
    zero, one = (judged(tmp_path, KILLED, number) for number in (0, 1))

    first = earliest_failure([RankVerdict(0, zero), RankVerdict(1, one)])

    assert (one.status, one.why, one.certainty) == (Status.KILLED, "SIGKILL", "certain")
    assert (zero.status, zero.why, zero.certainty) == (
        Status.TERMINATED,
        "SIGTERM, sent by torchrun",
        "likely",
    )
    assert first is not None
    assert first.rank == 1


def test_a_rank_that_had_to_be_killed_after_its_closing_signal_did_not_fail_by_itself(tmp_path: Path) -> None:
    printed = KILLED.replace(
        "exitcode  : -15 (pid: 4711)  (SIGTERM)", "exitcode  : -9 (pid: 4711)  (SIGKILL)"
    )

    assert judged(tmp_path, printed, 0).status is Status.TERMINATED


def test_an_exit_status_of_a_rank_is_its_own(tmp_path: Path) -> None:
    found = judged(tmp_path, KILLED.replace("-9", "3"), 1)

    assert (found.status, found.certainty) == (Status.FAILED, "certain")
    assert found.why == "exit status 3, at once (os._exit or a C library)"


@pytest.mark.parametrize(
    "printed", ["", KILLED.replace("(pid: 4711)", "(pid: 9)").replace("process 4711", "process 9")]
)
def test_the_launchers_own_exit_status_is_no_ranks(tmp_path: Path, printed: str) -> None:
    found = judged(tmp_path, printed, 0)

    assert (found.status, found.certainty) == (Status.DIED, "unknown")
    assert found.why == "its launcher ended with exit status 1; the process itself said no end"
