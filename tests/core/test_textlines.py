"""One event's text, whatever is in the event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.facts.events import (
    AnyEvent,
    Checkpoint,
    Debug,
    Ended,
    Error,
    JsonObject,
    Message,
    Number,
    Operation,
    Performance,
    Progress,
    Span,
    Started,
    Validation,
    Warned,
)
from trainmon.facts.line_values import eta_text, place, safe_text
from trainmon.facts.textlines import CONSOLE_LIMIT, LineContext, console_line, text_lines
from trainmon.words.paths import LogFile

HEAD = ("0123456789ab", 0, 1_705_314_600.0, 5.0)

hostile = st.text(st.sampled_from("[a] \n\r\t\v\f\x1b\x85\x9b\u2028\u202e\ud800é🚀")) | st.just(
    "\n[2024-01-15] forged"
)
numbers: st.SearchStrategy[Number] = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63)
    | st.sampled_from(["NaN", "Infinity", "-Infinity"])
)
metrics = st.dictionaries(hostile, numbers, max_size=3)
objects = st.dictionaries(hostile, hostile | st.lists(hostile, max_size=3) | st.none(), max_size=3)


def events() -> st.SearchStrategy[AnyEvent]:
    """Events of every kind that has text, with texts from an enemy."""
    return st.one_of(
        st.builds(lambda name: Started(*HEAD, run_id="r", model_name=name, optimizer=name), hostile),
        st.builds(
            lambda loss, values, text: Progress(
                *HEAD, 1, 2, 3, loss=loss, learning_rate=loss, metrics=values, phase=text, texts={text: text}
            ),
            numbers,
            metrics,
            hostile,
        ),
        st.builds(
            lambda loss, values: Validation(*HEAD, 1, 2, val_loss=loss, val_metrics=values), numbers, metrics
        ),
        st.builds(lambda loss, path: Checkpoint(*HEAD, 1, 2, loss, path), numbers, hostile),
        st.builds(
            lambda text, trace, data: Error(
                *HEAD, text, text, text, traceback=trace, location=text, additional_data=data, count=5
            ),
            hostile,
            hostile,
            objects,
        ),
        st.builds(lambda text: Warned(*HEAD, text, text, location=text), hostile),
        st.builds(lambda text, values: Performance(*HEAD, text, 1.5, memory_usage=values), hostile, metrics),
        st.builds(lambda text, data: Operation(*HEAD, text, text, False, details=data), hostile, objects),
        st.builds(lambda text, data: Debug(*HEAD, text, data=data), hostile, objects),
        st.builds(
            lambda logger, level, text: Message(*HEAD, logger, level, text, traceback=text),
            hostile
            | st.sampled_from(["training_progress", "error_logger", "performance", "model_operations"]),
            hostile,
            hostile,
        ),
        st.builds(
            lambda text, values: Ended(*HEAD, False, error=text, final_metrics=values), hostile, metrics
        ),
    )


contexts = st.builds(
    lambda text, left_out: LineContext(
        level="DEBUG",
        app_name=text,
        headline=text,
        advice=text,
        summary=((text, text),),
        left_out=left_out,
    ),
    hostile,
    st.integers(0, 3),
)


def progress(loss: Number | None = 2.5, total_steps: int | None = 150) -> Progress:
    """A progress event at step 10."""
    return Progress(*HEAD, epoch=1, step=10, total_steps=total_steps, loss=loss)


@given(events(), contexts)
def test_no_value_can_look_like_a_record(event: AnyEvent, context: LineContext) -> None:
    """Every record has exactly one line that begins with `[`, the first, for readers of any line break."""
    records = [text for _, text in text_lines(event, context)]

    for record in records:
        lines = (record + "\n").splitlines()
        assert lines[0].startswith("[2024-01-15 10:30:00] ")
        assert sum(line.startswith("[") for line in lines) == 1


@given(events(), contexts)
def test_text_is_safe_for_a_terminal_and_for_a_file(event: AnyEvent, context: LineContext) -> None:
    """No control characters but the line break, and nothing that UTF-8 cannot hold."""
    text = "\n".join(text for _, text in text_lines(event, context)) + (console_line(event, context) or "")

    text.encode("utf-8")
    assert not any(ord(character) < 32 and character != "\n" for character in text)
    assert not any(0x7F <= ord(character) < 0xA0 or character in "\u2028\u202e" for character in text)


@given(events(), contexts)
def test_a_console_line_is_one_short_line(event: AnyEvent, context: LineContext) -> None:
    line = console_line(event, context)

    assert line is None or (len(line) <= CONSOLE_LIMIT and "\n" not in line)


def test_ordinary_text_is_left_alone() -> None:
    """Emoji, umlauts and Chinese need no escape; an empty further line gets no spaces."""
    assert safe_text("⏹️ Größe 模型") == "⏹️ Größe 模型"
    assert safe_text("a\r\nb\n\nc\x1b") == "a\n    b\n\n    c\\x1b"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (900.0, "0.2h 15m"),
        (899.9999999, "0.2h 15m"),
        (59.0, "0.0h 0m"),
        (9_000.0, "2.5h 150m"),
        (-5.0, "0.0h 0m"),
        (None, "unknown"),
        (float("inf"), "unknown"),
    ],
)
def test_an_eta_says_the_same_span_twice(seconds: float | None, text: str) -> None:
    assert eta_text(seconds) == text


def test_a_loss_that_is_no_number_is_a_warning() -> None:
    """It is shown where INFO is not."""
    quiet = LineContext(level="WARNING")

    ((file, line),) = text_lines(progress(loss="NaN"), quiet)

    assert file is LogFile.PROGRESS
    assert "TRAINING - WARNING - Epoch 1, Step 10/150 - Loss: nan," in line
    assert text_lines(progress(loss=2.5), quiet) == []


def test_what_is_absent_leaves_its_part_out() -> None:
    line = text_lines(progress(loss=None, total_steps=None), LineContext())[0][1]

    assert line.endswith("INFO - Epoch 1, Step 10 - ETA: unknown, Phase: training")


def test_levels_below_the_configured_one_are_not_shown() -> None:
    """Debug details come only at DEBUG; errors come always but at CRITICAL."""
    debug, error = Debug(*HEAD, "detail"), Error(*HEAD, "ValueError", "bad", "train")

    assert text_lines(debug, LineContext()) == []
    assert len(text_lines(debug, LineContext(level="debug"))) == 1
    assert len(text_lines(error, LineContext(level="ERROR"))) == 1
    assert text_lines(error, LineContext(level="CRITICAL")) == []


def test_an_end_tells_the_duration_that_the_caller_said_before_the_measured_one() -> None:
    end = Ended(*HEAD, success=True, total_training_time=7200.0)

    assert text_lines(end, LineContext(duration=1.0))[0][1].endswith("successfully - Duration: 2.00h")


def test_long_nested_details_are_left_out_of_a_line_but_not_of_an_error() -> None:
    """A line of details stays readable; what belongs to an error is told whole."""
    data: JsonObject = {"stats": {f"reading_{number}": number for number in range(20)}}

    operation = text_lines(Operation(*HEAD, "load", "m", True, details=data), LineContext())
    error = text_lines(Error(*HEAD, "E", "m", "c", additional_data=data), LineContext())

    assert operation[1][1].endswith("Details: stats: {...}")
    assert "'reading_19': 19}" in error[0][1]


def test_only_what_matters_to_a_person_waiting_goes_to_the_console() -> None:
    assert console_line(progress(), LineContext(percent=6.66)) == (
        "10:30:00 Epoch 1, Step 10/150 (6.7%) - Loss: 2.500000, ETA: unknown, Phase: training"
    )
    assert console_line(Error(*HEAD, "E", "bad\nshape", "train"), LineContext()) == "10:30:00 ❌ train - bad"
    assert console_line(Span(*HEAD, "validation"), LineContext()) is None
    assert console_line(Message(*HEAD, "a", "INFO", "text"), LineContext()) is None
    assert console_line(Message(*HEAD, "a", "ERROR", "text\nmore"), LineContext()) == "10:30:00 ❌ text"
    failed = Operation(*HEAD, "load", "m", False)
    assert console_line(failed, LineContext()) == "10:30:00 ❌ load - Model: m"
    assert console_line(Operation(*HEAD, "load", "m", True), LineContext()) is None


def test_a_left_out_count_is_a_line_of_its_own_before_the_event() -> None:
    lines = text_lines(progress(), LineContext(left_out=1))

    assert lines[0][1].endswith("TRAINING - INFO - … 1 progress line left out, it is in journal.jsonl")
    assert len(lines) == 2


def test_the_place_of_an_error_is_the_whole_path_as_in_the_spec() -> None:
    """`Traceback: /path/to/gradio_app.py:line 123`: of the frame in the program's own code, not of the last one."""
    trace = (
        'Traceback (most recent call last):\n  File "/old/train.py", line 9, in main\n'
        '  File "/app/train.py", line 40, in step\n  File "/lib/torch/nn.py", line 7, in forward\nValueError: no\n'
    )

    assert place("train.py:40 in step", trace) == "/app/train.py:line 40"
    assert place("train.py:41 in step", trace) == "train.py:line 41"
    assert place(None, trace) == "/lib/torch/nn.py:line 7"
    assert place("/path/to/gradio_app.py:123", "") == "/path/to/gradio_app.py:line 123"
    assert place(None, "") == ""
