"""What all commands share: the run folder as an argument, and text on its way to standard output."""

import sys
from pathlib import Path

import click

from trainmon.visible import in_encoding

DEFAULT_FOLDER = Path("logs")
"""Where a training records that was told nothing else."""


def printable(text: str) -> str:
    """The text as standard output can take it: unchanged, or in ASCII. Untrusted parts were made visible before."""
    # Standard output is None where the program was started with it closed.
    return in_encoding(text, getattr(sys.stdout, "encoding", None))


def say(text: str) -> None:
    """Prints text, in ASCII where standard output can take nothing else."""
    click.echo(printable(text))
