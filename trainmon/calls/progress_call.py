"""The hot path: the one log call that a training makes at every step.

It decides nothing that was decidable when the logger was made: no level, no text, no lock. Plain numbers are encoded
and written as they are; anything else takes the slow way, where it is made safe.
"""

from collections.abc import Mapping
from itertools import product
from time import monotonic, time

from msgspec import structs

from trainmon.calls.log_calls import LogCalls
from trainmon.facts.codec import LINE_LIMIT, encode_line, encode_lines
from trainmon.facts.events import Progress
from trainmon.facts.given import LONGEST, NAMES, as_integer, as_metrics, as_recorded, as_seconds
from trainmon.facts.values import as_text

_INT64 = 2**63 - 1
_PHASE_LIMIT = 80
"""Characters of a phase."""
_LONG_NAME = 1_024
"""Characters of a metric's name beyond which it is cut before it is encoded."""
_NONE = type(None)
_PLAIN = frozenset(
    product((int,), (int,), (int, _NONE), (float,), (float, _NONE), (dict, _NONE), (str,), (float, _NONE))
)
"""Types of the arguments, in their order, that are written as they are. One look into a set instead of a dozen names:
with cold caches each name that a call touches costs as much as the comparison."""


class ProgressCall(LogCalls):
    """What `TrainLogger` records of steps."""

    def log_training_progress(
        self,
        epoch: int,
        step: int,
        total_steps: int | None,
        loss: float,
        learning_rate: float | None = None,
        metrics: Mapping[str, float] | None = None,
        phase: str = "training",
        *,
        waited: float | None = None,
    ) -> None:
        """Records that a step was completed. Microseconds; never waits for storage.

        Args:
            epoch: The epoch of the step, as the program counts.
            step: The step within the run or within the epoch; which of the two is found out.
            total_steps: Steps of the run or of the epoch; None where nobody knows.
            loss: Training loss. Python, numpy and torch scalars are taken; reading a tensor on a GPU waits until the
                GPU has computed it, as `.item()` does: log every n-th step where that hurts.
            learning_rate: The learning rate of the step.
            metrics: More numbers by name.
            phase: Only `training` enters the curve, the bars and the speed.
            waited: Seconds spent waiting for data.
        """
        recorder = self.recorder
        seq = recorder.next_seq()
        now, mono = time(), monotonic()
        try:
            kinds = (
                type(epoch), type(step), type(total_steps), type(loss), type(learning_rate), type(metrics), type(phase),
                type(waited),
            )  # fmt: skip
            # `x - x` is 0 for every finite number and NaN for the others.
            if (
                kinds not in _PLAIN
                or loss - loss != 0.0
                or (learning_rate is not None and learning_rate - learning_rate != 0.0)
                or (waited is not None and not 0.0 <= waited <= LONGEST)
                or not -_INT64 <= step <= _INT64
                or not -_INT64 <= epoch <= _INT64
                or (total_steps is not None and total_steps > _INT64)
                or len(phase) > _PHASE_LIMIT
            ):
                raise ValueError
            if metrics:
                if len(metrics) > NAMES:
                    raise ValueError
                for name, value in metrics.items():
                    if type(value) is float:
                        if value - value != 0.0:
                            raise ValueError
                    elif type(value) is not int or not -_INT64 <= value <= _INT64:
                        raise ValueError
                    if len(name) > _LONG_NAME:
                        raise ValueError
            event = Progress(
                recorder.writer_id, seq, now, mono, epoch, step, total_steps, loss, learning_rate,
                metrics, phase, waited,  # type: ignore[arg-type]  # a dict of floats is a dict of numbers
            )  # fmt: skip
            line = encode_lines([event])  # Of a tuple msgspec 0.22 leaks 48 bytes.
            if len(line) > LINE_LIMIT:
                raise ValueError
            if not recorder.spool.append(line):
                recorder.refuse(seq)
            if recorder.closed:
                recorder.drain_late()
        except Exception:  # noqa: BLE001 - not plain numbers: made safe below
            self._progress_of_anything(
                seq, now, mono, (epoch, step, total_steps), loss, learning_rate, metrics, phase, waited
            )

    def _progress_of_anything(
        self,
        seq: int,
        now: float,
        mono: float,
        counts: tuple[object, object, object],
        loss: object,
        learning_rate: object,
        metrics: object,
        phase: object,
        waited: object,
    ) -> None:
        """The same for values of any type: what is no number is kept as text, and said once."""
        try:
            numbers, texts = as_metrics(metrics)
            epoch, step, total_steps = map(as_integer, counts)
            name = "training" if type(phase) is str and phase == "training" else as_text(phase, _PHASE_LIMIT)
            recorded, rate = as_recorded(loss), as_recorded(learning_rate)
            for label, given, number in (
                ("epoch", counts[0], epoch),
                ("step", counts[1], step),
                ("total_steps", counts[2], total_steps),
                ("loss", loss, recorded),
                ("learning_rate", learning_rate, rate),
            ):
                if number is None and given is not None:
                    texts[label] = as_text(given, 200)
            if epoch is None or step is None:
                # Without its place a value cannot stand on the curve.
                name = f"{name}, unnumbered"
            event = Progress(
                self.recorder.writer_id, seq, now, mono, epoch or 0, step or 0, total_steps,
                recorded, rate, numbers or None, name, as_seconds(waited), texts or None,
            )  # fmt: skip
            line = encode_line(event)
            if len(line) > LINE_LIMIT:
                texts = {"metrics": f"{len(numbers):,} metrics make {len(line):,} bytes, too long for a line"}
                line = encode_line(structs.replace(event, metrics=None, texts=texts))
            if not self.recorder.spool.append(line):
                self.recorder.refuse(seq)
            if self.recorder.closed:
                self.recorder.drain_late()
            if texts:
                what = ", ".join(f"{label}={text}" for label, text in texts.items())
                self.recorder.warn_once(
                    f"not a number: {','.join(texts)}", f"log_training_progress: no numbers: {what}"
                )
        except Exception as error:  # noqa: BLE001 - the one place where a log call's failure ends
            self.recorder.refuse(seq)
            self.complain("log_training_progress", error)
