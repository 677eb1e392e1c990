"""The configuration: what the training was started with, as far as there is room."""

import msgspec

from trainmon.fold.state import Configuration
from trainmon_tui.render.cells import Row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, short_command, title_row, words
from trainmon_tui.widgets.rows import RowsPanel

EMPTY = "no configuration yet: log_training_start(config={…})"
"""What makes it appear."""

MOST = 60
"""Settings that are looked at; no panel has more lines."""

_NAME = 16
"""Cells of a name, at most."""


class ConfigSlice(msgspec.Struct, frozen=True):
    """Settings in the order in which they were given; untrusted."""

    settings: tuple[tuple[str, str], ...]
    """Name and value."""
    total: int


def pick(sight: Sight) -> ConfigSlice:
    """The configuration's part of a sight: what the functions know by name, then what the caller gave."""
    configuration, opened = sight.state.configuration, sight.state.opened
    if configuration is None:
        return ConfigSlice((), 0)
    known: dict[str, object] = {
        "optimizer": configuration.optimizer,
        "learning rate": configuration.learning_rate,
        "batch size": configuration.batch_size,
        "epochs": configuration.total_epochs,
        **{
            name: value
            for name, value in configuration.config.items()
            if not _said(name, value, configuration)
        },
        "versions": "  ".join(f"{name} {version}" for name, version in configuration.versions.items())
        or None,
        "git": configuration.git,
        "command": short_command(opened.command) if opened is not None and opened.command else None,
    }
    settings = [(name, _shown(value)) for name, value in known.items() if value is not None]
    return ConfigSlice(tuple(settings[:MOST]), len(settings))


def _said(name: str, value: object, configuration: Configuration) -> bool:
    """Whether the caller's setting says what a function knows by name already."""
    known = {
        "optimizer": configuration.optimizer,
        "learning_rate": configuration.learning_rate,
        "batch_size": configuration.batch_size,
        "epochs": configuration.total_epochs,
        "total_epochs": configuration.total_epochs,
    }
    said = known.get(name.lower().replace(" ", "_").replace("-", "_"))
    return said is not None and said == value


def _shown(value: object) -> str:
    return value if isinstance(value, str) else f"{value:,}" if type(value) is int else str(value)[:500]


def rows(piece: ConfigSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """A title and a line for each setting."""
    shown = piece.settings[: height - 1]
    note = row(("[i] ", "key"), (f"all {piece.total} settings", "dim")) if piece.total > len(shown) else ()
    lines = [title_row("config", [note, row(("[i]", "key"))], width, ascii_only=ascii_only)]
    if not shown:
        text = clip(words(EMPTY, ascii_only=ascii_only), width, ascii_only=ascii_only)
        return [*lines, row((text, "dim"))][:height]
    names = [clip(words(name, ascii_only=ascii_only), _NAME, ascii_only=ascii_only) for name, _ in shown]
    column = max(len(name) for name in names) + 2
    for name, (_, value) in zip(names, shown, strict=True):
        text = clip(words(value, ascii_only=ascii_only), width - column, ascii_only=ascii_only)
        lines.append(row((f"{name:<{column}}", "label"), (text, "plain")))
    return lines[:height]


class ConfigPanel(RowsPanel[ConfigSlice]):
    """The configuration."""

    def pick(self, sight: Sight) -> ConfigSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: ConfigSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.state.configuration == after.state.configuration
