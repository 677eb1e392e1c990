"""`trainmon.system.configuration`: settings are obeyed one by one, and nothing in them fails a training."""

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from platformdirs import user_config_path

from trainmon.system.configuration import CONFIG, config_path, read_section, read_section_checked


class Limits(msgspec.Struct, frozen=True):
    """A section as a module would have it."""

    hot: int = 87
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    names: tuple[str, ...] = ()


@pytest.mark.parametrize("base", [None, "", "  ", "/somewhere/else"])
def test_the_file_is_where_platformdirs_says(monkeypatch: pytest.MonkeyPatch, base: str | None) -> None:
    """Which is not imported here, because that takes longer than all else."""
    if base is None:
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CONFIG_HOME", base)

    assert config_path() == user_config_path("trainmon") / CONFIG


def test_what_the_user_wrote_replaces_the_defaults(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('[limits]\nhot = 92\nnames = ["a"]\n[other]\nhot = 1\n')

    assert read_section_checked("limits", Limits, tmp_path) == (Limits(hot=92, names=("a",)), [])


def test_one_mistake_does_not_cost_the_other_settings(tmp_path: Path) -> None:
    """A misspelt name and a number out of its range are said; what is right is obeyed."""
    (tmp_path / CONFIG).write_text('[limits]\nhto = 1\nhot = "warm"\nshare = 0.5\n')

    found, problems = read_section_checked("limits", Limits, tmp_path)

    assert found == Limits(share=0.5)
    assert [problem.where for problem in problems] == ["limits.hto", "limits.hot"]


@pytest.mark.parametrize(
    "written", [b"", b"limits = 3", b"not toml", b"\xff\xfe", b"[limits]\nshare = 2", b"\0"]
)
def test_what_makes_no_sense_is_as_if_it_were_not_there(tmp_path: Path, written: bytes) -> None:
    (tmp_path / CONFIG).write_bytes(written)

    assert read_section("limits", Limits, tmp_path) == Limits()


def test_no_file_and_a_file_that_is_none_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "b" / CONFIG).mkdir(parents=True)

    assert read_section_checked("limits", Limits, tmp_path) == (Limits(), [])
    assert read_section_checked("limits", Limits, tmp_path / "b")[1][0].why == "Is a directory"
