"""The user's settings that the core obeys: sections of `config.toml`, each read into a struct of its own.

A setting that is missing or makes no sense has its default, and a home that cannot be read costs nothing but the
settings: a training never fails for them. What was not understood can be said by whoever asks (`problems`).
"""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

CONFIG = "config.toml"
"""The user's file, in the folder for configuration of platformdirs (`~/.config/trainmon`)."""

MOST_BYTES = 64 << 10
"""Bytes of it that are read: nobody writes more by hand."""

Section = TypeVar("Section", bound=msgspec.Struct)


class Problem(msgspec.Struct, frozen=True):
    """Something in the file that is not obeyed."""

    where: str
    """`alerts.gpu_hot`, or the file's path."""
    why: str
    """What is wrong, in words; may quote the file."""


def config_path(folder: Path | None = None) -> Path:
    """Where the user's file is; it need not exist.

    Args:
        folder: Of the file; None: where platformdirs says.
    """
    return (folder if folder is not None else _user_folder()) / CONFIG


def _user_folder() -> Path:
    """What platformdirs says on Linux; importing it at the start of every training and command takes 5 ms."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(base if base.strip() else os.path.expanduser("~/.config")) / "trainmon"


def read_section(name: str, kind: type[Section], folder: Path | None = None) -> Section:
    """The section `[name]` as a struct; its fields are the settings, and their defaults hold where nothing is said."""
    return read_section_checked(name, kind, folder)[0]


def read_section_checked(
    name: str, kind: type[Section], folder: Path | None = None
) -> tuple[Section, list[Problem]]:
    """The same with what was not understood."""
    whole, problems = read_whole(folder)
    if problems:
        return kind(), problems
    table = whole.get(name, {})
    if not isinstance(table, dict):
        return kind(), [Problem(name, "is not a section")]
    return _section(name, kind, table)


def read_whole(folder: Path | None = None) -> tuple[dict[str, object], list[Problem]]:
    """The whole file as TOML has it, and why it cannot be read; ({}, []) where there is none."""
    path = config_path(folder)
    try:
        data = _read(path)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [Problem(str(path), error.strerror or type(error).__name__)]
    import tomllib  # Deferred: 4 ms, and most have no such file.

    try:
        return tomllib.loads(data.decode()), []
    except ValueError as error:
        return {}, [Problem(str(path), f"is not TOML: {error}")]


def _section(name: str, kind: type[Section], table: dict[str, object]) -> tuple[Section, list[Problem]]:
    """Takes each setting by itself, so that one mistake does not cost the others."""
    taken: dict[str, object] = {}
    problems: list[Problem] = []
    for key, value in table.items():
        if key not in kind.__struct_fields__:
            problems.append(Problem(f"{name}.{key}", "there is no such setting"))
            continue
        try:
            msgspec.convert({key: value}, kind)
        except msgspec.ValidationError as error:
            problems.append(Problem(f"{name}.{key}", str(error).partition(" - at ")[0]))
        else:
            taken[key] = value
    return msgspec.convert(taken, kind), problems


def _read(path: Path) -> bytes:
    """The file.

    Raises:
        OSError: It cannot be read, or nobody has a home.
    """
    if not path.is_absolute():  # "~" stays where nobody has a home
        raise FileNotFoundError(path)
    with path.open("rb") as file:
        return file.read(MOST_BYTES)
