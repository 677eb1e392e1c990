"""`trainmon run`: starts a training, stays its parent, and so knows for certain how it ends."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from trainmon.cli import deadline
from trainmon.cli.output import DEFAULT_FOLDER, say
from trainmon.words.moments import VARIABLE
from trainmon.words.visible import visible

HELP = """Start COMMAND and stay its parent: its output passes through unchanged, and how it ends is known for certain.

A program that records with trainmon chooses its own run folder, and everything goes there. One that does not is
recorded in DIR: what it prints, what the machine does, how it ends. The output is kept in output.log of the run
folder, the end in exit.json. Signals are passed on. People are told how it ends where a
service is configured (trainmon notify).

\b
Example:
  trainmon run -- python train.py --config vit_b.yaml
  trainmon run --watch -- torchrun --nproc-per-node 8 train.py
  trainmon run --detach --log-dir runs/a -- ./train.sh
  trainmon run --deadline 18:00 -- python train.py

\b
Exit codes:
  that of COMMAND; where a signal ended it, trainmon ends by the same signal
  0    with --detach and --watch: it was started
  126  COMMAND cannot be executed
  127  COMMAND was not found
  2    wrong usage
"""

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""Exit codes as shells have them."""


class _News(msgspec.Struct, frozen=True):
    """What a detached launcher tells the command that started it."""

    pid: int | None = None
    folder: str | None = None
    error: int | None = None


@click.command(
    "run",
    help=HELP,
    short_help="Start a training and stay its parent.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option("--detach", is_flag=True, help="Keep it running when the terminal goes.")
@click.option(
    "--watch",
    "watched",
    is_flag=True,
    help="Detach, and open the screen; quitting it leaves the training alone.",
)
@click.option(
    "--log-dir", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True, metavar="DIR",
    help="Run folder for programs that do not choose one.",
)  # fmt: skip
@click.option("--deadline", callback=deadline.as_moment, metavar="WHEN", help=deadline.HELP)
@click.argument("words", metavar="COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def command(
    ctx: click.Context,
    detach: bool,
    watched: bool,
    log_dir: Path,
    deadline: float | None,
    words: tuple[str, ...],
) -> None:
    """The command; its help stands in `HELP`."""
    if deadline is not None:
        # Whoever records reads it there: the program below us, or we for it.
        os.environ[VARIABLE] = f"{deadline:.0f}"
    folder = log_dir.absolute()
    ctx.exit(_apart(words, folder, watched=watched) if detach or watched else stay(words, folder))


def stay(words: tuple[str, ...], folder: Path) -> int:
    """Runs the program to its end in front; returns its exit status, or ends by its signal."""
    from trainmon.launch.passthrough import end_like

    try:
        status = launch(words, folder, detached=False)
    except OSError as error:
        return _not_started(words, error.errno)
    return end_like(status)


def launch(
    words: tuple[str, ...],
    folder: Path,
    *,
    detached: bool,
    started: Callable[[int], None] = lambda pid: None,
    settled: Callable[[Path], None] = lambda folder: None,
    watched: bool = False,
) -> int:
    """Runs the program to its end; returns what wait(2) said.

    Args:
        words: The command line.
        folder: Run folder for programs that do not choose one, absolute.
        detached: There is no terminal to pass anything through to.
        started: Is told the process id.
        settled: Is told the run folder when it is known.
        watched: A screen is opened on that folder.

    Raises:
        OSError: It cannot be started.
    """
    from trainmon.launch.launch import Launch
    from trainmon.launch.passthrough import Program

    launch = Launch(words, folder, settled, started, watched=watched)
    program = Program(words, launch.environment(os.environ), detached=detached)
    try:
        ended = program.run(launch)
        launch.finished(ended)
    finally:
        launch.discard()
    return ended.status


def _not_started(words: tuple[str, ...], number: int | None) -> int:
    reason = os.strerror(number) if number is not None else "it cannot be started"
    sys.stderr.write(f"trainmon: {visible(words[0], 200)}: {reason}\n")
    return NOT_FOUND if isinstance(OSError(number, ""), FileNotFoundError) else NOT_EXECUTABLE


# Apart from the terminal.


def _apart(words: tuple[str, ...], folder: Path, *, watched: bool) -> int:
    """Starts a launcher in a session of its own; says where, or opens the screen."""
    read, write = os.pipe2(os.O_CLOEXEC)
    if os.fork() == 0:
        os.close(read)
        _daemon(words, folder, write, watched=watched)
    os.close(write)
    os.wait()
    with os.fdopen(read, "rb") as pipe:
        first = msgspec.json.decode(pipe.readline() or b"{}", type=_News)
        if first.pid is None:
            return _not_started(words, first.error)
        if not watched:
            say(f"started pid {first.pid}; follow it with: trainmon watch {visible(str(folder))}")
            return 0
        say(
            f"started pid {first.pid}; the screen opens once it is known where it records, after 10 s at most"
        )
        second = msgspec.json.decode(pipe.readline() or b"{}", type=_News)
    from trainmon.cli.watch import printable_status
    from trainmon_tui.cli import run_watch

    return run_watch(Path(second.folder) if second.folder is not None else folder, printable_status)


def _daemon(words: tuple[str, ...], folder: Path, tell: int, *, watched: bool) -> None:
    """In the forked child: leaves session and terminal behind, and launches; never returns."""

    def say_news(news: _News) -> None:
        try:
            os.write(tell, msgspec.json.encode(news) + b"\n")
        except OSError:
            return  # Whoever started us has gone on.

    code = 1
    try:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        launch(
            words,
            folder,
            detached=True,
            started=lambda pid: say_news(_News(pid=pid)),
            settled=lambda found: say_news(_News(folder=str(found))),
            watched=watched,
        )
        code = 0
    except OSError as error:
        say_news(_News(error=error.errno))
    finally:
        os._exit(code)
