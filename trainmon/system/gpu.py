"""NVIDIA GPUs through NVML: the one file that knows `pynvml`.

The one thing to know: every getter fails alone, into None, because each card supports another selection; only
an error that concerns the whole card ("lost") ends the questions to it. A driver call can hang for seconds,
so a reader belongs to a thread that nobody waits for. PCIe throughput is not asked: that getter counts for 20
ms a call (nvml.h).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import ModuleType

from trainmon.facts.readings import GpuProcess, GpuReading
from trainmon.system.cuda_visible import visible_gpus

NO_NVML = "no NVML"
"""What is said where there is no NVIDIA driver: an ordinary machine, not an error."""

NO_GPU = "no GPU"
"""What is said where there is a driver without a card."""

START_NOTES = {9: NO_NVML, 12: NO_NVML, 28: NO_GPU}
"""NVML_ERROR_DRIVER_NOT_LOADED, NVML_ERROR_LIBRARY_NOT_FOUND and NVML_ERROR_GPU_NOT_FOUND, in words."""

CARD_STATES = {1: "driver gone", 9: "driver gone", 15: "lost", 16: "needs a reset"}
"""NVML error codes that concern the card as a whole (nvmlReturn_t in nvml.h), in words."""

THROTTLE_WORDS = {
    0x002: "clocks set by the user",
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "thermal (software)",
    0x040: "thermal (hardware)",
    0x080: "power brake",
    0x100: "display clocks",
    0x200: "board limit",
    0x400: "reliability",
}
"""Bits of nvmlClocksEventReasons in nvml.h; bit 0 (idle) is left out: an idle card is not held down."""

TEMPERATURE_GPU = 0
"""With those below: values of the enums of nvml.h, which `pynvml` would have to be loaded for."""

CLOCK_SM = 1
ECC_UNCORRECTED = 1
ECC_SINCE_DRIVER_LOAD = 0


class GpuReader:
    """Reads all GPUs that NVML shows; a `GpuSource`."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Loads nothing yet.

        Args:
            environment: The trainer's, for CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
        """
        self._environment = environment
        self._nvml: ModuleType | None = None
        self._cards: tuple[_Card, ...] = ()

    def open(self) -> str | None:
        """Loads the driver's library and lists the cards, anew if it was open: see `GpuSource.open`."""
        self.close()
        try:
            import pynvml  # Deferred: saves 27 ms at `import trainmon`.
        except ImportError:
            return f"{NO_NVML} (the package nvidia-ml-py is missing)"
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return START_NOTES.get(error.value, f"{NO_NVML} ({error})")
        self._nvml = pynvml
        try:
            count: int = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as error:
            self.close()
            return f"{NO_NVML} ({error})"
        cards = [_Card(pynvml, index) for index in range(count)]
        uuids, names = [card.uuid for card in cards], [card.name for card in cards]
        seen = visible_gpus(self._environment, uuids, names, self._mig_cards(pynvml))
        for card, visible in zip(cards, seen, strict=True):
            card.visible = visible
        self._cards = tuple(cards)
        return None if cards else NO_GPU

    def _mig_cards(self, nvml: ModuleType) -> dict[str, int]:
        """By the MIG instances that CUDA_VISIBLE_DEVICES names, the index of the card that each is a part of."""
        found: dict[str, int] = {}
        for entry in self._environment.get("CUDA_VISIBLE_DEVICES", "").split(","):
            instance = entry.strip()
            if not instance.startswith("MIG-"):
                continue
            try:
                part = nvml.nvmlDeviceGetHandleByUUID(instance)
                card = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part)
                found[instance] = nvml.nvmlDeviceGetIndex(card)
            except (nvml.NVMLError, ValueError):
                continue  # It is gone, or a driver does not know of MIG.
        return found

    def sample(self) -> tuple[GpuReading, ...]:
        """See `GpuSource.sample`; a card that is lost stays in the list and says so."""
        return tuple(card.read() for card in self._cards)

    def driver(self) -> str | None:
        """The version of the driver; None while it is not open, or where it does not tell."""
        if self._nvml is None:
            return None
        try:
            version: object = self._nvml.nvmlSystemGetDriverVersion()
        except self._nvml.NVMLError:
            return None
        return version if isinstance(version, str) else None

    def close(self) -> None:
        """See `GpuSource.close`."""
        nvml, self._nvml, self._cards = self._nvml, None, ()
        if nvml is None:
            return
        try:
            nvml.nvmlShutdown()
        except nvml.NVMLError:
            # The driver went before us: nothing is left to give back.
            return


