"""What the five text logs and a console say about an event: the formats of the spec, and ours in its manner.

Pure: the same event and context give the same text today and in a recovery tomorrow. Only the first line of a
record can begin with `[`, whatever the values in it are, so that one record cannot forge another: line breaks
in values are followed by four spaces, other control characters are escaped.
"""

from collections.abc import Mapping
from typing import assert_never

import msgspec

from trainmon.facts.events import (
    Alerted,
    AnyEvent,
    Checkpoint,
    Closed,
    Debug,
    Ended,
    Error,
    Lost,
    Message,
    Opened,
    Operation,
    Performance,
    Progress,
    Span,
    Started,
    System,
    Validation,
    Warned,
)
from trainmon.facts.line_values import (
    LOGGERS,
    TAGS,
    eta_text,
    fixed,
    further,
    join,
    json_texts,
    left_out_text,
    loss_level,
    loss_text,
    memory_text,
    place,
    plain,
    plain_all,
    safe_text,
    sentence,
    severity,
    times,
)
from trainmon.words.clock import stamp
from trainmon.words.paths import LogFile

CONSOLE_LIMIT = 200
"""Characters of a console line, two rows of a usual terminal; the files have the rest."""


class LineContext(msgspec.Struct, frozen=True):
    """What the text of an event needs to know beside the event; all of it as of that event."""

    utc_offset: int = 0
    """Seconds that the writer's local time was ahead of UTC."""
    app_name: str = "gradio_app"
    level: str = "INFO"
    """The lowest level that is shown, by its name in `logging`."""
    eta: float | None = None
    """Seconds that are left; None: not known."""
    percent: float | None = None
    """How much is done by the caller's own numbers, 0-100; None: not known."""
    is_best: bool = False
    """Whether this validation is the best so far."""
    duration: float | None = None
    """Seconds of the run, for an end that does not say it itself; None: not known."""
    summary: tuple[tuple[str, str], ...] = ()
    """(label, text) pairs for the line below an end."""
    headline: str | None = None
    """What kind of error it is, in words; None: the message speaks for itself."""
    advice: str | None = None
    """What helps against an error; None: nothing is known."""
    left_out: int = 0
    """Progress lines that were left out before this event and have not been said yet."""


class _Record(msgspec.Struct, frozen=True):
    file: LogFile
    text: str
    level: str = "INFO"
    below: tuple[str, ...] = ()
    """Further lines; each begins with a word of ours or with spaces."""
    logger: str | None = None
    """Named in the general log and the error log; None: the application."""


def text_lines(event: AnyEvent, context: LineContext) -> list[tuple[LogFile, str]]:
    """(file, record) pairs in the order in which they are written; empty where an event has nothing to say.

    A record is one line or several, with no line break at the end.
    """
    records = _records(event, context)
    if context.left_out > 0:
        records.insert(0, _Record(LogFile.PROGRESS, left_out_text(context.left_out)))
    shown = severity(context.level)
    at = stamp(event.time, context.utc_offset)
    return [(r.file, _render(r, at, context.app_name)) for r in records if severity(r.level) >= shown]


def console_line(event: AnyEvent, context: LineContext) -> str | None:
    """One short line for a terminal; None for events that are not worth one there.

    Those of a training are; of the others what is an error, such as what a program logs to one of its loggers.
    """
    records = _records(event, context)
    if not records:
        return None
    record = records[0]
    least = "DEBUG" if isinstance(event, Started | Progress | Validation | Checkpoint | Ended) else "ERROR"
    if severity(record.level) < max(severity(context.level), severity(least)):
        return None
    mark = "❌ " if isinstance(event, Error | Message) else ""
    said = safe_text(record.text).partition("\n")[0]
    line = f"{stamp(event.time, context.utc_offset)[11:]} {mark}{said}"
    return line if len(line) <= CONSOLE_LIMIT else line[: CONSOLE_LIMIT - 1] + "…"


