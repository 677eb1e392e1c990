"""What torchrun prints about the ends of its ranks: their exit codes, and whom it ended itself after one had failed.

It is the parent of the ranks, and nobody else gets their exit status; `trainmon run` above it keeps what it prints. The
lines are those of torch/distributed/elastic/multiprocessing (torch 2.13).
"""

import re
import signal
from collections.abc import Iterable
from pathlib import Path

from msgspec import structs

from trainmon.facts.events import Opened
from trainmon.storage.exit_file import read_exit
from trainmon.storage.output import OutputLine, newest_lines
from trainmon.words.exits import ExitRecord
from trainmon.words.paths import RANKS

NAME = "torchrun"
"""Who sent the signal, in an exit record."""

MOST_LINES = 4_000
"""Lines of the output that are looked at, the newest: a summary has 8 for each rank that ended badly."""

_CLOSING = re.compile(r"torch/distributed/elastic/.*\] Sending process (\d+) closing signal (SIG[A-Z]+)")
_ENDS = (
    re.compile(
        r"torch/distributed/elastic/.*\] failed \(exitcode: (?P<code>-?\d+)\) .*\(pid: (?P<pid>\d+)\)"
    ),
    re.compile(r"  exitcode  : (?P<code>-?\d+) \(pid: (?P<pid>\d+)\)"),
)


class LauncherWord:
    """What torchrun said of the end of one run folder's rank; for one thread."""

    def __init__(self, folder: Path) -> None:
        """Reads nothing yet.

        Args:
            folder: Of the rank; that of rank 0 is that of all.
        """
        self._folder = folder
        self._shared = folder.parent.parent if folder.parent.name == RANKS else folder
        self._read: tuple[tuple[float, str], ExitRecord | None] | None = None

    def word(self, opened: Opened, written: ExitRecord | None) -> ExitRecord | None:
        """How the rank ended, as torchrun printed it below `trainmon run`; None where it said nothing of it.

        Args:
            opened: Names the rank's process, which is dead or cannot be seen.
            written: What stands in the folder's `exit.json`.
        """
        if written is not None and written.pid == opened.pid:
            return None
        launcher = written if self._shared == self._folder else read_exit(self._shared)
        if launcher is None or launcher.host != opened.host:
            return None
        if not launcher.started - 1.0 <= opened.time <= launcher.time:
            return None
        key = (launcher.time, opened.writer)
        if self._read is None or self._read[0] != key:
            self._read = key, told(newest_lines(self._shared, MOST_LINES), opened, launcher)
        return self._read[1]


def told(lines: Iterable[OutputLine], opened: Opened, launcher: ExitRecord) -> ExitRecord | None:
    """The end of a rank in the lines of the output; None where they say nothing of it.

    Whom torchrun ended did not fail by itself, whatever its exit code then was: the signal counts that came first.
    """
    for line in lines:
        closing = _CLOSING.search(line.text)
        if closing is not None and int(closing[1]) == opened.pid and closing[2] in signal.Signals.__members__:
            return _record(opened, launcher, line, -signal.Signals[closing[2]], NAME)
        ends = next((found for pattern in _ENDS if (found := pattern.search(line.text))), None)
        if ends is not None and int(ends["pid"]) == opened.pid:
            return _record(opened, launcher, line, int(ends["code"]), None)
    return None


def _record(
    opened: Opened, launcher: ExitRecord, line: OutputLine, code: int, sender: str | None
) -> ExitRecord:
    return structs.replace(
        launcher,
        pid=opened.pid,
        start_ticks=opened.process_start,
        time=line.time if line.time is not None else launcher.time,
        status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        core=False,
        sender=sender,
    )
