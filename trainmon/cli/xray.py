"""`trainmon xray`: asks a living training for the stacks of its threads and prints them, the likeliest line marked."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.words.visible import visible

if TYPE_CHECKING:
    from trainmon.stacks.stacks import Stack, XRay

HELP = """Ask the training in FOLDER (default: logs) what all its threads do, and print it: for one that hangs.

A training that records with trainmon answers a signal of its own, even where its interpreter is held by a library that
hangs. Any other Python program is asked with py-spy where that is installed. The training goes on, and records that it
was asked. The threads of trainmon itself are left out.

\b
Example:
  trainmon xray
  trainmon xray runs/vit-b16
  trainmon xray --all logs             with trainmon's own threads

\b
Exit codes:
  0    it answered
  1    a bug in trainmon
  2    wrong usage
  3    it cannot be asked, or did not answer; the reason is said on standard error
  6    no run here
"""

NOT_ASKED, NO_RUN = 3, 6


@click.command("xray", help=HELP, short_help="Where a training hangs: the stacks of its threads.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--all", "everybody", is_flag=True, help="Print trainmon's own threads, too.")
@click.pass_context
def command(ctx: click.Context, folder: Path, everybody: bool) -> None:
    """The command; its help stands in `HELP`."""
    from trainmon.reading.reader import RunReader
    from trainmon.stacks.xray import xray

    reader = RunReader(folder)
    opened = reader.poll().state.opened
    reader.close()
    if opened is None:
        sys.stderr.write(f"trainmon: no run in {visible(str(folder))}\n")
        ctx.exit(NO_RUN)
    found = xray(opened)
    if found.why_not is not None:
        sys.stderr.write(f"trainmon: pid {found.pid} cannot be asked: {visible(found.why_not)}\n")
        ctx.exit(NOT_ASKED)
    say(text(found, everybody=everybody))


def text(found: "XRay", *, everybody: bool = False) -> str:
    """The stacks as lines; untrusted parts are made visible."""
    from trainmon.stacks.stack_words import likeliest

    told = likeliest(found.stacks)
    lines = [visible(told.words if told is not None else "no thread runs Python", 300)]
    lines += [f"pid {found.pid}, {len(found.stacks)} threads, told by {visible(found.how)}"]
    for index, stack in enumerate(found.stacks):
        if everybody or not stack.own:
            marked = told.frame if told is not None and told.stack == index else -1
            lines += ["", *_stack(stack, marked)]
    return "\n".join(lines)


def _stack(stack: "Stack", marked: int) -> list[str]:
    from trainmon.stacks.stack_words import finding

    what = finding(stack)
    name = visible(stack.name or "a thread", 80)
    number = f" ({stack.thread})" if stack.thread is not None else ""
    lines = [
        f"{name}{number}: {visible(what.words, 300)}" if what is not None else f"{name}{number}: no Python"
    ]
    for index, frame in enumerate(stack.frames):
        place = f"{frame.file}:{frame.line}" if frame.line is not None else frame.file
        lines.append(
            f"{'>' if index == marked else ' '} {visible(place, 500)} in {visible(frame.function, 200)}"
        )
        if frame.source is not None:
            lines.append(f"      {visible(frame.source, 200)}")
    return lines
