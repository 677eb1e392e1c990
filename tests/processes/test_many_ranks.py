"""A folder of five hundred ranks: the screen is there at once, and holds few descriptors and little memory."""

import os
import time
from pathlib import Path

import pytest

from tests.builders import Journal
from tests.processes.harness import SLACK
from tests.run_folders import write_run
from tests.tui.terminals import Terminal
from trainmon.words.paths import rank_folder

COUNT = 512
STEPS = 50
PAINT = 2.0 * SLACK
"""Seconds to the first picture."""
MEMORY = 300_000_000
"""Bytes of the screen."""
DESCRIPTORS = 64


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A run folder with the journals of all ranks; no snapshots, which is the slow way."""
    for rank in range(COUNT):
        journal = Journal(writer=f"{rank:012x}").opened(rank=rank, world_size=COUNT).started().steps(STEPS)
        write_run(rank_folder(tmp_path, rank), journal)
    return tmp_path


def test_r12_the_screen_of_five_hundred_ranks_comes_at_once_and_stays_small(many: Path) -> None:
    """Whatever it reads of the others comes later, in a thread, and gives back what it opened."""
    begin = time.monotonic()
    terminal = Terminal(many, width=160, height=45)
    most = 0

    def seen(text: str) -> bool:
        nonlocal most
        if not terminal.output:
            return False  # It may not be the monitor yet, but the fork of a runner with many descriptors.
        most = max(most, len(os.listdir(f"/proc/{terminal.pid}/fd")))
        return text in terminal.text

    try:
        terminal.until(lambda: seen(f"{STEPS:,}/"))
        painted = time.monotonic() - begin
        terminal.until(lambda: seen(f"ranks {COUNT}"))
        memory = int(Path(f"/proc/{terminal.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        terminal.close()

    print(f"{COUNT} ranks: painted after {painted:.2f} s, {memory >> 20} MiB, {most} descriptors")
    assert painted < PAINT
    assert memory < MEMORY
    assert most < DESCRIPTORS
