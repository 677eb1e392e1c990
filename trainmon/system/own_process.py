"""Starting a process of our own: with this interpreter and this trainmon, whatever lies in the current folder.

A training's folder may hold a `click.py` or a `requests.py`; `-P` keeps it from being taken for the library.
"""

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
"""Where the package lies."""

_NOT_FOR_OTHERS = ("TRAINMON_WRITER", "TRAINMON_LAUNCHER")
"""Variables that say whose child a training is; a process of ours is no part of one."""


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """The environment for it: ours, and where trainmon is found if it is not installed."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_OTHERS}
    if not {"site-packages", "dist-packages"} & set(_ROOT.parts):
        kept["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return kept
