"""The tables of the page: validations, checkpoints, operations, settings, earlier runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from trainmon.facts.events import JsonObject
from trainmon.fold.best import measure, same
from trainmon.fold.state import RunState
from trainmon.meaning.derived import shown_epoch
from trainmon.report.markup import Child, Html, element, joined
from trainmon.report.summary import Sight
from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import (
    clock,
    count,
    duration,
    fine_duration,
    number,
    percent,
    size,
    size_gib,
    throughput,
)

MOST_COLUMNS = 6
"""Metrics of a table."""

MOST_FACTS = 200
"""Settings that are listed."""


def table(
    names: Sequence[str], rows: Iterable[tuple[str | None, Sequence[Child]]], texts: Sequence[int]
) -> Html:
    """A table that scrolls within its card.

    Args:
        names: Of the columns.
        rows: (class or None, cells).
        texts: Columns that hold words and are flush left.
    """
    head = (
        element("th", name, class_="text" if index in texts else None) for index, name in enumerate(names)
    )
    body = (
        element("tr",
                *(element("td", cell, class_="text" if index in texts else None) for index, cell in enumerate(cells)),
                class_=style)
        for style, cells in rows
    )  # fmt: skip
    inner = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", inner, class_="card scroll")


def validations(sight: Sight) -> Html | None:
    """The newest first, the best one marked; None where there is none."""
    state = sight.state
    if not state.validations:
        return None
    every = dict.fromkeys(name for entry in state.validations for name in entry.val_metrics)
    metrics = list(islice(every, MOST_COLUMNS))
    metric = state.configuration.best_metric if state.configuration is not None else "loss"
    best = measure(state.best, metric) if state.best is not None else None
    rows: list[tuple[str | None, Sequence[Child]]] = []
    for entry in reversed(state.validations):
        is_best = same(entry, state.best)
        cells: list[Child] = [
            count(shown_epoch(state, entry.epoch)), count(entry.run_step), _number(entry.val_loss),
            *(_number(entry.val_metrics.get(name)) for name in metrics),
            "best" if is_best else _against(measure(entry, metric), best), sight.at(entry.time),
        ]  # fmt: skip
        rows.append(("best" if is_best else None, cells))
    return table(["epoch", "step", "val_loss", *metrics, "against the best", "time"], rows, ())


def _against(value: Number | None, best: Number | None) -> str:
    if value is None or best is None or isinstance(value, str) or isinstance(best, str):
        return ""
    difference = value - best
    return ("+" if difference >= 0 else "") + number(difference)


def checkpoints(sight: Sight) -> Html | None:
    """The newest first; None where there is none."""
    state = sight.state
    rows: list[tuple[str | None, Sequence[Child]]] = []
    for entry in reversed(state.checkpoints):
        is_best = same(entry, state.best_checkpoint)
        cells: list[Child] = [
            element("span", entry.checkpoint_path, class_="mono"),
            count(shown_epoch(state, entry.epoch)), count(entry.run_step), _number(entry.loss),
            size(entry.size) if entry.size is not None else "",
            _seconds(entry.duration), sight.at(entry.time),
        ]  # fmt: skip
        rows.append(("best" if is_best else None, cells))
    return table(["path", "epoch", "step", "loss", "size", "saved in", "time"], rows, (0,)) if rows else None


def performance(state: RunState) -> Html | None:
    """Timed operations of the whole run, the costliest first; None where there is none."""
    known = sorted(state.operation_summaries.items(), key=lambda item: -item[1].total)
    rows: list[tuple[str | None, Sequence[Child]]] = []
    for name, summary in known:
        cells: list[Child] = [
            name, count(summary.count), duration(summary.total), _seconds(summary.mean),
            _seconds(summary.percentile(0.5)), _seconds(summary.percentile(0.95)), _seconds(summary.maximum),
            throughput(summary.throughput_mean) if summary.throughput_mean is not None else "",
            ", ".join(f"{key} {_number(value)}" for key, value in islice(summary.memory.items(), 4)),
        ]  # fmt: skip
        rows.append((None, cells))
    names = ["operation", "count", "in all", "mean", "p50", "p95", "longest", "samples/s", "memory, newest"]
    return table(names, rows, (0, 8)) if rows else None


def _seconds(value: float | None) -> str:
    return fine_duration(value) if value is not None else ""


def operations(sight: Sight) -> Html | None:
    """What was done to models, the newest first; None where nothing was."""
    rows: list[tuple[str | None, Sequence[Child]]] = []
    for entry in reversed(sight.state.operations):
        outcome = element(
            "span", "done" if entry.success else "failed", class_=f"chip {'good' if entry.success else 'bad'}"
        )
        details = ", ".join(f"{key}: {value}" for key, value in islice(entry.details.items(), 8))
        cells: list[Child] = [entry.operation, entry.model_name, outcome, details[:300], sight.at(entry.time)]
        rows.append((None, cells))
    return table(["operation", "model", "outcome", "details", "time"], rows, (0, 1, 2, 3)) if rows else None


def earlier(sight: Sight) -> Html | None:
    """Earlier runs of the folder, the newest first; None where there is none."""
    rows: list[tuple[str | None, Sequence[Child]]] = []
    for run in reversed(sight.state.earlier):
        best = run.best.val_loss if run.best is not None else None
        ended = run.end.reason if run.end is not None else "no end"
        cells: list[Child] = [run.model_name, run.run_id, sight.at(run.started), duration(run.last_time - run.started),
                 count(run.run_step), _number(best), ended]  # fmt: skip
        rows.append((None, cells))
    names = ["model", "run", "started", "took", "steps", "best val_loss", "outcome"]
    return table(names, rows, (0, 1)) if rows else None


def settings(sight: Sight) -> Html | None:
    """What the training was started with; None before a start."""
    configuration, opened = sight.state.configuration, sight.state.opened
    if configuration is None:
        return None
    facts: dict[str, str | None] = {
        "optimizer": configuration.optimizer,
        "learning rate": f"{configuration.learning_rate}"
        if configuration.learning_rate is not None
        else None,
        "batch size": _whole(configuration.batch_size),
        "epochs": _whole(configuration.total_epochs),
        "best by": f"{configuration.best_metric}, {configuration.best_direction}",
    }
    own = {key: f"{value}" for key, value in islice(_flat(configuration.config), MOST_FACTS)}
    command = " ".join(opened.command) if opened is not None else None
    versions = {"command": command, **configuration.versions}
    return joined(
        [_facts(facts | own), element("h3", "Program", style="margin: 18px 0 8px"), _facts(versions)]
    )


def machine_now(sight: Sight) -> Html | None:
    """The newest reading in words; None where there is none."""
    reading = sight.state.reading
    if reading is None:
        return None
    host, process = reading.host, reading.process
    facts: dict[str, str | None] = {"read": clock(reading.time, sight.utc_offset)}
    if host is not None:
        facts["CPU"] = f"{percent(host.cpu_percent)} of {host.cpu_count:g}" if host.cpu_count else None
        facts["memory"] = f"{size_gib(host.memory_used)} of {size_gib(host.memory_total)}"
        facts["disk"] = f"{size(host.disk_free)} free of {size(host.disk_total)}"
    if process is not None:
        workers = (
            f", {count(process.children)} workers {size_gib(process.children_rss)}"
            if process.children
            else ""
        )
        facts["trainer"] = f"{size_gib(process.rss)}{workers}"
    for gpu in reading.gpus:
        facts[f"GPU {gpu.index}"] = (
            f"{gpu.name or 'unknown'}, {percent(gpu.utilisation)}, "
            f"{size_gib(gpu.memory_used)} of {size_gib(gpu.memory_total)}, {count(gpu.temperature)} °C"
        )
    if not reading.gpus:
        facts["GPUs"] = reading.gpu_note or "none"
    return _facts(facts)


def _facts(facts: Mapping[str, str | None]) -> Html:
    pairs = ((element("dt", key), element("dd", value)) for key, value in facts.items() if value)
    return element("dl", *(part for pair in pairs for part in pair), class_="facts")


def _flat(value: JsonObject, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Nested settings under names with dots."""
    for key, item in value.items():
        if isinstance(item, dict) and item and depth < 4:
            yield from _flat(item, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", item


def _number(value: Number | None) -> str:
    return number(decode_number(value)) if value is not None else ""


def _whole(value: int | None) -> str | None:
    return count(value) if value is not None else None
