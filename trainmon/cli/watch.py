"""`trainmon watch`: the screen of a run; where no screen can be drawn, its status as text."""

from functools import partial
from pathlib import Path

import click

from trainmon.cli import deadline
from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, printable

HELP = """Watch the run in FOLDER (default: logs); it need not exist yet.

Without a terminal that can draw a screen, the status is printed instead. Quitting leaves the training alone.

\b
Example:
  trainmon watch
  trainmon watch runs/vit-b16
  trainmon watch --ascii logs          for fonts without braille
  trainmon watch logs --deadline 18:00
  trainmon watch runs/new --compare runs/baseline --compare runs/wide

\b
Exit codes:
  0    quit by the user, or the status was printed
  1    a bug in the screen, said on standard error
  128+N  ended by signal N
"""


@click.command("watch", help=HELP, short_help="The screen of a run.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters only.")
@click.option("--deadline", callback=deadline.as_moment, metavar="WHEN", help=deadline.HELP)
@click.option(
    "--compare", multiple=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help="Draw the curves of this run, too; up to three times.",
)  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context, folder: Path, ascii_only: bool, deadline: float | None, compare: tuple[Path, ...]
) -> None:
    """The command; its help stands in `HELP`."""
    # Deferred: the screen costs what the other commands need not pay.
    from trainmon_tui.cli import run_watch
    from trainmon_tui.sight.beside import MOST

    if len(compare) > MOST:
        raise click.UsageError(f"--compare: expected at most {MOST} folders, got {len(compare)}")
    plain = partial(printable_status, deadline=deadline)
    ascii = True if ascii_only else None
    ctx.exit(run_watch(folder, plain, ascii=ascii, deadline=deadline, compare=compare))


def printable_status(folder: Path, deadline: float | None = None) -> str:
    """The status of a run folder as text that standard output can take."""
    from trainmon.cli.status import plain_status  # deferred: the reader, which the feed imports meanwhile

    return printable(plain_status(folder, deadline)[0])
