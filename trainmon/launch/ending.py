"""Ends a training that this process started, in order where it listens: what quitting a screen or a demo does."""

import contextlib
import os
import signal
import subprocess

from trainmon.system.proc import descendants

PATIENCE = 5.0
"""Seconds that a training gets to end in order before a stronger signal."""


def end(child: "subprocess.Popen[bytes]") -> None:
    """Ends it as Ctrl-C does, so that it records how it ended; by force where it does not.

    Args:
        child: The training, or `trainmon run` with the training below it, which passes the first two signals on.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if child.poll() is not None:
            return
        child.send_signal(number)
        if _ends(child):
            return
    # Below first, so that a launcher still learns how its program ended.
    for pid in descendants(child.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    if not descendants(child.pid):
        _ends(child, 1.0)
    child.kill()
    _ends(child)


def _ends(child: "subprocess.Popen[bytes]", patience: float | None = None) -> bool:
    """Whether it ends within its time."""
    try:
        child.wait(PATIENCE if patience is None else patience)
    except subprocess.TimeoutExpired:
        return False
    return True
