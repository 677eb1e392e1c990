"""`trainmon sentinel`: watches a run folder when nobody looks, and tells people what is news."""

import os
import time
from pathlib import Path

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.words.paths import JOURNAL
from trainmon.words.visible import visible

HELP = """Watch the run in FOLDER (default: logs) in the background, and send messages about it.

A process of its own that survives the end of the terminal and of the trainer; it ends by itself after the run. What is
told, and where, stands in the section [notify] of config.toml (docs/notifications.md). There is one sentinel for a run
folder; `trainmon run` starts it by itself where a service is configured, and a training does with
setup_logging(sentinel=True) or TRAINMON_SENTINEL=1.

\b
Example:
  trainmon sentinel logs
  trainmon sentinel --foreground runs/a      for a service manager

\b
Exit codes:
  0  it watches, or one did already; with --foreground: the run is over
  1  no service is configured, or messages cannot be sent; the reason is said
  2  wrong usage
"""

PATIENCE = 20.0
"""Seconds for the process to begin its duty: Python alone may take some on a machine or file system that is busy."""


@click.command("sentinel", help=HELP, short_help="Watch a run when nobody looks, and send messages.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--foreground", is_flag=True, help="Stay in front until the run is over.")
@click.option("--since", type=float, hidden=True)
@click.option("--watched", type=int, hidden=True)
@click.pass_context
def command(
    ctx: click.Context, folder: Path, foreground: bool, since: float | None, watched: int | None
) -> None:
    """The command; its help stands in `HELP`."""
    from trainmon.notify import duty
    from trainmon.notify.readiness import why_not

    reason = why_not()
    if reason is not None:
        click.echo(f"trainmon: {visible(reason)}", err=True)
        ctx.exit(1)
    run = Path(os.path.abspath(folder))
    if foreground:
        ctx.exit(stay(run, since, watched))
    there = duty.on_duty(run)
    if there is not None:
        say(f"pid {there} watches {visible(str(run))} already")
        return
    pid = _begun(run)
    if pid is None:
        click.echo("trainmon: the sentinel did not start", err=True)
        ctx.exit(1)
    yet = "" if (run / JOURNAL).exists() else ", which has no run yet"
    say(f"pid {pid} watches {visible(str(run))}{yet}, and ends by itself after the run")


def _begun(run: Path) -> int | None:
    """The process id of the sentinel that was started; None: it did not begin its duty."""
    from trainmon.notify import duty
    from trainmon.system.sentinel_start import start

    if not start(run):
        return None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pid = duty.on_duty(run)
        if pid:  # 0: it has not said yet which process it is.
            return pid
        time.sleep(0.02)
    return None


def stay(folder: Path, since: float | None, watched: int | None) -> int:
    """Watches until the run is over; the exit code."""
    from trainmon.meaning.alerts import Thresholds
    from trainmon.notify import duty, rules
    from trainmon.notify.sender import Sender
    from trainmon.notify.sentinel import Sentinel, call_ourselves
    from trainmon.system.configuration import read_section
    from trainmon.system.identity import identity_of

    try:
        lock = duty.take(folder)
    except OSError as error:
        click.echo(f"trainmon: no place for the sentinel's lock: {error.strerror or error}", err=True)
        return 1
    if lock is None:
        return 0
    call_ourselves()
    settings, _ = rules.read_settings()
    launcher = identity_of(watched) if watched is not None else None
    since = time.time() if since is None else since
    sentinel = Sentinel(
        folder,
        rules.rules(settings),
        Sender(folder),
        thresholds=read_section("alerts", Thresholds),
        since=since,
        watched=launcher,
    )
    sentinel.run()
    os.close(lock)
    return 0