class _Card:
    """One GPU: what never changes, asked once, and the questions for the rest."""

    def __init__(self, nvml: ModuleType, index: int) -> None:
        self._nvml = nvml
        self._index = index
        self._state: str | None = None
        self._handle = self._call("nvmlDeviceGetHandleByIndex", index)
        self.name = self._words("nvmlDeviceGetName")
        self.uuid = self._words("nvmlDeviceGetUUID")
        self.visible: bool | None = None
        self._clock_max = self._number("nvmlDeviceGetMaxClockInfo", CLOCK_SM)

    def read(self) -> GpuReading:
        """The card now; of one that is lost only who it is."""
        reading = self._ask_all()
        if self._state is None:
            return reading
        return GpuReading(
            index=self._index, uuid=self.uuid, name=self.name, visible=self.visible, state=self._state
        )

    def _ask_all(self) -> GpuReading:
        self._state = None
        if self._handle is None:
            self._handle = self._call("nvmlDeviceGetHandleByIndex", self._index)
        utilisation = _whole(self._ask("nvmlDeviceGetUtilizationRates"), "gpu")
        memory_used, memory_total = self._memory()
        power = self._number("nvmlDeviceGetPowerUsage")
        power_limit = self._number("nvmlDeviceGetEnforcedPowerLimit")
        return GpuReading(
            index=self._index,
            uuid=self.uuid,
            name=self.name,
            visible=self.visible,
            utilisation=utilisation,
            memory_used=memory_used,
            memory_total=memory_total,
            temperature=self._temperature(),
            power=None if power is None else power / 1000,
            power_limit=None if power_limit is None else power_limit / 1000,
            sm_clock=self._number("nvmlDeviceGetClockInfo", CLOCK_SM),
            sm_clock_max=self._clock_max,
            throttle=self._throttle(),
            ecc_uncorrected=self._number(
                "nvmlDeviceGetTotalEccErrors", ECC_UNCORRECTED, ECC_SINCE_DRIVER_LOAD
            ),
            processes=self._processes(),
        )

    def _memory(self) -> tuple[int | None, int | None]:
        """Bytes used and in all; version 2 leaves the driver's own reserve out, as nvidia-smi does."""
        answer = self._ask("nvmlDeviceGetMemoryInfo", getattr(self._nvml, "nvmlMemory_v2", None))
        if answer is None:
            answer = self._ask("nvmlDeviceGetMemoryInfo")
        return _whole(answer, "used"), _whole(answer, "total")

    def _temperature(self) -> int | None:
        """Degrees; nvml.h has deprecated the second getter since 13.0, and older drivers lack the first."""
        degrees = self._number("nvmlDeviceGetTemperatureV", TEMPERATURE_GPU)
        return self._number("nvmlDeviceGetTemperature", TEMPERATURE_GPU) if degrees is None else degrees

    def _throttle(self) -> tuple[str, ...] | None:
        """Reasons in words; the second getter is the name of the first before driver 535."""
        bits = self._number("nvmlDeviceGetCurrentClocksEventReasons")
        if bits is None:
            bits = self._number("nvmlDeviceGetCurrentClocksThrottleReasons")
        return None if bits is None else throttle_words(bits)

    def _processes(self) -> tuple[GpuProcess, ...] | None:
        """Who computes or draws on the card; one that does both is named once."""
        found: dict[int, int | None] = {}
        told = False
        for kind in ("Graphics", "Compute"):
            answer = self._ask(f"nvmlDeviceGet{kind}RunningProcesses_v3")
            if answer is None:
                answer = self._ask(f"nvmlDeviceGet{kind}RunningProcesses_v2")
            if not isinstance(answer, Iterable):
                continue
            told = True
            for process in answer:
                pid, used = _whole(process, "pid"), _whole(process, "usedGpuMemory")
                if pid is not None:
                    found[pid] = found.get(pid) if used is None else used
        return tuple(GpuProcess(pid, used) for pid, used in sorted(found.items())) if told else None

    def _number(self, getter: str, *arguments: object) -> int | None:
        return _whole(self._ask(getter, *arguments))

    def _words(self, getter: str) -> str | None:
        answer = self._ask(getter)
        return answer if isinstance(answer, str) else None

    def _ask(self, getter: str, *arguments: object) -> object:
        """The getter's answer for this card; None where package, driver or card do not have it."""
        # A lost card answers nothing, on some drivers only after seconds, so that it is asked no more.
        if self._handle is None or self._state is not None:
            return None
        return self._call(getter, self._handle, *arguments)

    def _call(self, name: str, *arguments: object) -> object:
        """What that function answers; None where it fails, the card's state noted if that is the reason."""
        function = getattr(self._nvml, name, None)
        if function is None:
            return None
        try:
            answer: object = function(*arguments)
        except self._nvml.NVMLError as error:
            self._state = CARD_STATES.get(error.value)
            return None
        except ValueError:
            # Text that is not UTF-8, or a version of a structure that the package does not know.
            return None
        return answer


def throttle_words(bits: int) -> tuple[str, ...]:
    """The reasons in a bit set of nvmlClocksEventReasons, lowest bit first; an unknown one by its number."""
    known = bits & ~1
    singles = (1 << place for place in range(known.bit_length()))
    return tuple(THROTTLE_WORDS.get(bit, f"reason {bit:#x}") for bit in singles if known & bit)


def _whole(answer: object, field: str | None = None) -> int | None:
    """The answer, or its field, where that is a whole number."""
    value: object = answer if field is None else getattr(answer, field, None)
    return value if isinstance(value, int) else None
