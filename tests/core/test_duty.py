"""Who is on duty for a run folder: one sentinel, and whoever asks for it is in nobody's way."""

import fcntl
import os
from pathlib import Path

import pytest

from trainmon.notify import duty


def test_somebody_who_asks_in_that_moment_keeps_no_sentinel_from_its_duty(
    spools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking holds the lock for some microseconds; a sentinel that found it held would leave the run to nobody."""
    first = duty.take(tmp_path)
    assert first is not None
    os.close(first)
    (lock,) = spools.rglob("sentinel-*.lock")
    asking = os.open(lock, os.O_RDWR)
    fcntl.flock(asking, fcntl.LOCK_SH)
    monkeypatch.setattr(duty.time, "sleep", lambda _: fcntl.flock(asking, fcntl.LOCK_UN))

    taken = duty.take(tmp_path)

    assert taken is not None
    assert duty.on_duty(tmp_path) == os.getpid()
    os.close(taken)
    os.close(asking)


def test_a_sentinel_that_is_on_duty_keeps_it(tmp_path: Path) -> None:
    first = duty.take(tmp_path)

    assert first is not None
    assert duty.take(tmp_path) is None
    os.close(first)
    assert duty.on_duty(tmp_path) is None
