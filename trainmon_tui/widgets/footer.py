"""The bottom line: the keys that matter here."""

from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.lines import first_that_fits, join
from trainmon_tui.widgets.rows import RowsPanel

Keys = tuple[tuple[str, str], ...]
"""Key and what it does, the most important first."""


def rows(keys: Keys, width: int, height: int) -> list[Row]:
    """One line: as many of the keys as fit, from the first."""
    alternatives = [
        join(*(row((key, "key"), (" " + words, "label")) for key, words in keys[:most]))
        for most in range(len(keys), 0, -1)
    ]
    return [fit_row(first_that_fits(alternatives, width), width)][:height]


class FooterPanel(RowsPanel[Keys]):
    """The keys of a screen."""

    keys: Keys = ()
    """Set by the screen that shows them."""

    def pick(self, _sight: Sight) -> Keys:
        """The keys; the sight does not matter."""
        return self.keys

    def draw(self, piece: Keys, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height)
