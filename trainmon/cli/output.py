"""What all commands share: the run folder as an argument, and text on its way to standard output."""

import os
import sys
from pathlib import Path

import click

from trainmon.words.paths import JOURNAL, SNAPSHOT
from trainmon.words.visible import in_encoding, visible

DEFAULT_FOLDER = Path("logs")
"""Where a training records that was told nothing else."""


class RunFolder(click.Path):
    """A run folder, which need not exist yet; a file of a run, as its journal, stands for the folder that it is in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The folder. Fails where a file is given that belongs to no run."""
        path = Path(value)
        of_a_run = any((path.parent / name).is_file() for name in (JOURNAL, SNAPSHOT))
        if path.is_file() and not of_a_run:
            self.fail(f"{visible(str(path))} is a file, and a run is recorded in a folder", param, ctx)
        return path.parent if path.is_file() else path


RUN_FOLDER = RunFolder()
"""The type of the argument of all commands that look at a run."""


def printable(text: str) -> str:
    """The text as standard output can take it: unchanged, or in ASCII. Untrusted parts were made visible before."""
    # Standard output is None where the program was started with it closed.
    return in_encoding(text, getattr(sys.stdout, "encoding", None))


def say(text: str) -> None:
    """Prints text, in ASCII where standard output can take nothing else."""
    click.echo(printable(text))
