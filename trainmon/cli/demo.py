"""`trainmon demo`: starts the demo training under `trainmon run`, watches it, and ends it if wanted.

The launcher is a child in a session of its own, because the screen has the terminal; it keeps the output, and knows for
certain how the demo ended.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import click

from trainmon.cli.output import say
from trainmon.launch.ending import end
from trainmon.words.paths import OUTPUT
from trainmon.words.visible import visible

LOG_DIR = Path("demo_logs")
"""In the current folder, apart from the `logs` of real trainings."""

LINE_EVERY = 5.0
"""Seconds between two lines where there is no screen."""

_TOLD_TO_END = frozenset({128 + signal.SIGINT, 128 + signal.SIGTERM})
"""Exit codes of a demo that `end` ended."""

HELP = """Start the demo training and watch it.

It learns for about two minutes to tell two spirals apart, with torch where it is installed and in pure Python where it
is not. It records in ./demo_logs, checkpoints included; what it prints goes to demo_logs/output.log. On quitting
the screen asks whether to end it. Without a terminal, lines of its status are printed until its end.

Options that are not listed below go to the demo: --epochs, --steps, --batch-size, --speed (steps a second; 0: no
limit), --seed, --device, --backend torch|python, --resume; and trouble at a step: --fail-at, --nan-at, --stall-at,
--warn-at, --error-at.

\b
Example:
  trainmon demo
  trainmon demo --epochs 5 --nan-at 200 --fail-at 500
  trainmon demo --plain --speed 0 --log-dir /tmp/demo

\b
Exit codes:
  0    quit by the user; with --plain: it finished
  1    the demo could not be started, or a bug in the screen
  2    wrong usage
  4-5  with --plain, as of `trainmon status`
  130  Ctrl-C, which ends the demo
"""


@click.command(
    "demo",
    help=HELP,
    short_help="Start the demo training and watch it.",
    context_settings={"ignore_unknown_options": True},
)
@click.option(
    "--log-dir", type=click.Path(path_type=Path), default=LOG_DIR, show_default=True, help="Run folder."
)
@click.option("--plain", is_flag=True, help="Print lines instead of a screen.")
@click.argument("demo_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, log_dir: Path, plain: bool, demo_options: tuple[str, ...]) -> None:
    """The command; its help stands in `HELP`."""
    path, arguments = script(), (*demo_options, "--log-dir", str(log_dir))
    check_options(path, arguments)
    _refuse_busy(log_dir)
    restore = _leave_in_order_on_signals()
    child = _start([sys.executable, str(path), *arguments], log_dir)
    end_on_exit = True
    try:
        code = _follow(child, log_dir) if plain or not _has_screen() else _watch(child, log_dir)
        end_on_exit = child.poll() is None and code != 0
    finally:
        if end_on_exit:
            end(child)
        restore()
    ctx.exit(code)


def script() -> Path:
    """The demo: inside the package in a wheel, beside it in a checkout.

    Raises:
        click.ClickException: It is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for path in (package / "_demo" / "demo_train.py", package.parent / "demo_train.py"):
        if path.is_file():
            return path
    raise click.ClickException(f"demo_train.py is missing beside {package}")


def check_options(path: Path, arguments: Sequence[str]) -> None:
    """Leaves with exit code 2 and the demo's own words where it does not understand its options.

    Checked here, because nobody would see the words of a child behind a screen.
    """
    spec = importlib.util.spec_from_file_location("demo_train", path)
    if spec is None or spec.loader is None:
        raise click.ClickException(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    parse_options: Callable[[Sequence[str], str], object] = module.parse_options
    parse_options(arguments, "trainmon demo")


def _refuse_busy(log_dir: Path) -> None:
    """A second demo in the same folder would record in a folder inside, where the screen does not look."""
    from trainmon.cli.status import read_status

    found = read_status(log_dir)
    if found.trainer is not None and found.trainer.alive and not found.status.over:
        folder = visible(str(log_dir))
        raise click.UsageError(
            f"a training records in {folder} already (pid {found.trainer.pid}): "
            f"`trainmon watch {folder}`, or another --log-dir"
        )


def _start(line: Sequence[str], log_dir: Path) -> "subprocess.Popen[bytes]":
    """Starts it as `trainmon run` does; what is returned is the launcher, which ends as the demo does."""
    from trainmon.system.private_files import make_folder

    try:
        make_folder(log_dir)
    except OSError as error:
        raise click.ClickException(f"{visible(str(log_dir))}: {error.strerror or error}") from error
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "trainmon", "run", "--log-dir", str(log_dir), "--", *line],
        stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True,
    )  # fmt: skip


def _has_screen() -> bool:
    from trainmon_tui.terminal.terminal import why_no_screen

    return why_no_screen(os.environ) is None


def _watch(child: "subprocess.Popen[bytes]", log_dir: Path) -> int:
    """Shows the screen; a demo that still trains behind it is one that the user left, or that a bug left alone."""
    from trainmon.cli.watch import printable_status
    from trainmon_tui.cli import run_watch

    code = run_watch(log_dir, printable_status, child=child)
    if child.poll() is None and code != 0 and sys.stdin.isatty():
        question = f"The demo still trains (pid {child.pid}). End it?"
        if not click.confirm(question, default=True):
            code = 0
    if child.poll() is not None or code == 0:
        say(farewell(child.poll(), child.pid, log_dir))
    return code


def farewell(code: int | None, pid: int, log_dir: Path) -> str:
    """What is said of the demo after the screen.

    Args:
        code: Its exit code; None where it goes on.
        pid: What to send a signal to, to end it.
        log_dir: Its run folder.
    """
    folder = visible(str(log_dir))
    if code is None:
        return f"the demo still trains: `trainmon watch {folder}` shows it, `kill {pid}` ends it"
    if code in _TOLD_TO_END:
        return f"the demo was ended: `trainmon watch {folder}` shows how far it came"
    if code == 0:
        return f"the demo has finished: `trainmon watch {folder}` shows it again"
    return f"the demo ended with exit code {code}; its output: {visible(str(log_dir / OUTPUT))}"


def _follow(child: "subprocess.Popen[bytes]", log_dir: Path) -> int:
    """Prints a line every few seconds until the demo ends, then its status; the exit code of that."""
    from trainmon.cli.status import plain_status, read_status
    from trainmon.status.document import BROKEN, WELL
    from trainmon.status.text import one_line

    say(f"the demo trains (pid {child.pid}) and records in {visible(str(log_dir))}; Ctrl-C ends it")
    due = time.monotonic() + LINE_EVERY
    while True:
        try:
            child.wait(max(0.0, due - time.monotonic()))
            break
        except subprocess.TimeoutExpired:
            due += LINE_EVERY
            say(one_line(read_status(log_dir)))
            sys.stdout.flush()
    text, code = plain_status(log_dir)
    say(text)
    # One that failed before its training began leaves the run before it as the newest of the folder.
    return BROKEN if code == WELL and child.returncode else code


def _leave_in_order_on_signals() -> Callable[[], None]:
    """Makes SIGTERM and SIGHUP leave through `finally`, so that the demo ends with us; returns the way back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, leave)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore
