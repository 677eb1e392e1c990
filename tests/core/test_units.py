"""`trainmon.words.units`: words for numbers are short, stable, and exist for every number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.words import units

ANY_NUMBER = st.one_of(
    st.none(), st.floats(), st.integers(), st.sampled_from([10**400, -(10**400), 10**5_000])
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (41.9, "41s"),
        (226, "3m 46s"),
        (3_599.9, "59m 59s"),
        (28_700, "7h 58m"),
        (1_051_205, "12d 4h"),
        (-30, "-30s"),
        (-0.4, "0s"),
        (1e300, ">9999d"),
        (None, "?"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
    ],
)
def test_a_duration_has_two_units_and_is_never_rounded_up(seconds: float | None, words: str) -> None:
    assert units.duration(seconds) == words


def test_a_short_duration_has_one_unit() -> None:
    assert [units.short_duration(s) for s in (41, 226, 28_700, 1_051_205)] == ["41s", "3m", "7h", "12d"]


def test_counts_are_separated_or_short() -> None:
    assert [units.count(v) for v in (0, 182_400, -5_005, 1e20)] == ["0", "182,400", "-5,005", "1.000e+20"]
    assert [units.short_count(v) for v in (0, 999, 999.6, 6_500, 50_000, 182_400, 999_600, 1.2e6)] == [
        "0", "999", "1k", "6.5k", "50k", "182k", "1M", "1.2M",
    ]  # fmt: skip


def test_sizes_have_three_digits_and_memory_one_decimal() -> None:
    assert [units.size(v) for v in (512, 999_999, 1.04e9, 37.4e9, 212e9)] == [
        "512 B", "1.00 MB", "1.04 GB", "37.4 GB", "212 GB",
    ]  # fmt: skip
    assert units.size_gib(45.6 * 2**30) == "45.6 GiB"
    assert units.size_gib(31 << 20) == "31 MiB"
    assert units.size_gib(0) == "0.0 GiB"
    assert units.gib(64 * 2**30) == "64.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.604, "2.604"),
        (1.42, "1.420"),
        (51.72, "51.72"),
        (9.9996, "10.00"),
        (2_511, "2,511"),
        (9_999_999, "9,999,999"),
        (6.47e-4, "6.47e-04"),
        (-6.47e-4, "-6.47e-04"),
        (-1e-310, "-1.0e-310"),
        (0.0, "0"),
        (None, "?"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
    ],
)
def test_a_metric_has_four_digits_in_at_most_nine_columns(value: float | None, text: str) -> None:
    assert units.number(value) == text


def test_a_percentage_below_a_hundred_is_never_shown_as_a_hundred() -> None:
    """A full percentage means done; a run that is not done must not say so."""
    assert [units.percent(v, 1) for v in (40.5, 99.97, 100.0)] == ["40.5 %", "99.9 %", "100.0 %"]
    assert units.percent(99.7) == "99 %"


def test_a_throughput_has_three_digits_or_is_whole() -> None:
    assert [units.throughput(v) for v in (0, 0.123, 9.81, 31.42, 204.4, 2_511)] == [
        "0", "0.123", "9.81", "31.4", "204", "2,511",
    ]  # fmt: skip


def test_clocks_are_those_of_the_run_and_not_of_the_viewer() -> None:
    time = 1_795_387_267  # 2026-11-22 22:41:07 UTC, a Sunday

    assert units.clock(time, 3_600) == "23:41:07"
    assert units.clock(time, 3_600, seconds=False) == "23:41"
    assert units.weekday_clock(time, 7_200) == "Mon 00:41"
    assert units.date_clock(time, 3_600) == "2026-11-22 23:41:07"
    assert units.date_clock(1e18) == units.UNKNOWN


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5.88e-4, "588 µs"), (0.0412, "41.2 ms"), (2.35, "2.35 s"), (226.0, "3m 46s"), (0.0, "0 ms"), (None, "?"),
        (-0.25, "-250 ms"),
    ],
)  # fmt: skip
def test_what_took_very_little_has_the_unit_that_fits(seconds: float | None, words: str) -> None:
    assert units.fine_duration(seconds) == words


@given(ANY_NUMBER)
def test_every_number_has_a_short_printable_text(value: float | None) -> None:
    """A diverged loss, a broken clock or an absurd counter must not take the screen with it."""
    texts = [
        units.duration(value), units.fine_duration(value), units.short_duration(value),
        units.count(value), units.short_count(value),
        units.size(value), units.gib(value), units.size_gib(value), units.number(value), units.percent(value),
        units.percent(value, 99), units.throughput(value), units.clock(value), units.clock(0.0, value),
        units.weekday_clock(value), units.date_clock(value), units.date_clock(value, value),
    ]  # fmt: skip

    assert all(text and text.isprintable() and len(text) <= 24 for text in texts)


@given(ANY_NUMBER)
def test_a_metric_never_leaves_its_columns(value: float | None) -> None:
    assert 1 <= len(units.number(value)) <= units.METRIC_COLUMNS


@given(st.floats(1e-99, 1e99), st.booleans())
def test_a_metric_text_is_within_one_percent_of_the_value(magnitude: float, negative: bool) -> None:
    """Beyond 99 decimal exponents a negative number has room for two digits only."""
    value = -magnitude if negative else magnitude

    shown = float(units.number(value).replace(",", ""))

    assert shown == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(
    ("ahead", "offset", "words"),
    [
        (0, 0, "23:41"), (1_200, 0, "Mon 00:01"), (1_200, -3_600, "23:01"), (None, 0, "?"),
        (-6 * 86_400, 0, "Mon 23:41"), (-7 * 86_400, 0, "2026-11-15 23:41"), (86_400 * 180, 0, "2027-05-21 23:41"),
        (math.nan, 0, "?"), (1e18, 0, "?"),
    ],
)  # fmt: skip
def test_a_moment_of_today_needs_no_weekday_and_one_of_another_week_its_date(
    ahead: float | None, offset: int, words: str
) -> None:
    """Today is where the run is; 23:41:07 UTC on a Sunday."""
    now = 1_795_390_867.0

    assert units.moment_clock(now + ahead if ahead is not None else None, now, offset) == words
