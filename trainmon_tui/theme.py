"""Colours: what each role of a drawing looks like in each theme; the only place that knows a colour.

Our two themes use colours whose nearest neighbours among the 16 of an old terminal still differ, so that ssh without
COLORTERM and `TERM=screen` show the same picture. Every other Textual theme works through its standard variables.
"""

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from trainmon_tui.render.cells import Role

Palette = Mapping[Role, Style]
"""The style of every role."""

NIGHT = Theme(
    name="trainmon-night",
    primary="#5fd7ff",
    secondary="#87afff",
    accent="#ff87ff",
    warning="#ffff5f",
    error="#ff5f5f",
    success="#5fff5f",
    foreground="#d0d0d0",
    background="#0c0f12",
    surface="#14181c",
    panel="#1c2228",
    dark=True,
    variables={"trainmon-dim": "#878787", "trainmon-value": "#ffffff"},
)
"""For dark terminals; the default."""

DAY = Theme(
    name="trainmon-day",
    primary="#005f87",
    secondary="#0000af",
    accent="#87008f",
    warning="#875f00",
    error="#af0000",
    success="#006b00",
    foreground="#303030",
    background="#ffffff",
    surface="#f0f0f0",
    panel="#e4e4e4",
    dark=False,
    variables={"trainmon-dim": "#767676", "trainmon-value": "#000000"},
)
"""For light terminals."""

_COLOURS: Mapping[Role, str] = {
    "plain": "foreground", "title": "primary", "label": "dim", "value": "value", "unit": "dim", "dim": "dim",
    "key": "secondary", "train": "primary", "raw": "dim", "band": "dim", "validation": "warning",
    "best": "success", "checkpoint": "accent", "nan": "error", "other": "accent", "other2": "value",
    "other3": "secondary", "axis": "dim",
    "cursor": "value", "match": "value", "bar": "calm", "track": "dim", "good": "success", "warn": "warning",
    "bad": "error", "headline": "error", "own": "value", "frame": "dim", "source": "secondary", "separator": "dim",
}  # fmt: skip
"""Which variable of a theme colours which role; "dim" and "value" are ours and mixed where a theme lacks them."""

_BOLD: frozenset[Role] = frozenset({"title", "value", "best", "nan", "bad", "headline", "own", "cursor"})
"""Roles that stand out without colour, too."""

_REVERSED: frozenset[Role] = frozenset({"match"})
"""Roles that stand out on a line of any colour, and without colour."""

_JUDGEMENTS: frozenset[Role] = frozenset({"good", "warn", "bad", "headline", "own", "key"})
"""Roles that keep their colour when all else recedes."""


def palette(variables: Mapping[str, str], *, dimmed: bool = False) -> Palette:
    """The style of every role in a theme.

    Args:
        variables: Of the theme, by name, as `App.theme_variables` has them.
        dimmed: For a run that is over: everything but judgements and the verdict recedes.
    """
    foreground = _color(variables, "foreground", Color(224, 224, 224))
    background = _color(variables, "background", Color(0, 0, 0))
    dim = foreground if _is_ansi(foreground) else background.blend(foreground, 0.55)
    named = {"foreground": foreground, "value": foreground, "dim": dim}
    for name in ("primary", "secondary", "accent", "warning", "error", "success"):
        named[name] = _color(variables, name, foreground)
    # Bars are large areas; in full colour they would be louder than the numbers beside them.
    primary = named["primary"]
    named["calm"] = primary if _is_ansi(primary) else background.blend(primary, 0.65)
    for name in ("dim", "value"):
        named[name] = _color(variables, f"trainmon-{name}", named[name])
    styles: dict[Role, Style] = {}
    for role, name in _COLOURS.items():
        color = named[name]
        faint = name == "dim" and _is_ansi(color)
        if dimmed and role not in _JUDGEMENTS:
            color = foreground if role == "value" else named["dim"]
            faint = _is_ansi(color)
        bold = role in _BOLD and not (dimmed and role == "value")
        reverse = role in _REVERSED
        styles[role] = Style(
            color=color.rich_color, bold=bold or None, dim=faint or None, reverse=reverse or None
        )
    return styles


def _color(variables: Mapping[str, str], name: str, otherwise: Color) -> Color:
    try:
        return Color.parse(variables[name])
    except (
        KeyError,
        ColorParseError,
    ):  # a theme may lack it, or say "auto 60%", which is no colour by itself
        return otherwise


def _is_ansi(color: Color) -> bool:
    """Whether the colour is one of the terminal's own, which cannot be mixed."""
    return color.ansi is not None
