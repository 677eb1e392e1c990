"""What Slurm's accounting printed, read; the words are those of sacct(1)."""

import pytest

from trainmon.words.accounting import Accounting, parse

OOM = "88213|COMPLETED|0:0|None\n88213.batch|COMPLETED|0:0|\n88213.0|OUT_OF_MEMORY|0:125|\n"


def test_a_step_that_ran_out_of_memory_tells_more_than_its_job() -> None:
    found = parse(OOM, "88213")

    assert found is not None
    assert (found.state, found.signal) == ("OUT_OF_MEMORY", 125)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("7|TIMEOUT|0:0|TimeLimit", Accounting("7", "TIMEOUT", code=0, reason="TimeLimit")),
        ("7|CANCELLED by 1000|0:15|None", Accounting("7", "CANCELLED", by="1000", code=0, signal=15)),
        ("7|CANCELLED+|0:0|", Accounting("7", "CANCELLED", code=0)),
        ("7|FAILED|3:0|NonZeroExitCode", Accounting("7", "FAILED", code=3, reason="NonZeroExitCode")),
        ("7|NODE_FAIL|1:0|NodeDown", Accounting("7", "NODE_FAIL", code=1, reason="NodeDown")),
        ("7|PREEMPTED|odd|", Accounting("7", "PREEMPTED")),
    ],
)
def test_the_end_of_a_job_is_read(line: str, expected: Accounting) -> None:
    assert parse(f"{line}\n", "7") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "7|RUNNING|0:0|None\n",
        "7|REQUEUED|0:0|\n",
        "77|FAILED|1:0|\n",
        "7.0|FAILED|1:0|\n",
        "7|FAILED\n",
    ],
)
def test_a_job_that_is_not_over_and_one_that_is_not_told_are_unknown(text: str) -> None:
    """A requeued job goes on under its number; another's number may begin alike."""
    assert parse(text, "7") is None
