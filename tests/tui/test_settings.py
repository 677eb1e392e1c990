"""Settings: what the user wrote is obeyed, and a home that fails is no error."""

from pathlib import Path

import pytest

from trainmon.system.configuration import CONFIG
from trainmon_tui.settings import Settings, read_settings


def test_what_the_user_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('theme = "nord"\nrefresh = 2\nview = "errors"\n')

    assert read_settings(tmp_path) == Settings("nord", 2.0, "errors")
    assert read_settings(tmp_path).gap == 0.5


@pytest.mark.parametrize(
    "written",
    [
        b"", b"theme = 3\nrefresh = true\nview = []", b"refresh = nan", b"not toml", b"\xff\xfe",
        b"[theme]\nname = 'x'", b"refresh = 'fast'",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_as_if_it_were_not_there(tmp_path: Path, written: bytes) -> None:
    (tmp_path / CONFIG).write_bytes(written)

    assert read_settings(tmp_path) == Settings()


@pytest.mark.parametrize(("written", "taken"), [("1000", 4.0), ("-3", 0.1), ("inf", 4.0)])
def test_a_refresh_rate_stays_in_its_range(tmp_path: Path, written: str, taken: float) -> None:
    (tmp_path / CONFIG).write_text(f"refresh = {written}\n")

    assert read_settings(tmp_path).refresh == taken


def test_a_home_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")

    assert read_settings(nowhere) == Settings()
