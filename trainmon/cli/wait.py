"""`trainmon wait`: returns when an expression over a run has become true."""

import time
from collections.abc import Callable
from pathlib import Path

import click

from trainmon.cli.output import DEFAULT_FOLDER, RUN_FOLDER, say
from trainmon.meaning.conditions import WORDS, holds, unheard_of, value_of
from trainmon.meaning.expression import Expression, ExpressionError, names, parse
from trainmon.meaning.statuses import Status
from trainmon.meaning.verdict import verdict
from trainmon.reading.reader import RunReader, View
from trainmon.words.moments import span
from trainmon.words.units import count, duration, number
from trainmon.words.visible import visible

EVERY = 0.5
"""Seconds between two looks."""

TIMED_OUT = 124
"""Exit code of a time-out, as timeout(1) has it."""

HELP = """Wait until an expression is true of the run in FOLDER (default: logs), which need not exist yet.

It compares the newest value of any metric by its name (loss, val_loss, "train/acc", gpu0.temperature, and step, epoch,
percent, elapsed, eta, best, errors, warnings, nonfinite) with <, <=, >, >=, == or !=; `and`, `or`, `not` and ( ) join
comparisons and these words:

\b
  done         finished well
  dead         over, and not done: failed, interrupted, killed, crashed, or ended without a word
  failed, interrupted, killed, crashed, over (done or dead)
  stalled      alive, but silent
  nan          the newest training loss is NaN or infinite
  diverged     it rises far beyond what the run's noise does
  running, validating, saving, starting, waiting, unreachable

It looks twice a second: a value that comes and goes in between is not seen.

\b
Example:
  trainmon wait logs --until done --timeout 8h && ./evaluate.sh
  trainmon wait logs --until 'val_loss < 2.1 or nan or dead or done' --timeout 8h
  trainmon wait logs --until '"train/acc" >= 0.9 and epoch > 3 or over'

\b
Exit codes:
  0    it is true
  124  the time-out came first
  2    a wrong expression, or wrong usage
  130  Ctrl-C
"""


@click.command("wait", help=HELP, short_help="Wait until an expression is true of a run.")
@click.argument("folder", type=RUN_FOLDER, default=DEFAULT_FOLDER)
@click.option("--until", required=True, metavar="EXPRESSION", help="What is waited for.")
@click.option("--timeout", metavar="SPAN", help="At most so long: 8h, 1h30m, 90s, 2d. Default: without end.")
@click.pass_context
def command(ctx: click.Context, folder: Path, until: str, timeout: str | None) -> None:
    """The command; its help stands in `HELP`."""
    expression = _parsed(until)
    limit = _limit(timeout)
    reader = RunReader(folder)
    begin = time.monotonic()
    try:
        view = wait(reader.poll, expression, limit, _warn)
    finally:
        reader.close()
    waited = duration(time.monotonic() - begin)
    if view is None:
        click.echo(f"not true after {waited}: {visible(until)}", err=True)
        ctx.exit(TIMED_OUT)
    say(f"true after {waited}: {_facts(expression, view)}")


def wait(
    poll: Callable[[], View],
    expression: Expression,
    limit: float | None,
    warn: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    clock: Callable[[], float] = time.time,
) -> View | None:
    """The first view of which the expression is true; None where the time-out comes first.

    Args:
        poll: Looks at the run.
        expression: What is waited for.
        limit: Seconds; None: without end.
        warn: Told once each, in a sentence, where a name has never been heard of, and where the run is over and the
            wait goes on.
        sleep: Of `time`, as the two below.
        monotonic: Seconds of a clock that never jumps.
        clock: Unix seconds.
    """
    begin = monotonic()
    warned = asked = False
    read = 0
    while True:
        view = poll()
        # A long journal is read in several looks; until one finds nothing new, what is known is of the past.
        behind, read = view.bytes_read > read, view.bytes_read
        if behind and (limit is None or monotonic() - begin < limit):
            continue
        now = clock()
        if holds(expression, view.state, view.evidence, now):
            return view
        if not asked and view.state.progress is not None:
            asked = True
            for sentence in (unheard_of(name, view.state) for name in names(expression)):
                if sentence is not None:
                    warn(visible(sentence))
        status = verdict(view.state, view.evidence, now).status
        if status.over and not warned:
            warned = True
            warn(f"the run is over ({status.value}), and it is not true; a resume may come")
        left = EVERY if limit is None else min(EVERY, begin + limit - monotonic())
        if left <= 0:
            return None
        sleep(left)


def _parsed(text: str) -> Expression:
    try:
        return parse(text, WORDS)
    except ExpressionError as error:
        begin = max(0, error.column - 60)
        shown = visible(text[begin : error.column + 60], 120)
        pointer = " " * len(visible(text[begin : error.column], 120)) + "^"
        raise click.UsageError(f"--until: {visible(error.why)}\n  {shown}\n  {pointer}") from error


def _limit(text: str | None) -> float | None:
    if text is None:
        return None
    limit = span(text)
    if limit is None:
        raise click.UsageError(f"--timeout: {visible(text, 40)!r} is no span such as 8h, 1h30m, 90s or 2d")
    return limit


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _facts(expression: Expression, view: View) -> str:
    """What is known at the moment that was waited for."""
    now = time.time()
    judged = verdict(view.state, view.evidence, now)
    parts = [judged.status.value]
    if judged.status is not Status.WAITING:
        parts.append(f"step {count(view.state.run_step)}")
    for name in names(expression):
        value = value_of(name, view.state, judged, now)
        if value is not None:
            parts.append(f"{visible(name, 60)} {number(value)}")
    return ", ".join(parts)
