"""Journals that hypothesis makes up: every kind of event, in any order that a journal may have."""

import itertools
from dataclasses import dataclass

from hypothesis import strategies as st
from msgspec import structs

from tests.builders import a_reading
from trainmon.facts.codec import Unread, decode_line, encode_line
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
from trainmon.fold.reducer import Item

WRITERS = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")
BIG = 2**62


@dataclass
class History:
    """Lines of a journal in its order."""

    items: list[Item]

    @property
    def offsets(self) -> list[int]:
        """Where each line begins."""
        return list(range(0, 100 * len(self.items), 100))

    @property
    def events(self) -> list[AnyEvent]:
        """Without what cannot be read."""
        return [item for item in self.items if not isinstance(item, Unread)]

    @classmethod
    def long(cls, steps: int) -> "History":
        """Many steps of one writer, with a loss that is not finite now and then, and two resumes."""
        writer, seqs = WRITERS[0], itertools.count()
        items: list[Item] = [
            Opened(writer, next(seqs), 0.0, 0.0, schema=1, host="h", pid=1, version="0"),
            Started(writer, next(seqs), 0.0, 0.0, run_id="r", model_name="m", total_epochs=3),
        ]
        step = 0
        for number in range(steps):
            step += 1
            if number in (steps // 3, steps // 2):
                step -= 700
                items.append(
                    Started(writer, next(seqs), 0.0, number, run_id="r", model_name="m", resume="always")
                )
            loss: Number = "NaN" if number % 997 == 5 else 1.0 / (1 + number)
            items.append(
                Progress(
                    writer, next(seqs), float(number), number * 0.25, epoch=1 + number // 2_000, step=step,
                    total_steps=None, loss=loss, metrics={"a": number * 0.5} if number > 900 else None,
                )
            )  # fmt: skip
        return cls(items)


finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
small = st.floats(-1e3, 1e3, allow_nan=False)
number: st.SearchStrategy[Number] = st.one_of(
    small, finite, st.integers(-BIG, BIG), st.sampled_from(["NaN", "Infinity", "-Infinity"])
)
maybe_number = st.none() | number
names = st.sampled_from(["loss", "accuracy", "lr", "Ä", "a b", "learning_rate", "waited"])
metrics = st.dictionaries(names, number, max_size=3)
words = st.text(max_size=12)
data = st.dictionaries(
    words, st.none() | st.booleans() | words | small | st.lists(small, max_size=2), max_size=2
)
counts = st.one_of(st.integers(0, 40), st.integers(0, 40), st.integers(-BIG, BIG))
maybe_count = st.none() | counts
seconds = st.none() | st.floats(0, 1e4) | st.floats(0, 1e12)
moments = st.floats(-1e15, 1e15)


def _heads(kind: type[AnyEvent], **fields: st.SearchStrategy[object]) -> st.SearchStrategy[AnyEvent]:
    """Events of a kind whose writer, number and times are filled in afterwards."""
    return st.builds(kind, st.just(""), st.just(0), st.just(0.0), st.just(0.0), **fields)


progress = _heads(
    Progress, epoch=st.integers(0, 3), step=st.integers(0, 60), total_steps=st.none() | st.integers(0, 60),
    loss=maybe_number, learning_rate=maybe_number, metrics=st.none() | metrics, waited=seconds,
    phase=st.sampled_from(["training", "training", "training", "validation", "eval"]),
)  # fmt: skip
wild_progress = _heads(Progress, epoch=counts, step=counts, total_steps=maybe_count, loss=maybe_number)
started = _heads(
    Started, run_id=st.sampled_from(["r", "s"]), model_name=words, total_epochs=maybe_count, total_steps=maybe_count,
    batch_size=maybe_count, learning_rate=maybe_number, steps_per_epoch=maybe_count, config=data,
    resume=st.sampled_from(["never", "always", "auto"]), initial_step=st.none() | counts,
    steps_count=st.sampled_from(["unknown", "run", "epoch"]), best_metric=names,
    best_direction=st.sampled_from(["min", "max"]),
)  # fmt: skip
others = st.one_of(
    _heads(
        Opened, schema=st.integers(0, 9), host=words, pid=counts, version=words, utc_offset=counts,
        boot_id=st.none() | words, parent=st.none() | st.sampled_from(WRITERS), heir=st.booleans(), app_name=words,
        command=st.lists(words, max_size=2).map(tuple), progress_per_second=st.floats(0.1, 100),
        level=st.sampled_from(["DEBUG", "INFO", "ERROR", "odd"]),
    ),
    _heads(Closed, refused=st.integers(0, 9)),
    _heads(Span, name=st.sampled_from(["validation", "checkpoint"]), duration=seconds),
    _heads(
        Validation, epoch=st.integers(0, 3), step=st.integers(0, 60), val_loss=maybe_number, val_metrics=metrics,
        is_best=st.none() | st.booleans(),
    ),
    _heads(
        Checkpoint, epoch=counts, step=counts, loss=maybe_number, checkpoint_path=words, metrics=metrics,
        size=maybe_count, duration=seconds,
    ),
    _heads(
        Error, error_type=words, message=words | st.just("CUDA out of memory " * 300), context=words,
        traceback=words | st.just("x" * 9_000), fingerprint=words, additional_data=data, count=st.integers(1, 9),
        uncaught=st.booleans(),
    ),
    _heads(Warned, category=words, message=words, count=st.integers(1, 9)),
    _heads(
        Performance, operation=words, duration=maybe_number, memory_usage=metrics, throughput=maybe_number,
        batch_size=maybe_count,
    ),
    _heads(Operation, operation=words, model_name=words, success=st.booleans(), details=data),
    _heads(Debug, message=words, data=data),
    _heads(Message, logger=words, level=words, text=words, traceback=words),
    _heads(System, reading=st.just(a_reading())),
    _heads(Lost, count=st.integers(0, 9), first=st.integers(0, 9), last=st.integers(0, 9), why=words),
    _heads(
        Alerted, name=st.sampled_from(["nan", "disk", "slow"]), text=words, over=st.booleans(),
        severity=st.sampled_from(["critical", "warning", "info"]),
    ),
    _heads(
        Ended, success=st.booleans(), final_loss=maybe_number, total_training_time=seconds, final_metrics=metrics,
        reason=st.sampled_from(["finished", "failed", "interrupted"]), error=st.none() | words,
    ),
)  # fmt: skip


@st.composite
def _run_of_progress(draw: st.DrawFn) -> list[AnyEvent]:
    """Steps as a loop makes them: rising, over one or more epochs, counted per epoch or over the run."""
    per_epoch, first = draw(st.booleans()), draw(st.integers(0, 2))
    epochs = draw(st.lists(st.integers(1, 25), min_size=1, max_size=4))
    total = draw(st.sampled_from([None, None, 20, 100]))
    out: list[AnyEvent] = []
    step = first
    for epoch, length in enumerate(epochs, draw(st.integers(0, 2))):
        step = first if per_epoch else step
        for _ in range(length):
            out.append(
                Progress(
                    "", 0, 0.0, 0.0, epoch=epoch, step=step, total_steps=total, loss=1.0, metrics={"a": 1.0}
                )
            )
            step += 1
    return out


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A journal of up to some hundred lines."""
    part = st.one_of(
        _run_of_progress(), _run_of_progress(), st.lists(progress, max_size=8), wild_progress.map(lambda one: [one]),
        started.map(lambda one: [one]), others.map(lambda one: [one]), others.map(lambda one: [one]),
    )  # fmt: skip
    bodies = list(itertools.chain.from_iterable(draw(st.lists(part, max_size=14))))
    seqs = dict.fromkeys(WRITERS, 0)
    time, mono = 1.7e9, 100.0
    items: list[Item] = []
    writer = WRITERS[0]
    odd = draw(st.lists(st.integers(0, 30), min_size=len(bodies), max_size=len(bodies)))
    for body, dice in zip(bodies, odd, strict=True):
        if dice in (1, 2):
            writer = WRITERS[dice] if writer == WRITERS[0] else WRITERS[0]
        if dice == 3:
            seqs[writer] += draw(st.integers(1, 4))  # never arrives
        if dice == 4:
            time, mono = draw(moments), draw(moments)
        time, mono = time + 0.5, mono + 0.5
        items.append(structs.replace(body, writer=writer, seq=seqs[writer], time=time, mono=mono))
        seqs[writer] += 1
        if dice == 5:
            items.append(draw(st.sampled_from(items)))  # comes twice
        if dice == 6 and len(items) > 2:
            items[-2:] = items[:-3:-1]  # landed out of order
        if dice == 7:
            items.append(draw(_unread(writer, seqs[writer])))
    return History(_as_read(items))


def _as_read(items: list[Item]) -> list[Item]:
    """The lines as a reader of the journal has them: a whole number for a float becomes one."""
    return [item if isinstance(item, Unread) else decode_line(encode_line(item)[:-1]) for item in items]


def _unread(writer: str, seq: int) -> st.SearchStrategy[Unread]:
    return st.sampled_from(
        [Unread("damaged"), Unread("long"), Unread("malformed"), Unread("unknown", writer, seq, "newer"),
         Unread("malformed", writer, seq, "progress"), Unread("unknown", "dddddddddddd", -1, "newer")]
    )  # fmt: skip
