"""Which panel stands where at which size: a pure function, so that no size is a surprise.

What decides comes first: status, time left, the newest error; then the loss; the rest as room allows. Panels keep
their order at every size.
"""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle of cells on the screen."""

    x: int
    y: int
    width: int
    height: int


Plan = dict[str, Box]
"""The box of each panel that is shown, by its name."""

WIDE = 120
"""Columns from which panels stand side by side."""

TALL = 32
"""Rows from which they do."""

_SIDE = 56
"""Columns of the machine at the right."""

_ORDER = (
    "status",
    "bars",
    "alert",
    "verdict",
    "loss",
    "machine",
    "best",
    "checkpoints",
    "errors",
    "metrics",
    "footer",
)


def plan(width: int, height: int, *, dead: bool = False, has_errors: bool = False, machine: int = 2) -> Plan:
    """The boxes for a screen of `width` columns and `height` rows; they fill it and do not overlap.

    Args:
        width: Columns, at least 1.
        height: Rows, at least 1.
        dead: Whether the run is over and did not end well: the verdict takes room.
        has_errors: Whether a dead run has a traceback to show.
        machine: Rows of the machine's compact form.
    """
    if width >= WIDE and height >= TALL:
        return _side_by_side(width, height, dead=dead)
    return _stacked(width, height, dead=dead, has_errors=has_errors, machine=machine)


def _stacked(width: int, height: int, *, dead: bool, has_errors: bool, machine: int) -> Plan:
    wishes = _wishes_of_a_dead_run(has_errors) if dead else _wishes(machine)
    rows = dict.fromkeys(_ORDER, 0)
    room = height
    for name, more in wishes:
        if more > room:
            break
        rows[name] += more
        room -= more
    rest = next((name for name in ("loss", "errors", "bars", "status") if rows[name]), "status")
    if dead and has_errors and rows["errors"] > 1:
        rest = "errors"
    rows[rest] += room
    boxes: Plan = {}
    y = 0
    for name in _ORDER:
        if rows[name]:
            boxes[name] = Box(0, y, width, rows[name])
            y += rows[name]
    return boxes


def _wishes(machine: int) -> list[tuple[str, int]]:
    """Rows wanted, the most important first; the loss gets what is left."""
    return [
        ("status", 1), ("bars", 1), ("bars", 1), ("errors", 1), ("alert", 1), ("loss", 5), ("footer", 1), ("bars", 1),
        ("checkpoints", 1), ("best", 1), ("metrics", 1), ("loss", 2), ("machine", machine), ("loss", 7), ("bars", 1),
        ("metrics", 5), ("errors", 7), ("best", 5), ("loss", 4), ("checkpoints", 5), ("machine", 8), ("errors", 6),
    ]  # fmt: skip


def _wishes_of_a_dead_run(has_errors: bool) -> list[tuple[str, int]]:
    shown = (
        [("errors", 6), ("verdict", 2), ("loss", 6)]
        if has_errors
        else [("verdict", 2), ("loss", 6), ("machine", 2)]
    )
    return [
        ("status", 1), ("bars", 1), ("bars", 1), ("errors", 1), ("verdict", 3), ("alert", 1), ("verdict", 4),
        ("footer", 1), ("bars", 1), *shown, ("best", 1), ("metrics", 1), ("verdict", 1), ("errors", 8), ("best", 5),
        ("checkpoints", 6),
    ]  # fmt: skip


def _side_by_side(width: int, height: int, *, dead: bool) -> Plan:
    body = height - 7
    errors = min(20, max(3, body * 24 // 100))
    details = min(14, max(5, body * 21 // 100))
    middle = body - errors - details
    left = width - _SIDE - 1
    top = 6
    boxes: Plan = {
        "status": Box(0, 0, width, 1),
        "bars": Box(0, 1, width, 4),
        "alert": Box(0, 5, width, 1),
        "loss": Box(0, top, left, middle),
    }
    verdict = min(12, max(7, middle // 2)) if dead else 0
    if dead:
        boxes["verdict"] = Box(left + 1, top, _SIDE, verdict)
    if middle - verdict >= 3:
        boxes["machine"] = Box(left + 1, top + verdict, _SIDE, middle - verdict)
    else:
        boxes["verdict"] = Box(left + 1, top, _SIDE, middle)
    below = top + middle
    third = (width - 2) // 3
    last = width - 2 * third - 2
    boxes["metrics"] = Box(0, below, third, details)
    boxes["best"] = Box(third + 1, below, third, details)
    boxes["checkpoints"] = Box(2 * third + 2, below, last, details)
    boxes["errors"] = Box(0, below + details, width, errors)
    boxes["footer"] = Box(0, height - 1, width, 1)
    return boxes
