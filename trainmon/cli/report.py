"""`trainmon report`: a run as one HTML page that can be mailed."""

import os
import time
from pathlib import Path

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.meaning.alerts import Thresholds, alerts
from trainmon.meaning.verdict import verdict
from trainmon.reading.look import look
from trainmon.report.page import report
from trainmon.report.summary import Sight
from trainmon.status.document import NO_RUN
from trainmon.system.configuration import read_section
from trainmon.words.units import size
from trainmon.words.visible import visible

DEFAULT_OUTPUT = "report.html"
"""The file that is written where none is named; it is never replaced unasked."""

HELP = """Write one HTML page about the run in FOLDER (default: logs): status, curves, validations, checkpoints, errors
with advice, operations, machine.

The page needs no network and has no script; it follows the reader's light or dark theme. It holds what the run said:
configuration, paths, host name and tracebacks, secrets masked. Look through it before you mail it.

\b
Example:
  trainmon report logs -o run7.html

\b
Exit codes:
  0  written
  1  the file cannot be written
  6  no run here
  2  wrong usage
"""


@click.command("report", help=HELP, short_help="One self-contained HTML page about the run.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The HTML file; one that is there is replaced. Default: a new {DEFAULT_OUTPUT} here.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path, output: Path | None) -> None:
    """The command; its help stands in `HELP`."""
    if output is None:
        output = Path(DEFAULT_OUTPUT)
        if output.exists():
            raise click.UsageError(f"{output} is there already: -o {output} replaces it")
    found = look(folder)
    if found.view.state.opened is None and found.view.state.run_id is None:
        click.echo(f"no run in {visible(str(folder))}", err=True)
        ctx.exit(NO_RUN)
    now = time.time()
    state = found.view.state
    seen = verdict(state, found.view.evidence, now)
    standing = () if seen.status.over else alerts(state, now, read_section("alerts", Thresholds))
    page = report(
        Sight(
            state=state,
            verdict=seen,
            now=now,
            folder=str(folder.absolute()),
            checkpoint_there=found.checkpoint_there,
            note=found.view.note,
            alerts=standing,
        )
    )
    data = page.encode("utf-8")
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{visible(str(output))}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    say(f"{visible(str(output))}: {size(len(data))}")
