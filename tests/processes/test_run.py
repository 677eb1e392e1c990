"""`trainmon run` as a user meets it: on a terminal, in pipes, and detached from both."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.run_folders import environment
from trainmon.meaning.statuses import Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon.reading.reader import RunReader
from trainmon.storage.exit_file import read_exit
from trainmon.storage.output import newest_lines
from trainmon.words.exits import ExitRecord

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")

LIMIT = 30.0
"""Seconds after which what should have happened did not."""
GO = "import os, time\nprint('ready', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\n"
"""The beginning of a program that says that it is there, and goes on when the test says so."""


def launcher(*words: str, options: tuple[str, ...] = ()) -> list[str]:
    return [sys.executable, "-m", "trainmon", "run", *options, "--", *words]


def python(code: str) -> tuple[str, str, str]:
    """A program that knows nothing of trainmon."""
    return sys.executable, "-c", code


def judged(folder: Path) -> Verdict:
    reader = RunReader(folder)
    view = reader.poll()
    reader.close()
    return verdict(view.state, view.evidence, time.time())


def exit_of(folder: Path) -> ExitRecord:
    record = read_exit(folder)
    assert record is not None
    return record


class Terminal:
    """A terminal of 30 rows and 90 columns with `trainmon run` on it."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
            os.execve(sys.executable, launcher(*words), environment())
        self.text = b""

    def read_until(self, wanted: bytes) -> None:
        """Reads what is on the screen until it holds that."""
        deadline = time.monotonic() + LIMIT
        os.set_blocking(self.master, False)
        while wanted not in self.text and time.monotonic() < deadline:
            try:
                self.text += os.read(self.master, 65_536)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
        assert wanted in self.text, self.text

    def end(self) -> int:
        """Waits for the end; its status as wait(2) gives it."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return status


def test_colours_and_carriage_returns_reach_the_terminal_as_they_are(tmp_path: Path) -> None:
    """A terminal gets a terminal: the same size, and output byte for byte."""
    code = (
        "import os, sys; s = os.get_terminal_size(); "
        "print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), s.columns, s.lines); "
        r"sys.stdout.write('\x1b[31mred\x1b[0m 10%\r\x1b[32mgreen\x1b[0m 20%\n')"
    )
    terminal = Terminal(tmp_path, *python(code))

    terminal.read_until(b"True True True 90 30\r\n")
    terminal.read_until(b"\x1b[31mred\x1b[0m 10%\r\x1b[32mgreen\x1b[0m 20%\r\n")

    assert os.waitstatus_to_exitcode(terminal.end()) == 0
    assert [line.text for line in newest_lines(tmp_path / "logs", 9)] == [
        "True True True 90 30",
        "green 20%",
    ]


def test_a_window_that_changes_its_size_is_passed_on(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGWINCH, lambda *_: print('now', os.get_terminal_size().columns, flush=True))\n"
    )
    terminal = Terminal(tmp_path, *python(code + GO))
    terminal.read_until(b"ready")

    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))

    terminal.read_until(b"now 120")
    (tmp_path / "go").touch()
    terminal.end()


def test_ctrl_c_reaches_the_program_once_and_we_end_as_it_does(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(20)\n"
        "except KeyboardInterrupt:\n    print('caught once', flush=True)\n"
        "time.sleep(0.3)\nraise SystemExit(7)"
    )
    terminal = Terminal(tmp_path, *python(code))
    terminal.read_until(b"ready")

    os.write(terminal.master, b"\x03")
    terminal.read_until(b"caught once")

    assert os.waitstatus_to_exitcode(terminal.end()) == 7


def test_ctrl_z_stops_the_program_and_us_until_we_are_continued(tmp_path: Path) -> None:
    """The program leads a session of its own, in which the key does nothing by itself."""
    terminal = Terminal(tmp_path, *python(GO + "print('done', flush=True)"))
    terminal.read_until(b"ready")

    os.write(terminal.master, b"\x1a")
    _, status = os.waitpid(terminal.pid, os.WUNTRACED)
    stopped = os.WIFSTOPPED(status)
    os.kill(terminal.pid, signal.SIGCONT)
    (tmp_path / "go").touch()

    terminal.read_until(b"done")
    assert stopped
    assert os.waitstatus_to_exitcode(terminal.end()) == 0


def test_a_shell_under_us_controls_its_own_jobs(tmp_path: Path) -> None:
    """Ctrl-Z stops the job that it runs, and neither the shell nor us."""
    terminal = Terminal(tmp_path, "/bin/bash", "--norc", "-i")
    os.write(terminal.master, b"PS1='ready''> '\n")
    terminal.read_until(b"ready> ")

    os.write(terminal.master, b"sh -c 'echo job ru''ns; exec sleep 30'\n")
    terminal.read_until(b"job runs")
    os.write(terminal.master, b"\x1a")
    terminal.read_until(b"Stopped")
    os.write(terminal.master, b"kill -9 %1\nexit 3\nexit 3\n")

    assert os.waitstatus_to_exitcode(terminal.end()) == 3


def test_in_pipes_output_and_errors_stay_apart(tmp_path: Path) -> None:
    code = "import sys; print('out', sys.stdin.read(), sys.stdout.isatty()); print('err', file=sys.stderr); sys.exit(5)"

    done = subprocess.run(
        launcher(*python(code)),
        cwd=tmp_path,
        env=environment(),
        input=b"word",
        capture_output=True,
        timeout=LIMIT,
    )

    assert (done.returncode, done.stdout, done.stderr) == (5, b"out word False\n", b"err\n")
    assert {line.text for line in newest_lines(tmp_path / "logs", 9)} == {"out word False", "err"}


def test_output_and_errors_that_share_a_file_keep_their_order(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(50):\n  print(i, flush=True)\n  print(-i, file=sys.stderr, flush=True)"
    with (tmp_path / "all.txt").open("wb") as file:
        subprocess.run(
            launcher(*python(code)), cwd=tmp_path, env=environment(), stdout=file, stderr=file, timeout=LIMIT
        )

    numbers = [int(word) for word in (tmp_path / "all.txt").read_text().split()]

    assert numbers == [sign * number for number in range(50) for sign in (1, -1)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_we_end_by_the_signal_that_ended_the_program(tmp_path: Path, number: signal.Signals) -> None:
    """A shell then says 128 + N, and a batch system sees what it would have seen without us."""
    code = f"import os; os.kill(os.getpid(), {int(number)})"

    done = subprocess.run(launcher(*python(code)), cwd=tmp_path, env=environment(), timeout=LIMIT)

    assert done.returncode == -number
    assert exit_of(tmp_path / "logs").signal == number
    assert judged(tmp_path / "logs").certainty == "certain"


def test_a_program_that_is_not_there_is_said_as_a_shell_says_it(tmp_path: Path) -> None:
    done = subprocess.run(
        launcher("no-such-program"), cwd=tmp_path, env=environment(), capture_output=True, timeout=LIMIT
    )

    assert done.returncode == 127
    assert done.stderr == b"trainmon: no-such-program: No such file or directory\n"
    assert not (tmp_path / "logs").exists()


def test_a_program_that_knows_nothing_of_trainmon_has_a_run_with_its_end(tmp_path: Path) -> None:
    subprocess.run(launcher(*python("print('hi')")), cwd=tmp_path, env=environment(), timeout=LIMIT)

    reader = RunReader(tmp_path / "logs")
    state = reader.poll().state
    reader.close()

    assert state.configuration is not None
    assert state.configuration.model_name.startswith("python")
    assert judged(tmp_path / "logs").status is Status.FINISHED


def test_a_program_that_is_running_has_a_journal_with_readings_of_its_own_process(tmp_path: Path) -> None:
    process = subprocess.Popen(
        launcher(*python("import time; time.sleep(30)")), cwd=tmp_path, env=environment()
    )
    reader = RunReader(tmp_path / "logs")
    until = time.monotonic() + LIMIT
    while (view := reader.poll()).state.reading is None and time.monotonic() < until:
        time.sleep(0.05)
    found = verdict(view.state, view.evidence, time.time())
    reader.close()
    process.terminate()
    process.wait(LIMIT)

    assert found.status is Status.STARTING
    assert view.state.reading is not None
    assert view.state.reading.process is not None
    assert view.state.reading.process.pid == exit_of(tmp_path / "logs").pid


def test_a_detached_program_goes_on_and_its_end_is_recorded(tmp_path: Path) -> None:
    """The command comes back at once; launcher and program belong to no terminal."""
    code = GO + "import sys; print('late', sys.stdin.read() == ''); sys.exit(4)"

    done = subprocess.run(
        launcher(*python(code), options=("--detach", "--log-dir", "apart")),
        cwd=tmp_path, env=environment(), capture_output=True, timeout=LIMIT,
    )  # fmt: skip
    (tmp_path / "go").touch()
    until = time.monotonic() + LIMIT
    while read_exit(tmp_path / "apart") is None and time.monotonic() < until:
        time.sleep(0.02)

    assert done.returncode == 0
    assert done.stdout.startswith(b"started pid ")
    assert exit_of(tmp_path / "apart").status == 4
    assert [line.text for line in newest_lines(tmp_path / "apart", 9)] == ["ready", "late True"]


def test_the_exit_record_has_what_a_parent_learns(tmp_path: Path) -> None:
    code = "x = [0] * 10_000_000; sum(x)"
    job = environment(SLURM_JOB_ID="88213", SLURM_JOB_END_TIME="1795400000")

    subprocess.run(launcher(*python(code)), cwd=tmp_path, env=job, timeout=LIMIT)

    record = exit_of(tmp_path / "logs")
    assert record.status == 0
    assert record.max_rss > 80_000_000
    assert record.cpu_user > 0.0
    assert (record.job, record.job_end) == ("slurm 88213", 1_795_400_000.0)
    assert json.loads((tmp_path / "logs/exit.json").read_text())["command"][1] == "-c"


def test_a_deadline_is_recorded_by_whoever_records(tmp_path: Path) -> None:
    """A training gets it through its environment; for a program that knows nothing of trainmon we record it."""
    training = "import trainmon; trainmon.setup_logging('own', machine_every=None); "
    training += "trainmon.log_training_start('m', 1, 1, 1, 0.1, 'x'); trainmon.log_training_end(True)"
    began = time.time()

    for program in (python(training), python("pass")):
        subprocess.run(
            launcher(*program, options=("--deadline", "+2h")), cwd=tmp_path, env=environment(), timeout=LIMIT
        )

    for folder in ("own", "logs"):
        reader = RunReader(tmp_path / folder)
        opened = reader.poll().state.opened
        reader.close()
        assert opened is not None
        assert opened.deadline is not None
        assert began - 1 <= opened.deadline - 7_200 <= time.time() + 1


def test_what_a_killed_trainer_left_in_shared_memory_is_in_its_journal_at_once(tmp_path: Path) -> None:
    """A batch job's end may wipe shared memory; its parent, which sees the death, brings the last lines to the disk."""
    code = (
        "import os, signal, trainmon\n"
        "trainmon.setup_logging('logs', machine_every=None)\n"
        "trainmon.log_training_start('m', 1, 400, 8, 0.1, 'SGD')\n"
        "for step in range(1, 401): trainmon.log_training_progress(1, step, 400, 1.0, 0.1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    subprocess.run(
        launcher(*python(code)), cwd=tmp_path, env=environment(), capture_output=True, timeout=LIMIT
    )

    journal = (tmp_path / "logs" / "journal.jsonl").read_bytes()
    assert b'"step":400' in journal.splitlines()[-1]
    assert (tmp_path / "logs" / "training_progress.log").read_text().count("Step 400/400") == 1
    assert not list((tmp_path / "logs").glob("faulthandler.*"))
