"""What a hanging program waits for, told from stacks that were recorded of real programs (`tests/core/hangs.py`)."""

from pathlib import Path

import msgspec
import pytest

from trainmon.stacks.stack_words import RULES, finding, in_order, likeliest
from trainmon.stacks.stacks import Stack, StackFrame

RECORDED = Path(__file__).with_name("stacks")


def recorded(name: str) -> tuple[Stack, ...]:
    return msgspec.json.decode((RECORDED / f"{name}.json").read_bytes(), type=tuple[Stack, ...])


@pytest.mark.parametrize(
    ("name", "words", "source"),
    [
        ("dataloader", "waiting in DataLoader: queue.get; its worker: sleeps: `time.sleep(3_600)`", None),
        ("dataset", "sleeps: `time.sleep(3_600)`", "time.sleep(3_600)"),
        ("all_reduce", "in `all_reduce`: waits for the other ranks", None),
        ("deadlock", "waits at `with second:`: a lock?; 1 other thread waits for a lock, too: a deadlock?", None),
        ("interpreter", "in hold_the_interpreter (hangs.py:67): `library.pthread_mutex_lock(mutex)`", None),
        ("queue", "waits for a queue: queue.get", None),
        ("subprocess", "waits for a program to end: subprocess", None),
        ("recv", "waits for the network: `ours.recv(1)`", "ours.recv(1)"),
        ("join", "waits for a thread to end: join", None),
        ("future", "waits for a future's result", None),
        ("pipe", "opens, reads or writes a file: `pipe.read()`", "pipe.read()"),
    ],
)  # fmt: skip
def test_a_real_hang_is_told_in_words_with_its_line(name: str, words: str, source: str | None) -> None:
    stacks = recorded(name)

    found = likeliest(stacks)

    assert found is not None
    assert found.words == words
    assert stacks[found.stack].main
    assert source in (None, stacks[found.stack].frames[found.frame].source)


def test_every_recording_has_the_main_thread_first_and_our_own_last() -> None:
    for path in RECORDED.glob("*.json"):
        stacks = recorded(path.stem)
        assert stacks[0].main
        assert stacks[-1].own
        assert in_order(reversed(stacks))[0] == stacks[0]


def test_the_path_may_be_shortened_by_its_writer() -> None:
    """py-spy leaves out what stands on the interpreter's search path."""
    stack = Stack((StackFrame("queue.py", 171, "get"), StackFrame("train.py", 3, "<module>")))

    found = finding(stack)

    assert found is not None
    assert found.words == "waits for a queue: queue.get"


def test_a_place_that_says_it_all_outweighs_what_is_called_from_it() -> None:
    inner = StackFrame("/usr/lib/python3.11/threading.py", 327, "wait")
    outer = StackFrame("/x/torch/distributed/distributed_c10d.py", 2_501, "all_reduce")

    found = finding(Stack((inner, outer)))

    assert found is not None
    assert (found.words, found.frame) == ("in `all_reduce`: waits for the other ranks", 1)


def test_code_that_no_rule_knows_is_named_by_its_innermost_own_call() -> None:
    library = StackFrame("/home/ada/lib/site-packages/odd/x.py", 9, "spin")
    own = StackFrame("/home/ada/train.py", 61, "step", "y = spin(x)")

    found = finding(Stack((library, own)))

    assert found is not None
    assert (found.words, found.frame) == ("in step (train.py:61): `y = spin(x)`", 1)


def test_a_thread_without_python_and_no_thread_at_all_say_nothing() -> None:
    assert finding(Stack(())) is None
    assert likeliest(()) is None
    assert likeliest((Stack(()),)) is None


def test_every_rule_says_something() -> None:
    assert all(rule.words and (rule.file or rule.source) for rule in RULES)


def test_where_the_worker_of_a_loader_hangs_is_said_with_the_wait_for_it() -> None:
    read = StackFrame("/usr/lib/python3.11/pathlib.py", 1044, "open", "return io.open(self, mode)")
    own = StackFrame("/home/ada/train.py", 9, "__getitem__", 'Path("shard-003").read_bytes()')
    worker = Stack((read, own), name="worker 4712", worker=True)

    found = likeliest((*(stack for stack in recorded("dataloader") if not stack.worker), worker))

    assert found is not None
    says = "waiting in DataLoader: queue.get; its worker: opens, reads or writes a file: "
    assert found.words == says + '`Path("shard-003").read_bytes()`'
