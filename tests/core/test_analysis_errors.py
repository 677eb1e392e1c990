"""`analyze_errors`: how often which errors came."""

from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.core.test_analysis_progress import golden
from trainmon.analysis import ErrorAnalysis, analyze_errors, analyze_performance

RAISED = """[2024-01-15 10:00:00] ERROR - ERROR - gradio_app - train - step - no such - thing{times}
Traceback: train.py:line 40 in step
    Traceback (most recent call last):
      File "/home/ada/train.py", line 40, in step
        raise {kind}("no such - thing")
    {kind}: no such - thing
"""


def analysis_of(folder: Path, text: str) -> ErrorAnalysis:
    path = folder / "errors.log"
    path.write_text(text, "utf-8")
    return analyze_errors(path)


def test_the_sample_of_the_spec_has_context_category_and_place(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, golden("spec_lines.txt", "errors.log"))

    assert found.errors == 1
    assert found.by_context[0].name == "safe_inference:inference_out_of_memory"
    assert found.by_category[0].name == "GPU out of memory"
    assert found.by_type[0].name == "unknown"
    assert found.recurring[0].location == "/path/to/gradio_app.py:123"
    assert found.recurring[0].message == "GPU out of memory during inference: CUDA out of memory"


def test_our_own_record_has_type_count_and_the_last_of_a_chain(tmp_path: Path) -> None:
    """The exception that was logged is the last of its traceback, not its cause."""
    found = analysis_of(tmp_path, golden("our_lines.txt", "errors.log"))

    assert found.errors == 7  # five at once, an interrupt, and a critical message of the program
    assert {tally.name: tally.count for tally in found.by_type} == {"RuntimeError": 5, "unknown": 2}
    assert {tally.name: tally.count for tally in found.by_level} == {"ERROR": 6, "CRITICAL": 1}
    group = found.recurring[0]
    assert (group.error_type, group.message, group.context) == ("RuntimeError", "step failed", "train")
    assert (group.location, group.count) == ("train.py:40 in main", 5)


def test_a_message_with_dashes_is_told_from_its_context_by_the_traceback(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, RAISED.format(times="", kind="KeyError"))

    assert found.recurring[0].context == "train - step"
    assert found.recurring[0].message == "no such - thing"
    assert found.recurring[0].error_type == "KeyError"


def test_equal_errors_recur_under_one_fingerprint_and_repetitions_count(tmp_path: Path) -> None:
    text = RAISED.format(times=" (×1,234)", kind="KeyError") + RAISED.format(times="", kind="KeyError")
    text += RAISED.format(times="", kind="ValueError")

    found = analysis_of(tmp_path, text)

    assert [group.count for group in found.recurring] == [1_235, 1]
    assert found.errors == 1_236
    assert found.records == 3


def test_a_traceback_of_the_standard_library_stands_unindented(tmp_path: Path) -> None:
    """`logger.exception` of another program."""
    text = (
        "[2024-01-15 10:00:00,123] ERROR - ERROR - gradio_app - loading - broken\n"
        "Traceback (most recent call last):\n"
        '  File "a.py", line 3, in load\n'
        "    open(path)\n"
        "FileNotFoundError: [Errno 2] No such file or directory: 'x'\n"
    )

    found = analysis_of(tmp_path, text)

    assert found.by_type[0].name == "FileNotFoundError"
    assert found.by_category[0].name == "File not found"
    assert found.recurring[0].location == "a.py:3 in load"


def test_records_of_other_levels_are_counted_by_level_only(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, "[2024-01-15 10:00:00] ERROR - WARNING - gradio_app - careful\n")

    assert (found.records, found.errors, found.recurring) == (1, 0, ())


def test_names_without_number_are_bounded(tmp_path: Path) -> None:
    """A program whose every error has another context fills neither memory nor the result."""
    lines = (
        f"[2024-01-15 10:00:00] ERROR - ERROR - gradio_app - step {index} - boom {'x' * index}\n"
        for index in range(6_000)
    )

    found = analysis_of(tmp_path, "".join(lines))

    assert found.errors == 6_000
    assert len(found.by_context) == 256
    assert len(found.recurring) <= 256


def test_a_run_that_had_no_error_yet_has_none(open_logger: OpenLogger) -> None:
    """`errors.log` is made with its first line; a script that asks must not fail because all is well."""
    logger = open_logger()
    logger.log_training_start("m", 1, 9, 1, 0.1, "o")
    assert logger.recorder.drained()

    assert analyze_errors(logger.folder / "errors.log").errors == 0
    assert analyze_performance(logger.folder / "performance.log").operations == ()
    with pytest.raises(FileNotFoundError):
        analyze_errors(logger.folder / "error.log")
