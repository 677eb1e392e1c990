"""`trainmon_tui.render.traceback`: own frames stand out, the exception too, nothing in it is trusted."""

from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.cells import Row, plain, row_width
from trainmon_tui.render.traceback import traceback_rows

CHAINED = """\
Traceback (most recent call last):
  File "/home/me/vit/train.py", line 118, in train_step
    loss = model(images)
           ^^^^^^^^^^^^^
  File "/opt/venv/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1518, in _call_impl
    return forward_call(*args, **kwargs)
torch.cuda.OutOfMemoryError: CUDA out of memory.
Tried to allocate 2.00 GiB.

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "train.py", line 9, in <module>
    main()
RuntimeError: step 812 failed
"""

GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "train.py", line 2, in <module>
  |     run()
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | KeyError: 'k'
    +------------------------------------
"""


def roles_of(rows: list[Row]) -> list[str]:
    """The role of the first run of each row."""
    return [cells[0][1] for cells in rows]


def test_own_code_the_exception_and_the_chain_have_roles_of_their_own() -> None:
    assert roles_of(traceback_rows(CHAINED, 120)) == [
        "dim", "own", "own", "own", "frame", "source", "headline", "plain", "plain",
        "separator", "plain", "dim", "own", "own", "headline",
    ]  # fmt: skip


def test_the_members_of_a_group_are_read_behind_their_bars() -> None:
    roles = roles_of(traceback_rows(GROUP, 80))

    assert roles == ["dim", "own", "own", "headline", "separator", "headline", "separator"]


def test_with_a_root_only_what_lies_below_is_own() -> None:
    roles = roles_of(traceback_rows(CHAINED, 120, own_root="/opt/venv"))

    assert roles[1] == "frame"
    assert roles[4:6] == ["own", "own"]


def test_a_long_path_loses_its_beginning_and_keeps_the_line_number() -> None:
    rows = traceback_rows(CHAINED, 60)

    assert plain(rows[4:5]) == '  File "…rch/nn/modules/module.py", line 1518, in _call_impl'
    assert plain(rows[1:2]) == '  File "/home/me/vit/train.py", line 118, in train_step'.ljust(60)


def test_wrapped_lines_lose_nothing() -> None:
    rows = traceback_rows(CHAINED, 30, wrap=True)

    assert "".join(plain(rows).split()) == "".join(CHAINED.split())


def test_nothing_in_a_message_reaches_the_terminal_as_a_command() -> None:
    shown = plain(traceback_rows("ValueError: \x1b]0;owned\x07 \u202e[red]", 50))

    assert shown == "ValueError: ␛]0;owned␇ \\u202e[red]".ljust(50)


@given(st.text(st.characters(exclude_categories=())), st.integers(-1, 40), st.booleans(), st.booleans())
def test_any_text_gives_rows_of_exactly_the_asked_width(
    text: str, width: int, wrap: bool, ascii: bool
) -> None:
    rows = traceback_rows(text, width, wrap=wrap, ascii=ascii)

    assert {row_width(cells) for cells in rows} <= {width}
    assert plain(rows).replace("\n", "").isprintable()
    assert plain(rows).isascii() or not ascii
