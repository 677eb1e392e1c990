"""The command `trainmon`: finds the subcommand, imports it alone, and leaves with the right exit code.

A subcommand is the object `command` of `trainmon.cli.NAME`; what only some of its paths need is imported inside its
functions, so that `trainmon status` costs no more than it uses.
"""

import errno
import importlib
import os
import sys
from typing import NoReturn

import click

from trainmon.version import __version__
from trainmon.words.complaints import print_line, reason

COMMANDS = (
    "watch",
    "run",
    "status",
    "demo",
    "repair",
    "doctor",
    "analyze",
    "export",
    "tail",
    "wait",
    "report",
    "xray",
    "notify",
    "sentinel",
)
"""In the order of the help."""

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""

PIPE_CLOSED = 141
"""Exit code where nobody reads our output any more: 128 and the number of SIGPIPE."""

NOT_WRITTEN = 1
"""Exit code where the output cannot be written."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)

HELP = """htop for a training run.

\b
Example:
  trainmon demo                        a training to look at
  trainmon watch logs                  the screen of a run
  trainmon status logs                 its status in a few lines

Exit codes: 0 well, 1 a bug in trainmon, 2 wrong usage, 130 interrupted; those of each command stand in its --help.
"""


class _Commands(click.Group):
    """The subcommands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: object = importlib.import_module(f"trainmon.cli.{cmd_name}").command
        assert isinstance(command, click.Command), cmd_name
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the subcommand; click would make exit code 1 of a closed pipe, which looks like a bug of ours."""
        try:
            result: object = super().invoke(ctx)
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            ctx.exit(PIPE_CLOSED)
        return result


@click.group(cls=_Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trainmon")
def group() -> None:
    """All commands; each is a module of its own."""


def main() -> NoReturn:
    """The console script; always exits."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Runs a command line and gives its exit code.

    Args:
        arguments: Without the program's name; None: of this process.
    """
    try:
        code = _run(arguments)
        if sys.stdout is not None:  # None where the program was started with it closed.
            sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            code = PIPE_CLOSED
        elif error.filename is None and error.errno in _FULL:
            print_line(f"trainmon: the output cannot be written: {reason(error)}")
            code = NOT_WRITTEN
        else:
            raise
    if code in (PIPE_CLOSED, NOT_WRITTEN):
        # Nothing more can be written; without this the interpreter complains when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def _run(arguments: list[str] | None) -> int:
    try:
        result: object = group.main(arguments, prog_name="trainmon", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return result if isinstance(result, int) else 0
