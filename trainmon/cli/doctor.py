"""`trainmon doctor`: what will work on this machine, in this terminal and in this folder, one line each."""

import shutil
import sys
import textwrap
from pathlib import Path

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, printable, say
from trainmon.words.visible import visible

HELP = """Say what will work here, for a run in FOLDER (default: logs); it need not exist.

Each line has a sign: works, works with a limit, or does not work. None of them keeps a training from running.

\b
Example:
  trainmon doctor
  trainmon doctor /mnt/nfs/runs

Exit codes: 0 always, 2 wrong usage.
"""

_SIGNS = {"well": ("✓", "ok"), "limited": ("!", "!!"), "missing": ("✗", "no")}


@click.command("doctor", help=HELP, short_help="What will work here.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
def command(folder: Path) -> None:
    """The command; its help stands in `HELP`."""
    from trainmon.cli.findings import findings

    ascii_only = printable("✓✗") != "✓✗"
    for finding in findings(folder):
        sign = _SIGNS[finding.how][ascii_only]
        say(finding_text(f"{sign:<3}{finding.subject:<15}", visible(finding.words), _columns()))


def _columns() -> int | None:
    """Columns of the terminal; None: standard output is none, and whoever reads it wants a line a subject."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def finding_text(head: str, words: str, columns: int | None) -> str:
    """A subject and what there is to say of it, broken between words and indented below each other.

    Args:
        head: Sign and subject, filled up with blanks.
        words: Safe text of any length.
        columns: That there are; None: one line.
    """
    if columns is None or columns < 2 * len(head):
        return head + words
    return textwrap.fill(
        words, columns - 1, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
