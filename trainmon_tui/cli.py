"""The monitor as a command: checks the terminal, starts the feed, runs the app, leaves the terminal as it was.

Nothing heavy is imported before the terminal is known to be one; the feed reads while Textual is being imported.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainmon.launch.ending import end
from trainmon.meaning.alerts import Thresholds
from trainmon.system.configuration import read_section
from trainmon_tui.feeds.beside_feed import BesideFeed
from trainmon_tui.feeds.catalogue import first_runs, newest_run
from trainmon_tui.feeds.feed import Frame
from trainmon_tui.feeds.following import Following
from trainmon_tui.feeds.live_feed import LiveFeed
from trainmon_tui.settings import read_settings
from trainmon_tui.sight.beside import Compared
from trainmon_tui.sight.raw import RawFeed
from trainmon_tui.terminal.leaving import Guard
from trainmon_tui.terminal.painter import Painter
from trainmon_tui.terminal.terminal import Mouse, Title, needs_ascii, own_descriptor, why_no_screen
from trainmon_tui.visit.absence import Absence
from trainmon_tui.visit.attention import Attention
from trainmon_tui.visit.memory import Memory
from trainmon_tui.visit.witness import Witness

if TYPE_CHECKING:
    from trainmon.notify.sender import Sender
    from trainmon_tui.app import WatchApp
    from trainmon_tui.visit.newsroom import Newsroom


def run_watch(
    folder: Path,
    plain_status: Callable[[Path], str],
    *,
    ascii: bool | None = None,
    child: "subprocess.Popen[bytes] | None" = None,
    deadline: float | None = None,
    compare: Sequence[Path] = (),
) -> int:
    """Watches a run folder until the user quits; returns the exit code.

    0; 1 where a panel or the app failed; 128 and the number of the signal that ended it.

    Args:
        folder: The run folder; it may not exist yet.
        plain_status: The status as text, for where no screen can be drawn.
        ascii: Draw with characters up to 0x7f only; None: find out.
        child: A training that was started together with the monitor; on quitting the user is asked whether to end it.
        deadline: Unix seconds until which the run has to be done; None: what the run says itself.
        compare: Run folders whose curves are drawn, too.
    """
    reason = why_no_screen(os.environ)
    if reason is not None:
        sys.stderr.write(f"trainmon: {reason}, so here is the status instead of a screen\n")
        sys.stdout.write(plain_status(folder).rstrip("\n") + "\n")
        return 0
    # Collecting garbage during imports costs 30 of 260 ms (measured 2026-11); the app switches it on again.
    gc.disable()
    try:
        return _watch(folder, needs_ascii(os.environ) if ascii is None else ascii, child, deadline, compare)
    finally:
        gc.enable()


def _watch(
    folder: Path,
    ascii_only: bool,
    child: "subprocess.Popen[bytes] | None",
    deadline: float | None,
    compare: Sequence[Path],
) -> int:
    """Wires the monitor up, the reading first, and runs it."""
    receive: list[Callable[[Frame], None]] = []
    settings = read_settings()
    memory = Memory(folder)
    below = first_runs(folder) if child is None else ()
    folder = _run_to_show(folder, memory, below)
    feed = Following(lambda frame: receive[0](frame) if receive else None, gap=settings.gap)
    feed.change(folder)
    # Deferred: 200 ms of Textual, in which the feed already reads.
    from trainmon_tui.app import WatchApp
    from trainmon_tui.terminal.driver import driver_onto

    raw = RawFeed(lambda found: app.deliver_raw(found))
    live = LiveFeed(lambda found: app.deliver_live(found))
    beside = BesideFeed(lambda found: app.deliver_beside(found))
    painter = Painter(own_descriptor(), getattr(sys.__stderr__, "encoding", None) or "ascii")
    title = Title(os.environ, painter.write, ascii_only=ascii_only)
    app = WatchApp(
        folder,
        ascii_only=ascii_only,
        say_title=title.show,
        child=child,
        theme=os.environ.get("TEXTUAL_THEME", settings.theme),
        ask=raw.ask,
        ask_live=live.ask,
        ask_beside=beside.ask,
        follow=feed.change,
        first_view="runs" if len(below) > 1 else settings.view,
        memory=memory,
        mouse=Mouse(painter.write),
        witness=Witness(Absence(folder), _newsroom(folder)),
        attention=Attention(folder, thresholds=read_section("alerts", Thresholds), deadline=deadline),
    )
    app.driver_class = driver_onto(painter, title.restore)
    app.compare([Compared(str(path), path.resolve().name) for path in compare])
    receive.append(app.deliver)
    if feed.newest is not None:
        app.deliver(feed.newest)
    return _run(app, child, (raw.stop, live.stop, beside.stop, feed.stop))


def _run(
    app: "WatchApp", child: "subprocess.Popen[bytes] | None", stops: Sequence[Callable[[], object]]
) -> int:
    """Runs the app until it is left; the exit code of `run_watch`.

    Args:
        app: The monitor, wired up.
        child: As for `run_watch`.
        stops: End what reads for it, in this order.
    """
    guard = Guard(app.leave, app.leave_word)
    guard.start()
    try:
        result = app.run()
    finally:
        guard.stop()
        for stop in stops:
            stop()
    app.leave_word()
    _say_bugs(app.bugs)
    if child is not None and (app.end_child or guard.code is not None):
        end(child)
    if guard.code is not None:
        return guard.code
    return 1 if result is None or app.return_code or app.bugs else result


def _run_to_show(folder: Path, memory: Memory, below: tuple[Path, ...]) -> Path:
    """The only run below the folder; of several the one that was open last, or the newest; else the folder itself."""
    if len(below) < 2:
        return below[0] if below else folder
    return memory.open_run() or newest_run(folder)


def _newsroom(folder: Path) -> "Newsroom":
    """What rings the bell and has messages sent, as the user's settings say."""
    # Deferred, as above: the feed reads meanwhile.
    from trainmon.notify import readiness, rules
    from trainmon_tui.visit.newsroom import Newsroom

    settings, _ = rules.read_settings()
    wanted = readiness.is_configured()
    if wanted and not readiness.installed():
        # Seen once the screen is left.
        sys.stderr.write(f"trainmon: {readiness.MISSING}\n")
        wanted = False
    return Newsroom(
        folder,
        rules.rules(settings),
        bell=settings.bell,
        make_sender=_sender if wanted else None,
        thresholds=read_section("alerts", Thresholds),
    )


def _sender(folder: Path) -> "Sender":
    """What sends messages about a run folder; made at the first news."""
    from trainmon.notify.sender import Sender

    return Sender(folder)


def _say_bugs(bugs: dict[str, str]) -> None:
    for panel, where in bugs.items():
        sys.stderr.write(f"trainmon: the panel {panel} failed: {where}\n")
