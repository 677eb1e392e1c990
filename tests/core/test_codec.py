"""Lines to events and back: whatever the bytes are, decoding gives an event or says why there is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.facts.codec import LINE_LIMIT, Unread, decode_line, decode_lines, encode_line
from trainmon.facts.events import Message, Progress

GOOD = {
    "kind": "progress",
    "writer": "0123456789ab",
    "seq": 7,
    "time": 1.5,
    "mono": 0.5,
    "epoch": 1,
    "step": 2,
}


def line(**fields: object) -> bytes:
    """A line of progress with other values."""
    return json.dumps(GOOD | fields).encode()


def test_a_line_is_json_with_its_kind_and_what_every_line_says() -> None:
    encoded = encode_line(Progress("0123456789ab", 7, 1.5, 0.5, epoch=1, step=2, loss="NaN"))

    assert encoded.endswith(b"\n")
    assert json.loads(encoded) == GOOD | {"loss": "NaN"}


@pytest.mark.parametrize(
    "text",
    ["line\nbreak", "carriage\rreturn", "\0", "\x1b[2J", "\u2028\u2029\x85", '"\\', "é🚀", "\U0010ffff"],
)
def test_w23_any_text_is_one_line_and_comes_back_as_it_was(text: str) -> None:
    encoded = encode_line(Message("w", 0, 0.0, 0.0, logger="app", level="INFO", text=text))
    event = decode_line(encoded[:-1])

    assert encoded.count(b"\n") == 1
    assert isinstance(event, Message)
    assert event.text == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 4096,
        b'{"kind":"debug","data":{"a":' + b"[" * 100_000,
        b'{"kind":"progress","writer":"a"',
        b"\xef\xbb\xbf" + line(),
        line().decode().encode("utf-16"),
        line() + b" trailing",
        line().replace(b"0123", b"\xff\xfe12"),
        line().replace(b'"step": 2', b'"step": NaN'),
    ],
    ids=["empty", "nul", "nested", "torn", "bom", "utf-16", "trailing", "not utf-8", "nan"],
)
def test_r03_r09_what_is_no_json_is_damaged(data: bytes) -> None:
    assert decode_line(data) == Unread("damaged")


@pytest.mark.parametrize(
    "data",
    [
        b"[1]",
        b'"text"',
        b"null",
        b'{"writer":"a","seq":1}',
        line(loss={"a": 1}),
        line(step="abc"),
        line(step=2.5),
        line(seq=-1),
        line(seq=2**80),
        line(time=1e300),
        line(time=None),
        line(writer="x" * 65),
        line(step=2**63),
        line(metrics={"a": "high"}),
        line(waited=-1.0),
        b'{"kind":"progress","writer":"a","seq":1,"time":1e999}',
        b'{"kind":"progress","writer":"a","seq":' + b"1" * 4_301 + b"}",
    ],
    ids=lambda data: data[:40].decode(),
)
def test_r09_r10_types_that_lie_are_malformed(data: bytes) -> None:
    unread = decode_line(data)

    assert isinstance(unread, Unread)
    assert unread.why == "malformed"


def test_r10_a_malformed_line_says_whose_it_is_so_that_its_number_is_not_missing() -> None:
    assert decode_line(line(loss=[])) == Unread("malformed", "0123456789ab", 7, "progress")


def test_r14_a_kind_of_a_newer_version_is_unknown_and_numbered() -> None:
    unread = decode_line(json.dumps({"kind": "gradient", "writer": "a", "seq": 3, "v": 99}).encode())

    assert unread == Unread("unknown", "a", 3, "gradient")


def test_r14_unknown_fields_of_a_known_kind_are_skipped() -> None:
    event = decode_line(line(v=99, gradient_norm=1.0))

    assert isinstance(event, Progress)
    assert event.step == 2


def test_r09_a_line_over_the_limit_is_not_even_looked_at() -> None:
    assert decode_line(line(phase="x" * LINE_LIMIT)) == Unread("long")


def test_r09_of_duplicate_keys_the_last_counts_and_nothing_breaks() -> None:
    event = decode_line(line().replace(b'"step": 2', b'"step": 1, "step": 3'))

    assert isinstance(event, Progress)
    assert event.step == 3


@given(st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=5))
def test_any_bytes_decode_to_one_entry_a_line(lines: list[bytes]) -> None:
    assert len(decode_lines(lines)) == len(lines)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(sorted(GOOD)),
)
def test_r10_any_value_in_any_field_is_an_event_or_unread(value: object, field: str) -> None:
    decode_line(line(**{field: value}))
