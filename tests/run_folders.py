"""Run folders on disk, made from built journals; and the command line as a process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.builders import Journal
from trainmon.facts.codec import encode_line
from trainmon.fold.state import RunState
from trainmon.reading.reader import RunReader
from trainmon.words.paths import JOURNAL

REPOSITORY = Path(__file__).resolve().parents[1]


def write_run(folder: Path, journal: Journal) -> Path:
    """The folder with the journal in it, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JOURNAL).write_bytes(b"".join(encode_line(event) for event in journal.events))
    return folder


def state_of(folder: Path) -> RunState:
    """What a reader knows when it has read all of the journal."""
    reader = RunReader(folder)
    state = reader.poll().state
    while state.bookmark.offset < (folder / JOURNAL).stat().st_size:
        state = reader.poll().state
    reader.close()
    return state


def environment(**more: str) -> dict[str, str]:
    """Of a child that finds the packages in this checkout."""
    return os.environ | {"PYTHONPATH": str(REPOSITORY)} | more


def trainmon(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """The command line in a process of its own, without a terminal, in at most a minute."""
    return subprocess.run(
        [sys.executable, "-m", "trainmon", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**more),
        check=False,
    )
