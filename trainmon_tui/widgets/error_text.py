"""An error as plain text, for the clipboard and for a file: all that is known of it, and nothing that is obeyed."""

import json

from trainmon.words.units import date_clock
from trainmon_tui.render.safe import safe_lines
from trainmon_tui.widgets.error_details import DetailsSlice
from trainmon_tui.widgets.error_items import steps

_LIMIT = 1 << 20
"""Characters of one part; a line of the journal has no more."""

_MOST_LINES = 20_000


def error_text(piece: DetailsSlice) -> str:
    """The error from its headline to its data; "" where there is none.

    Control characters are made visible, as on the screen: whoever pastes it into a terminal runs nothing.
    """
    item = piece.item
    if item is None:
        return ""
    came = f"{item.count:,} times, " if item.count > 1 else ""
    parts = [
        f"{item.name}: {piece.message}",
        f"in: {item.context}" if item.context else "",
        f"at: {item.location}" if item.location else "",
        f"when: {came}{steps(item, False)}, {date_clock(item.last_time, piece.utc_offset)}",
        f"try: {piece.advice}" if piece.advice else "",
        f"\n{piece.traceback}" if piece.traceback else "",
        f"\nadditional data:\n{json.dumps(piece.data, indent=2, ensure_ascii=False)}" if piece.data else "",
    ]
    lines = [line for part in parts if part for line in safe_lines(part, _LIMIT, _MOST_LINES)]
    return "\n".join(lines) + "\n"
