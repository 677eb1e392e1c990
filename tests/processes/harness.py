"""What the process tests share: starting real trainings, waiting for what they did, and reading what they left.

Nothing here imports the code under test but `repair`: the journal is read with the standard `json` module alone. Every
wait polls with a deadline; none hopes.
"""

import contextlib
import json
import mmap
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
REPOSITORY = Path(__file__).parents[2]
DEADLINE = 30.0
"""Seconds after which something that should have happened did not."""
SLACK = float(os.environ.get("TRAINMON_TIME_SLACK", "5"))
"""What limits of single calls are multiplied with: a busy test machine holds up any program for some ms. 1 is the
promise itself; a wait for storage is 5 s in these tests and breaks either limit."""
CALL_SLACK = SLACK**2
"""The same for what is most sensitive, the longest of thousands of calls: with more programs than cores one may be held
up for a tenth of a second."""
SLOTS = 64
"""Numbers in a page that a training shares with its test."""

PROGRESS_LINE = re.compile(rb"Epoch (\d+), Step (\d+)(?:/\d+ \([0-9.]+%\))? - Loss")

LEFT_OUT = re.compile("… ([0-9,]+) progress lines? left out".encode())


def until(happened: Callable[[], bool], what: str, seconds: float = DEADLINE) -> float:
    """Waits until something has happened, and gives the seconds that it took."""
    begin = time.monotonic()
    while not happened():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.002)
    return time.monotonic() - begin


class Page:
    """Numbers in memory that outlives the training: what had returned when it was killed."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="page-", delete=False) as file:
            file.truncate(8 * SLOTS)
            self.path = Path(file.name)
            self._memory = mmap.mmap(file.fileno(), 8 * SLOTS)

    def __getitem__(self, slot: int) -> int:
        return int(struct.unpack_from("<q", self._memory, 8 * slot)[0])

    def total(self, threads: int) -> int:
        return sum(self[thread] for thread in range(threads))

    def close(self) -> None:
        self._memory.close()
        self.path.unlink()


WORST = SLOTS - 1
"""Slot of the longest call, in nanoseconds."""
RAISED = SLOTS - 2
"""Slot of the calls that raised."""
CLOSING = SLOTS - 3
"""Slot of the time that closing took, in nanoseconds; 0 until then."""
OPENING = SLOTS - 4
"""Slot of the time that making the logger took, in nanoseconds; only `train` tells it."""


@dataclass
class Training:
    """A training in a process of its own."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    page: Page
    stop_file: Path
    errors: Path
    threads: int = 1

    def logged(self) -> int:
        """Calls that have returned."""
        return self.page.total(self.threads)

    def wait_logged(self, more: int, seconds: float = DEADLINE) -> float:
        """Waits until so many more calls have returned, or the training has ended."""
        goal = self.logged() + more
        return until(
            lambda: self.logged() >= goal or self.process.poll() is not None, f"{more} calls", seconds
        )

    def stop(self) -> int:
        """Has the training end in order, and gives its exit status.

        An end waits 2 s for its last lines to be moved. A busy machine may need longer; the training then says that it
        left the rest in the spool, and it is moved here.
        """
        self.stop_file.touch()
        status = self.wait()
        if any("waits in the spool" in line for line in self.said()):
            repair(self.folder)
        return status

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Kills it, and gives its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = DEADLINE) -> int:
        return self.process.wait(seconds)

    def worst(self) -> float:
        """Milliseconds of the longest log call."""
        return self.page[WORST] / 1e6

    def said(self) -> list[str]:
        """Lines on standard error."""
        return self.errors.read_text("utf-8", "replace").splitlines()


@dataclass
class Stage:
    """Where a test starts its trainings; ends what is left of them."""

    folder: Path
    trainings: list[Training] = field(default_factory=list)
    _count: int = 0

    def start(
        self,
        program: str,
        *arguments: str,
        logs: Path | None = None,
        threads: int = 1,
        environment: Mapping[str, str] | None = None,
        wait: int = 1,
        **options: object,
    ) -> Training:
        """Starts `programs/PROGRAM.py` and waits until `wait` of its log calls have returned."""
        self._count += 1
        logs = logs if logs is not None else self.folder / "logs"
        page, stop = Page(), self.folder / f"stop-{self._count}"
        errors = self.folder / f"stderr-{self._count}"
        command = [sys.executable, str(PROGRAMS / f"{program}.py"), *arguments]
        given = {"folder": logs, "page": page.path, "stop": stop, "threads": threads, **options}
        command += [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        with errors.open("wb") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | dict(environment or {}),
                start_new_session=True,
                cwd=self.folder,
            )
        training = Training(process, logs, page, stop, errors, threads)
        self.trainings.append(training)
        if wait:
            until(lambda: training.logged() >= wait or process.poll() is not None, f"{wait} log calls")
        return training

    def close(self) -> None:
        for training in self.trainings:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(training.process.pid, signal.SIGKILL)
            training.process.wait(DEADLINE)
            training.page.close()


