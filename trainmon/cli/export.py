"""`trainmon export`: a journal as a table for other programs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from trainmon.cli.output import RUN_FOLDER
from trainmon.errors import FolderError
from trainmon.export.export import Exported, export
from trainmon.export.export_files import (
    Format,
    MissingExtraError,
    Sink,
    parquet_library,
    write_csv,
    write_jsonl,
    write_parquet,
)
from trainmon.export.export_tables import TABLES, What
from trainmon.status.document import NO_RUN
from trainmon.words.paths import JOURNAL, LOCK, SNAPSHOT
from trainmon.words.visible import visible

HELP = """Write what FOLDER's journal holds as a table: CSV, JSON lines or Parquet (extra `parquet`).

Metrics have a row for each progress call and a column for each metric. All runs of the folder are in it, told apart by
the column `run`; each rank has a folder of its own, FOLDER/ranks/00001. docs/scripts.md lists all columns.

\b
Example:
  trainmon export logs --format csv -o metrics.csv
  trainmon export logs --format csv --points 1000 -o curve.csv
  trainmon export logs --format jsonl --what errors -o - | jq .message
  trainmon export logs --format parquet --what system -o machine.parquet

\b
Exit codes:
  0  written
  1  the file cannot be written, or pyarrow is missing
  6  no journal here
  2  wrong usage
"""


def _points(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """The number of rows; None for `raw`."""
    if value == "raw":
        return None
    if value.isdecimal() and 0 < int(value) < 2**31:
        return int(value)
    raise click.BadParameter(f"{visible(value)!r} is neither 'raw' nor a number of rows", ctx, param)


@click.command("export", help=HELP, short_help="The journal as CSV, JSON lines or Parquet.")
@click.argument("folder", type=RUN_FOLDER)
@click.option("--format", "format_", type=click.Choice([each.value for each in Format]), required=True)
@click.option(
    "--what", type=click.Choice([each.value for each in What]), default=What.METRICS.value, show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="File; - is standard output."
)
@click.option(
    "--points",
    metavar="raw|N",
    callback=_points,
    default="raw",
    show_default=True,
    help="About how many rows (metrics, system).",
)
@click.pass_context
def command(
    ctx: click.Context, folder: Path, format_: str, what: str, output: Path, points: int | None
) -> None:
    """The command; its help stands in `HELP`."""
    chosen, table = Format(format_), What(what)
    _check(folder, chosen, table, output, points)
    try:
        with export(folder, table, points) as exported:
            rows = _write(exported, chosen, output)
        click.echo(f"rows: {rows:,}, columns: {len(exported.columns):,}", err=True)
        if exported.refused:
            click.echo(f"{exported.refused:,} or more further names of values were left out", err=True)
    except FolderError as error:
        click.echo(visible(str(error)), err=True)
        ctx.exit(NO_RUN)
    except BrokenPipeError:
        raise  # Nobody reads on; main knows what that means.
    except OSError as error:
        raise click.ClickException(f"{visible(str(output))}: {error.strerror or error}") from error


def _check(folder: Path, format_: Format, what: What, output: Path, points: int | None) -> None:
    """Leaves with code 2, or 1 where pyarrow is missing, before anything is read."""
    if points is not None and not TABLES[what].thinned:
        raise click.UsageError(f"--points {points}: only metrics and system can have fewer points")
    if not (folder / JOURNAL).exists():
        return
    ours = output.name in (JOURNAL, SNAPSHOT, LOCK) or output.name.endswith(".log")
    if ours and output.absolute().parent.resolve() == folder.resolve():
        raise click.UsageError(f"{visible(str(output))} belongs to the run itself")
    if format_ is Format.PARQUET:
        if str(output) == "-":
            raise click.UsageError("Parquet cannot go to standard output: it is written from its end")
        try:
            parquet_library()
        except MissingExtraError as error:
            raise click.ClickException(str(error)) from error


class ShownRows:
    """Rows for the eyes: a terminal must not obey what a log holds; a file and a pipe get it as it is."""

    def __init__(self, terminal: Sink) -> None:
        self._terminal = terminal

    def write(self, row: str) -> None:
        """Writes one row as one line."""
        text = row.removesuffix("\n")
        self._terminal.write(visible(text, len(text)) + "\n")


def _write(table: Exported, format_: Format, output: Path) -> int:
    if str(output) == "-":
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a real standard output
        if format_ is Format.JSONL:
            return write_jsonl(table, sys.stdout)
        return write_csv(table, ShownRows(sys.stdout) if sys.stdout.isatty() else sys.stdout)
    with _whole(output) as path:
        if format_ is Format.PARQUET:
            return write_parquet(table, path)
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            return write_csv(table, file) if format_ is Format.CSV else write_jsonl(table, file)


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A file beside `output` that takes its place when it is complete; pipes and devices are written to as they are."""
    if output.exists() and not output.is_file():
        yield output
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
