"""Which exit record tells of a run: that of its own process, of one above it, or none: a folder may hold another's."""

import msgspec

from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.words.exits import ExitRecord

RECORDED_LATE = 5.0
"""Seconds after a program's end within which `trainmon run` opens a journal for it: opening may take 2 s."""


class Exit(msgspec.Struct, frozen=True):
    """An exit record that belongs to a run."""

    record: ExitRecord
    own: bool
    """It is of the process that recorded; else of one that started it, or of one above that."""


def exit_of(state: RunState, evidence: Evidence) -> Exit | None:
    """What the parent wrote down of this run's program; None where it did not, or wrote of another one."""
    opened, record = state.opened, evidence.exit
    if opened is None or record is None or record.host != opened.host:
        return None
    if None not in (record.boot_id, opened.boot_id) and record.boot_id != opened.boot_id:
        return None
    if opened.pid == record.pid and record.start_ticks is not None:
        return Exit(record, own=True) if record.start_ticks == opened.process_start else None
    if not record.started - 1.0 <= opened.time <= record.time + RECORDED_LATE:
        return None
    return Exit(record, own=opened.pid in (record.pid, record.launcher))


def started_as(state: RunState, evidence: Evidence) -> tuple[str, ...]:
    """The command line that starts the run again; () where it is not known.

    That of the program which `trainmon run` started, `torchrun` or a script, where that is known: also where the record
    tells of the end of a rank below it.
    """
    exit_ = exit_of(state, evidence)
    if exit_ is not None and exit_.record.command:
        return exit_.record.command
    return state.opened.command if state.opened is not None else ()


def launched(state: RunState, exit_: Exit) -> bool:
    """Whether `trainmon run` keeps the journal itself, for a program that knows nothing of it."""
    return state.opened is not None and state.opened.pid == exit_.record.launcher


def of_several_ranks(state: RunState, exit_: Exit) -> bool:
    """Whether the end is that of a launcher of several ranks: which of them it is due to, it does not tell."""
    return not exit_.own and state.opened is not None and (state.opened.world_size or 1) > 1


def closed_in_order(state: RunState, exit_: Exit | None) -> bool:
    """Whether the program itself closed its record in order; what `trainmon run` closed for it does not count."""
    if state.opened is None or (exit_ is not None and launched(state, exit_)):
        return False
    writer = state.writers.get(state.opened.writer)
    return writer is not None and writer.closed