def _render(record: _Record, at: str, app_name: str) -> str:
    head = f"{TAGS[record.file]} - {record.level} - "
    if record.file in (LogFile.GENERAL, LogFile.ERRORS):
        head += f"{record.logger or app_name} - "
    first = f"[{at}] {safe_text(head + record.text)}"
    return "\n".join((first, *map(safe_text, record.below)))


def _records(event: AnyEvent, context: LineContext) -> list[_Record]:
    """What is to be said about an event; the first record is its main line."""
    match event:
        case Started():
            return [_start(event)]
        case Progress():
            return _progress(event, context)
        case Validation():
            return _validation(event, context)
        case Checkpoint():
            return [_checkpoint(event)]
        case Ended():
            return _end(event, context)
        case Error():
            return [_error(event, context)]
        case Performance():
            return _performance(event)
        case Operation():
            return _operation(event)
        case Message():
            return [_message(event)]
        case Opened() | Closed() | Lost() | Warned() | Alerted() | Debug():
            return [_general(event)]
        case Span() | System():
            return []
        case _:
            assert_never(event)


def _start(event: Started) -> _Record:
    rate = event.learning_rate
    parts = (
        ("Model", event.model_name),
        ("Epochs", event.total_epochs),
        ("Steps", event.total_steps),
        ("Batch Size", event.batch_size),
        ("LR", None if rate is None else plain(rate)),
        ("Optimizer", event.optimizer),
    )
    return _Record(LogFile.PROGRESS, sentence("🚀 Training started", parts))


def _progress(event: Progress, context: LineContext) -> list[_Record]:
    total = "" if event.total_steps is None else f"/{event.total_steps}"
    percent = "" if context.percent is None else f" ({context.percent:.1f}%)"
    rate = event.learning_rate
    parts = (
        ("Loss", loss_text(event.loss)),
        ("LR", None if rate is None else f"{float(rate):.2e}"),
        ("ETA", eta_text(context.eta)),
        ("Phase", event.phase),
    )
    title = f"Epoch {event.epoch}, Step {event.step}{total}{percent}"
    level = loss_level(event.loss)
    metrics = plain_all(event.metrics or {}) | (event.texts or {})
    return [
        _Record(LogFile.PROGRESS, sentence(title, parts), level),
        *_values(LogFile.PROGRESS, "Metrics", metrics, level),
    ]


def _validation(event: Validation, context: LineContext) -> list[_Record]:
    title = "🏆 BEST Validation" if context.is_best else "📊 Validation"
    loss = further((("Loss", loss_text(event.val_loss)),))
    level = loss_level(event.val_loss)
    return [
        _Record(LogFile.PROGRESS, f"{title} - Epoch {event.epoch}, Step {event.step}{loss}", level),
        *_values(LogFile.PROGRESS, "Validation metrics", plain_all(event.val_metrics), level),
    ]


def _checkpoint(event: Checkpoint) -> _Record:
    parts = further((("Loss", loss_text(event.loss)), ("Path", event.checkpoint_path or None)))
    text = f"💾 Checkpoint saved - Epoch {event.epoch}, Step {event.step}{parts}"
    return _Record(LogFile.PROGRESS, text, loss_level(event.loss))


def _end(event: Ended, context: LineContext) -> list[_Record]:
    if event.reason == "interrupted":
        title, level = "⏹️ Training interrupted", "WARNING"
    elif event.success and event.reason == "finished":
        title, level = "✅ Training completed successfully", loss_level(event.final_loss)
    else:
        title, level = "❌ Training failed", "ERROR"
    duration = context.duration if event.total_training_time is None else event.total_training_time
    parts = (
        ("Duration", None if duration is None else f"{fixed(duration / 3600, 2)}h"),
        ("Final Loss", loss_text(event.final_loss)),
        ("Error", event.error),
    )
    return [
        _Record(LogFile.PROGRESS, sentence(title, parts), level),
        *_values(LogFile.PROGRESS, "Final metrics", plain_all(event.final_metrics), level),
        *_values(LogFile.PROGRESS, "Summary", dict(context.summary), level),
    ]


