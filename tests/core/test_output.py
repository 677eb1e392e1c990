"""What a program printed: kept with times, bounded, and read back."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import START
from trainmon.storage.drawing import LONGEST
from trainmon.storage.output import KEPT, OutputLog, newest_lines, plain_line
from trainmon.words.paths import OUTPUT


def texts(folder: Path) -> list[str]:
    return [line.text for line in newest_lines(folder, 1_000)]


def a_log(folder: Path, **options: int) -> OutputLog:
    log = OutputLog(**options)
    log.settle(folder)
    return log


def test_lines_have_the_time_at_which_they_ended(tmp_path: Path) -> None:
    log = a_log(tmp_path)

    log.add(b"epoch 1 ", START)
    log.add(b"loss 2.5\nepoch 2\n", START + 1.25)
    log.close(START + 2)

    assert [(line.time, line.text) for line in newest_lines(tmp_path, 9)] == [
        (START + 1.25, "epoch 1 loss 2.5"),
        (START + 1.25, "epoch 2"),
    ]


def test_what_came_before_the_folder_was_known_is_kept(tmp_path: Path) -> None:
    log = OutputLog()
    log.add(b"early\n", START)

    log.settle(tmp_path / "logs")
    log.close(START)

    assert texts(tmp_path / "logs") == ["early"]


def test_a_progress_bar_is_kept_in_its_last_shape_and_now_and_then_on_the_way(tmp_path: Path) -> None:
    """A bar of tqdm redraws ten times a second; a line every five seconds tells enough."""
    log = a_log(tmp_path)

    for tenth in range(1, 121):
        log.add(f"\r{tenth} of 120".encode(), START + tenth / 10)
    log.add(b"\n", START + 12)
    log.close(START + 12)

    assert len(texts(tmp_path)) == 3
    assert texts(tmp_path)[-1] == "120 of 120"


def test_a_last_line_without_an_end_is_kept(tmp_path: Path) -> None:
    log = a_log(tmp_path)

    log.add(b"Killed", START)
    log.close(START)

    assert texts(tmp_path) == ["Killed"]


def test_colours_are_left_out_for_the_reader_and_stay_in_the_file(tmp_path: Path) -> None:
    log = a_log(tmp_path)

    log.add(b"\x1b[1;31mred\x1b[0m\x1b[K\n", START)
    log.close(START)

    assert texts(tmp_path) == ["red"]
    assert b"\x1b[1;31mred" in (tmp_path / OUTPUT).read_bytes()


def test_a_line_without_end_is_cut_and_loses_nothing(tmp_path: Path) -> None:
    log = a_log(tmp_path)

    log.add(b"x" * (2 * LONGEST + 5), START)
    log.close(START)

    assert [len(text) for text in texts(tmp_path)] == [LONGEST, LONGEST, 5]


def test_files_are_rotated_and_the_oldest_go(tmp_path: Path) -> None:
    log = a_log(tmp_path, most_bytes=1_000)

    for number in range(200):
        log.add(f"line {number}\n".encode(), START)
    log.close(START)

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [OUTPUT, *(f"{OUTPUT}.{number}" for number in range(1, KEPT + 1))]
    assert all(path.stat().st_size < 1_100 for path in tmp_path.iterdir())
    assert texts(tmp_path)[-1] == "line 199"


def test_no_more_lines_than_asked_for_come_back(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.add(b"a\nb\nc\n", START)
    log.close(START)

    assert [line.text for line in newest_lines(tmp_path, 2)] == ["b", "c"]
    assert newest_lines(tmp_path / "elsewhere", 2) == []


def test_a_file_of_somebody_else_is_shown_without_times(tmp_path: Path) -> None:
    (tmp_path / OUTPUT).write_bytes(b"no time here\n\xff\xfe\n")

    assert [(line.time, line.text) for line in newest_lines(tmp_path, 9)] == [
        (None, "no time here"),
        (None, "\ufffd\ufffd"),
    ]


@given(
    st.binary(max_size=200).map(lambda data: data.replace(b"\r", b"")),
    st.lists(st.integers(1, 9), max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_how_output_is_cut_into_reads_changes_nothing(tmp_path: Path, data: bytes, cuts: list[int]) -> None:
    """A terminal gives what it has."""
    folders = [Path(tempfile.mkdtemp(dir=tmp_path)) for _ in range(2)]
    one, other = map(a_log, folders)

    one.add(data, START)
    rest = data
    for cut in cuts:
        other.add(rest[:cut], START)
        rest = rest[cut:]
    other.add(rest, START)
    one.close(START)
    other.close(START)

    whole, pieces = ((folder / OUTPUT).read_bytes() for folder in folders)
    assert whole == pieces


def test_a_line_is_shown_with_the_time_of_day_and_without_colours() -> None:
    assert (
        plain_line("2026-11-22T14:00:07.123+01:00 \x1b[1;32mred\x1b[0m \x1b]0;t\x07")
        == "14:00:07 red \x1b]0;t\x07"
    )
    assert plain_line("\x1b[31mno time") == "no time"


def test_s08_secrets_that_a_program_prints_are_masked_and_other_bytes_stay(tmp_path: Path) -> None:
    log = a_log(tmp_path)

    log.add(b"login --token abcdef123 \xff\n", START)
    log.add(b"Authorization: Bearer abc", START)
    log.add(b"def123\nlast with hf_" + b"a1" * 17, START)
    log.close(START)

    assert texts(tmp_path) == [
        "login --token *** \ufffd", "Authorization: ***", "last with ***",
    ]  # fmt: skip
    assert b"--token *** \xff\n" in (tmp_path / OUTPUT).read_bytes()
