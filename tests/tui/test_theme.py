"""Colours: every role has one in every theme, and the own themes work with 16."""

from typing import get_args

import pytest
from rich.color import ColorSystem
from textual.theme import BUILTIN_THEMES, Theme

from trainmon_tui.render.cells import Role
from trainmon_tui.theme import DAY, NIGHT, palette


def variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


@pytest.mark.parametrize("theme", [NIGHT, DAY, *BUILTIN_THEMES.values()], ids=lambda theme: theme.name)
@pytest.mark.parametrize("dimmed", [False, True])
def test_every_role_has_a_colour_in_every_theme(theme: Theme, dimmed: bool) -> None:
    styles = palette(variables(theme), dimmed=dimmed)

    assert set(styles) == set(get_args(Role))
    assert all(style.color is not None for style in styles.values())


@pytest.mark.parametrize("theme", [NIGHT, DAY], ids=lambda theme: theme.name)
def test_what_must_differ_differs_with_16_colours(theme: Theme) -> None:
    """Over ssh without COLORTERM, and in screen, there are no others."""
    styles = palette(variables(theme))

    def seen(role: Role) -> tuple[object, ...]:
        color = styles[role].color
        assert color is not None
        return color.downgrade(ColorSystem.STANDARD), styles[role].bold

    curves: list[Role] = ["train", "validation", "best", "nan", "raw"]
    judgements: list[Role] = ["good", "warn", "bad", "dim"]
    assert len({seen(role) for role in curves}) == len(curves)
    assert len({seen(role) for role in judgements}) == len(judgements)


def test_a_dead_run_recedes_but_its_judgements_do_not() -> None:
    bright, dimmed = palette(variables(NIGHT)), palette(variables(NIGHT), dimmed=True)

    assert dimmed["train"] != bright["train"]
    assert dimmed["bad"] == bright["bad"]
