"""The part of the fold that gives rows their run steps, for reading that starts in the middle of a journal.

Its law: the rows of a range have the run steps that the fold of the whole journal gave them, whatever was rewound,
resumed or counted per epoch.
"""

from collections.abc import Sequence
from copy import copy
from itertools import groupby

from trainmon.fold.arrivals import arrive, arrive_together
from trainmon.fold.counting import Counting
from trainmon.fold.progress_fold import REWIND
from trainmon.fold.series import Column
from trainmon.fold.state import RunState, Writer
from trainmon.reading.range_points import Points
from trainmon.reading.range_rows import Key, Row, RowDecoder


class Replay:
    """Rows of a range, from the first to the last line that is read for it.

    At the first row of a bucket the run step is known. From it and from what the state says of how steps are counted
    follows what the fold knew there. A line that came before the first row read is not known to have arrived: one of
    its writer that lands later counts as a repetition.
    """

    def __init__(self, state: RunState, keys: Sequence[Key], wanted: tuple[int, int]) -> None:
        """Nothing was read yet.

        Args:
            state: What is known of the journal; it stays as it is.
            keys: The columns that are wanted.
            wanted: The first and the last run step.
        """
        self.decoder = RowDecoder(keys)
        self.wanted = wanted
        """The first and the last run step."""
        self.run_step = 0
        """Of the newest row."""
        self._known = state.counting
        self._counting = copy(state.counting)
        self._anchored = False
        self._shift = 0
        """What run steps are above those by `_counting`; not 0 only where the caller's counting makes no sense."""
        self._rewinding = False
        self._arrived = RunState()
        self._training = Points([key for key in keys if key.series != "validation"])
        self._validation = Points([key for key in keys if key.series == "validation"])

    def columns(self, most: int) -> dict[Key, Column]:
        """The columns that have a value, each with at most `most` entries."""
        return self._training.columns(most) | self._validation.columns(most)

    def take(self, rows: list[Row], anchor: int | None) -> None:
        """Adds rows in the order of the journal.

        Args:
            rows: Of whole lines.
            anchor: The run step of the first row, where it begins a bucket.
        """
        if not rows:
            return
        first, last = self.wanted
        if anchor is not None and rows[0].kind == "progress":
            self._anchor(rows[0], anchor)
        for kind, group in groupby(self._fresh(rows), key=lambda row: row.kind):
            if kind == "progress":
                self._train([row for row in group if row.phase == "training"])
            elif kind == "validation":
                for row in group:
                    step = self._counting.run_step(row.epoch, row.step) + self._shift
                    if first <= step <= last:
                        self._validation.add([step], [row.time], self._values([row], self._validation))
            elif kind == "started":
                for row in group:
                    self._start(row)

    def _fresh(self, rows: list[Row]) -> list[Row]:
        """The rows whose lines have not come before; without a writer, a line is none of ours."""
        first, last = rows[0], rows[-1]
        writers = self._arrived.writers
        seqs = [row.seq for row in rows]
        if seqs == list(range(first.seq, last.seq + 1)) and {row.writer for row in rows} == {first.writer}:
            writers.setdefault(first.writer, Writer(next_seq=first.seq))
            if arrive_together(self._arrived, first.writer, first.seq, last.seq):
                return rows
        fresh = []
        for row in rows:
            writers.setdefault(row.writer, Writer(next_seq=row.seq))
            if row.seq >= 0 and arrive(self._arrived, row.writer, row.seq):
                fresh.append(row)
        return fresh

    def _anchor(self, row: Row, run_step: int) -> None:
        """Takes in that the row's run step is known."""
        if not self.run_step:
            self.run_step = run_step - 1
        counting = copy(self._counting)
        counting.observe(row.epoch, [row.step], row.total_steps)
        if self._anchored and counting.run_step(row.epoch, row.step) + self._shift == run_step:
            return
        self._anchored = True
        self._counting = counting = counting_at(self._known, row, run_step)
        self._shift = run_step - counting.run_step(row.epoch, row.step)

    def _start(self, row: Row) -> None:
        """The run was continued; as `trainmon.fold.runs` does it."""
        if row.steps_count == "run" and not self._counting.known:
            self._counting, self._shift = Counting(known=True), 0
        self._rewinding = row.initial_step is None
        if row.initial_step is not None:
            self._cut(row.initial_step + 1)
            self.run_step = row.initial_step

    def _train(self, rows: list[Row]) -> None:
        for (epoch, total), group in groupby(rows, key=lambda row: (row.epoch, row.total_steps)):
            part = list(group)
            steps = [row.step for row in part]
            self._counting.observe(epoch, steps, total)
            shift = self._counting.run_step(epoch, 0) + self._shift
            run_steps = [step + shift for step in steps]
            begin = 0
            for cut in [*self._rewinds(run_steps), len(part)]:
                if begin < cut:
                    self._add(part[begin:cut], run_steps[begin:cut])
                if cut < len(part):
                    self._cut(run_steps[cut])
                begin = cut
            self.run_step = run_steps[-1]

    def _rewinds(self, run_steps: list[int]) -> list[int]:
        """The indices from which on steps are done again."""
        before = [self.run_step, *run_steps[:-1]]
        rewinds = [
            index
            for index, (old, new) in enumerate(zip(before, run_steps, strict=True))
            if new <= old - REWIND
        ]
        if self._rewinding and rewinds[:1] != [0]:
            rewinds.insert(0, 0)
        self._rewinding = False
        return rewinds

    def _add(self, rows: Sequence[Row], run_steps: Sequence[int]) -> None:
        """Keeps those of the rows that are wanted."""
        first, last = self.wanted
        least, greatest = min(run_steps), max(run_steps)
        if greatest < first or least > last:
            return
        if least < first or greatest > last:
            kept = [index for index, step in enumerate(run_steps) if first <= step <= last]
            rows, run_steps = [rows[index] for index in kept], [run_steps[index] for index in kept]
        self._training.add(run_steps, [row.time for row in rows], self._values(rows, self._training))

    def _values(self, rows: Sequence[Row], points: Points) -> list[Sequence[float | str | None]]:
        return [self.decoder.values(key, rows) for key in points.keys]

    def _cut(self, run_step: int) -> None:
        self._training.cut(run_step)
        self._validation.cut(run_step)


def counting_at(known: Counting, row: Row, run_step: int) -> Counting:
    """How the fold counted when it had just taken in a row of the training phase.

    Args:
        known: How it counts now.
        row: The row.
        run_step: What the fold made of its step.
    """
    counting = copy(known)
    counting.epoch, counting.step = row.epoch, row.step
    counting.longest = row.step + known.from_zero
    later = row.epoch - (known.first_epoch if known.first_epoch is not None else row.epoch)
    if known.per_epoch and later:
        counting.epoch_steps = (run_step - counting.longest) // later
        counting.longest = max(counting.longest, counting.epoch_steps)
        counting.earlier = counting.epoch_steps
    else:
        counting.earlier = 0
        counting.epoch_steps = counting.epoch_length(row.total_steps)
    return counting
