"""Starting a sentinel, for whoever starts a training: it costs some milliseconds, and nothing of it stays here.

The sentinel is no child of ours and has a session of its own, so that neither a hang-up of the terminal nor a signal to
the training's processes reaches it. What it does is in `trainmon.notify.sentinel`.
"""

import os
from pathlib import Path

from trainmon.system.own_process import command, environment

VARIABLE = "TRAINMON_SENTINEL"
"""Environment variable: `1` has every training start one."""

_IN_BACKGROUND = '"$@" </dev/null >/dev/null 2>&1 &'

START_LIMIT = 5.0
"""Seconds that the shell between gets; it takes two milliseconds."""


def is_asked_for(environ: "os._Environ[str]" = os.environ) -> bool:
    """Whether the environment asks for sentinels."""
    return environ.get(VARIABLE, "").lower() in ("1", "true", "yes", "on")


def start(folder: Path, *, since: float | None = None, watched: int | None = None) -> bool:
    """Starts a sentinel, which ends at once where one is there already; False where it cannot be started.

    Args:
        folder: The run folder, absolute.
        since: Unix seconds: an end after that is news even if the sentinel comes too late to see it.
        watched: A process, beside the trainer, that must have ended before the sentinel does.
    """
    import subprocess  # deferred: saves 4 ms of every training's start

    options = [] if since is None else [f"--since={since!r}"]
    if watched is not None:
        options.append(f"--watched={watched}")
    words = command("trainmon", "sentinel", "--foreground", *options, "--", str(folder))
    try:
        # A shell that puts it into the background and ends: nobody here has to wait for the sentinel's own end.
        done = subprocess.run(
            ["/bin/sh", "-c", _IN_BACKGROUND, "sh", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            cwd="/",
            start_new_session=True,
            timeout=START_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
