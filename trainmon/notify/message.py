"""What a message says: pure functions of a moment and its news. Short, since most are read on a phone.

All that came out of a run is untrusted: it is made one line of printable text without secrets, and what services take
for mark-up or for a call to everybody is defused.
"""

import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

from trainmon.fold.best import measure
from trainmon.fold.state import RunState
from trainmon.meaning import derived, remaining
from trainmon.meaning.saved import newest_there, unsaved
from trainmon.meaning.statuses import Verdict
from trainmon.notify.ledger import Entry
from trainmon.notify.news import Moment, News, Weight
from trainmon.words.scalars import Number, decode_number
from trainmon.words.secrets import mask_text
from trainmon.words.units import clock, count, duration, moment_clock, number, percent, short_duration
from trainmon.words.visible import visible

TITLE_LIMIT = 120
"""Characters of a title: services cut longer ones, some at 250, and a phone shows about 60."""

LINE_LIMIT = 200
"""Characters of a line."""

_SIGNS: dict[Weight, str] = {"good": "✔", "info": "■", "warning": "▲", "critical": "✖"}

_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "`": "'", "*": "∗", "|": "¦"})
"""What Slack, Discord, Telegram and others take for mark-up or for the begin of a call to a channel."""

_CALLS = re.compile(r"@(?=\s*(?:everyone|here|channel|all|room)\b)", re.IGNORECASE)


class Message(msgspec.Struct, frozen=True):
    """What is sent."""

    title: str
    body: str
    weight: Weight


def plain(text: str, limit: int = LINE_LIMIT) -> str:
    """Untrusted text as one harmless line."""
    cut = visible(text, 4 * limit)
    return visible(_CALLS.sub("(at)", mask_text(cut).translate(_LOOKALIKES)), limit)


def message(
    news: News, moment: Moment, folder: str, now: float, files: Mapping[str, bool | None] | None = None
) -> Message:
    """What is said of one piece of news.

    Args:
        news: What happened.
        moment: What is known of the run.
        folder: The run folder, absolute.
        now: Unix seconds, by the clock of the trainer.
        files: Whether files of checkpoints are there, by path; None: not looked for.
    """
    title = f"{_SIGNS[news.weight]} {plain(_name(moment.state, folder), 60)}: {plain(news.headline)}"
    lines = [*_when(moment), *_how_far(moment.state, moment.verdict, now)]
    lines += [*_results(moment.state), *_saved(moment, files or {})]
    lines.append(_command(moment.state, folder))
    # The first line repeats nothing of the title unless the title had to be cut.
    whole = [plain(news.headline)] if len(title) > TITLE_LIMIT else []
    return Message(
        visible(title, TITLE_LIMIT), "\n".join([*whole, *(line for line in lines if line)]), news.weight
    )


def with_held(message: Message, held: tuple[Entry, ...]) -> Message:
    """The message with a line for what was held back, `and 7 more: 5 best, 2 alert`."""
    if not held:
        return message
    return msgspec.structs.replace(message, body=f"{message.body}\nand {_held_words(held)}")


def summary(held: tuple[Entry, ...], folder: str) -> Message:
    """One message for all that was held back."""
    titles = [entry.title for entry in held if entry.title][-5:]
    command = f"trainmon watch {plain(shlex.quote(folder))}"
    return Message(f"▲ {_held_words(held)}", "\n".join([*titles, command]), "warning")


def _held_words(held: tuple[Entry, ...]) -> str:
    kinds: dict[str, int] = {}
    for entry in held:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    return f"{len(held)} more: " + ", ".join(f"{times} {kind}" for kind, times in sorted(kinds.items()))


def trial(host: str) -> Message:
    """What a user sends to find out whether it arrives."""
    return Message(
        "trainmon: it works", f"Messages about your trainings on {plain(host)} arrive here.", "info"
    )


def _name(state: RunState, folder: str) -> str:
    return state.configuration.model_name if state.configuration is not None else folder


def _when(moment: Moment) -> Iterator[str]:
    state, verdict = moment.state, moment.verdict
    if not verdict.status.over:
        yield verdict.status.value
        return
    offset = state.utc_offset
    end = verdict.since if verdict.since is not None else state.last_time
    at = f"at {clock(end, offset)}" if end is not None else ""
    ran = ""
    if state.configuration is not None and end is not None:
        ran = f"ran {duration(max(0.0, end - state.configuration.time))}"
    yield ", ".join(part for part in (at, ran) if part)
    yield from (plain(detail) for detail in verdict.details[:1])


def _how_far(state: RunState, verdict: Verdict, now: float) -> Iterator[str]:
    bar, progress = derived.run_bar(state), state.progress
    if progress is None:
        return
    epochs = state.configuration.total_epochs if state.configuration is not None else None
    parts = [f"step {count(bar.done)}" + (f"/{count(bar.total)}" if bar.total else "")]
    if bar.fraction is not None:
        parts.insert(0, percent(100 * bar.fraction, 1))
    parts.append(f"epoch {count(derived.epoch_number(state))}" + (f"/{count(epochs)}" if epochs else ""))
    yield ", ".join(parts)
    estimate = remaining.estimate(state, verdict, now)
    if estimate is not None and estimate.seconds:
        offset = state.utc_offset
        ends = now + estimate.seconds
        at = (
            clock(ends, offset, seconds=False)
            if estimate.seconds < 64_800
            else moment_clock(ends, now, offset)
        )
        span = ""
        if estimate.low is not None and estimate.high is not None:
            span = f" ({short_duration(estimate.low)}–{short_duration(estimate.high)})"
        yield f"left {duration(estimate.seconds)}{span}, ends {at}"


def _results(state: RunState) -> Iterator[str]:
    progress, best = state.progress, state.best
    parts = []
    if progress is not None and progress.loss is not None:
        parts.append(f"loss {_value(progress.loss)}")
    if best is not None:
        metric = state.configuration.best_metric if state.configuration is not None else "loss"
        name = "val_loss" if metric in ("loss", "val_loss") else plain(metric, 40)
        epoch = derived.shown_epoch(state, best.epoch)
        parts.append(f"best {name} {_value(measure(best, metric))} in epoch {count(epoch)}")
    yield ", ".join(parts)


def _saved(moment: Moment, files: Mapping[str, bool | None]) -> Iterator[str]:
    """The newest checkpoint that is not gone, where a run broke off: what can be gone on from."""
    state, status = moment.state, moment.verdict.status
    if not status.over or status.value == "finished" or state.progress is None:
        return
    if not state.checkpoints:
        yield "no checkpoint was saved"
        return
    newest = newest_there(state.checkpoints, files)
    lost = f"{count(unsaved(state.run_step, newest))} steps lost"
    if newest is None:
        yield f"no file of a checkpoint is left; {lost}"
        return
    newer = " (the files of newer ones are gone)" if newest is not state.checkpoints[-1] else ""
    yield f"checkpoint {plain(newest.checkpoint_path, 120)}, step {count(newest.run_step)}{newer}; {lost}"


def _command(state: RunState, folder: str) -> str:
    host = f"on {plain(state.opened.host, 60)}: " if state.opened is not None else ""
    return f"{host}trainmon watch {plain(shlex.quote(folder))}"


def _value(value: Number | None) -> str:
    return number(None if value is None else decode_number(value))
