"""Stacks as three programs write them, and whose threads they are."""

from trainmon.stacks.stacks import Stack, StackFrame, parse

ONE = """Stack (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 327 in wait
  File "/home/ada/train.py", line 12 in <module>
"""

ALL = """Thread 0x00007f1c2b7fe640 (most recent call first):
  File "/home/ada/a \\"b\\".py", line 3 in load

Current thread 0x00007f1c2c000740 [MainThread] (most recent call first):
  <no Python frame>

Extension modules: numpy (total: 1)
"""

SPY = """Process 4711: python train.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 4711 (idle): "MainThread"
    Condition.wait (threading.py:327)
    Queue.get (queue.py:171)
    <module> (train.py:10)
Thread 4712 (active): "Thread-1 (load)"
    read (<built-in>)
"""


def test_the_stack_of_one_thread_begins_with_the_innermost_call() -> None:
    (stack,) = parse(ONE)

    assert stack.frames[0] == StackFrame("/usr/lib/python3.11/threading.py", 327, "wait")
    assert stack.frames[-1].function == "<module>"
    assert (stack.name, stack.thread, stack.main) == (None, None, False)


def test_the_threads_of_a_whole_dump_are_told_apart() -> None:
    loader, main = parse(ALL)

    assert [frame.line for frame in loader.frames] == [3]
    assert main.frames == ()
    assert main.main


def test_py_spy_names_threads_and_shortens_paths() -> None:
    main, other = parse(SPY, main=4711)

    assert (main.thread, main.name, main.main) == (4711, "MainThread", True)
    assert main.frames[1] == StackFrame("queue.py", 171, "get")
    assert other.frames == (StackFrame("<built-in>", None, "read"),)


def test_what_is_no_stack_is_passed_over() -> None:
    assert parse("#threads {}\nnonsense\n") == ()
    assert parse(f"#help\n{ONE}\x1b[2J\n") == parse(ONE)


def test_trainmon_knows_its_own_threads() -> None:
    run = StackFrame("/usr/lib/python3.11/threading.py", 982, "run")
    ours = StackFrame("/home/ada/lib/site-packages/trainmon/calls/monitor.py", 5, "_run")

    assert Stack((ours, run)).own
    assert Stack((), name="trainmon-writer").own
    assert not Stack((run,), name="loader").own
    assert not Stack((ours,), main=True).own
