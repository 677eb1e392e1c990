"""Builders: journals, states and sights with a default for every field; a test names only what it is about."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from trainmon.facts.codec import encode_line
from trainmon.facts.events import (
    Alerted,
    AnyEvent,
    Checkpoint,
    Closed,
    Debug,
    Direction,
    Ended,
    EndReason,
    Error,
    JsonObject,
    Lost,
    Message,
    Metrics,
    Number,
    Opened,
    Operation,
    Performance,
    Progress,
    Severity,
    Span,
    SpanName,
    Started,
    System,
    Validation,
    Warned,
)
from trainmon.facts.readings import GpuReading, HostReading, MachineReading, ProcessReading
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.meaning.verdict import verdict
from trainmon.words.paths import JOURNAL
from trainmon_tui.sight.sight import Options, Sight
from trainmon_tui.visit.attention import Attention

START = 1_795_390_867.0
"""Unix seconds at which every built run starts: Sunday 2026-11-22 23:41:07 UTC."""

WRITER = "0123456789ab"

TRACEBACK = """Traceback (most recent call last):
  File "/home/ada/train.py", line 61, in train
    loss = step(batch)
           ^^^^^^^^^^^
  File "/usr/lib/python3.11/site-packages/torch/nn/modules/linear.py", line 116, in forward
    return F.linear(input, self.weight, self.bias)
RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x7 and 2x24)
"""


@dataclass
class Journal:
    """Events of one writer, with rising numbers and times; every method returns the journal itself."""

    writer: str = WRITER
    now: float = START
    """Unix seconds of the next event; monotonic seconds are `START` less."""
    events: list[AnyEvent] = field(default_factory=list)

    def _head(self) -> tuple[str, int, float, float]:
        return self.writer, len(self.events), self.now, self.now - START + 100.0

    def _add(self, event: AnyEvent) -> "Journal":
        self.events.append(event)
        return self

    def after(self, seconds: float) -> "Journal":
        """Lets time pass."""
        self.now += seconds
        return self

    def opened(
        self, host: str = "gpu-07", pid: int = 4711, command: tuple[str, ...] = ("python", "train.py"),
        world_size: int | None = None, rank: int | None = None, utc_offset: int = 0, folder: str | None = "/runs/a",
        job: str | None = None, allocation_end: float | None = None, deadline: float | None = None,
    ) -> "Journal":  # fmt: skip
        """The first line of the writer."""
        event = Opened(
            *self._head(), schema=1, host=host, pid=pid, version="0.1.0", command=command, world_size=world_size,
            rank=rank, utc_offset=utc_offset, folder=folder, job=job, allocation_end=allocation_end, deadline=deadline,
        )  # fmt: skip
        return self._add(event)

    def started(
        self, model_name: str = "DemoModel", total_epochs: int | None = 4, total_steps: int | None = 400,
        batch_size: int | None = 32, learning_rate: Number | None = 1e-3, config: JsonObject | None = None,
        best_metric: str = "loss", best_direction: Direction = "min", git: str | None = "3f2c1ab+dirty",
        steps_per_epoch: int | None = None, steps_count: Literal["unknown", "run", "epoch"] = "unknown",
    ) -> "Journal":  # fmt: skip
        """A training begins."""
        event = Started(
            *self._head(), run_id="run-1", model_name=model_name, total_epochs=total_epochs,
            total_steps=total_steps, batch_size=batch_size, learning_rate=learning_rate, config=config or {},
            best_metric=best_metric, best_direction=best_direction, git=git, optimizer="AdamW",
            steps_per_epoch=steps_per_epoch, steps_count=steps_count,
        )  # fmt: skip
        return self._add(event)

    def progress(
        self, step: int, loss: Number | None = 1.0, *, epoch: int = 1, total_steps: int | None = 400,
        learning_rate: Number | None = 1e-3, metrics: Metrics | None = None, phase: str = "training",
        waited: float | None = None,
    ) -> "Journal":  # fmt: skip
        """A step was completed."""
        event = Progress(
            *self._head(), epoch=epoch, step=step, total_steps=total_steps, loss=loss,
            learning_rate=learning_rate, metrics=metrics, phase=phase, waited=waited,
        )  # fmt: skip
        return self._add(event)

    def steps(
        self, last: int, first: int = 1, *, every: float = 0.1, epoch_steps: int = 100, total_steps: int = 400,
        metrics: Metrics | None = None,
    ) -> "Journal":  # fmt: skip
        """Steps `first` to `last` with a falling loss, one every so many seconds."""
        for step in range(first, last + 1):
            self.now += every
            loss = round(0.3 + 2.5 / (1 + step / 40) + 0.05 * ((step * 7919) % 17 - 8) / 8, 6)
            epoch = 1 + (step - 1) // epoch_steps
            self.progress(step, loss, epoch=epoch, total_steps=total_steps, metrics=metrics)
        return self

    def span(self, name: SpanName = "validation", seconds: float = 2.0) -> "Journal":
        """A span of time that was timed apart."""
        self._add(Span(*self._head(), name=name))
        self.now += seconds
        return self._add(Span(*self._head(), name=name, duration=seconds))

    def begun(self, name: SpanName = "validation") -> "Journal":
        """A span of time begins, and has not ended."""
        return self._add(Span(*self._head(), name=name))

    def validation(
        self, step: int = 100, val_loss: Number | None = 1.2, *, epoch: int = 1, val_metrics: Metrics | None = None,
        is_best: bool | None = None,
    ) -> "Journal":  # fmt: skip
        """A validation."""
        event = Validation(
            *self._head(),
            epoch=epoch,
            step=step,
            val_loss=val_loss,
            val_metrics=val_metrics or {},
            is_best=is_best,
        )
        return self._add(event)

    def checkpoint(
        self, step: int = 100, path: str = "/ckpt/epoch_001.pt", *, epoch: int = 1, size: int | None = 1_040_000_000,
        duration: float | None = 4.1, metrics: Metrics | None = None,
    ) -> "Journal":  # fmt: skip
        """A saved model."""
        event = Checkpoint(
            *self._head(),
            epoch=epoch,
            step=step,
            loss=1.0,
            checkpoint_path=path,
            metrics=metrics or {},
            size=size,
            duration=duration,
        )
        return self._add(event)

    def error(
        self, message: str = "mat1 and mat2 shapes cannot be multiplied (32x7 and 2x24)", *,
        error_type: str = "RuntimeError", context: str = "training step", traceback: str = TRACEBACK,
        fingerprint: str = "", uncaught: bool = False, count: int = 1, additional_data: JsonObject | None = None,
    ) -> "Journal":  # fmt: skip
        """An exception."""
        event = Error(
            *self._head(), error_type=error_type, message=message, context=context, traceback=traceback,
            fingerprint=fingerprint or f"{error_type}@train.py", location="/home/ada/train.py:61",
            uncaught=uncaught, count=count, additional_data=additional_data or {},
        )  # fmt: skip
        return self._add(event)

    def warned(
        self, message: str = "lr_scheduler.step() before optimizer.step()", count: int = 1
    ) -> "Journal":
        """A Python warning."""
        return self._add(Warned(*self._head(), category="UserWarning", message=message, count=count))

    def system(self, reading: MachineReading | None = None) -> "Journal":
        """A reading of the machine."""
        return self._add(
            System(*self._head(), reading=reading if reading is not None else a_reading(self.now))
        )

    def lost(self, count: int = 37) -> "Journal":
        """Records that the writer could not keep."""
        return self._add(Lost(*self._head(), count=count, first=0, last=count - 1, why="no room"))

    def alerted(
        self,
        name: str = "slow",
        text: str = "steps are slow",
        *,
        severity: Severity = "warning",
        over: bool = False,
    ) -> "Journal":
        """The trainer saw an alert come, or go."""
        return self._add(Alerted(*self._head(), name=name, severity=severity, text=text, over=over))

    def ended(
        self, *, success: bool = True, reason: EndReason = "finished", error: str | None = None
    ) -> "Journal":
        """The training said that it is over."""
        return self._add(Ended(*self._head(), success=success, reason=reason, error=error))

    def closed(self) -> "Journal":
        """The last line of the writer."""
        return self._add(Closed(*self._head()))

    def performance(
        self, operation: str = "inference", duration: Number | None = 2.345, throughput: Number | None = 13.62
    ) -> "Journal":
        """A timed operation."""
        event = Performance(
            *self._head(), operation=operation, duration=duration, throughput=throughput, batch_size=4,
            memory_usage={"cpu_percent": 75.0, "gpu_memory": 2.5},
        )  # fmt: skip
        return self._add(event)

    def operation(
        self, operation: str = "model_loading_success", success: bool = True, *,
        model_name: str = "Stable Diffusion v1.5", details: JsonObject | None = None,
    ) -> "Journal":  # fmt: skip
        """Something that was done to a model."""
        event = Operation(
            *self._head(), operation=operation, model_name=model_name, success=success, details=details or {}
        )
        return self._add(event)

    def message(self, text: str = "hello", level: str = "INFO", logger: str = "gradio_app") -> "Journal":
        """What a program said to one of the five loggers."""
        return self._add(Message(*self._head(), logger=logger, level=level, text=text))

    def debug(self, message: str = "a detail") -> "Journal":
        """A detail."""
        return self._add(Debug(*self._head(), message=message))

    @property
    def lines(self) -> list[bytes]:
        r"""The lines of all events, without `\n`."""
        return [encode_line(event)[:-1] for event in self.events]

    def write(self, folder: Path) -> Path:
        """Writes all events to the journal of a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / JOURNAL
        path.write_bytes(b"".join(line + b"\n" for line in self.lines))
        return path

    def state(self) -> RunState:
        """What is known after all events."""
        offsets = list(itertools.accumulate((200 for _ in self.events[1:]), initial=0))
        return fold(RunState(), self.events, offsets[: len(self.events)])

    def sight(
        self, *, later: float = 1.0, alive: bool | None = True, process_state: str | None = "S",
        fault: str | None = None, files: Mapping[str, bool | None] | None = None, note: str | None = None,
        options: Options | None = None, folder: str = "logs/", exists: bool = True, deadline: float | None = None,
    ) -> Sight:  # fmt: skip
        """The run as seen some seconds after the last event, on the same host."""
        now = self.now + later
        evidence = Evidence(alive=alive, process_state=process_state, heartbeat=now, fault=fault)
        state = self.state()
        sight = Sight(
            state, verdict(state, evidence, now), now, folder=folder, exists=exists, note=note,
            files=files if files is not None else {}, options=options if options is not None else Options(),
        )  # fmt: skip
        return Attention(deadline=deadline).look(sight)


