"""How much memory a spool may take: it counts against that of the job."""

from trainmon.spool.spool import LEAST, MOST
from trainmon.system import cgroup


def spool_limit() -> int:
    """Bytes that a spool may have: 2 % of what the control group has left."""
    reading = cgroup.read(cgroup.find_folders())
    if reading.memory_limit is None or reading.memory_used is None:
        return MOST
    return max(LEAST, min(MOST, (reading.memory_limit - reading.memory_used) // 50))
