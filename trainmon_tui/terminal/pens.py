"""The colours and attributes in which a terminal writes, and the shortest way from one to another.

A pen is the parameters of one SGR sequence that begins with everything off, as Rich sends them: "1;38;2;224;175;104".
"""

from functools import lru_cache
from typing import NamedTuple

_COLOUR_LENGTHS = {"2": 5, "5": 3}
"""How many parameters a colour takes that begins with 38 or 48, by the one after: true colour, palette."""

_BOLD_OR_DIM = frozenset("12")

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
"""What switches an attribute off; 22 does so for bold and dim alike."""


class Parts(NamedTuple):
    """What a pen says."""

    attributes: frozenset[str]
    """Bold, underlined and the like, as parameters."""
    ink: str
    """The colour of characters, as parameters; "39" is the terminal's own."""
    paper: str
    """The colour behind them; "49" is the terminal's own."""


@lru_cache(1_024)
def parts(pen: str) -> Parts:
    """The parts of a pen; what is not known to be a colour is taken for an attribute."""
    attributes: set[str] = set()
    ink, paper = "39", "49"
    parameters = pen.split(";")
    at = 0
    while at < len(parameters):
        first = parameters[at]
        taken = 1
        if first in ("38", "48"):
            taken = _COLOUR_LENGTHS.get(parameters[at + 1] if at + 1 < len(parameters) else "", 1)
            colour = ";".join(parameters[at : at + taken])
            ink, paper = (colour, paper) if first == "38" else (ink, colour)
        elif len(first) == 2 and first[0] in "39" and first != "39":
            ink = first
        elif (first[:1] == "4" and len(first) == 2) or len(first) == 3:
            paper = first
        elif first not in ("", "0", "39"):
            attributes.add(first)
        at += taken
    return Parts(frozenset(attributes), ink, paper)


@lru_cache(4_096)
def change(before: str | None, after: str) -> str:
    """The sequence that makes one pen out of the other; "" where they are the same.

    Args:
        before: What the terminal writes with; None: unknown.
        after: What it is to write with.
    """
    wanted = parts(after)
    colours = [colour for colour in (wanted.ink, wanted.paper) if colour not in ("39", "49")]
    anew = _sequence(["0", *sorted(wanted.attributes), *colours])
    if before is None:
        return anew
    had = parts(before)
    gone = had.attributes - wanted.attributes
    if not gone <= _OFF.keys():
        return anew
    # Switching bold off switches dim off too, and the other way round.
    again = wanted.attributes & _BOLD_OR_DIM if gone & _BOLD_OR_DIM else frozenset[str]()
    step = [
        *sorted({_OFF[attribute] for attribute in gone}),
        *sorted((wanted.attributes - had.attributes) | again),
        *([wanted.ink] if wanted.ink != had.ink else []),
        *([wanted.paper] if wanted.paper != had.paper else []),
    ]
    return min(_sequence(step), anew, key=len) if step else ""


def _sequence(parameters: list[str]) -> str:
    return f"\x1b[{';'.join(parameters)}m"
