"""The option `--deadline` of the commands that say whether a run ends in time."""

import time

import click

from trainmon.words.moments import FORMS, moment
from trainmon.words.visible import visible


def as_moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """The Unix seconds of a moment in one of `FORMS`; leaves with exit code 2 where the text is none.

    The callback of the option: a type of its own is generic from click 8.4 on, and cannot be before.
    """
    if value is None:
        return None
    at = moment(value, time.time())
    if at is None:
        raise click.BadParameter(f"{visible(value, 60)!r} is no moment such as {FORMS}", ctx, param)
    return at


HELP = "When the run has to be done: +8h, 18:00, Mon 07:39, 2026-11-29 10:14."
"""Of the commands that look at a run."""