def a_run(steps: int = 250, metrics: Metrics | None = None) -> Journal:
    """A run that goes well: steps, validations, checkpoints and readings of the machine."""
    journal = Journal().opened().started()
    metrics = metrics if metrics is not None else {"train/accuracy": 0.9173, "grad_norm": 1.42}
    for first in range(1, steps + 1, 100):
        last = min(first + 99, steps)
        journal.steps(last, first, metrics=metrics).system()
        if last - first == 99:
            epoch = last // 100
            journal.span("validation", 1.0).validation(
                last, round(1.6 / epoch, 4), epoch=epoch, val_metrics={"accuracy": 0.7 + epoch / 50}
            )
            journal.span("checkpoint", 0.3).checkpoint(last, f"/ckpt/epoch_{epoch:03}.pt", epoch=epoch)
    return journal


def epochs_from_0(epochs: int) -> Journal:
    """So many of five epochs that are called 0 to 4, of 40 steps each that are called 0 to 39."""
    journal = Journal().opened().started(total_epochs=5, total_steps=200)
    for epoch, step in itertools.product(range(epochs), range(40)):
        journal.after(0.1).progress(step, epoch=epoch, total_steps=200)
    return journal


def a_reading(time: float = START, gpus: int = 1) -> MachineReading:
    """A busy machine."""
    gib = 2**30
    return MachineReading(
        time=time,
        host=HostReading(
            cpu_percent=61.0, cpu_count=16, load_1m=12.3, memory_used=int(45.6 * gib), memory_total=64 * gib,
            disk_free=212_000_000_000, disk_total=1_000_000_000_000, disk_path="/runs", disk_read=412e6,
            disk_written=12e6, network_received=1.2e6, network_sent=0.3e6,
        ),
        process=ProcessReading(
            pid=4711, cpu_percent=250.0, rss=int(9.8 * gib), threads=31, children=12, children_rss=34 * gib
        ),
        gpus=tuple(
            GpuReading(
                index=index, name="NVIDIA H100 80GB HBM3", visible=True, utilisation=97 - index,
                memory_used=int(61.2 * gib), memory_total=int(79.6 * gib), temperature=71, power=652.0,
                power_limit=700.0, sm_clock=1755, sm_clock_max=1980, throttle=(),
            )
            for index in range(gpus)
        ),
    )  # fmt: skip
