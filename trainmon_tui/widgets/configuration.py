"""All of what the training was started with: settings, command line, commit, versions, machine; scrolls."""

import shlex

import msgspec

from trainmon.facts.events import JsonObject
from trainmon.fold.state import Configuration
from trainmon.words.units import count, date_clock
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.tree import tree_rows
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.config import EMPTY
from trainmon_tui.widgets.lines import clip, words, wrap
from trainmon_tui.widgets.scrolled import ScrolledPanel, scrolled_rows

_LABEL = 18
"""Cells of a name and the blank behind it."""

_MOST_COMMAND = 40
"""Lines of a command line; one may hold thousands of file names."""


class ConfigurationSlice(msgspec.Struct, frozen=True):
    """What is known of the start; texts are untrusted."""

    configuration: Configuration | None
    run_id: str | None
    command: tuple[str, ...]
    process: tuple[tuple[str, str], ...]
    """Names and texts: where it runs."""
    utc_offset: int


def pick(sight: Sight) -> ConfigurationSlice:
    """The configuration's part of a sight."""
    state = sight.state
    opened = state.opened
    process: list[tuple[str, str]] = []
    if opened is not None:
        rank = f"{opened.rank} of {opened.world_size}" if opened.world_size else None
        known = {
            "host": opened.host, "pid": str(opened.pid), "rank": rank, "run folder": opened.folder,
            "cgroup": opened.cgroup, "trainmon": opened.version, "batch job": opened.job,
            "allocation ends": _dated(opened.allocation_end, opened.utc_offset),
            "deadline": _dated(opened.deadline, opened.utc_offset),
        }  # fmt: skip
        process = [(name, value) for name, value in known.items() if value is not None]
    return ConfigurationSlice(
        state.configuration,
        state.run_id,
        opened.command if opened is not None else (),
        tuple(process),
        sight.utc_offset,
    )


def _dated(time: float | None, utc_offset: int) -> str | None:
    return None if time is None else date_clock(time, utc_offset)


def content(piece: ConfigurationSlice, width: int, ascii_only: bool) -> list[Row]:
    """All lines, a heading before each part; a part that is not known is said to be so."""
    configuration = piece.configuration
    if configuration is None:
        return [row((clip(words(EMPTY, ascii_only=ascii_only), width, ascii_only=ascii_only), "dim"))]
    lines = _part("training", _training(piece, configuration), width, ascii_only)
    lines += [(), row(("settings", "title"))]
    lines += _tree(configuration.config, "none: log_training_start(config={…})", ascii_only)
    lines += [(), row(("command", "title")), *_command(piece.command, width, ascii_only)]
    lines += [(), *_part("commit", [("git", configuration.git or "no git repository")], width, ascii_only)]
    lines += [(), *_part("versions", list(configuration.versions.items()), width, ascii_only)]
    lines += [(), *_part("process", list(piece.process), width, ascii_only)]
    if configuration.system:
        lines += [(), row(("machine at the start", "title")), *_tree(configuration.system, "", ascii_only)]
    return lines


def _training(piece: ConfigurationSlice, configuration: Configuration) -> list[tuple[str, str]]:
    known: dict[str, str | float | int | None] = {
        "model": configuration.model_name,
        "run id": piece.run_id,
        "started": date_clock(configuration.time, piece.utc_offset),
        "optimizer": configuration.optimizer,
        "learning rate": configuration.learning_rate,
        "batch size": configuration.batch_size,
        "epochs": configuration.total_epochs,
        "total steps": configuration.total_steps,
        "steps per epoch": configuration.steps_per_epoch,
        "initial step": configuration.initial_step,
        "best is by": f"{configuration.best_metric}, {configuration.best_direction}imum",
    }
    return [(name, _shown(value)) for name, value in known.items() if value is not None]


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else count(value) if isinstance(value, int) else str(value)


def _part(title: str, pairs: list[tuple[str, str]], width: int, ascii_only: bool) -> list[Row]:
    """A heading, and a value in as many lines as it needs beside its name."""
    lines = [row((title, "title"))]
    if not pairs:
        lines.append(row(("  not recorded", "dim")))
    for name, value in pairs:
        label = clip(words(name, ascii_only=ascii_only), _LABEL - 2, ascii_only=ascii_only)
        pieces = wrap(
            words(value, ascii_only=ascii_only), max(8, width - _LABEL - 2), 4, ascii_only=ascii_only
        )
        for index, text in enumerate(pieces or [""]):
            lines.append(row((f"  {'' if index else label:<{_LABEL}}", "label"), (text, "plain")))
    return lines


def _tree(value: JsonObject, empty: str, ascii_only: bool) -> list[Row]:
    if not value:
        return [row(("  " + words(empty, ascii_only=ascii_only), "dim"))]
    return [row(("  ", "plain"), *cells) for cells in tree_rows(value, ascii=ascii_only)]


def _command(command: tuple[str, ...], width: int, ascii_only: bool) -> list[Row]:
    """The command line as a shell takes it, so that it can be copied from the screen."""
    if not command:
        return [row(("  not recorded", "dim"))]
    line = words(shlex.join(command), ascii_only=ascii_only, limit=16_384)
    pieces = wrap(line, max(8, width - 2), _MOST_COMMAND, ascii_only=ascii_only)
    return [row(("  ", "plain"), (text, "plain")) for text in pieces]


def rows(piece: ConfigurationSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """A title and the lines from `top` on."""
    return scrolled_rows("configuration", content(piece, width, ascii_only), width, height, ascii_only, top)


class ConfigurationPanel(ScrolledPanel[ConfigurationSlice]):
    """The whole configuration."""

    HEADING = "configuration"

    def pick(self, sight: Sight) -> ConfigurationSlice:
        """See `pick`."""
        return pick(sight)

    def lines(self, piece: ConfigurationSlice, width: int) -> list[Row]:
        """See `content`."""
        return content(piece, width, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        earlier, later = before.state, after.state
        return earlier.configuration == later.configuration and earlier.opened == later.opened
