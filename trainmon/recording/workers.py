"""How a spawned worker finds the run of the process that started it: through one variable of the environment."""

import os
from pathlib import Path

import msgspec

from trainmon.system.identity import ProcessIdentity, alive
from trainmon.words.paths import recorded

VARIABLE = "TRAINMON_WRITER"
"""Environment variable in which a process that was spawned finds who owns the journal."""


class Owner(msgspec.Struct, frozen=True):
    """What a spawned worker must know of the process that owns the journal."""

    writer: str
    journal: str
    journal_id: str | None
    folder: str
    """As the program named it, absolute: a worker that asks for another one is no worker."""
    identity: ProcessIdentity
    device: int | None = None
    """As in the header of a spool."""


def announce(owner: Owner) -> None:
    """Tells the processes that this one starts from now on."""
    os.environ[VARIABLE] = msgspec.json.encode(owner).decode()


def withdraw(writer: str) -> None:
    """Takes back what the owner `writer` announced, unless another one did since."""
    owner = _announced()
    if owner is not None and owner.writer == writer:
        del os.environ[VARIABLE]


def owner_of(folder: Path) -> Owner | None:
    """The living process that records into `folder` and started us; None: we are no worker."""
    owner = _announced()
    if owner is None or owner.folder != recorded(folder) or owner.identity.pid == os.getpid():
        return None
    return owner if alive(owner.identity) else None


def _announced() -> Owner | None:
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Owner)
    except (msgspec.MsgspecError, ValueError):
        return None
