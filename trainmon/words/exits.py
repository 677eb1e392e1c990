"""How a program ended, as the parent that waited for it wrote it down: `exit.json` in the run folder.

Only a parent gets an exit status from the kernel. What it says is believed for the processes that it names, and as a
hint for those that their descendants started; see `trainmon.meaning.verdict`.
"""

import signal

import msgspec

EXIT_SCHEMA = 1
"""Version of the file; a reader that does not know it takes it as not there."""

LAUNCHER_APP = "trainmon_run"
"""Name under which `trainmon run` records for programs that know nothing of trainmon: its child is the trainer."""

SHELL_SIGNAL = 128
"""A shell whose program was killed by signal N exits with 128 + N."""


class ExitRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The end of a program that `trainmon run` started."""

    schema: int = EXIT_SCHEMA
    command: tuple[str, ...] = ()
    """The command line, secrets masked."""
    host: str
    boot_id: str | None = None
    pid: int
    """Of the program."""
    start_ticks: int | None = None
    """Clock ticks between boot and the start of the program."""
    launcher: int
    """Process id of `trainmon run` itself."""
    started: float
    """Unix seconds."""
    time: float
    """Unix seconds when the parent learned of the end."""
    duration: float
    """Seconds by the monotonic clock."""
    status: int | None = None
    """Exit status 0-255; None where a signal ended it."""
    signal: int | None = None
    """Number of the signal that ended it; None where it exited."""
    core: bool = False
    """Whether the kernel wrote a core file."""
    forwarded: tuple[int, ...] = ()
    """Signals that were sent to `trainmon run` and passed on, oldest first, at most 16."""
    oom_before: int | None = None
    """Processes of the control group that the out-of-memory killer had ended before the start; None: not counted."""
    oom_after: int | None = None
    """The same after the end."""
    cpu_user: float = 0.0
    """CPU seconds in user mode, of the program and of those of its children that it waited for."""
    cpu_system: float = 0.0
    """CPU seconds in the kernel, counted alike."""
    max_rss: int = 0
    """The largest resident memory of any one of those processes, in bytes."""
    sender: str | None = None
    """Who is known to have sent the signal, `torchrun`; None: not known. Never in the file."""
    job: str | None = None
    """The batch job around it, `slurm 88213`; None: none is known."""
    job_end: float | None = None
    """Unix seconds at which the batch system ends the job; None: not known."""

    @property
    def ended_by(self) -> int | None:
        """The signal that ended the program, also where a shell in between passed it on as a status; None: none."""
        if self.signal is not None:
            return self.signal
        if self.status is not None and SHELL_SIGNAL < self.status < SHELL_SIGNAL + signal.NSIG:
            return self.status - SHELL_SIGNAL
        return None


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; `signal 40` where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
