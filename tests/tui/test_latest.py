"""What is done seldom: the longer it takes, the seldomer."""

import pytest

from trainmon_tui.sight.latest import Latest, Seldom


def at_once(worker: Latest[float], wanted: float) -> None:
    """In place of its thread."""
    worker._do(wanted, lambda: False)


@pytest.mark.parametrize(
    ("took", "done"), [(0.0, [0.0, 5.0, 10.0, 15.0]), (0.5, [0.0, 10.0])], ids=["quick", "slow"]
)
def test_what_takes_long_is_done_less_often(
    monkeypatch: pytest.MonkeyPatch, took: float, done: list[float]
) -> None:
    """Every five seconds, but for no more than a twentieth of a core."""
    monkeypatch.setattr(Latest, "ask", at_once)
    times, clock = list[float](), iter([second for _ in range(20) for second in (0.0, took)])
    seldom = Seldom("seldom", times.append, every=5.0, share=0.05, clock=lambda: next(clock))

    for second in range(19):
        seldom.ask(float(second), float(second))

    assert times == done
