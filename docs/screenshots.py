"""Makes the screenshots of the README: the demo trainer, watched by the real screen.

    python docs/screenshots.py

Each view is drawn by the program itself, at 160x45 and at 80x24, and saved as SVG into docs/images.
"""

import asyncio
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from trainmon_tui.app import WatchApp
from trainmon_tui.feed import Feed, Frame

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZES = ((160, 45), (80, 24))

VIEWS = {"overview": (), "metrics": ("2",), "machine": ("3",), "logs": ("5",), "operations": ("6",)}
"""Keys that lead to each view of a run that goes well, from the overview."""

FAILED = {"failed": (), "errors": ("4",)}
"""The same of a run that failed."""


async def shoot(folder: Path, views: dict[str, tuple[str, ...]]) -> None:
    """Saves every view at every size."""
    for width, height in SIZES:
        for name, keys in views.items():
            app = WatchApp(Path("demo_logs"), ascii_only=False)
            newest: list[Frame] = []
            feed = Feed(folder, newest.append)
            feed.start()
            async with app.run_test(size=(width, height)) as pilot:
                for _ in range(8):
                    await pilot.pause(0.3)
                    if newest:
                        app.deliver(newest[-1])
                await pilot.press(*keys)
                await pilot.pause(0.6)
                app.save_screenshot(f"{name}-{width}x{height}.svg", path=str(IMAGES))
            feed.stop()


def main() -> None:
    """Runs the demo twice, once well and once into an error, and draws it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        # A copy, so that the pictures show no folder of whoever makes them.
        program = Path(scratch) / "demo_train.py"
        program.write_bytes((ROOT / "demo_train.py").read_bytes())
        python = Path(scratch) / "python3"
        python.symlink_to(Path(sys.executable).resolve())
        paths = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
        for name, arguments, seconds, views in (
            ("well", ["--speed", "45", "--warn-at", "300"], 35, VIEWS),
            ("failed", ["--speed", "90", "--fail-at", "1400", "--backend", "python"], 25, FAILED),
        ):
            folder = Path(scratch) / name
            command = [str(python), str(program), "--log-dir", str(folder), *arguments]
            demo = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": paths},
            )
            try:
                time.sleep(seconds)
                asyncio.run(shoot(folder, views))
            finally:
                demo.terminate()
                demo.wait()


if __name__ == "__main__":
    main()
