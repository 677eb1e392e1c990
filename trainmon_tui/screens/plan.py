"""Which panel stands where at which size: a pure function, so that no size is a surprise.

What decides comes first: status, time left, the newest error; then the loss; the rest as room allows. Panels keep
their order at every size.
"""

from typing import NamedTuple

from trainmon_tui.widgets.rows import Box

Plan = dict[str, Box]
"""The box of each panel that is shown, by its name."""

WIDE = 120
"""Columns from which panels stand side by side."""

TALL = 32
"""Rows from which they do."""

SIDE = 56
"""Columns of the machine and the configuration at the right."""

MACHINE = 14
"""Rows of the machine there: a title, one GPU, the host, the trainer."""

SEVERAL = 10
"""Rows of the machine there besides one for each of several GPUs."""

_ORDER = (
    "status", "bars", "alert", "verdict", "loss", "machine", "best", "checkpoints", "errors", "output", "metrics",
    "since", "footer",
)  # fmt: skip

Wishes = tuple[tuple[str, int], ...]
"""Rows wanted by a panel on top of what it has, the most important first."""

_ALIVE_FIRST: Wishes = (
    ("status", 1), ("bars", 1), ("bars", 1), ("errors", 1), ("alert", 1), ("loss", 5), ("footer", 1), ("bars", 1),
    ("checkpoints", 1), ("best", 1), ("since", 1), ("metrics", 1), ("loss", 2),
)  # fmt: skip

_ALIVE_THEN: Wishes = (
    ("loss", 7), ("bars", 1), ("metrics", 5), ("best", 5), ("errors", 7), ("loss", 4), ("checkpoints", 5),
    ("machine", 8), ("errors", 6),
)  # fmt: skip

_DEAD_FIRST: Wishes = (("status", 1), ("bars", 1), ("bars", 1), ("errors", 1))

_DEAD_THEN: Wishes = (("alert", 1), ("footer", 1), ("bars", 1))

_WITH_ERRORS: Wishes = (
    ("errors", 6),
    ("since", 1),
    ("output", 2),
    ("loss", 6),
    ("best", 1),
    ("errors", 12),
    ("machine", 3),
    ("metrics", 1),
)

_WITHOUT_ERRORS: Wishes = (
    ("since", 1),
    ("output", 4),
    ("loss", 6),
    ("best", 1),
    ("machine", 3),
    ("metrics", 1),
    ("loss", 6),
    ("best", 5),
)


class Look(NamedTuple):
    """What the plan depends on besides the size."""

    dead: bool = False
    """The run is over and did not end well: the verdict takes room, and nothing else will arrive."""
    errors: bool = False
    """There are errors or warnings to list."""
    output: int = 0
    """Lines of output to show; 0: the program's output is not kept, and there is no panel for it."""
    machine: int = 2
    """Rows of the machine's compact form."""
    side: int = MACHINE
    """Rows of the machine where panels stand side by side."""
    verdict: int = 9
    """Rows of the verdict."""
    curves: bool = True
    """There is a step or a validation to draw."""
    since: bool = False
    """There is something to say about what happened since the last look."""


def plan(width: int, height: int, look: Look = Look()) -> Plan:  # noqa: B008 - immutable
    """The boxes for a screen of `width` columns and `height` rows, both at least 1; they do not overlap."""
    if width >= WIDE and height >= TALL:
        return _side_by_side(width, height, look)
    return _stacked(width, height, look)


def _stacked(width: int, height: int, look: Look) -> Plan:
    rows = dict.fromkeys(_ORDER, 0)
    room = height
    for name, more in _wishes(look, height):
        if name == "since" and not look.since:
            continue
        if more <= room:
            rows[name] += more
            room -= more
        elif not look.dead:
            # What is left goes to the loss, rather than to what matters less but happens to fit.
            break
    traceback_first = look.dead and look.errors and rows["errors"] > 1
    order = ("errors", "loss") if traceback_first else ("loss", "output", "verdict", "bars")
    rows[next((name for name in order if rows[name]), "status")] += room
    boxes: Plan = {}
    y = 0
    for name in _ORDER:
        if rows[name]:
            boxes[name] = Box(0, y, width, rows[name])
            y += rows[name]
    return boxes


def _wishes(look: Look, height: int) -> Wishes:
    if look.output and not look.curves:
        # Of a program that records no step, what it prints tells more than an empty chart.
        taken = tuple(
            (name, more) for name, more in _wishes(look._replace(curves=True), height) if name != "output"
        )
        return tuple(("output" if name == "loss" else name, more) for name, more in taken)
    if not look.dead:
        line = 1 if look.output else 0
        more = ("output", min(look.output, 6)) if look.output > 1 else ("output", 0)
        return (*_ALIVE_FIRST, ("machine", look.machine), ("output", line), *_ALIVE_THEN, more)
    verdict = min(look.verdict, max(3, height - 8))
    rest = _WITH_ERRORS if look.errors else _WITHOUT_ERRORS
    most = {"machine": look.machine, "output": look.output + 1 if look.output else 0}
    rest = tuple((name, min(more, most.get(name, more))) for name, more in rest)
    return (*_DEAD_FIRST, ("verdict", verdict), *_DEAD_THEN, *rest)


def _side_by_side(width: int, height: int, look: Look) -> Plan:
    since = 2 if look.since else 0
    body = height - 7 - since
    printed = look.output > 0 and not look.curves
    errors = min(22, max(4, body * 26 // 100)) if look.errors or (look.output and not printed) else 1
    details = min(14, max(6, body * 21 // 100))
    middle = body - errors - details
    left = width - SIDE - 1
    third = (width - 2) // 3
    below = 6 + middle
    boxes: Plan = {
        "status": Box(0, 0, width, 1),
        "bars": Box(0, 1, width, 4),
        "alert": Box(0, 5, width, 1),
        "output" if printed else "loss": Box(0, 6, left, middle),
        "metrics": Box(0, below, third, details),
        "best": Box(third + 1, below, third, details),
        "checkpoints": Box(2 * third + 2, below, width - 2 * third - 2, details),
        "errors": Box(0, below + details, width, errors),
        "footer": Box(0, height - 1, width, 1),
    }
    if since:
        boxes["since"] = Box(0, height - 1 - since, width, since)
    if look.output and not printed:
        half = width // 2
        boxes["errors"] = Box(0, below + details, half, errors)
        boxes["output"] = Box(half + 1, below + details, width - half - 1, errors)
    y, room = 6, middle
    for name, wanted in (
        ("verdict", look.verdict if look.dead else 0),
        ("machine", look.side),
        ("config", room),
    ):
        rows = min(wanted, room)
        if rows < 3:
            continue
        if room - rows < 3:
            rows = room
        boxes[name] = Box(left + 1, y, SIDE, rows)
        y, room = y + rows, room - rows
    return boxes
