"""An exception becomes a bounded, masked text that says where in the user's own code it came from."""

import json
from collections.abc import Callable
from types import TracebackType

import pytest

import trainmon.facts.tracebacks
from trainmon.facts.tracebacks import MAX_MESSAGE, MAX_TRACEBACK, ErrorDescription, describe

HF = "hf_" + "aB3dE6gH9j" * 3


def caught(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def described(action: Callable[[], object]) -> ErrorDescription:
    return describe(caught(action))


def fail(error: BaseException) -> None:
    raise error


def a_plain_failure() -> None:
    fail(ValueError("no such loss"))


class HostileError(Exception):
    """All that an exception can do wrong, short of lying in C."""

    def __str__(self) -> str:
        raise OSError

    def __getattr__(self, name: str) -> object:
        raise OSError(name)

    @property  # type: ignore[misc]  # hostile
    def __class__(self) -> type:
        raise OSError

    @property
    def __traceback__(self) -> TracebackType | None:  # type: ignore[override]  # hostile
        raise OSError

    @property
    def __cause__(self) -> BaseException | None:  # type: ignore[override]  # hostile
        raise OSError


def test_a_failure_is_told_with_type_message_place_and_source() -> None:
    description = described(a_plain_failure)

    assert (description.error_type, description.message) == ("ValueError", "no such loss")
    assert description.location == f"test_tracebacks.py:{fail.__code__.co_firstlineno + 1} in fail"
    assert description.traceback.startswith("Traceback (most recent call last):\n")
    assert description.traceback.endswith("ValueError: no such loss\n")
    assert "    raise error\n" in description.traceback


def test_only_foreign_types_are_qualified() -> None:
    types = [describe(error).error_type for error in (KeyError(1), HostileError())]

    assert types == ["KeyError", f"{__name__}.HostileError"]


def test_the_place_is_in_the_users_code_not_in_the_library_that_raised() -> None:
    def load() -> None:
        json.loads("{")

    description = described(load)

    assert description.location is not None
    assert description.location.endswith("in load")
    assert 'decoder.py"' in description.traceback


def test_frames_of_trainmon_itself_are_not_the_users() -> None:
    def call() -> None:
        trainmon.facts.tracebacks._cut_middle(None)  # type: ignore[arg-type]  # to make it raise

    description = described(call)

    assert str(description.location).endswith("in call")
    assert description.traceback.count("in _cut_middle\n") == 1


def test_without_a_traceback_there_is_no_place() -> None:
    description = describe(ValueError("never raised"))

    assert description.location is None
    assert description.traceback == "ValueError: never raised\n"


def test_the_fingerprint_is_of_the_place_and_the_type_not_of_the_message() -> None:
    prints = [
        described(lambda error=error: fail(error)).fingerprint  # type: ignore[misc]  # bound at once
        for error in (ValueError("step 1"), ValueError("step 2"), KeyError("step 1"))
    ]

    assert prints[0] == prints[1] != prints[2]
    assert prints[0] != describe(ValueError("step 1")).fingerprint


def test_causes_contexts_and_notes_are_told_in_order() -> None:
    def chained() -> None:
        try:
            try:
                fail(OSError("disk"))
            except OSError as error:
                raise KeyError("shard") from error
        except KeyError:
            failure = RuntimeError("batch")
            failure.add_note("while loading shard 7")
            raise failure  # noqa: B904 - the implicit context is the point

    text = described(chained).traceback

    order = ("OSError: disk", "direct cause", "KeyError: 'shard'", "During handling", "RuntimeError: batch")
    assert sorted(order, key=text.index) == list(order)
    assert text.endswith("RuntimeError: batch\nwhile loading shard 7\n")


def test_a_suppressed_context_is_not_told() -> None:
    def suppressed() -> None:
        try:
            fail(OSError("disk"))
        except OSError:
            raise KeyError("shard") from None

    assert "disk" not in described(suppressed).traceback


def test_every_member_of_a_group_is_told() -> None:
    group = BaseExceptionGroup("ranks", [caught(a_plain_failure), ExceptionGroup("io", [OSError("disk")])])

    text = describe(group).traceback

    assert "ExceptionGroup: ranks (2 sub-exceptions)\n" in text
    assert "  | ValueError: no such loss\n" in text
    assert "  |   | OSError: disk\n" in text


def test_a_syntax_error_shows_its_line() -> None:
    text = described(lambda: compile("a b c", "config.py", "exec")).traceback

    assert 'File "config.py", line 1\n    a b c\n' in text


def test_secrets_are_masked_in_message_source_and_notes() -> None:
    def leak() -> None:
        error = ValueError(f"password=hunter2 {HF}")
        error.add_note("Authorization: Bearer abc123")
        raise error

    description = described(leak)

    everything = "".join(str(getattr(description, field)) for field in description.__struct_fields__)
    assert description.message == "password=*** ***"
    assert not [secret for secret in ("hunter2", HF, "abc123") if secret in everything]


def test_locals_are_never_told() -> None:
    def hold() -> None:
        weights = "-".join(["local", "value"])
        fail(ValueError(len(weights)))

    assert "local-value" not in described(hold).traceback


def test_a_hostile_exception_is_told_with_its_frames() -> None:
    description = described(lambda: fail(HostileError()))

    assert description.message == "<str raised OSError>"
    assert description.location is not None
    assert "raise error\n" in description.traceback


def test_what_is_no_exception_raises_nothing() -> None:
    description = describe("a text")  # type: ignore[arg-type]  # a caller may pass anything

    assert (description.error_type, description.location) == ("str", None)
    assert description.message.startswith("<describing it raised ")


def test_a_runaway_recursion_is_bounded_and_shows_both_ends() -> None:
    def ping(depth: int) -> None:
        pong(depth + 1)

    def pong(depth: int) -> None:
        ping(depth + 1)

    description = described(lambda: ping(0))

    assert description.error_type == "RecursionError"
    assert description.traceback.count("\n") < 700
    assert " frames left out]\n" in description.traceback
    assert "in caught\n" in description.traceback


def test_a_chain_that_never_ends_is_cut_and_said() -> None:
    error = ValueError("newest")
    for _ in range(10_000):
        older = ValueError("older")
        older.__context__, error = error, older

    text = describe(error).traceback

    assert text.startswith("[earlier exceptions are left out]\n")
    assert text.count("ValueError") == 20


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    text = describe(first).traceback

    assert text.count("ValueError") == 2


@pytest.mark.parametrize(
    "message", ["x" * 200_000, "é" * 200_000, "\ud800" * 200_000], ids=["x", "é", "surrogate"]
)
def test_messages_and_tracebacks_are_bounded_in_bytes_and_say_what_they_lost(message: str) -> None:
    """Five of them together pass the bound of the traceback as well."""
    group = ExceptionGroup(message, [ValueError(message) for _ in range(60)])

    description = describe(group)

    assert len(description.message.encode()) <= MAX_MESSAGE
    assert len(description.traceback.encode()) <= MAX_TRACEBACK
    assert "[truncated " in description.message
    assert "left out" in description.traceback


def test_a_long_traceback_loses_its_middle() -> None:
    """Its beginning says where the run was, its end what happened."""
    error = ValueError("newest")
    error.__notes__ = [f"note {number} " + "x" * 8_000 for number in range(15)]
    error.__cause__ = ExceptionGroup("oldest", [ValueError("y" * 8_000) for _ in range(15)])
    error.__cause__.__cause__ = RuntimeError("z" * 8_000)
    error.__cause__.__notes__ = error.__notes__

    text = describe(error).traceback

    assert len(text.encode()) <= MAX_TRACEBACK
    assert " bytes left out]\n" in text
    assert text.startswith("RuntimeError: zzz")
    assert text.endswith("x\n")
