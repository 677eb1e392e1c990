"""The top of the page: what became of the run, and the numbers that somebody asks for first."""

from collections.abc import Iterator

import msgspec

from trainmon.fold.arrivals import missing
from trainmon.fold.best import measure
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import CheckpointEntry
from trainmon.meaning import derived, remaining
from trainmon.meaning.alerts import Alert
from trainmon.meaning.statuses import Status, Verdict
from trainmon.report.markup import Html, element
from trainmon.words.scalars import decode_number
from trainmon.words.units import count, date_clock, duration, number, percent, size, throughput

_TONES = {
    Status.WAITING: "busy", Status.STARTING: "busy", Status.RUNNING: "busy", Status.VALIDATING: "busy",
    Status.SAVING: "busy", Status.FINISHED: "good", Status.STALLED: "warn", Status.STOPPED: "warn",
    Status.INTERRUPTED: "warn", Status.UNREACHABLE: "warn",
}  # fmt: skip
"""Colours of the status; all that is not listed is bad."""


class Sight(msgspec.Struct, frozen=True):
    """What the page is made of."""

    state: RunState
    verdict: Verdict
    now: float
    """Unix seconds."""
    folder: str
    checkpoint_there: bool | None
    """Whether the newest checkpoint's file is there; None: not known."""
    note: str | None
    """What is wrong with reading the folder."""
    alerts: tuple[Alert, ...] = ()
    """What deserves attention, the gravest first."""

    @property
    def utc_offset(self) -> int:
        """Seconds that the trainer's local time is ahead of UTC."""
        return self.state.utc_offset

    def at(self, time: float | None) -> str:
        """A time at the trainer's place."""
        return date_clock(time, self.utc_offset)


def head(sight: Sight) -> Html:
    """Name, status, reason, where and when, and how far."""
    state, verdict = sight.state, sight.verdict
    name = state.configuration.model_name if state.configuration is not None else sight.folder
    tone = _TONES.get(verdict.status, "bad")
    likely = "" if verdict.certainty == "certain" else f" ({verdict.certainty})"
    fraction = derived.run_bar(state).fraction
    return element(
        "header",
        element("div", element("h1", name), element("span", f"{verdict.status.value}{likely}", class_=f"pill {tone}"),
                class_="headline"),
        element("p", verdict.why, class_="why") if verdict.why is not None else None,
        element("p", *(element("span", fact) for fact in _facts(sight)), class_="about"),
        element("div", element("span", style=f"width: {100 * fraction:.2f}%"), class_="bar")
        if fraction is not None else None,
    )  # fmt: skip


def _facts(sight: Sight) -> Iterator[str]:
    state, configuration, opened = sight.state, sight.state.configuration, sight.state.opened
    if configuration is not None:
        yield f"started {sight.at(configuration.time)}"
    if state.end is not None or sight.verdict.status.over:
        yield f"ended {sight.at(state.end.time if state.end is not None else sight.verdict.since)}"
    if opened is not None:
        yield f"pid {opened.pid} on {opened.host}"
        if opened.world_size is not None and opened.world_size > 1:
            yield f"rank {opened.rank} of {opened.world_size}"
    if state.run_id is not None:
        yield f"run {state.run_id}"
    if state.resumed:
        yield f"resumed {state.resumed:,} times" if state.resumed > 1 else "resumed once"
    if configuration is not None and configuration.git is not None:
        yield f"git {configuration.git}"
    yield sight.folder


def tiles(sight: Sight) -> Html:
    """The numbers that somebody asks for first."""
    return element("dl", *_tiles(sight), class_="tiles")


def _tiles(sight: Sight) -> Iterator[Html]:
    state = sight.state
    bar, epoch = derived.run_bar(state), _epoch(state)
    total = f"of {count(bar.total)}" if bar.total else "of an unknown number"
    share = f" ({percent(100 * bar.fraction, 1)})" if bar.fraction is not None else ""
    yield _tile("steps", count(bar.done), total + share)
    if epoch is not None:
        yield _tile("epoch", *epoch)
    yield _time(sight)
    speed, samples = derived.steps_per_second(state), derived.samples_per_second(state)
    if speed is not None:
        yield _tile(
            "speed", f"{throughput(speed)} steps/s", f"{throughput(samples)} samples/s" if samples else ""
        )
    yield from _losses(state)
    if state.checkpoints:
        yield _checkpoint(sight, state.checkpoints[-1])
    errors, warnings = state.totals.errors, state.totals.warnings
    yield _tile("errors", count(errors), f"{count(warnings)} warnings" if warnings != 1 else "1 warning")
    gone = missing(state)
    yield _tile(
        "records", count(state.totals.events), "none lost" if not gone else f"{count(gone)} are missing"
    )


