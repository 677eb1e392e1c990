"""A training that becomes a daemon: a forked child goes on with the journal of a process that ends by intention.

Who daemonises forks, begins a session of its own and lets the parent exit; a logger that was made before is then one of
a worker whose owner is gone. Only who left the session is an heir: a worker of a data loader that outlives a killed
training for a moment must not take the folder from the training that is started next.
"""

import os

import msgspec

from trainmon.system.identity import ProcessIdentity, alive


class Ancestor(msgspec.Struct, frozen=True):
    """The process that owned the journal when this one was forked from it."""

    identity: ProcessIdentity
    session: int

    @classmethod
    def at_fork(cls, identity: ProcessIdentity) -> "Ancestor":
        """In the forked child, which still is in the session of its parent.

        Args:
            identity: Of the parent.
        """
        return cls(identity, os.getsid(0))

    def has_left(self) -> bool:
        """Whether we are in another session, and it certainly is no more. Some microseconds, mostly one."""
        return os.getsid(0) != self.session and alive(self.identity) is False
