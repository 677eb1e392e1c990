"""A reading of the machine as the columns of its history: the numbers whose course tells something."""

from trainmon.facts.readings import GpuReading, MachineReading

GPUS = 16
"""GPUs whose course is kept."""


def columns(reading: MachineReading) -> dict[str, list[float | None]]:
    """The numbers of one reading by the name of their column; those that are unknown are absent.

    `cpu`: percent; `memory`, `trainer`, `workers`: bytes; `free`: bytes free where checkpoints go; `read`, `written`,
    `sent`, `received`: bytes a second; `gpu0.utilisation`: percent, `gpu0.memory`: bytes, `gpu0.temperature`: degrees
    Celsius, `gpu0.power`: watts.
    """
    found: dict[str, float | None] = {}
    host, process = reading.host, reading.process
    if host is not None:
        found |= {"cpu": host.cpu_percent, "memory": host.memory_used}
        found |= {"read": host.disk_read, "written": host.disk_written}
        found |= {"sent": host.network_sent, "received": host.network_received}
    found["free"] = free_for_checkpoints(reading)
    if process is not None:
        found |= {"trainer": process.rss, "workers": process.children_rss}
    for gpu in reading.gpus[:GPUS]:
        found |= _gpu(gpu)
    return {name: [value] for name, value in found.items() if value is not None}


def free_for_checkpoints(reading: MachineReading) -> int | None:
    """Bytes free where checkpoints go, as far as it is known: on the log folder's file system, or on their own."""
    if reading.file_systems:
        return reading.file_systems[-1].free
    return reading.host.disk_free if reading.host is not None else None


def _gpu(gpu: GpuReading) -> dict[str, float | None]:
    name = f"gpu{gpu.index}"
    return {
        f"{name}.utilisation": gpu.utilisation,
        f"{name}.memory": gpu.memory_used,
        f"{name}.temperature": gpu.temperature,
        f"{name}.power": gpu.power,
    }
