"""What is kept of each run folder in the user's state folder; nothing of it is ever written where the run records.

None of it is needed: a home that cannot be read or written costs what is kept and nothing else.
"""

import hashlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec
from platformdirs import user_state_path

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)

MOST_BYTES = 64 << 10
"""Bytes of one file that are read; none of ours is longer."""


def kept_path(run: Path, kind: str, folder: Path | None = None) -> Path:
    """Where one kind of thing is kept of a run folder; the file need not exist.

    Args:
        run: The run folder; links to it lead to the same file.
        kind: What is kept: a folder of its own.
        folder: Where all of it is; None: where platformdirs says (`~/.local/state/trainmon`).
    """
    return (folder or user_state_path("trainmon")) / kind / f"{run_name(run)}.json"


def run_name(run: Path) -> str:
    """A name for a run folder that fits into a file name: its path may be long, and is nobody's business."""
    # Bytes, since a path may hold what is no Unicode.
    return hashlib.sha256(os.path.realpath(os.fsencode(run))).hexdigest()[:32]


def read_kept(path: Path) -> bytes | None:
    """What is kept there; None: nothing, or it is not ours to read."""
    if not path.is_absolute():  # "~" stays where nobody has a home
        return None
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return None


def read_struct(path: Path, kind: type[AnyStruct]) -> AnyStruct | None:
    """What is kept there as JSON; None: nothing, or it is damaged or of another version."""
    try:
        return msgspec.json.decode(read_kept(path) or b"", type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def keep(path: Path, data: bytes) -> bool:
    """Keeps that in the place of what was there, at once for any reader; False where it cannot be done."""
    if not path.is_absolute():
        return False
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        return False
    return True
