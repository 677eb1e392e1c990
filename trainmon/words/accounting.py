"""How a batch job ended, as Slurm's accounting says it. Pure; `trainmon.system.slurm` asks.

Source: sacct(1), JOB STATE CODES.
"""

import re

import msgspec

FIELDS = "JobID,State,ExitCode,Reason"
"""What is asked for of a job and each of its steps."""

_GOING_ON = frozenset(
    (
        "PENDING",
        "RUNNING",
        "REQUEUED",
        "RESIZING",
        "SUSPENDED",
        "COMPLETING",
        "CONFIGURING",
        "STAGE_OUT",
        "SIGNALING",
    )
)


_JOB_ENDS = {
    "TIMEOUT": "the time limit of {job}",
    "DEADLINE": "the deadline of {job}",
    "PREEMPTED": "{job} was preempted",
    "CANCELLED": "{job} was cancelled",
    "REVOKED": "{job} was revoked",
    "NODE_FAIL": "the node of {job} failed",
    "BOOT_FAIL": "the node of {job} failed to boot",
}
"""What Slurm did to a job, by the word of its accounting."""

NODE_ENDS = ("NODE_FAIL", "BOOT_FAIL")
"""Those where the machine failed, and nobody ended the job."""


class Accounting(msgspec.Struct, frozen=True):
    """How a job ended."""

    job: str
    """Its number."""
    state: str
    """A word of sacct(1): COMPLETED, FAILED, CANCELLED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, PREEMPTED, …"""
    by: str | None = None
    """Number of the user who cancelled it."""
    code: int | None = None
    """Exit status of the job's script; None where it is not told."""
    signal: int | None = None
    """The signal that ended it; None where none did."""
    reason: str | None = None
    """Why it was in its last state, as Slurm puts it; untrusted."""


def parse(text: str, job: str) -> Accounting | None:
    """The end of a job in what `sacct --parsable2 --noheader` printed; None where it is not over, or not told.

    A step that ran out of memory tells more than the job, whose script may have gone on.

    Args:
        text: Lines of `FIELDS`.
        job: Its number.
    """
    found: list[tuple[str, Accounting]] = []
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) >= 4 and (fields[0] == job or fields[0].startswith(f"{job}.")):
            found.append((fields[0], _accounting(job, *fields[1:4])))
    whole = next((each for name, each in found if name == job), None)
    if whole is None or whole.state in _GOING_ON:
        return None
    return next((each for _, each in found if each.state == "OUT_OF_MEMORY"), whole)


def _accounting(job: str, state: str, code: str, reason: str) -> Accounting:
    word, _, rest = state.partition(" by ")
    pair = re.fullmatch(r"(\d{1,9}):(\d{1,9})", code)
    status, number = (int(pair[1]), int(pair[2])) if pair else (None, 0)
    said = reason.strip()[:200]
    return Accounting(
        job=job,
        # `CANCELLED+` is a word that was cut.
        state=word.strip().rstrip("+")[:40],
        by=rest.strip()[:40] or None,
        code=status,
        signal=number or None,
        reason=said if said not in ("", "None") else None,
    )


def job_end(told: Accounting) -> str | None:
    """What Slurm did to the job, as `the time limit of slurm 88213`; None where the job ended by itself."""
    text = _JOB_ENDS.get(told.state)
    if text is None:
        return None
    text = text.format(job=f"slurm {told.job}")
    return f"{text} by user {told.by}" if told.by is not None else text
