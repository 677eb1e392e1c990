"""`trainmon/words/moments.py`: spans and moments as people write them."""

import time
from collections.abc import Iterator

import pytest

from trainmon.words.moments import moment, span

NOW = 1_795_390_867.0
"""Sunday 2026-11-22 23:41:07 UTC: Monday 00:41:07 in Berlin."""


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time with daylight saving, whatever the machine has."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8h", 28_800.0), ("1h30m", 5_400.0), ("90s", 90.0), ("45", 45.0), ("2d", 172_800.0), ("0.5h", 1_800.0),
        (" 8H ", 28_800.0), ("", None), ("h", None), ("8x", None), ("-1s", None), ("1m1h", None), ("8h30", None),
        ("٣h", None),
    ],
)  # fmt: skip
def test_a_span_is_written_as_people_do(text: str, expected: float | None) -> None:
    """`8h30` is refused: some would mean minutes."""
    assert span(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+8h", NOW + 28_800), ("8h", NOW + 28_800), ("+1h30m", NOW + 5_400), (" +90s ", NOW + 90),
        ("18:00", 1_795_453_200), ("00:41", 1_795_390_860 + 86_400), ("0:42", 1_795_390_920),
        ("00:41:08", NOW + 1), ("today 00:41", 1_795_390_860), ("tomorrow 18:00", 1_795_453_200 + 86_400),
        ("Mon 07:39", 1_795_415_940), ("monday 00:00", 1_795_388_400 + 7 * 86_400),
        ("sun 12:00", 1_795_431_600 + 6 * 86_400), ("2026-11-29 10:14", 1_795_943_640),
        ("2026-11-29T10:14", 1_795_943_640), ("2026-11-29t09:14:00z", 1_795_943_640),
        ("2026-11-29T10:14+01:00", 1_795_943_640), ("2026-11-29", 1_795_906_800), ("1795453200", 1_795_453_200),
    ],
)  # fmt: skip
def test_a_moment_is_written_as_people_do(text: str, expected: float) -> None:
    """A time of day is the next one; bare dates and times are local."""
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "soon",
        "25:00",
        "12:60",
        "12:00:60",
        "noday 12:00",
        "2026-13-01",
        "+-1h",
        "18:00 Mon",
        "-5",
        "9" * 30,
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment(text, NOW) is None


def test_a_time_of_day_knows_of_daylight_saving() -> None:
    """03:30 of the night in which clocks go from 2 to 3 is two and a half hours after 00:00, not three and a half."""
    midnight = 1_806_188_400.0  # 2027-03-28 00:00 CET

    assert moment("03:30", midnight) == midnight + 2.5 * 3_600
    assert moment("12:00", midnight - 3_600) == midnight + 11 * 3_600
