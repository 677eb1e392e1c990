"""A fault layer under the system calls of the writer thread: the N-th fails, once or until all heals, for all N.

Whatever fails, nothing is raised, and in the end every record stands in the journal and in the text log once.
"""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from trainmon.cli.repair import repair
from trainmon.recording.writer import RETRY
from trainmon.words.paths import JOURNAL

CALLS = (
    "open", "write", "pread", "pwrite", "fstat", "stat", "lstat", "unlink", "replace", "rename", "fdatasync", "mkdir",
    "listdir", "scandir", "ftruncate", "dup2", "utime", "close", "statvfs",
)  # fmt: skip
STEP = int(os.environ.get("TRAINMON_FAULT_STEP", "17"))
"""Every so many of the calls of a run are tried; 1 is the proof."""
ABOUT = 190
"""Calls of a run; some more or less with how often the thread looks."""
STEPS = 40


class FaultLayer:
    """System calls of one thread, counted; one of them fails, or all from that one on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count, self.fails_at, self.for_ever, self.failed = 0, 0, False, 0
        for name in CALLS:
            patch.setattr(os, name, self._layer(name, getattr(os, name)))
        for name in ("flock", "fcntl"):
            patch.setattr(fcntl, name, self._layer(name, getattr(fcntl, name)))

    def _layer(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def layered(*given: object, **named: object) -> object:
            if threading.current_thread().name == "trainmon-writer":
                self.count += 1
                if self.fails_at and (
                    self.count == self.fails_at or (self.for_ever and self.count > self.fails_at)
                ):
                    self.failed += 1
                    if name == "close":
                        call(*given, **named)  # What it closes is closed whatever it says (close(2)).
                    raise OSError(errno.EIO, "Input/output error")
            return call(*given, **named)

        return layered

    def heal(self) -> None:
        self.fails_at = 0


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> FaultLayer:
    return FaultLayer(monkeypatch)


def steps_of(folder: Path) -> list[int]:
    """The steps in the journal, as an independent reader finds them."""
    lines = [json.loads(line) for line in (folder / JOURNAL).read_bytes().splitlines()]
    return sorted(line["step"] for line in lines if line["kind"] == "progress")


def run(open_logger: OpenLogger, layer: FaultLayer, folder: Path) -> None:
    """A short training; while the storage fails for ever, it goes on until it healed."""
    logger = open_logger(folder, progress_per_second=1e5)
    for step in range(1, STEPS // 2 + 1):
        logger.log_training_progress(1, step, None, 0.5)
    logger.recorder.drained(0.2)
    for step in range(STEPS // 2 + 1, STEPS + 1):
        logger.log_training_progress(1, step, None, 0.5)
    if layer.for_ever:
        logger.recorder.drained(RETRY)
    layer.heal()
    logger.close()


@pytest.mark.timeout(60 + 10 * ABOUT // STEP)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "until it heals"])
def test_w08_whatever_system_call_of_the_writer_fails_nothing_is_raised_lost_or_doubled(
    open_logger: OpenLogger, layer: FaultLayer, tmp_path: Path, for_ever: bool
) -> None:
    numbers = range(1, ABOUT, STEP)
    for number in numbers:
        folder = tmp_path / f"logs-{number}"
        layer.count, layer.fails_at, layer.for_ever = 0, number, for_ever

        run(open_logger, layer, folder)
        repair(folder)

        assert steps_of(folder) == list(range(1, STEPS + 1)), f"call {number}"
        text = (folder / "training_progress.log").read_text("utf-8")
        assert text.count("Epoch 1, Step") == STEPS, f"call {number}"
        assert not (folder / "busy").exists(), f"call {number}"
    assert layer.failed > len(numbers) // 2
