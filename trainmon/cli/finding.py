"""One line of `trainmon doctor`."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor."""

    how: Literal["well", "limited", "missing"]
    subject: str
    words: str
