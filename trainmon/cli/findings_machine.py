"""What `trainmon doctor` finds out about the machine: GPUs and their driver, and what the control group allows."""

import os
from collections import Counter

from trainmon.cli.finding import Finding
from trainmon.facts.readings import GpuReading
from trainmon.system import cgroup
from trainmon.system.amd_gpu import AmdReader
from trainmon.system.aside import Aside
from trainmon.system.gpu import NO_GPU, NO_NVML, GpuReader
from trainmon.words.units import gib

DRIVER_PATIENCE = 5.0
"""Seconds for the GPU driver to answer; one that hangs must not hang the doctor."""


def gpu(
    reader: GpuReader | None = None, patience: float = DRIVER_PATIENCE, amd: AmdReader | None = None
) -> Finding:
    """What the drivers say; asked aside, because one may hang.

    Args:
        reader: NVIDIA's, which is asked first; None: NVML, as it is here.
        patience: Seconds to wait for them.
        amd: AMD's, which is asked where there is no card of NVIDIA; None: the kernel's files, as they are here.
    """
    nvidia = reader if reader is not None else GpuReader()
    other = amd if amd is not None else AmdReader()
    found = Aside("trainmon-doctor", lambda: _ask(nvidia, other)).ask(patience)
    return found or Finding("missing", "GPU", f"the driver has not answered for {patience:.0f} s")


def _ask(nvidia: GpuReader, amd: AmdReader) -> Finding:
    note = nvidia.open()
    if note is None:
        cards, driver = nvidia.sample(), nvidia.driver()
        nvidia.close()
        return _cards(cards, f"driver {driver}" if driver is not None else None, "CUDA_VISIBLE_DEVICES")
    ordinary = note in (NO_GPU, NO_NVML)
    if amd.open() is None:
        cards = amd.sample()
        amd.close()
        said = "read from the kernel's files" if ordinary else f"read from the kernel's files; NVIDIA: {note}"
        return _cards(cards, said, "the environment")
    words = f"{note}, the library of NVIDIA's driver, and no card of AMD" if note == NO_NVML else note
    return Finding("well" if ordinary else "limited", "GPU", words)


def _cards(cards: tuple[GpuReading, ...], said: str | None, hidden_by: str) -> Finding:
    names = Counter(card.name or "of an unknown name" for card in cards)
    parts = [", ".join(f"{count} × {name}" for name, count in names.items())]
    parts += [said] if said is not None else []
    seen = [card for card in cards if card.visible]
    if len(seen) < len(cards):
        known = all(card.visible is not None for card in cards)
        parts.append(f"{hidden_by} leaves {len(seen) if known else 'an unknown number'} of them")
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
