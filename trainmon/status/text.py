"""The status of a run as plain text: for pipes, job logs, dumb terminals and status bars. Pure, from the document.

Every text that came from a file passes `visible`; glyphs beyond ASCII are replaced by the caller where the stream
cannot take them.
"""

from collections.abc import Iterable, Iterator

from trainmon.meaning.derived import Status
from trainmon.status.headline import SIGNS, ended_words, has_room, headline, with_message
from trainmon.status.outlook import (
    GAP,
    ago_words,
    alert_rows,
    as_float,
    deadline_words,
    left_words,
    speed_words,
    value_words,
)
from trainmon.status.schema import InsidePart, StatusDocument
from trainmon.words.units import (
    count,
    duration,
    percent,
    size,
    times,
)
from trainmon.words.visible import visible

LABEL = 14
"""Columns before the text of a row."""

MOST_INSIDE = 16
"""Ranks, and busy folders, that get a line of their own; the worst come first."""

_FILE_WORDS = {True: "file is there", False: "FILE IS MISSING", None: "file unknown"}


def status_lines(document: StatusDocument, width: int = 80) -> list[str]:
    """The whole status: a headline, then a label and what is known a line.

    Args:
        document: What is to be said.
        width: Columns that lines with a message are cut to, as far as the rest of the line leaves room.
    """
    rows = _rows(document, width - LABEL)
    return [headline(document, width), *(f"  {label:<11} {text}" for label, text in rows if text)]


def one_line(document: StatusDocument) -> str:
    """The status in one line, for a status bar: sign, status, percent, steps, ETA, loss, gravest alert, name."""
    run, progress = document.run, document.progress
    parts = [f"{SIGNS[document.status]} {document.status.value}"]
    if progress is not None:
        if progress.fraction is not None and not document.status.over:
            parts.append(percent(100 * progress.fraction, 1))
        total = f"/{count(progress.total_steps)}" if progress.total_steps else ""
        parts.append(f"{count(progress.run_step)}{total}")
        if document.speed.remaining is not None:
            parts.append(f"ETA {duration(as_float(document.speed.remaining))}")
        if document.speed.silence is not None:
            parts.append(f"no step for {duration(as_float(document.speed.silence))}")
        if progress.loss is not None:
            parts.append(f"loss {value_words(progress.loss)}")
    grave = [alert for alert in document.alerts if alert.severity != "info"]
    if grave:
        others = f" +{len(grave) - 1}" if len(grave) > 1 else ""
        parts.append(f"! {visible(grave[0].kind, 40)}{others}")
    parts.append(visible(run.model_name if run is not None else document.folder, 60))
    return GAP.join(parts)


def _rows(document: StatusDocument, width: int) -> Iterator[tuple[str, str]]:
    """(label, text) pairs; an empty text is left out."""
    yield "ended", "" if document.why is None or has_room(document, width + LABEL) else ended_words(document)
    yield "evidence", visible(document.details[0]) if document.details else ""
    yield "failed 1st", _first_failure(document, width)
    yield "run", _run(document)
    yield "epoch", _epoch(document)
    yield "left", left_words(document)
    yield "deadline", deadline_words(document)
    yield from alert_rows(document)
    yield "speed", speed_words(document)
    yield "loss", _loss(document)
    yield "best", _best(document)
    yield "checkpoint", _checkpoint(document)
    yield "lost", _lost(document)
    yield "left over", _left_behind(document)
    if document.status is Status.STALLED or document.speed.silence is not None:
        yield "ask", f"trainmon xray {visible(document.folder, 200)} tells where it stands"
    yield "error", _error(document, width)
    yield "advice", visible(document.error.advice or "", 300) if document.error is not None else ""
    yield "records", _records(document)
    yield "heartbeat", _heartbeat(document)
    yield "note", visible(document.note or "")
    yield from _inside("rank", document.ranks, width)
    yield from _inside("also here", document.busy, width)
    if document.left_out:
        yield "inside", f"{count(document.left_out)} more folders were not looked at"


def _left_behind(document: StatusDocument) -> str:
    """Processes that live on after the death of the trainer."""
    pids = document.left_behind or ()
    shown = " ".join(map(str, pids[:20])) + (" …" if len(pids) > 20 else "")
    return f"{len(pids)} processes live on: kill {shown}" if pids else ""


def _first_failure(document: StatusDocument, width: int) -> str:
    """The rank that failed before all others, where the headline does not name it."""
    failure = document.first_failure
    if failure is None or (document.why or "").startswith(f"rank {failure.rank}"):
        return ""
    parts = [f"rank {failure.rank}", failure.status.value]
    return GAP.join(parts) if failure.why is None else with_message(parts, 2, failure.why, width)


def _run(document: StatusDocument) -> str:
    run, progress = document.run, document.progress
    parts: list[str] = []
    if progress is not None:
        total = f"/{count(progress.total_steps)}" if progress.total_steps else ""
        parts.append(f"{count(progress.run_step)}{total} steps")
        if progress.fraction is not None:
            parts.append(percent(100 * progress.fraction, 1))
    if run is None:
        return GAP.join(parts)
    parts.append(f"elapsed {duration(as_float(run.elapsed))}")
    if run.resumed:
        parts.append(f"continued {run.resumed:,} times" if run.resumed > 1 else "continued once")
    if run.number > 1:
        parts.append(f"run {run.number:,} of this folder")
    return GAP.join(parts)


