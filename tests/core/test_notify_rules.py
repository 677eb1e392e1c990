"""What the user wants: rules are obeyed word by word, and the addresses are seen by nobody."""

from pathlib import Path

import pytest

from tests.receivers import SECRET
from trainmon.notify.rules import (
    DEFAULT,
    VARIABLE,
    Addresses,
    NotifySettings,
    addresses,
    kind_of,
    read_settings,
    rules,
)
from trainmon.system.configuration import CONFIG


def written(folder: Path, text: str) -> Path:
    (folder / CONFIG).write_text(text)
    return folder


def test_the_section_is_read(tmp_path: Path) -> None:
    settings, problems = read_settings(
        written(
            tmp_path,
            '[notify]\nurls = ["json://h/x"]\non = ["best", "alert:warning"]\nmost = 2\nbell = false',
        )
    )

    assert problems == []
    assert settings == NotifySettings(("json://h/x",), ("best", "alert:warning"), 2, bell=False)
    assert rules(settings).kinds == {"best"}
    assert rules(settings).alerts == {"critical", "warning"}


def test_nothing_said_means_what_ends_a_run_or_is_about_to() -> None:
    usual = rules(NotifySettings())

    assert usual.kinds == {"finished", "failed", "died", "stalled"}
    assert usual.alerts == {"critical"}
    assert NotifySettings().on == DEFAULT


@pytest.mark.parametrize(
    "line", ["most = 0", "most = 'x'", "on = 3", "on = ['nonsense']", "urls = 'x'", "colour = 1"]
)
def test_what_makes_no_sense_is_said_and_costs_nothing_else(tmp_path: Path, line: str) -> None:
    settings, problems = read_settings(written(tmp_path, f"[notify]\nbell = false\n{line}\n"))

    assert len(problems) == 1
    assert settings.bell is False


def test_an_address_in_the_wrong_place_is_not_quoted(tmp_path: Path) -> None:
    _, problems = read_settings(written(tmp_path, f'[notify]\non = ["tgram://{SECRET}"]\n'))

    assert len(problems) == 1
    assert SECRET not in repr(problems)


def test_the_environment_takes_the_place_of_the_file() -> None:
    settings = NotifySettings(urls=("json://file/x",))

    assert addresses(settings, {}).reveal() == ("json://file/x",)
    assert addresses(settings, {VARIABLE: "ntfy://a, json://b\tjson://c"}).reveal() == (
        "ntfy://a",
        "json://b",
        "json://c",
    )
    assert len(addresses(settings, {VARIABLE: " "})) == 0


def test_nothing_that_can_be_printed_shows_an_address(tmp_path: Path) -> None:
    """A struct in a traceback, a problem in the doctor, a kind in a list."""
    url = f"tgram://{SECRET}/{SECRET}"
    settings, problems = read_settings(written(tmp_path, f'[notify]\nurls = ["{url}", 3]\n'))
    good = NotifySettings(urls=(url,))

    shown = [
        repr(settings),
        repr(problems),
        repr(good),
        str(good),
        f"{good}",
        repr(addresses(good, {})),
        repr(rules(good)),
    ]

    assert SECRET not in " ".join(shown)
    assert addresses(good, {}).kinds() == ("tgram",)
    assert [kind_of(text) for text in (SECRET, "", f"{SECRET * 3}://x", " NTFY://x")] == [
        "?",
        "?",
        "?",
        "ntfy",
    ]
    assert repr(Addresses((url,))) == "1 addresses"
