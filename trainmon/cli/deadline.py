"""The option `--deadline` of the commands that say whether a run ends in time."""

import time

import click

from trainmon.moments import FORMS, moment
from trainmon.visible import visible


class Moment(click.ParamType[float]):
    """A moment in one of `FORMS`, as Unix seconds."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The Unix seconds; leaves with exit code 2 where the text is no moment."""
        at = value if isinstance(value, float) else moment(str(value), time.time())
        if at is None:
            self.fail(f"{visible(str(value), 60)!r} is no moment such as {FORMS}", param, ctx)
        return at


DEADLINE = Moment()
"""The type of the option."""

HELP = "When the run has to be done: +8h, 18:00, Mon 07:39, 2026-11-29 10:14."
"""Of the commands that look at a run."""
