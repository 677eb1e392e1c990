"""What Slurm's accounting says of a job that is over: asked in a thread once a trainer is dead; nobody waits for it.

The one thing to know: `sacct` asks a database that may be slow, down, or some minutes behind; then nothing is known.
"""

import shutil
import subprocess
import threading

from trainmon.accounting import FIELDS, Accounting, parse

LIMIT = 20.0
"""Seconds that one question may take."""

AGAIN_AFTER = 15.0
"""Seconds until it is asked again while the job is not over for the database."""

MOST_QUESTIONS = 40
"""Ten minutes; then the database does not know it."""

OUTPUT_LIMIT = 1 << 20
"""Bytes of an answer; a job has a few lines, and one for each step."""


class Accounts:
    """Asks for one job after another; `look` is for one thread, and returns at once."""

    def __init__(self) -> None:
        """Asks nothing yet."""
        self._job: str | None = None
        self._found: Accounting | None = None
        self._asked = 0
        self._next = 0.0
        self._thread: threading.Thread | None = None

    def look(self, job: str | None, now: float) -> Accounting | None:
        """What is known of a job that seems to be over, at monotonic time `now`; has it asked for where it is not.

        Args:
            job: As a header has it, `slurm 88213`.
            now: Monotonic seconds.
        """
        kind, _, number = (job or "").partition(" ")
        if kind != "slurm" or not number.isascii() or not number.isdecimal():
            return None
        if number != self._job:
            self._job, self._found, self._asked, self._next = number, None, 0, now
        busy = self._thread is not None and self._thread.is_alive()
        if self._found is None and not busy and now >= self._next and self._asked < MOST_QUESTIONS:
            self._asked += 1
            self._next = now + AGAIN_AFTER
            self._start(number)
        return self._found

    def wait(self, seconds: float) -> bool:
        """Waits for a question under way, for whoever looks only once; whether there was one."""
        if self._thread is None or not self._thread.is_alive():
            return False
        self._thread.join(seconds)
        return True

    def _start(self, number: str) -> None:
        program = shutil.which("sacct")
        if program is None:
            self._asked = MOST_QUESTIONS
            return
        # A daemon: a database that hangs must not keep a program from ending.
        self._thread = threading.Thread(
            target=self._ask, args=(program, number), name="trainmon-sacct", daemon=True
        )
        self._thread.start()

    def _ask(self, program: str, number: str) -> None:
        found = ask(program, number)
        if number == self._job:
            self._found = found


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