def _error(event: Error, context: LineContext) -> _Record:
    said = event.message or event.error_type
    headline = f"{context.headline}: {said}" if context.headline else said
    text = " - ".join(filter(None, (event.context, headline + times(event.count))))
    below: list[str] = []
    where = place(event.location, event.traceback)
    if where or event.traceback:
        below.append(f"Traceback: {where}".rstrip())
    if event.traceback:
        below.append("    " + event.traceback.rstrip("\n"))
    if context.advice:
        below.append(f"Advice: {context.advice}")
    if event.additional_data:
        below.append(f"Additional data: {join(json_texts(event.additional_data, limit=None))}")
    return _Record(LogFile.ERRORS, text, "ERROR", tuple(below))


def _performance(event: Performance) -> list[_Record]:
    spent = "" if event.duration is None else f": Duration: {fixed(event.duration, 3)}s"
    memory = {name: memory_text(name, value) for name, value in event.memory_usage.items()}
    records = [
        _Record(LogFile.PERFORMANCE, f"Performance - {event.operation}{spent}"),
        *_values(LogFile.PERFORMANCE, "Memory usage", memory),
    ]
    if event.throughput is not None:
        records.append(_Record(LogFile.PERFORMANCE, f"Throughput: {fixed(event.throughput, 2)} samples/sec"))
    return records


def _operation(event: Operation) -> list[_Record]:
    mark, level = ("✅", "INFO") if event.success else ("❌", "ERROR")
    return [
        _Record(LogFile.OPERATIONS, f"{mark} {event.operation} - Model: {event.model_name}", level),
        *_values(LogFile.OPERATIONS, "Details", json_texts(event.details), level),
    ]


def _message(event: Message) -> _Record:
    file = LOGGERS.get(event.logger.partition(".")[0], LogFile.GENERAL)
    below = ("    " + event.traceback.rstrip("\n"),) if event.traceback else ()
    return _Record(file, event.text, event.level, below, event.logger if file is LogFile.GENERAL else None)


def _general(event: Opened | Closed | Lost | Warned | Alerted | Debug) -> _Record:
    match event:
        case Opened():
            rank = None if event.rank is None else f"{event.rank} of {event.world_size or '?'}"
            parts = (("Host", event.host), ("PID", event.pid), ("Rank", rank), ("trainmon", event.version))
            who = (
                "Logging goes on in a daemon"
                if event.heir
                else "Worker opened"
                if event.parent
                else "Logging opened"
            )
            return _Record(LogFile.GENERAL, sentence(who, parts))
        case Closed():
            text = sentence("Logging closed", (("Refused records", event.refused or None),))
            return _Record(LogFile.GENERAL, text, "WARNING" if event.refused else "INFO")
        case Lost():
            records = "record" if event.count == 1 else "records"
            return _Record(LogFile.GENERAL, f"{event.count:,} {records} lost: {event.why}", "WARNING")
        case Warned():
            where = f" ({event.location})" if event.location else ""
            text = f"{event.category}: {event.message}{where}{times(event.count)}"
            return _Record(LogFile.GENERAL, text, "WARNING")
        case Alerted():
            said = "Alert over" if event.over else f"Alert ({event.severity})"
            text = f"{said}: {event.name} - {event.text}"
            return _Record(LogFile.GENERAL, text, "INFO" if event.over else "WARNING")
        case Debug():
            data = join(json_texts(event.data))
            return _Record(LogFile.GENERAL, f"{event.message}: {data}" if data else event.message, "DEBUG")
        case _:
            assert_never(event)


def _values(file: LogFile, title: str, values: Mapping[str, str], level: str = "INFO") -> list[_Record]:
    return [_Record(file, f"{title}: {join(values)}", level)] if values else []
