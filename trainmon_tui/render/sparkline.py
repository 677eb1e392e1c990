"""The sparkline: the course of one number in one row of blocks."""

from collections.abc import Sequence

from trainmon_tui.render.cells import Role, Row, row_of_cells

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=+*%#"
_NAN, _ASCII_NAN = "×", "x"


def sparkline(
    values: Sequence[float | None],
    width: int,
    *,
    low: float | None = None,
    high: float | None = None,
    ascii: bool = False,
    role: Role = "bar",
) -> Row:
    """The values in exactly `width` cells, the newest at the right end: "▁▂▄▆█".

    More values than cells are averaged; fewer stand at the right after blanks. A cell with a value that is
    not finite is "×" in the role "nan"; one with no value is blank; values that are all alike are drawn at
    half height.

    Args:
        values: By rising time; None where nothing was measured.
        width: Cells.
        low: The value of the lowest block; None or not finite: the least mean.
        high: The value of the highest block; None or not finite: the greatest mean.
        ascii: Draw with characters up to 0x7f only.
        role: The role of the blocks.
    """
    width = max(width, 0)
    cells = _means(values, width)
    finite = [mean for mean in cells if mean is not None and mean - mean == 0.0]
    bottom = low if low is not None and low - low == 0.0 else min(finite, default=0.0)
    top = high if high is not None and high - high == 0.0 else max(finite, default=0.0)
    blocks, nan = (_ASCII_BLOCKS, _ASCII_NAN) if ascii else (_BLOCKS, _NAN)
    characters = [" "] * (width - len(cells))
    roles: list[Role] = ["plain"] * (width - len(cells))
    for mean in cells:
        is_nan = mean is not None and mean - mean != 0.0
        roles.append("nan" if is_nan else "plain" if mean is None else role)
        characters.append(" " if mean is None else nan if is_nan else blocks[_level(mean, bottom, top)])
    return row_of_cells(characters, roles)


def _means(values: Sequence[float | None], width: int) -> list[float | None]:
    """At most `width` means of neighbouring values; NaN where one is not finite, None where all are None."""
    total = len(values)
    if total <= width:
        return list(values)
    means: list[float | None] = []
    for cell in range(width):
        part = values[cell * total // width : (cell + 1) * total // width]
        known = [value for value in part if value is not None]
        # Divided first: the sum of two large values need not be finite.
        means.append(sum(value / len(known) for value in known) if known else None)
    return means


def _level(value: float, bottom: float, top: float) -> int:
    """The block of a finite value, 0-7; 3 where bottom and top are the same."""
    # Halves, because the difference of two large values need not be finite.
    span = top / 2 - bottom / 2
    if span <= 0.0:
        return 3
    return int(min(max((value / 2 - bottom / 2) / span, 0.0), 1.0) * 7 + 0.5)
