"""`trainmon doctor`: what will work on this machine, in this terminal and in this folder, one line each."""

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
        say(f"{sign:<3}{finding.subject:<15}{visible(finding.words)}")
