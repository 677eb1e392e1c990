"""What all commands share: the run folder as an argument, and text on its way to standard output."""

import sys
from pathlib import Path

import click

from trainmon.visible import in_encoding

DEFAULT_FOLDER = Path("logs")
"""Where a training records that was told nothing else."""


def say(text: str) -> None:
    """Prints text, in ASCII where standard output can take nothing else. Untrusted parts were made visible before."""
    click.echo(in_encoding(text, sys.stdout.encoding))
