"""An operation on a model as a row of the list."""

from trainmon.fold.state_entries import OperationEntry
from trainmon.words.units import clock
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.widgets.lines import clip, words


def model_row(entry: OperationEntry, utc_offset: int, width: int, ascii_only: bool, *, selected: bool) -> Row:
    """When, how it went, what it was, and of which model; the selected one is marked."""
    mark, role = model_sign(entry, ascii_only)
    head = row(
        (("> " if ascii_only else "▶ ") if selected else "  ", "cursor"),
        (f"{clock(entry.time, utc_offset)}  ", "dim"),
        (f"{mark:<9}", role),
    )
    room = max(0, width - 21)
    name = max(8, room * 45 // 100)
    ellipsis = "~" if ascii_only else "…"
    operation = fit(words(entry.operation, ascii_only=ascii_only), name, ellipsis=ellipsis)
    model = clip(words(entry.model_name, ascii_only=ascii_only), room - name - 1, ascii_only=ascii_only)
    return fit_row(row(*head, (operation + " ", "value" if selected else "plain"), (model, "label")), width)


def model_sign(entry: OperationEntry, ascii_only: bool) -> tuple[str, Role]:
    """How a model operation went, as a sign and a word, and its role."""
    if entry.success:
        return ("ok" if ascii_only else "✔ ok"), "good"
    return ("x FAILED" if ascii_only else "✖ FAILED"), "bad"
