"""A run folder that is moved, removed, copied and cut while it is read."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import START, Journal
from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.reading.reader import RunReader
from trainmon.words.paths import JOURNAL

RUN = Journal().opened().started().steps(400)
LINES = RUN.lines


class Moved:
    """A folder and what people and programs do to it; `lines` of the run have been written."""

    def __init__(self, base: Path) -> None:
        self.folder, self.aside = base / "logs", base / "aside"
        self.lines = 0

    def write(self) -> None:
        """More lines, with the folder made anew where it is gone, as the writer does."""
        if self.folder.is_file():
            return
        self.folder.mkdir(exist_ok=True)
        first = 0 if not (self.folder / JOURNAL).exists() else self.lines
        self.lines = min(len(LINES), self.lines + 20)
        with (self.folder / JOURNAL).open("ab") as file:
            file.write(b"".join(line + b"\n" for line in LINES[first : self.lines]))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def move_away(self) -> None:
        if self.folder.exists() and not self.aside.exists():
            self.folder.rename(self.aside)

    def move_back(self) -> None:
        if self.aside.exists() and not self.folder.exists():
            self.aside.rename(self.folder)

    def synchronise(self) -> None:
        """As rsync does: a copy under another name takes the place of the file."""
        path = self.folder / JOURNAL
        if path.exists():
            shutil.copyfile(path, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)

    def cut(self) -> None:
        path = self.folder / JOURNAL
        if path.exists():
            os.truncate(path, path.stat().st_size // 2)

    def put_a_file_there(self) -> None:
        self.remove()
        self.folder.write_text("no folder")

    def take_the_file_away(self) -> None:
        if self.folder.is_file():
            self.folder.unlink()


@pytest.mark.parametrize("seed", range(6))
def test_m10_a_reader_follows_a_folder_that_is_moved_removed_and_copied(tmp_path: Path, seed: int) -> None:
    """Nothing is raised whatever comes between two polls, and in the end it has read what is there.

    Where nobody cut the journal in the middle of a line, it knows every line once.
    """
    cutting = seed % 2 == 1
    chance, moved = random.Random(seed), Moved(tmp_path)
    reader = RunReader(moved.folder, clock=lambda: START, monotonic=lambda: 1_000.0)
    acts: list[Callable[[], None]] = [
        moved.write, moved.write, moved.remove, moved.move_away, moved.move_back, moved.synchronise,
        moved.put_a_file_there, moved.take_the_file_away, moved.cut if cutting else moved.write,
    ]  # fmt: skip
    for _ in range(150):
        chance.choice(acts)()
        reader.poll()
    moved.take_the_file_away()
    moved.remove()
    moved.lines = len(LINES)
    moved.write()

    view = reader.poll()
    while (newer := reader.poll()).version != view.version:
        view = newer
    reader.close()

    assert view.state.bookmark.offset == (moved.folder / JOURNAL).stat().st_size
    if not cutting:
        whole = fold(RunState(), decode_lines(LINES), [-1] * len(LINES))
        assert view.state.loss.column("loss").last_step == whole.loss.column("loss").last_step
        assert view.state.writers == whole.writers
