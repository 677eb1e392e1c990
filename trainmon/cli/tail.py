"""`trainmon tail`: the events of a run as they come, a line each."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.facts.codec import LINE_LIMIT, Unread
from trainmon.facts.event_text import event_line
from trainmon.facts.events import AnyEvent, Opened
from trainmon.reading.follow import Follower, Line
from trainmon.status.document import NO_RUN
from trainmon.words.visible import visible

KINDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))
"""The kinds of events, as in the journal."""

EVERY = 0.25
"""Seconds between two looks; the trainer's writer moves records to the journal ten times a second."""

HELP = f"""Print the events of the run in FOLDER (default: logs) as they come; Ctrl-C ends it.

The folder need not exist yet. With --json the lines are those of the journal (docs/files.md), in ASCII.
What a program printed under `trainmon run` is no event: it is in output.log there, and on the screen (key 5).

A KIND is one of {", ".join(KINDS)}.

\b
Example:
  trainmon tail
  trainmon tail logs --kind error --kind warning
  trainmon tail logs --json --no-follow -n 1000 --kind validation | jq .val_loss

\b
Exit codes:
  0    the newest lines were printed (--no-follow)
  1    the journal cannot be read
  6    no journal here (--no-follow)
  2    wrong usage
  130  Ctrl-C
"""


@click.command("tail", help=HELP, short_help="The events as they come, as text or JSON lines.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the journal.")
@click.option("-n", "count", metavar="N", type=click.IntRange(0, 1_000_000), default=10,
              help="Lines before those to come; 10 where not said.")  # fmt: skip
@click.option(
    "--kind", "kinds", metavar="KIND", type=click.Choice(KINDS), multiple=True,
    help="Only this kind; may be repeated.",
)  # fmt: skip
@click.option("--no-follow", is_flag=True, help="Do not wait for more.")
@click.pass_context
def command(
    ctx: click.Context, folder: Path, as_json: bool, count: int, kinds: tuple[str, ...], no_follow: bool
) -> None:
    """The command; its help stands in `HELP`."""
    printer = Printer(as_json, frozenset(kinds))
    follower = Follower(folder, printer.wants)
    try:
        printer.show(follower.newest(count))
        if no_follow:
            ctx.exit(_say_no_run(folder) if not follower.open else 0)
        follow(follower, printer.show, time.sleep)
    except BrokenPipeError:
        raise  # Nobody reads on; main knows what that means.
    except OSError as error:
        raise click.ClickException(f"{visible(str(folder))}: {error.strerror or error}") from error
    finally:
        follower.close()


def follow(
    follower: Follower, show: Callable[[Iterable[Line]], None], sleep: Callable[[float], None]
) -> None:
    """Shows what comes, without end."""
    while True:
        lines = follower.poll()
        if lines:
            show(lines)
        else:
            sleep(EVERY)


class Printer:
    """Lines of a journal on their way to standard output."""

    def __init__(self, as_json: bool, kinds: frozenset[str]) -> None:
        """Prints nothing yet.

        Args:
            as_json: As in the journal, else as text.
            kinds: Those that are wanted; empty: all.
        """
        self._as_json = as_json
        self._kinds = kinds
        self._utc_offset = time.localtime().tm_gmtoff

    def wants(self, line: Line) -> bool:
        """Whether a line is to be shown."""
        if not self._kinds:
            return True
        item = line.item
        return not isinstance(item, Unread) and str(item.__struct_config__.tag) in self._kinds

    def show(self, lines: Iterable[Line]) -> None:
        """Prints lines, at once."""
        texts = [text for line in lines if (text := self._text(line))]
        if texts:
            say("\n".join(texts))
            sys.stdout.flush()

    def _text(self, line: Line) -> str:
        if isinstance(line.item, Opened):
            self._utc_offset = line.item.utc_offset
        return _as_json(line.text) if self._as_json else event_line(line.item, self._utc_offset)


def _as_json(text: bytes) -> str:
    """The line in ASCII; empty where it is no JSON."""
    try:
        value: object = json.loads(text) if len(text) <= LINE_LIMIT else None
    except (ValueError, RecursionError):
        return ""
    return json.dumps(value).replace("\x7f", "\\u007f") if isinstance(value, dict) else ""


def _say_no_run(folder: Path) -> int:
    click.echo(f"no journal in {visible(str(folder))}", err=True)
    return NO_RUN
