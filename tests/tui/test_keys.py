"""Keys that are typed faster than screens change."""

from pathlib import Path

import pytest

from tests.builders import a_run
from tests.run_folders import write_run
from tests.tui.terminals import Open


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "logs", a_run().error())


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ("2/1/q", "filter 1/q"),
        ("5/an error q", "search an error q"),
        ("12321372/loss", "filter loss"),
        ("4172/s", "filter s"),
    ],
)
def test_keys_typed_faster_than_screens_change_go_to_the_screen_that_they_were_meant_for(
    folder: Path, open_terminal: Open, keys: str, seen: str
) -> None:
    """All in one write, as a terminal sends what was typed while it was slow."""
    terminal = open_terminal(folder, width=100, height=30)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.send(keys)

    terminal.until(lambda: seen in terminal.text)
