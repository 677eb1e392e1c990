"""Bars: how far, how full, and of what; in eighths of a cell.

A bar never shows more than there is: a fraction below 1 leaves the last eighth empty. Unknown is drawn as
unknown, not as empty.
"""

from collections.abc import Sequence

from trainmon_tui.render.cells import Role, Row, row

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")

_ASCII_PARTS = {"█": "#", "▓": "+", "▒": "=", "░": "-", "▚": "%"}
"""What stands for a glyph of a stacked bar where only ASCII may be drawn."""

Part = tuple[float | None, str, Role]
"""A part of a stacked bar: its fraction of the whole (None counts as 0), its glyph of one cell, its role."""


def bar(fraction: float | None, width: int, *, ascii: bool = False, role: Role = "bar") -> Row:
    """A bar of exactly `width` cells: "███▌░░░", in ASCII "###----".

    Args:
        fraction: 0-1, clamped; None and NaN mean unknown and give dots in the role "dim".
        width: Cells; below 1 the row is empty.
        ascii: Draw with characters up to 0x7f only.
        role: The role of the filled part; the rest is "track".
    """
    width = max(width, 0)
    if fraction is None or fraction != fraction:
        return row((("." if ascii else "·") * width, "dim"))
    # The tolerance makes 0.3 of 10 cells three of them; it is far less than an eighth.
    eighths = int(min(max(fraction, 0.0), 1.0) * width * 8 + 1e-9)
    if fraction < 1.0:
        eighths = min(eighths, max(width * 8 - 1, 0))
    full, part = divmod(eighths, 8)
    if ascii:
        return row(("#" * full, role), ("-" * (width - full), "track"))
    filled = "█" * full + _EIGHTHS[part]
    return row((filled, role), ("░" * (width - len(filled)), "track"))


def gauge(
    fraction: float | None,
    width: int,
    *,
    warn_at: float = 1.01,
    bad_at: float = 1.01,
    ascii: bool = False,
) -> Row:
    """A bar whose role is its judgement: "bar", from `warn_at` on "warn", from `bad_at` on "bad".

    Args:
        fraction: 0-1, clamped; None and NaN mean unknown.
        width: Cells.
        warn_at: Fraction that deserves attention; above 1 for what may well be full, as a busy GPU.
        bad_at: Fraction that is a danger, as memory that is almost used up.
        ascii: Draw with characters up to 0x7f only.
    """
    role: Role = "bar"
    if fraction is not None and fraction >= min(warn_at, bad_at):
        role = "bad" if fraction >= bad_at else "warn"
    return bar(fraction, width, ascii=ascii, role=role)


def stacked(parts: Sequence[Part], width: int, *, ascii: bool = False) -> Row:
    """The shares of a whole side by side in exactly `width` cells: "▒▒██████▓▓░░".

    Cells are given out by largest remainder, so that together they are as many as the sum of the shares
    deserves. Shares of more than 1 together are scaled down; of less than 1 leave "track" at the end.

    Args:
        parts: In the order they are drawn; fractions that are negative or not finite count as 0.
        width: Cells.
        ascii: Draw with characters up to 0x7f only.
    """
    width = max(width, 0)
    shares = [min(share, 1.0) if share is not None and share > 0.0 else 0.0 for share, _, _ in parts]
    whole = max(sum(shares), 1.0)
    exact = [share / whole * width for share in shares]
    cells = [int(size + 1e-9) for size in exact]
    spare = min(round(sum(exact)), width) - sum(cells)
    by_remainder = sorted(range(len(parts)), key=lambda index: cells[index] - exact[index])
    for index in by_remainder[: max(spare, 0)]:
        cells[index] += 1
    runs = [
        (_part_glyph(glyph, ascii=ascii) * size, role)
        for size, (_, glyph, role) in zip(cells, parts, strict=True)
    ]
    return row(*runs, (("-" if ascii else "░") * (width - sum(cells)), "track"))


def _part_glyph(glyph: str, *, ascii: bool) -> str:
    """The glyph of a part, one cell wide."""
    if ascii and not glyph.isascii():
        return _ASCII_PARTS.get(glyph, "#")
    return glyph[:1] or " "
