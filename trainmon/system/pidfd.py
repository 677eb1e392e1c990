"""A hold on a process that another process started, so that its exit status can be learned without being its parent.

The one thing to know: the hold must be taken while the process lives, and the kernel (Linux 6.15 and later) tells the
status once the parent has asked for it. Elsewhere everything is None. Source: include/uapi/linux/pidfd.h of Linux.
"""

import fcntl
import os
import struct

_GET_INFO = 0xC040FF0B
"""PIDFD_GET_INFO, `_IOWR(0xFF, 11, struct pidfd_info)` with the 64 bytes of PIDFD_INFO_SIZE_VER0."""

_EXIT = 1 << 3
"""PIDFD_INFO_EXIT in the mask, which is the first 8 bytes of the structure."""

_EXIT_CODE_AT = 60


class Hold:
    """One process, held by a descriptor; for one thread."""

    def __init__(self, pid: int) -> None:
        """Takes hold of whoever has that pid now: the caller makes sure afterwards that it is the right one.

        Raises:
            OSError: There is no such process, or the kernel has no such descriptors.
        """
        if not hasattr(os, "pidfd_open"):
            raise OSError("no pidfd_open on this system")
        self.descriptor = os.pidfd_open(pid)
        """Readable for poll(2) once the process has ended; -1 after `close`."""

    def wait_status(self) -> int | None:
        """How it ended, as wait(2) says it; None while it lives, is a zombie, or where the kernel does not tell."""
        info = bytearray(64)
        struct.pack_into("Q", info, 0, _EXIT)
        try:
            fcntl.ioctl(self.descriptor, _GET_INFO, info)
        except OSError:
            return None
        told: int = struct.unpack_from("Q", info, 0)[0]
        code: int = struct.unpack_from("i", info, _EXIT_CODE_AT)[0]
        return code if told & _EXIT else None

    def close(self) -> None:
        """Lets go of it; may be called twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
