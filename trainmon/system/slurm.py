"""What Slurm's accounting says of a job that is over: asked in a thread once a trainer is dead; nobody waits for it.

The one thing to know: `sacct` asks a database that may be slow, down, or some minutes behind; then nothing is known.
"""

import shutil
import subprocess
import threading
import time

from trainmon.words.accounting import FIELDS, Accounting, parse

LIMIT = 20.0
"""Seconds that one question may take."""

AGAIN_AFTER = 15.0
"""Seconds until it is asked again while the job is not over for the database."""

MOST_QUESTIONS = 40
"""Ten minutes; then the database does not know it."""

OUTPUT_LIMIT = 1 << 20
"""Bytes of an answer; a job has a few lines, and one for each step."""


class _Question:
    """What was asked about one job, and the answer."""

    def __init__(self, now: float) -> None:
        self.found: Accounting | None = None
        self.asked = 0
        self.next = now
        self.thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Accounts:
    """Asks for jobs; `look` returns at once. For one thread, but for many readers: the ranks of a run share a job."""

    def __init__(self) -> None:
        """Asks nothing yet."""
        self._questions: dict[str, _Question] = {}

    def look(self, job: str | None, now: float) -> Accounting | None:
        """What is known of a job that seems to be over, at monotonic time `now`; has it asked for where it is not.

        Args:
            job: As a header has it, `slurm 88213`.
            now: Monotonic seconds.
        """
        kind, _, number = (job or "").partition(" ")
        if kind != "slurm" or not number.isascii() or not number.isdecimal():
            return None
        question = self._questions.setdefault(number, _Question(now))
        due = now >= question.next and question.asked < MOST_QUESTIONS
        if question.found is None and due and not question.busy:
            question.asked += 1
            question.next = now + AGAIN_AFTER
            _start(question, number)
        return question.found

    def wait(self, seconds: float) -> bool:
        """Waits for the questions under way, for whoever looks only once; whether there were any."""
        deadline = time.monotonic() + seconds
        threads = [question.thread for question in self._questions.values() if question.busy]
        for thread in threads:
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return bool(threads)


def _start(question: _Question, number: str) -> None:
    program = shutil.which("sacct")
    if program is None:
        question.asked = MOST_QUESTIONS
        return

    def answer() -> None:
        question.found = ask(program, number)

    # A daemon: a database that hangs must not keep a program from ending.
    question.thread = threading.Thread(target=answer, name="trainmon-sacct", daemon=True)
    question.thread.start()


def ask(program: str, number: str) -> Accounting | None:
    """Asks `sacct`, for `LIMIT` seconds at most; None where it does not know, or does not answer."""
    try:
        done = subprocess.run(
            [program, "--jobs", number, "--parsable2", "--noheader", f"--format={FIELDS}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse(done.stdout[:OUTPUT_LIMIT].decode("utf-8", "replace"), number)
