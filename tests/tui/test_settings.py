"""Settings: what the user wrote is obeyed, what a view was set to comes back, and a home that fails is no error."""

from pathlib import Path

import pytest

from trainmon.configuration import CONFIG
from trainmon_tui.chart_view import ChartView
from trainmon_tui.settings import Settings, keep, read_settings, restored


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


def test_a_view_comes_back_for_its_folder_alone_and_without_the_window(tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    view = ChartView(smoothing=0.6, log_y=True, window=(3.0, 4.0), cursor=3.5)

    assert keep(run, view, tmp_path / "state")

    assert restored(run, tmp_path / "state") == ChartView(smoothing=0.6, log_y=True)
    assert restored(other, tmp_path / "state") == ChartView()
    assert not run.exists()


def test_the_usual_view_of_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    assert keep(tmp_path / "run", ChartView(), tmp_path / "state")

    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"smoothing": 7}', b'{"log_y": "yes"}', b"\xff"])
def test_a_damaged_view_is_the_usual_one(tmp_path: Path, damage: bytes) -> None:
    keep(tmp_path / "run", ChartView(log_y=True), tmp_path / "state")
    (path,) = (tmp_path / "state" / "views").iterdir()
    path.write_bytes(damage)

    assert restored(tmp_path / "run", tmp_path / "state") == ChartView()


def test_a_home_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")

    assert read_settings(nowhere) == Settings()
    assert restored(tmp_path / "run", nowhere) == ChartView()
    assert not keep(tmp_path / "run", ChartView(log_y=True), nowhere)


def test_nobody_has_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then "~" stays as it is, and must not become the name of a folder here."""
    monkeypatch.chdir(tmp_path)

    assert not keep(tmp_path / "run", ChartView(log_y=True), Path("~/state"))
    assert list(tmp_path.iterdir()) == []
