"""`trainmon repair`: opens a run folder as a trainer would, so that everything a crash left behind is made good.

What is there is never truncated or rewritten; stacks of C-level crashes (`faulthandler.PID.log`) stay as they are.
"""

import time
from pathlib import Path

import click

from trainmon.cli.output import RUN_FOLDER, say
from trainmon.reading.look import folders_in
from trainmon.status.document import BROKEN, NO_RUN, WELL
from trainmon.storage.dead_spools import remove_orphans, words
from trainmon.storage.journal import Busy
from trainmon.storage.repair import has_run, repair
from trainmon.words.paths import BUSY, RANKS
from trainmon.words.visible import visible

HELP = """Make good what a crash left behind in FOLDER, and in the ranks and busy folders inside it.

Records that dead processes left in shared memory go to the journal, a torn last line is ended, the text logs get what
they lack, and the snapshot is written. The next training in the folder does the same when it starts. What dead
processes left for folders that have been gone for a week is removed.

\b
Example:
  trainmon repair logs

\b
Exit codes:
  0  done, or nothing was to do
  1  the storage failed
  5  a living process records there, or the file system has no locks; nothing was touched
  6  no run here
  2  wrong usage
"""


@click.command("repair", help=HELP, short_help="Make good what a crash left behind.")
@click.argument("folder", type=RUN_FOLDER)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """The command; its help stands in `HELP`."""
    whole = folder.absolute()
    folders = [whole, *folders_in(whole / RANKS), *folders_in(whole / BUSY)]
    codes = [_repair_and_say(each) for each in folders if has_run(each)]
    removed = remove_orphans(time.time())
    if removed:
        say(visible(words(removed)))
    if not codes:
        say(f"{visible(str(folder))}: no run here")
        ctx.exit(NO_RUN)
    ctx.exit(max(codes))


def _repair_and_say(folder: Path) -> int:
    name = visible(str(folder))
    try:
        say(f"{name}: {repair(folder).words()}")
    except Busy as busy:
        say(f"{name}: not repaired: {visible(str(busy))}")
        return BROKEN
    except OSError as error:
        raise click.ClickException(f"{name}: {visible(error.strerror or str(error))}") from error
    return WELL
