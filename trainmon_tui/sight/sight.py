"""What the screen looks at: one moment of a run, with all that its panels need.

A panel takes its slice from a `Sight` and draws it; the sight is plain values, so panels read no clock and no file.
"""

from collections.abc import Mapping

import msgspec

from trainmon.facts.readings import MachineReading
from trainmon.fold.series import Series
from trainmon.fold.state import RunState
from trainmon.meaning.alerts import Alert
from trainmon.meaning.blame import RankVerdict
from trainmon.meaning.since import Digest
from trainmon.meaning.statuses import Evidence, Orphan, Status, Verdict
from trainmon.notify.ledger import Entry
from trainmon.reading.reader import SKEW_LIMIT
from trainmon.storage.output import OutputLine
from trainmon.words.exits import ExitRecord
from trainmon_tui.sight.beside import Beside, Compared
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.sight.live import Live
from trainmon_tui.sight.raw import NOTHING, Raw


class Options(msgspec.Struct, frozen=True):
    """What the user set in the view."""

    chart: ChartView = ChartView()
    """How all charts are looked at."""
    paused: bool = False
    """Whether the screen stands still while the run goes on."""
    mouse: bool = True
    """Whether the mouse is ours, and not the terminal's, which selects text with it."""
    compared: tuple[Compared, ...] = ()
    """Runs whose curves are drawn beside those of the one that is shown, in the order in which they were chosen."""


class Shown(msgspec.Struct, frozen=True):
    """An alert as this viewer shows it."""

    alert: Alert
    """Its text is untrusted."""
    acknowledged: bool = False
    """Whether somebody has taken note of it: then it is listed, and does not occupy the alert row."""
    seen: float | None = None
    """Unix seconds, by the trainer's clock, when this viewer saw it first; None: not said."""


class FailedRank(RankVerdict, frozen=True):
    """Another rank that failed, with what it recorded."""

    folder: str
    """Its own run folder."""
    state: RunState
    """Nobody changes it."""


class RankSteps(msgspec.Struct, frozen=True):
    """What the screen says about the ranks."""

    text: str
    short: str
    """The same where there is little room."""
    bad: bool
    """Whether one of them is gone."""
    why: str | None = None
    """By which exception, where it said so; untrusted text."""


class Sight(msgspec.Struct, frozen=True):
    """One moment of a run."""

    state: RunState
    """Nobody changes it."""
    verdict: Verdict
    now: float
    """Unix seconds, by the clock of the trainer as far as its difference from ours is known."""
    folder: str = ""
    """The run folder as the user named it; untrusted text."""
    exists: bool = True
    """Whether the folder is there with a journal or a snapshot in it."""
    folder_there: bool = True
    """Whether the folder is there at all."""
    note: str | None = None
    """What is wrong with reading; untrusted text. None: nothing."""
    files: Mapping[str, bool | None] = {}
    """Whether the file of a checkpoint is there, by its path as logged; None: cannot be known from here."""
    output: tuple[OutputLine, ...] = ()
    """The newest lines that the program printed, oldest first; untrusted text."""
    options: Options = Options()
    raw: Raw = NOTHING
    """Raw points of what is in view, as far as they were read; they belong to `state`."""
    whole: bool = True
    """Whether all of the journal was read."""
    alerts: tuple[Shown, ...] = ()
    """What deserves attention, the gravest first."""
    deadline: float | None = None
    """Unix seconds until which whoever looks wants the run done; None: what the run says itself."""
    told: Entry | None = None
    """Whom a message about the end has reached, and when; None: nobody as far as is known."""
    orphans: tuple[Orphan, ...] | None = None
    """Processes that a dead trainer left behind; None: not known."""
    digest: Digest | None = None
    """What happened since somebody last looked; None: nothing to say."""
    first: FailedRank | None = None
    """The other rank that failed before this one; None: none, as far as is known."""
    ranks: RankSteps | None = None
    """How far the ranks are; None: there are no others, or it is not known."""
    beside: tuple[Beside, ...] = ()
    """The compared runs that could be read, without the one that is shown."""
    live: Live | None = None
    """What this host says now, where the run is one of this host and it is read; None: only what was recorded."""

    exit: ExitRecord | None = None
    """How the trainer ended, as whoever saw it says; None: nobody did, or it goes on."""
    started_as: tuple[str, ...] = ()
    """The command line of whatever started the run, as `trainmon.meaning.run_exit` tells; untrusted."""

    @property
    def command(self) -> tuple[str, ...]:
        """The command line that starts the run again; () where it is not known; untrusted."""
        return self.started_as or (self.state.opened.command if self.state.opened is not None else ())

    @property
    def reading(self) -> MachineReading | None:
        """The newest reading of the machine: the live one, else the one that was recorded last."""
        return self.live.reading if self.live is not None else self.state.reading

    @property
    def machine(self) -> Series:
        """The course of the machine up to that reading."""
        return self.live.machine if self.live is not None else self.state.machine

    @property
    def utc_offset(self) -> int:
        """Seconds that the run's local time is ahead of UTC."""
        return self.state.utc_offset

    @property
    def dead(self) -> bool:
        """True where the run is over and did not finish well."""
        return self.verdict.status.over and self.verdict.status is not Status.FINISHED


def clock_difference(evidence: Evidence) -> float:
    """Seconds that our clock is ahead of the trainer's, where it is so much that ages would be wrong."""
    skew = evidence.skew
    return skew if skew is not None and abs(skew) > SKEW_LIMIT else 0.0
