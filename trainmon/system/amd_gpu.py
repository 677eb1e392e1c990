"""AMD GPUs through the files of the kernel's `amdgpu` driver: no library, and no ROCm.

The one thing to know: written after docs.kernel.org (gpu/amdgpu: thermal, driver-misc, ras) and tested against made-up
files; it was never tried on a card. Every file fails alone, into None. What these files do not tell stays
unknown: throttle reasons, processes.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from trainmon.facts.readings import GpuReading
from trainmon.system.proc import ROOT

NO_AMD = "no AMD GPU"
"""What is said where the driver shows no card."""

VENDOR = "0x1002"
"""AMD's number in the PCI list."""

LEAST_MEMORY = 4 << 30
"""Bytes of memory from which a card counts: integrated graphics take less from the host, and nobody trains on them."""

_CARD = re.compile(r"card\d+")

_TOTAL = "mem_info_vram_total"

_CHOICES = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""Environment variables that hide cards from ROCm, by numbers that need not be those of these files."""


class AmdReader:
    """Reads all GPUs that the driver shows; a `GpuSource`."""

    def __init__(self, environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> None:
        """Reads nothing yet.

        Args:
            environment: The trainer's, for what hides cards.
            root: Where `sys` is.
        """
        self._visible = None if any(name in environment for name in _CHOICES) else True
        self._root = root
        self._cards: tuple[Path, ...] = ()

    def open(self) -> str | None:
        """See `GpuSource.open`."""
        cards = []
        folder = self._root / "sys/class/drm"
        try:
            names = sorted(filter(_CARD.fullmatch, os.listdir(folder)), key=lambda name: int(name[4:]))
        except OSError:
            names = []
        for name in names:
            device = folder / name / "device"
            if _text(device / "vendor") == VENDOR and (_number(device / _TOTAL) or 0) >= LEAST_MEMORY:
                cards.append(device)
        self._cards = tuple(cards)
        return None if cards else NO_AMD

    def sample(self) -> tuple[GpuReading, ...]:
        """See `GpuSource.sample`."""
        return tuple(self._read(index, device) for index, device in enumerate(self._cards))

    def close(self) -> None:
        """See `GpuSource.close`."""
        self._cards = ()

    def _read(self, index: int, device: Path) -> GpuReading:
        name = _text(device / "product_name") or f"AMD GPU {_text(device / 'device') or ''}".rstrip()
        if not device.exists():
            return GpuReading(index=index, visible=self._visible, state="lost")
        sensors = next(iter(sorted(device.glob("hwmon/hwmon*"))), device)
        heat, clock = _number(sensors / "temp1_input"), _number(sensors / "freq1_input")
        power = _number(sensors / "power1_average")
        power = _number(sensors / "power1_input") if power is None else power
        cap = _number(sensors / "power1_cap")
        return GpuReading(
            index=index,
            uuid=_text(device / "unique_id"),
            name=name,
            visible=self._visible,
            utilisation=_number(device / "gpu_busy_percent"),
            memory_used=_number(device / "mem_info_vram_used"),
            memory_total=_number(device / _TOTAL),
            temperature=None if heat is None else round(heat / 1_000),
            power=None if power is None else power / 1e6,
            power_limit=None if cap is None else cap / 1e6,
            sm_clock=None if clock is None else round(clock / 1e6),
            ecc_uncorrected=_uncorrected(device / "ras/umc_err_count"),
        )


def _uncorrected(path: Path) -> int | None:
    """The number after "ue:" in an error counter of the memory controller."""
    found = re.search(r"^ue:\s*(\d+)", _text(path) or "", re.MULTILINE)
    return int(found[1]) if found is not None else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.isdecimal() else None


def _text(path: Path) -> str | None:
    """The text of a file; None where it cannot be read, which an unsupported one often is, or is empty."""
    try:
        return path.read_bytes().decode("utf-8", "backslashreplace").strip() or None
    except OSError:
        return None
