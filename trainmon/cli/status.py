"""`trainmon status`: what became of a run, as text, as one line, as JSON, and as an exit code."""

import shutil
import time
from pathlib import Path

import click

from trainmon.cli import deadline
from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.meaning.alerts import Thresholds
from trainmon.reading.look import look
from trainmon.status.document import NO_RUN, document
from trainmon.status.schema import StatusDocument
from trainmon.status.text import one_line, status_lines
from trainmon.system.configuration import read_section
from trainmon.words.visible import visible

HELP = """Say what became of the run in FOLDER (default: logs).

\b
Example:
  trainmon status
  trainmon status logs --json | jq .progress.loss
  trainmon status logs --oneline       for a status bar
  trainmon status logs --deadline 18:00

\b
Exit codes:
  0  it runs (starts, validates, saves, waits for its start), or finished well
  3  stalled, stopped, or no heartbeat from its host
  4  the newest training loss is NaN or infinite, or the loss diverges
  5  failed, interrupted, or dead
  6  no run here
  2  wrong usage
"""


@click.command("status", help=HELP, short_help="What became of a run, with an exit code for scripts.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the documented JSON document (docs/cli.md).")
@click.option("--oneline", is_flag=True, help="Print one line.")
@click.option("--deadline", callback=deadline.as_moment, metavar="WHEN", help=deadline.HELP)
@click.pass_context
def command(ctx: click.Context, folder: Path, as_json: bool, oneline: bool, deadline: float | None) -> None:
    """The command; its help stands in `HELP`."""
    if as_json and oneline:
        raise click.UsageError("--json and --oneline exclude each other")
    found = read_status(folder, deadline)
    if as_json:
        click.echo(as_strict_json(found))
    else:
        say(one_line(found) if oneline else as_text(found))
    ctx.exit(found.exit_code)


def read_status(folder: Path, deadline: float | None = None) -> StatusDocument:
    """The status of a run folder now; the folder need not exist.

    Args:
        folder: The run folder.
        deadline: Unix seconds until which the run has to be done; None: what the run says itself.
    """
    return document(look(folder), time.time(), deadline, read_section("alerts", Thresholds))


def plain_status(folder: Path, deadline: float | None = None) -> tuple[str, int]:
    """The status of a run folder as lines of text, and the exit code that goes with it."""
    found = read_status(folder, deadline)
    return as_text(found), found.exit_code


def as_text(found: StatusDocument) -> str:
    """The status as lines, messages cut to the terminal's width; where there is no run, a sentence that says so."""
    if found.exit_code == NO_RUN and not found.ranks and not found.busy:
        note = f" ({visible(found.note)})" if found.note else ""
        return f"no run in {visible(found.folder)}: {visible(found.why or 'nothing was recorded')}{note}"
    return "\n".join(status_lines(found, shutil.get_terminal_size().columns))


def as_strict_json(found: StatusDocument) -> str:
    """The status as JSON in ASCII, so that no text in it can reach a terminal as a control character."""
    import json  # deferred: 3 ms that the text does not need

    import msgspec

    plain = msgspec.to_builtins(found)
    # DEL is the one control character that `json` leaves as it is; here it can only stand in a string.
    return json.dumps(plain, indent=2, allow_nan=False).replace("\x7f", "\\u007f")
