"""What `trainmon doctor` finds out about the machine: GPUs and their driver, and what the control group allows."""

import os
from collections import Counter

from trainmon.cli.finding import Finding
from trainmon.readings import GpuReading
from trainmon.system import cgroup
from trainmon.system.aside import Aside
from trainmon.system.gpu import NO_GPU, NO_NVML, GpuReader
from trainmon.units import gib

DRIVER_PATIENCE = 5.0
"""Seconds for the GPU driver to answer; one that hangs must not hang the doctor."""


def gpu(reader: GpuReader | None = None, patience: float = DRIVER_PATIENCE) -> Finding:
    """What NVML says; asked aside, because a driver may hang.

    Args:
        reader: Who is asked; None: NVML, as it is here.
        patience: Seconds to wait for it.
    """
    asked = reader if reader is not None else GpuReader()
    found = Aside("trainmon-doctor", lambda: _ask(asked)).ask(patience)
    return found or Finding("missing", "GPU", f"the driver has not answered for {patience:.0f} s")


def _ask(reader: GpuReader) -> Finding:
    note = reader.open()
    if note is not None:
        return Finding("well" if note in (NO_GPU, NO_NVML) else "limited", "GPU", note)
    cards, driver = reader.sample(), reader.driver()
    reader.close()
    names = Counter(card.name or "of an unknown name" for card in cards)
    parts = [", ".join(f"{count} × {name}" for name, count in names.items())]
    parts += [f"driver {driver}"] if driver is not None else []
    seen = [card for card in cards if card.visible]
    if len(seen) < len(cards):
        known = all(card.visible is not None for card in cards)
        parts.append(f"CUDA_VISIBLE_DEVICES leaves {len(seen) if known else 'an unknown number'} of them")
    parts += [f"GPU{card.index} {card.state}" for card in cards if card.state is not None]
    return Finding("limited" if any(map(_is_ill, cards)) else "well", "GPU", "; ".join(parts))


def _is_ill(card: GpuReading) -> bool:
    return card.state is not None


def limits(folders: cgroup.CgroupFolders | None = None) -> Finding:
    """What the control group allows: its memory limit is what kills.

    Args:
        folders: The levels that hold the process; None: those of this one.
    """
    folders = folders if folders is not None else cgroup.find_folders()
    version = cgroup.version(folders)
    if version is None:
        return Finding("limited", "cgroup", "no control group can be seen: limits are not shown")
    reading = cgroup.read(folders)
    memory = "no memory limit"
    if reading.memory_limit is not None:
        memory = f"memory {gib(reading.memory_used)} of {gib(reading.memory_limit)} GiB"
    cpu = "no CPU limit" if reading.cpu_limit is None else f"{reading.cpu_limit:g} CPUs"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    words = f"version {version}: {memory}, {cpu}; {usable} of the host's {os.cpu_count()} CPUs"
    return Finding("well", "cgroup", words)
