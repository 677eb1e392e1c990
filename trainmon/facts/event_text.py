"""An event as one short line for a terminal. Pure; untrusted text is made harmless by `visible`."""

from typing import assert_never

from trainmon.facts.codec import Unread
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
    Metrics,
    Number,
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
from trainmon.words.scalars import decode_number
from trainmon.words.units import clock, count, number, size, size_gib
from trainmon.words.visible import visible

LINE_LIMIT = 300
"""Characters of a line behind its time and kind."""

MOST_METRICS = 6
"""Metrics that a line shows."""


def event_line(item: AnyEvent | Unread, utc_offset: int = 0) -> str:
    """`14:02:11  progress    epoch 1 step 10/150 loss 2.346`.

    Args:
        item: Of a journal.
        utc_offset: Seconds that the writer's local time is ahead of UTC.
    """
    if isinstance(item, Unread):
        kind = f" of kind {item.kind}" if item.kind else ""
        return f"{'?':<8}  {'unread':<11}  {visible(f'{item.why} line{kind}', LINE_LIMIT)}"
    kind = str(item.__struct_config__.tag)
    parts = " ".join(part for part in _parts(item) if part)
    return f"{clock(item.time, utc_offset)}  {kind:<11}  {visible(parts, LINE_LIMIT)}"


def _parts(event: AnyEvent) -> tuple[str, ...]:
    """What there is to say; empty parts are left out."""
    match event:
        case Progress():
            return _progress(event)
        case Validation():
            loss = _named("val_loss", event.val_loss)
            return _place(event.epoch, event.step), loss, _metrics(event.val_metrics)
        case Checkpoint():
            bytes_ = size(event.size) if event.size is not None else ""
            return _place(event.epoch, event.step), event.checkpoint_path, bytes_, _named("loss", event.loss)
        case Error():
            times = f"×{event.count}" if event.count > 1 else ""
            where = f"({event.location})" if event.location else ""
            return f"{event.error_type}: {_first(event.message)}", where, event.context, times
        case Warned():
            return f"{event.category}: {_first(event.message)}", f"×{event.count}" if event.count > 1 else ""
        case Started():
            return _started(event)
        case Ended():
            loss = _named("final_loss", event.final_loss)
            return event.reason, loss, _first(event.error or ""), _metrics(event.final_metrics)
        case Performance():
            spent = f"{number(decode_number(event.duration))} s" if event.duration is not None else ""
            rate = _named("samples/s", event.throughput)
            return event.operation, spent, rate, _metrics(event.memory_usage)
        case Operation():
            return event.operation, event.model_name, "done" if event.success else "failed"
        case Span():
            ended = f"took {event.duration:.2f} s" if event.duration is not None else "begins"
            return event.name, ended
        case System():
            return _system(event)
        case Opened():
            rank = f"rank {event.rank}" if event.rank is not None else ""
            return f"pid {event.pid} on {event.host}", rank, f"trainmon {event.version}"
        case Closed():
            return (f"{count(event.refused)} records refused" if event.refused else "in order",)
        case Lost():
            return f"{count(event.count)} records:", event.why
        case Alerted():
            return "over" if event.over else event.severity, event.name, _first(event.text)
        case Debug():
            return (_first(event.message),)
        case Message():
            return event.level, event.logger, _first(event.text)
        case _:
            assert_never(event)


def _progress(event: Progress) -> tuple[str, ...]:
    phase = event.phase if event.phase != "training" else ""
    loss, rate = _named("loss", event.loss), _named("lr", event.learning_rate)
    return (
        _place(event.epoch, event.step, event.total_steps),
        phase,
        loss,
        rate,
        _metrics(event.metrics or {}),
    )


def _started(event: Started) -> tuple[str, ...]:
    epochs = f"{event.total_epochs} epochs" if event.total_epochs is not None else ""
    steps = f"{count(event.total_steps)} steps" if event.total_steps is not None else ""
    batch = f"batch {event.batch_size}" if event.batch_size is not None else ""
    resumed = "resumes" if event.resume != "never" else ""
    return event.model_name, resumed, epochs, steps, batch, event.optimizer or ""


def _system(event: System) -> tuple[str, ...]:
    host, process = event.reading.host, event.reading.process
    parts: list[str] = []
    if host is not None and host.cpu_percent is not None:
        parts.append(f"cpu {host.cpu_percent:.0f} %")
    if host is not None and host.memory_used is not None:
        parts.append(f"memory {size_gib(host.memory_used)}")
    if process is not None and process.rss is not None:
        parts.append(f"trainer {size_gib(process.rss)}")
    parts += [
        f"gpu{gpu.index} {gpu.utilisation} %" for gpu in event.reading.gpus if gpu.utilisation is not None
    ]
    return tuple(parts)


def _place(epoch: int, step: int, total: int | None = None) -> str:
    return f"epoch {epoch} step {step}" + (f"/{total}" if total is not None else "")


def _named(name: str, value: Number | None) -> str:
    return f"{name} {number(decode_number(value))}" if value is not None else ""


def _metrics(metrics: Metrics) -> str:
    shown = [_named(visible(name, 40), value) for name, value in list(metrics.items())[:MOST_METRICS]]
    more = len(metrics) - len(shown)
    return " ".join(shown) + (f" and {more} more" if more > 0 else "")


def _first(text: str) -> str:
    return text.partition("\n")[0]
