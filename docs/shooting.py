"""What the scripts for screenshots share: the real screen over a real run folder, saved as SVG into docs/images.

The run folder must be in the current folder, so that the pictures show no folder of whoever makes them.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from trainmon_tui.app import WatchApp
from trainmon_tui.feeds.beside_feed import BesideFeed
from trainmon_tui.feeds.following import Following
from trainmon_tui.feeds.live_feed import LiveFeed

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZES = ((160, 45), (80, 24))

LOOK = 3.6
"""Seconds of looking at the run before keys are pressed."""

KEY = 0.2
"""Seconds between two keys: another run takes a moment to appear."""

Keys = tuple[str, ...]


async def shoot(
    folder: Path, pictures: Mapping[str, Keys], seconds: float = 1.5, first_view: str | None = None
) -> None:
    """Saves pictures of a run at every size.

    Args:
        folder: The run folder, relative to the current one.
        pictures: The keys that lead to each from the first view, by name.
        seconds: How long the view gets to show what its threads read.
        first_view: As for `WatchApp`.
    """
    IMAGES.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        for name, keys in pictures.items():
            await _shoot_one(folder, name, keys, size, seconds, first_view)


async def _shoot_one(
    folder: Path, name: str, keys: Keys, size: tuple[int, int], seconds: float, first_view: str | None
) -> None:
    feed = Following(lambda frame: app.deliver(frame))
    live = LiveFeed(lambda found: app.deliver_live(found))
    beside = BesideFeed(lambda found: app.deliver_beside(found))
    app = WatchApp(
        folder, ask_live=live.ask, ask_beside=beside.ask, follow=feed.change, first_view=first_view
    )
    feed.change(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(LOOK)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(KEY)
        await pilot.pause(seconds)
        app.save_screenshot(f"{name}-{size[0]}x{size[1]}.svg", path=str(IMAGES))
    for thread in (beside, live, feed):
        thread.stop()


def prepare(scratch: Path) -> dict[str, str]:
    """Puts the demo and `./python3` into a folder; gives the environment in which they find all that they import."""
    (scratch / "demo_train.py").write_bytes((ROOT / "demo_train.py").read_bytes())
    python = scratch / "python3"
    if not python.exists():
        python.symlink_to(Path(sys.executable).resolve())
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])}
