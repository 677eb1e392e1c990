"""The words for what became of a run, and what an observer may find out about it beside the journal."""

from enum import StrEnum
from typing import Literal

import msgspec

from trainmon.words.accounting import Accounting
from trainmon.words.exits import ExitRecord

Certainty = Literal["certain", "likely", "unknown"]
"""How sure an observer is of its word: it saw it, it is the best explanation, or it cannot be known from here."""


class Status(StrEnum):
    """What became of a run, as a word."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    VALIDATING = "validating"
    SAVING = "saving"
    STALLED = "stalled"
    STOPPED = "stopped"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    TERMINATED = "terminated"
    KILLED = "killed"
    OUT_OF_MEMORY = "killed by the out-of-memory killer"
    CRASHED = "crashed"
    DIED = "ended without a word"
    REBOOTED = "host rebooted"
    UNREACHABLE = "unreachable"

    @property
    def over(self) -> bool:
        """True where no more steps can come."""
        return self in _OVER

    @property
    def leaves_no_traceback(self) -> bool:
        """True where the trainer could say nothing of its end."""
        return self in _UNHEARD


_UNHEARD = frozenset({Status.TERMINATED, Status.KILLED, Status.OUT_OF_MEMORY, Status.DIED, Status.REBOOTED})

_OVER = frozenset(
    {
        Status.FINISHED,
        Status.INTERRUPTED,
        Status.FAILED,
        Status.TERMINATED,
        Status.KILLED,
        Status.OUT_OF_MEMORY,
        Status.CRASHED,
        Status.DIED,
        Status.REBOOTED,
    }
)


class Orphan(msgspec.Struct, frozen=True):
    """A process that lives on although the trainer that started it is dead."""

    pid: int
    command: str | None = None
    """Its command line, cut; untrusted. None where it is not known."""


class Evidence(msgspec.Struct, frozen=True):
    """What an observer knows beside the journal."""

    alive: bool | None = None
    """Whether the trainer's process lives; None: cannot be known from here."""
    process_state: str | None = None
    """The letter of `/proc/PID/stat`: T: stopped by a signal; D: silent, and waits on disk; None: neither."""
    stopped_since: float | None = None
    """Unix seconds at which it was first seen stopped; None: it is not, or nobody saw it go on before."""
    heartbeat: float | None = None
    """Unix seconds of the newest sign of life in the files, by the observer's present clock; None: there is none."""
    fault: str | None = None
    """What `faulthandler` wrote at a C-level crash, at most 16 KiB; None: nothing."""
    skew: float | None = None
    """Seconds that the observer's clock is ahead of the trainer's; None until a line came while it watched."""
    exit: ExitRecord | None = None
    """What the parent wrote down; None: nobody was parent, or the program goes on."""
    oom_kills: int | None = None
    """Processes of the trainer's control group that the out-of-memory killer ended so far; None: not known."""
    oom_victim: bool = False
    """Whether the kernel's messages name the trainer's process as a victim of the out-of-memory killer."""
    rebooted: bool = False
    """Whether the trainer's host has booted since."""
    spool_held: bool | None = None
    """Whether somebody holds the lock of the trainer's newest spool; None: no spool is in sight."""
    orphans: tuple[Orphan, ...] | None = None
    """Processes that the dead trainer left behind; None while it lives, and where it cannot be known."""
    accounting: Accounting | None = None
    """What Slurm's accounting says of the job that the trainer was in; None: it is not over, or nobody knows."""
    clock_offset: float | None = None
    """Unix seconds less monotonic seconds at the observer, where it shares the trainer's monotonic clock; else None."""


class Verdict(msgspec.Struct, frozen=True):
    """The status, why, since when, and how sure that is."""

    status: Status
    why: str | None = None
    """One sentence; None where the word says it all."""
    since: float | None = None
    """Unix seconds; None where it is not known."""
    certainty: Certainty = "certain"
    """Of the status and of the reason together."""
    details: tuple[str, ...] = ()
    """More lines of evidence, the most telling first: memory before the end, the stack of a crash."""


class Silence(msgspec.Struct, frozen=True):
    """A run that should train and shows no step for longer than is ordinary for it."""

    seconds: float
    """Since its newest sign of progress."""
    usual: float
    """Mean seconds between two steps that it records."""
