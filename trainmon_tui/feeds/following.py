"""Which run folder the screen follows: one feed at a time, exchanged where the user opens another run."""

from collections.abc import Callable
from pathlib import Path

from trainmon_tui.feeds.feed import Feed, Frame


class Following:
    """The feed of the run that is shown; `change` and `stop` are called in one thread."""

    def __init__(self, show: Callable[[Frame], None], *, gap: float | None = None) -> None:
        """Follows nothing yet.

        Args:
            show: Takes the newest frame of the run that is followed; called in the feed's thread.
            gap: As for `Feed`.
        """
        self._gap = gap
        self._show = show
        self._feed: Feed | None = None

    @property
    def newest(self) -> Frame | None:
        """The newest frame of the run that is followed; None before the first."""
        return self._feed.newest if self._feed is not None else None

    def change(self, folder: Path) -> None:
        """Follows another folder from now on, which may not exist yet."""
        old = self._feed
        if old is not None:
            # Not waited for: it may be stuck in a read of dead storage, and hands nothing on any more.
            old.stop(patience=0.0)
        feed = Feed(folder, lambda frame: self._hand_on(feed, frame), gap=self._gap)
        self._feed = feed
        feed.start()

    def _hand_on(self, feed: Feed, frame: Frame) -> None:
        if feed is self._feed:
            self._show(frame)

    def stop(self) -> None:
        """Ends the feed."""
        if self._feed is not None:
            self._feed.stop()
