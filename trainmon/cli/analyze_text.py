"""The analyses as lines of text; pure."""

from collections.abc import Sequence

from trainmon.analysis.results import (
    ErrorAnalysis,
    Gap,
    LoggedRun,
    PerformanceAnalysis,
    Tally,
    TrainingAnalysis,
)
from trainmon.cli.tables import pairs, table
from trainmon.words.units import count, duration, number, percent, throughput

MOST_ROWS = 20
"""Rows of a table; the JSON document has more."""


def analysis_lines(
    training: TrainingAnalysis | None, errors: ErrorAnalysis | None, performance: PerformanceAnalysis | None
) -> list[str]:
    """All tables; what is None or empty is left out."""
    lines: list[str] = []
    if training is not None:
        lines += _training(training)
    if errors is not None:
        lines += _errors(errors)
    if performance is not None:
        lines += _performance(performance)
    return lines


def _training(found: TrainingAnalysis) -> list[str]:
    facts = pairs("training", _training_facts(found))
    runs = table(
        "runs",
        ("model", "started", "ended", "outcome", "took", "final loss"),
        [_run(run) for run in found.runs[-MOST_ROWS:]],
    )
    metrics = table(
        "metrics",
        ("name", "last", "mean", "minimum", "maximum", "values", "not finite"),
        [
            (each.name, number(each.last), number(each.mean), number(each.minimum), number(each.maximum),
             count(each.count), count(each.nonfinite))
            for each in found.metrics[:MOST_ROWS]
        ],
    )  # fmt: skip
    phases = table(
        "phases",
        ("name", "lines", "time"),
        [
            (phase.name or "not named", count(phase.lines), duration(phase.seconds))
            for phase in found.phases[:MOST_ROWS]
        ],
    )
    gaps = table(
        f"gaps ({count(found.gap_count)})",
        ("begin", "silence", "between steps", ""),
        [_gap(gap) for gap in found.gaps[:MOST_ROWS]],
    )
    return [*facts, *runs, *metrics, *phases, *gaps]


def _training_facts(found: TrainingAnalysis) -> list[tuple[str, str]]:
    left_out = f", {count(found.left_out)} more were left out" if found.left_out else ""
    speed = found.speed
    facts = [("progress lines", count(found.progress_lines) + left_out)]
    if found.last is not None:
        total = f"/{count(found.last.total_steps)}" if found.last.total_steps else ""
        facts.append(
            (
                "last",
                f"step {count(found.last.step)}{total}  loss {number(found.last.loss)}  {found.last.time}",
            )
        )
    if found.best is not None:
        facts.append(("best loss", f"{number(found.best.loss)} at step {count(found.best.run_step)}"))
    if found.nonfinite:
        facts.append(("not finite", f"{count(found.nonfinite)} losses"))
    if found.best_validation is not None:
        best = found.best_validation
        facts.append(
            (
                "validations",
                f"{count(found.validation_count)}, best {number(best.loss)} in epoch {count(best.epoch)}",
            )
        )
    if found.last_checkpoint is not None:
        last = found.last_checkpoint
        facts.append(
            ("checkpoints", f"{count(found.checkpoint_count)}, last {last.path or 'without a path'}")
        )
    if speed.mean is not None:
        text = f"{throughput(speed.mean)} steps/s, lately {throughput(speed.recent)}"
        facts.append(("speed", text + _trend(", ", speed.trend)))
    if found.unread:
        facts.append(("not understood", f"{count(found.unread)} lines"))
    return facts


def _run(run: LoggedRun) -> tuple[str, ...]:
    return (
        run.model_name or "?",
        str(run.started or "before the log"),
        str(run.ended or ""),
        run.outcome or "no end",
        _took(run),
        number(run.final_loss) if run.final_loss is not None else "",
    )


def _took(run: LoggedRun) -> str:
    """From stamp to stamp, because the end's own line has hundredths of an hour; else what that says."""
    if run.started is not None and run.ended is not None:
        return duration((run.ended - run.started).total_seconds())
    return duration(run.duration) if run.duration is not None else ""


def _gap(gap: Gap) -> tuple[str, ...]:
    steps = f"{count(gap.step_before)}–{count(gap.step_after)}"
    return str(gap.begin), duration(gap.seconds), steps, "restart" if gap.restarted else ""


def _errors(found: ErrorAnalysis) -> list[str]:
    if not found.records:
        return []
    facts = pairs("errors", [("errors", count(found.errors)), ("records", count(found.records))])
    lines = [*facts, *_tallies("by type", found.by_type), *_tallies("by category", found.by_category)]
    lines += _tallies("by context", found.by_context)
    lines += table(
        "recurring",
        ("message", "place", "fingerprint", "count", "first", "last"),
        [
            (each.message.partition("\n")[0], each.location or "", each.fingerprint, count(each.count),
             str(each.first), str(each.last))
            for each in found.recurring[:MOST_ROWS]
        ],
        left=2,
    )  # fmt: skip
    advice = dict.fromkeys((each.category, each.advice) for each in found.recurring if each.advice)
    return lines + (pairs("advice", [(category, text or "") for category, text in advice]) if advice else [])


def _tallies(title: str, tallies: Sequence[Tally]) -> list[str]:
    rows = [(each.name, count(each.count), str(each.first), str(each.last)) for each in tallies[:MOST_ROWS]]
    return table(title, ("name", "count", "first", "last"), rows)


def _performance(found: PerformanceAnalysis) -> list[str]:
    lines = table(
        "operations",
        ("name", "count", "mean s", "p50 s", "p95 s", "maximum s", "total", "samples/s", "trend"),
        [
            (each.operation, count(each.count), number(each.mean), number(each.p50), number(each.p95),
             number(each.maximum), duration(each.total), throughput(each.throughput_mean), _trend("", each.trend))
            for each in found.operations[:MOST_ROWS]
        ],
    )  # fmt: skip
    lines += table(
        "memory of operations",
        ("operation", "value", "last", "mean", "maximum"),
        [
            (each.operation, memory.name, number(memory.last), number(memory.mean), number(memory.maximum))
            for each in found.operations[:MOST_ROWS]
            for memory in each.memory
        ],
        left=2,
    )
    return lines


def _trend(before: str, trend: float | None) -> str:
    """How the newest quarter compares with the oldest."""
    if trend is None:
        return ""
    sign = "+" if trend >= 0 else "-"
    return f"{before}{sign}{percent(100 * abs(trend))}"