def _tile(label: str, value: str, below: str = "", *, text: bool = False) -> Html:
    style = "text" if text else None
    return element(
        "div",
        element("dt", label),
        element("dd", value, class_=style),
        element("p", below) if below else None,
        class_="card tile",
    )


def _epoch(state: RunState) -> tuple[str, str] | None:
    if state.progress is None:
        return None
    epochs = state.configuration.total_epochs if state.configuration is not None else None
    bar = derived.epoch_bar(state)
    within = f", {count(bar.done)}/{count(bar.total)} steps" if bar.total else ""
    return count(derived.epoch_number(state)), (
        f"of {count(epochs)}" if epochs else "of an unknown number"
    ) + within


def _time(sight: Sight) -> Html:
    state = sight.state
    elapsed = duration(remaining.elapsed(state, sight.verdict, sight.now))
    if sight.verdict.status.over:
        return _tile("took", elapsed)
    estimate = remaining.estimate(state, sight.verdict, sight.now)
    if estimate is None:
        reason = remaining.why_none(state, sight.verdict, sight.now)
        return _tile("elapsed", elapsed, reason.text if reason is not None else "")
    low, high = duration(estimate.low), duration(estimate.high)
    between = f" ({low}–{high})" if estimate.low is not None and low != high else ""
    return _tile("elapsed", elapsed, f"{duration(estimate.seconds)} left{between}")


def _losses(state: RunState) -> Iterator[Html]:
    if state.progress is not None and state.progress.loss is not None:
        bad = state.totals.nonfinite
        yield _tile("training loss", number(decode_number(state.progress.loss)),
                    f"{count(bad)} not finite" if bad else "")  # fmt: skip
    best, configuration = state.best, state.configuration
    if best is not None:
        metric = configuration.best_metric if configuration is not None else "loss"
        value = measure(best, metric)
        name = "validation loss" if metric in ("loss", "val_loss") else metric
        shown = number(decode_number(value)) if value is not None else "?"
        yield _tile(
            f"best {name}",
            shown,
            f"epoch {count(derived.shown_epoch(state, best.epoch))}, step {count(best.run_step)}",
        )


def _checkpoint(sight: Sight, entry: CheckpointEntry) -> Html:
    there = {True: "file is there", False: "file is missing", None: ""}[sight.checkpoint_there]
    parts = [f"step {count(entry.run_step)}", size(entry.size) if entry.size is not None else "", there]
    path = entry.checkpoint_path.rstrip("/").rpartition("/")[2] or entry.checkpoint_path
    return _tile("newest checkpoint", path, ", ".join(part for part in parts if part), text=True)


def time_split(sight: Sight) -> Html | None:
    """Where the time went, as a bar; None where nothing beside the steps was timed."""
    state = sight.state
    elapsed = (
        state.end.duration if state.end is not None else remaining.elapsed(state, sight.verdict, sight.now)
    )
    beside = {"waiting": state.totals.waited, **state.totals.spent}
    if not elapsed or not any(beside.values()):
        return None
    names = {
        "training": "training",
        "waiting": "waiting for data",
        "validation": "validation",
        "checkpoint": "saving",
    }
    seconds = {"training": max(0.0, elapsed - sum(beside.values())), **beside}
    parts = [(kind, seconds[kind]) for kind in names if seconds.get(kind)]
    whole = sum(value for _, value in parts)
    bar = (element("span", class_=kind, style=f"flex: {value / whole:.4f} 0 0") for kind, value in parts)
    keys = (
        element("li", element("span", class_=f"key {kind}"),
                f"{names[kind]} {percent(100 * value / whole, 1)}, {duration(value)}")
        for kind, value in parts
    )  # fmt: skip
    legend = element("ul", *keys, class_="legend", style="margin: 10px 0 0")
    return element("div", element("div", *bar, class_="split"), legend, class_="card")