def lines(folder: Path) -> Iterator[dict[str, object]]:
    """The lines of a journal that are JSON objects; a torn last one is no line."""
    *whole, _ = (folder / "journal.jsonl").read_bytes().split(b"\n")
    for line in whole:
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def count_records(folder: Path) -> Counter[tuple[object, object]]:
    """How often each (writer, seq) stands in the journal."""
    return Counter((line["writer"], line["seq"]) for line in lines(folder) if "seq" in line)


def count_steps(folder: Path) -> Counter[tuple[int, int]]:
    """How often each (thread, number of its call) stands in the journal: a training says them as epoch and step."""
    return Counter((line["epoch"], line["step"]) for line in lines(folder) if line.get("kind") == "progress")


def count_progress(folder: Path) -> int:
    """The lines of progress in the journal, one that stands twice twice: quick enough to be asked all the time."""
    return (folder / "journal.jsonl").read_bytes().count(b'"kind":"progress"')


def count_text(folder: Path) -> Counter[tuple[int, int]]:
    """The same for the lines of `training_progress.log`."""
    path = folder / "training_progress.log"
    text = path.read_bytes() if path.exists() else b""
    return Counter((int(epoch), int(step)) for epoch, step in PROGRESS_LINE.findall(text))


def of_kind(folder: Path, kind: str) -> list[dict[str, object]]:
    return [line for line in lines(folder) if line.get("kind") == kind]


def tail(folder: Path) -> bytes:
    """The last 64 KiB of a journal; b"" where there is none."""
    path = folder / "journal.jsonl"
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_536))
        return file.read()


def repair(folder: Path) -> int:
    """Makes good what a crash left, as `trainmon repair` does; how many records were recovered."""
    from trainmon.storage.repair import repair as repair_folder

    return repair_folder(folder).records


def check_all_there(training: Training, *, killed: bool = True, repeats: bool = False) -> None:
    """Every call that had returned is in the journal once, and in the text log once; nothing is twice.

    Args:
        training: After its end, and after `repair` where it was killed.
        killed: One call a thread may have been under way.
        repeats: The disk failed a sync, so that lines may stand in the journal twice.
    """
    steps = count_steps(training.folder)
    for thread in range(training.threads):
        returned = training.page[thread]
        numbers = {step for epoch, step in steps if epoch == thread + 1}
        lost = set(range(1, returned + 1)) - numbers
        assert not lost, f"thread {thread}: {len(lost)} of {returned} lost, the first {min(lost)}"
        assert len(numbers) <= returned + killed, f"thread {thread}: {len(numbers)} of {returned} returned"
    if not repeats:
        doubled = [key for key, count in count_records(training.folder).items() if count > 1]
        assert not doubled, f"{len(doubled)} records stand twice, the first {doubled[0]}"
    check_text(training.folder)


def check_text(folder: Path) -> None:
    """`training_progress.log` has each line of the journal's progress once, but for those that it says it left out.

    It is what the journal makes of it, to the byte. Of those that it left out last it says nothing yet.
    """
    steps, text = count_steps(folder), count_text(folder)
    assert set(text) <= set(steps), "a text line has no record"
    assert max(text.values(), default=1) == 1, "a text line stands twice"
    missing = len(set(steps) - set(text))
    written = (folder / "training_progress.log").read_bytes()
    said = sum(int(count.replace(b",", b"")) for count in LEFT_OUT.findall(written))
    wanted, unsaid = projected_text(folder)
    assert missing == said + unsaid, (
        f"{missing} text lines are missing, {said} were left out, {unsaid} of late"
    )
    assert written == wanted


def projected_text(folder: Path) -> tuple[bytes, int]:
    """What the journal makes of `training_progress.log`, and how many lines it left out and has not said yet."""
    from trainmon.facts.codec import decode_lines
    from trainmon.storage.projection import Projector
    from trainmon.storage.textlogs import as_bytes
    from trainmon.words.paths import LogFile

    *whole, _ = (folder / "journal.jsonl").read_bytes().split(b"\n")
    projector = Projector()
    text = projector.apply(decode_lines(whole), [0] * len(whole))
    return as_bytes(text).get(LogFile.PROGRESS, b""), projector.rate.left_out
