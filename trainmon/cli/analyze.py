"""`trainmon analyze`: what the text logs of a folder say, as tables or as one JSON document."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from trainmon.analysis import (
    ErrorAnalysis,
    PerformanceAnalysis,
    TrainingAnalysis,
    analyze_errors,
    analyze_performance,
    analyze_training_progress,
)
from trainmon.cli.analyze_text import analysis_lines
from trainmon.cli.json_output import strict_json
from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.status.document import NO_RUN
from trainmon.words.paths import LogFile
from trainmon.words.visible import visible

Analysis = TypeVar("Analysis")

ANALYSIS_SCHEMA = 1
"""Version of the JSON document."""

HELP = """Analyse the text logs in FOLDER (default: logs): training_progress.log, errors.log, performance.log.

They may be ours or those of any program written against the same line formats; rotated files are read, too. The
numbers are as the lines have them: rounded, with times in whole seconds. The journal has all: see `trainmon export`.

\b
Example:
  trainmon analyze
  trainmon analyze logs --json | jq '.errors.by_category'

\b
Exit codes:
  0  well
  1  a file cannot be read
  6  none of the three files is there
  2  wrong usage
"""


class FolderAnalysis(msgspec.Struct, frozen=True):
    """What `trainmon analyze --json` prints; a part is None where its file is missing."""

    schema: int
    folder: str
    training: TrainingAnalysis | None
    errors: ErrorAnalysis | None
    performance: PerformanceAnalysis | None


@click.command("analyze", help=HELP, short_help="What the text logs say: progress, errors, performance.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (docs/scripts.md).")
@click.pass_context
def command(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """The command; its help stands in `HELP`."""
    found = analyze_folder(folder)
    if as_json:
        click.echo(strict_json(found, indent=2))
    elif lines := analysis_lines(found.training, found.errors, found.performance):
        say("\n".join(lines).rstrip())
    if found.training is None and found.errors is None and found.performance is None:
        if not as_json:
            say(f"no text logs in {visible(str(folder))}")
        ctx.exit(NO_RUN)


def analyze_folder(folder: Path) -> FolderAnalysis:
    """All three analyses of a run folder."""
    return FolderAnalysis(
        schema=ANALYSIS_SCHEMA,
        folder=str(folder.absolute()),
        training=_where_there(analyze_training_progress, folder, LogFile.PROGRESS),
        errors=_where_there(analyze_errors, folder, LogFile.ERRORS),
        performance=_where_there(analyze_performance, folder, LogFile.PERFORMANCE),
    )


def _where_there(analyze: Callable[[Path], Analysis], folder: Path, log: LogFile) -> Analysis | None:
    """The analysis of one log; None where it is missing."""
    path = folder / f"{log.value}.log"
    try:
        return analyze(path) if any(folder.glob(f"{path.name}*")) else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise click.ClickException(f"{visible(str(path))}: {error.strerror or error}") from error
