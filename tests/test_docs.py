"""What the pages say against the code: names, options, kinds, defaults, and that every link leads somewhere."""

import importlib
import re
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

import trainmon
from trainmon.cli.main import COMMANDS
from trainmon.facts.events import AnyEvent
from trainmon.meaning.alerts import Thresholds
from trainmon.meaning.conditions import OWN_NAMES, WORDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
KINDS = {str(kind.__struct_config__.tag) for kind in get_args(AnyEvent)}
OTHER_PROGRAMS = {"--clear", "--shm-size", "--full", "--quick"}
"""Options of venv, docker and the benchmarks."""


def page(name: str) -> str:
    """The text of a page of `docs/`."""
    return PAGES[ROOT / "docs" / name]


def in_first_column(text: str) -> set[str]:
    """What stands in backticks in the first cell of a table's rows."""
    cells = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def options() -> set[str]:
    """The long options of all commands, those for our own use left out."""
    commands = [importlib.import_module(f"trainmon.cli.{name}").command for name in COMMANDS]
    params = [param for command in commands for param in command.params if isinstance(param, click.Option)]
    return {text for param in params if not param.hidden for text in param.opts if text.startswith("--")}


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[path]):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if link.startswith("https://"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(PAGES[target])):
            lost.append(link)

    assert lost == []


def test_every_picture_is_shown_somewhere() -> None:
    text = "".join(
        path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    )

    assert [path.name for path in sorted((ROOT / "docs/images").iterdir()) if path.name not in text] == []


def test_every_file_of_ours_that_is_named_is_there() -> None:
    named = re.compile(r"\b(?:trainmon|trainmon_tui|tests|benchmarks|docs)/[\w/.-]*\w\.(?:py|toml|md|svg)\b")
    names = {name for text in PAGES.values() for name in named.findall(text)}

    # The user's own file has its folder from us.
    assert [name for name in sorted(names - {"trainmon/config.toml"}) if not (ROOT / name).exists()] == []


def test_every_public_name_is_in_the_page_about_the_api() -> None:
    assert [name for name in trainmon.__all__ if f"{name}" not in page("api.md")] == []


def test_every_option_is_somewhere_and_every_one_that_is_named_exists() -> None:
    text = "\n".join(PAGES.values())
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))

    # `-o` is how everybody types it.
    assert options() - named == {"--output"}
    assert named - options() - OTHER_PROGRAMS - {"--help"} == set()


def test_every_command_is_in_the_page_about_the_commands() -> None:
    assert [name for name in COMMANDS if f"`trainmon {name}" not in page("cli.md") + page("scripts.md")] == []


def test_every_kind_of_event_is_explained_and_can_be_asked_for() -> None:
    listed = re.search(r"A kind is one of (.*?)\.\n", page("scripts.md"), re.DOTALL)

    assert in_first_column(page("files.md")) == KINDS
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == KINDS


def test_every_word_and_name_of_a_condition_is_explained() -> None:
    assert {*WORDS, *OWN_NAMES} - in_first_column(page("scripts.md")) == set()


@pytest.mark.parametrize("field", msgspec.structs.fields(Thresholds), ids=lambda field: field.name)
def test_a_threshold_has_the_default_that_the_page_says(field: msgspec.structs.FieldInfo) -> None:
    row = re.search(rf"^\| `{field.name}` \| (\S+) \|", page("alerts.md"), re.MULTILINE)

    assert row is not None
    assert row[1] == ("none" if field.default == () else f"{field.default:g}")