def _epoch(document: StatusDocument) -> str:
    progress = document.progress
    if progress is None or progress.epoch_number is None:
        return ""
    parts = [
        count(progress.epoch_number) + (f"/{count(progress.total_epochs)}" if progress.total_epochs else "")
    ]
    if progress.steps_per_epoch:
        parts.append(f"{count(progress.epoch_step)}/{count(progress.steps_per_epoch)} steps")
    if progress.epoch_fraction is not None:
        parts.append(percent(100 * progress.epoch_fraction, 1))
    if progress.phase not in (None, "training"):
        parts.append(visible(progress.phase or "", 40))
    return GAP.join(parts)


def _loss(document: StatusDocument) -> str:
    progress = document.progress
    if progress is None or progress.loss is None:
        return ""
    text = f"{value_words(progress.loss)} at step {count(progress.run_step)}"
    if progress.nonfinite:
        first = count(progress.first_nonfinite_step)
        text += f"{GAP}not finite {times(progress.nonfinite)}, first at step {first}"
    rate = progress.learning_rate
    return text if rate is None else f"{text}{GAP}learning rate {value_words(rate)}"


def _best(document: StatusDocument) -> str:
    best = document.best
    if best is None:
        return ""
    name = "val_loss" if best.metric == "loss" else visible(best.metric, 40)
    progress, epoch = document.progress, best.epoch
    if progress is not None and progress.epoch is not None and progress.epoch_number is not None:
        epoch += progress.epoch_number - progress.epoch
    return f"{name} {value_words(best.value)}{GAP}epoch {count(epoch)}{GAP}step {count(best.run_step)}"


def _checkpoint(document: StatusDocument) -> str:
    checkpoint = document.checkpoint
    if checkpoint is None:
        return "none was saved" if document.status.over and document.progress is not None else ""
    parts = [visible(checkpoint.path, 200), f"step {count(checkpoint.run_step)}"]
    if checkpoint.size is not None:
        parts.append(size(checkpoint.size))
    parts += [ago_words(document, checkpoint.time), _FILE_WORDS[checkpoint.there]]
    return GAP.join(parts)


def _lost(document: StatusDocument) -> str:
    """What a run that broke off has to do again."""
    lost, checkpoint = document.lost, document.checkpoint
    if lost is None:
        return ""
    steps = f"{count(lost.steps)} steps since"
    if lost.since is None:
        return f"{steps} the start"
    if checkpoint is not None and checkpoint.run_step == lost.since:
        return f"{steps} the newest checkpoint"
    return f"{steps} step {count(lost.since)}, the newest checkpoint that may be there"


def _error(document: StatusDocument, width: int) -> str:
    error = document.error
    if error is None:
        return f"none{GAP}{_warnings(document)}" if document.warnings else ""
    parts = [f"rank {error.rank}"] if error.rank is not None else []
    at = len(parts)
    if error.run_step is not None:
        parts.append(f"step {count(error.run_step)}")
    if error.location is not None:
        parts.append(visible(error.location, 100))
    if document.errors > 1:
        parts.append(f"{document.errors:,} errors in all")
    if document.warnings:
        parts.append(_warnings(document))
    return with_message(parts, at, f"{error.error_type}: {error.message}", width)


def _warnings(document: StatusDocument) -> str:
    return "1 warning" if document.warnings == 1 else f"{document.warnings:,} warnings"


def _records(document: StatusDocument) -> str:
    """What the record lacks; said only where there is a run."""
    records = document.records
    if document.run is None:
        return ""
    parts = [f"{count(records.missing)} missing" if records.missing else "none lost"]
    if records.refused:
        parts.append(f"{count(records.refused)} of them refused, because the spool was full")
    if records.begins_at is not None:
        parts.append(
            f"the journal begins at step {count(records.begins_at)}: the one before was moved or deleted"
        )
    if records.damaged:
        parts.append(f"{count(records.damaged)} damaged lines")
    return GAP.join(parts)


def _heartbeat(document: StatusDocument) -> str:
    trainer, parts = document.trainer, []
    if document.heartbeat is not None:
        parts.append(ago_words(document, document.heartbeat))
    if trainer is not None:
        parts.append(f"pid {trainer.pid} on {visible(trainer.host, 80)}")
        if (trainer.world_size or 1) > 1:
            parts.append(f"rank {trainer.rank} of {trainer.world_size}")
    return GAP.join(parts)


def _inside(label: str, parts: Iterable[InsidePart], width: int) -> Iterator[tuple[str, str]]:
    ordered = sorted(parts, key=lambda part: -part.exit_code)
    for part in ordered[:MOST_INSIDE]:
        texts = [
            visible(part.folder, 60),
            f"{SIGNS[part.status]} {part.status.value}",
            f"step {count(part.run_step)}",
        ]
        if part.loss is not None:
            texts.append(f"loss {value_words(part.loss)}")
        whole = GAP.join(texts) if part.why is None else with_message(texts, len(texts), part.why, width)
        yield label, whole
    if len(ordered) > MOST_INSIDE:
        yield label, f"… and {len(ordered) - MOST_INSIDE:,} more"
