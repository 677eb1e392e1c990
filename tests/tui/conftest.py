"""Terminals for the tests of the screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.terminals import PATIENCE, Open, Terminal


@pytest.fixture
def open_terminal() -> Iterator[Open]:
    """Opens terminals with a monitor in each, and closes them at the end."""
    terminals: list[Terminal] = []

    def open_one(folder: Path, **options: object) -> Terminal:
        terminals.append(Terminal(folder, **options))  # type: ignore[arg-type]  # passed on as given
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a screen keeps on leaving is written, however busy the disk: a user would not wait that long."""
    for name in ("absence", "attention"):
        monkeypatch.setattr(f"trainmon_tui.visit.{name}.PATIENCE", PATIENCE)
