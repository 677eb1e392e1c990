"""The GPUs of a host as a whole: a silent driver, one that comes later, and whose processes are whose."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from trainmon.facts.readings import GpuProcess, GpuReading
from trainmon.system import gpus as gpus_module
from trainmon.system.gpus import RETRY, AnyMaker, Gpus, marked

PATIENCE = 20.0
CARD = GpuReading(index=0, uuid="GPU-0", name="H100", visible=True, utilisation=97)
LOST = GpuReading(index=0, uuid="GPU-0", name="H100", visible=True, state="driver gone")


class Source:
    """A driver that says what it is told to, when it may."""

    def __init__(self) -> None:
        self.note: str | None = None
        self.cards: tuple[GpuReading, ...] = (CARD,)
        self.opened = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def open(self) -> str | None:
        self.opened += 1
        return self.note

    def sample(self) -> tuple[GpuReading, ...]:
        assert self.may_answer.wait(PATIENCE)
        return self.cards

    def close(self) -> None:
        """Nothing to give back."""


class Desk:
    """All that a test needs: a driver, a clock, and who asks."""

    def __init__(self) -> None:
        self.source = Source()
        self.now = 1_000.0
        self.gpus = Gpus(self.source, lambda: self.now)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.source.may_answer.set()
    desk.gpus.close()


def test_cards_are_told_as_the_driver_tells_them(desk: Desk) -> None:
    assert desk.gpus.sample(PATIENCE) == ((CARD,), None)


def test_cards_of_a_silent_driver_keep_their_places_and_the_time_of_its_silence_is_said(desk: Desk) -> None:
    """No number that is old, and no wait."""
    desk.gpus.sample(PATIENCE)
    desk.source.may_answer.clear()
    desk.gpus.sample(0.0)
    desk.now += 12.0

    ((card,), note) = desk.gpus.sample(0.0)

    assert (card.name, card.utilisation, card.state) == ("H100", None, "not answering")
    assert note == "no answer from the driver for 12 s"


def test_a_driver_that_never_answered_is_said(desk: Desk) -> None:
    """Loading one may take some seconds, and only then is it worth a word."""
    desk.source.may_answer.clear()
    early = desk.gpus.sample(0.0)
    desk.now += 12.0

    late = desk.gpus.sample(0.0)

    assert (early, late) == (
        ((), "the driver has not answered yet"),
        ((), "no answer from the driver for 12 s"),
    )


def test_an_answer_that_cannot_be_read_is_no_number_of_before(desk: Desk) -> None:
    desk.gpus.sample(PATIENCE)

    def fail() -> tuple[GpuReading, ...]:
        raise OSError("a driver of tomorrow")

    desk.source.sample = fail  # type: ignore[method-assign]  # a driver that changes under us

    assert desk.gpus.sample(PATIENCE) == ((), "the driver's answer could not be read")


def test_a_driver_that_was_not_there_is_looked_for_again_now_and_then(desk: Desk) -> None:
    desk.source.note = "no NVML"
    first = desk.gpus.sample(PATIENCE)
    desk.source.note = None
    desk.now += RETRY - 1
    soon = desk.gpus.sample(PATIENCE)
    desk.now += 1

    later = desk.gpus.sample(PATIENCE)

    assert (first, soon, later) == (((), "no NVML"), ((), "no NVML"), ((CARD,), None))


def test_a_driver_that_was_loaded_anew_is_opened_anew(desk: Desk) -> None:
    """The handles of before would stay dead for ever."""
    desk.gpus.sample(PATIENCE)
    desk.source.cards = (LOST,)
    for _ in range(3):
        desk.gpus.sample(PATIENCE)
    opened = desk.source.opened
    desk.now += RETRY

    desk.gpus.sample(PATIENCE)

    assert (opened, desk.source.opened) == (1, 2)


def test_the_trainers_processes_are_marked_and_those_of_others() -> None:
    card = GpuReading(index=0, processes=(GpuProcess(7, 10), GpuProcess(8, 20)))

    (found,) = marked((card,), frozenset({7}))

    assert found.processes == (GpuProcess(7, 10, own=True), GpuProcess(8, 20, own=False))


def test_where_process_ids_cannot_be_compared_nothing_is_marked() -> None:
    """A driver numbers processes as the host does, which means another one in a container."""
    card = GpuReading(index=0, processes=(GpuProcess(7, 10),))

    assert marked((card,), None) == (card,)


def test_what_the_trainer_knew_of_its_cards_is_kept() -> None:
    other = GpuReading(index=1, uuid="GPU-1", visible=True)

    found = marked((CARD, other), None, {"GPU-0": False})

    assert [card.visible for card in found] == [False, True]


def test_nvml_is_asked_where_nobody_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nvidia, amd = Source(), Source()
    monkeypatch.setattr(gpus_module, "GpuReader", lambda _environment: nvidia)
    monkeypatch.setattr(gpus_module, "AmdReader", lambda _environment: amd)
    gpus = Gpus()

    assert gpus.sample(PATIENCE) == ((CARD,), None)
    assert (nvidia.opened, amd.opened) == (1, 0)
    gpus.close()


def test_where_nvidia_has_no_card_another_maker_may_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nvidia, amd = Source(), Source()
    nvidia.note = "no NVML"
    amd.cards = (GpuReading(index=0, name="MI210"),)
    monkeypatch.setattr(gpus_module, "GpuReader", lambda _environment: nvidia)
    monkeypatch.setattr(gpus_module, "AmdReader", lambda _environment: amd)
    maker = AnyMaker({})

    there = maker.open(), maker.sample()
    amd.note = "no AMD GPU"

    assert there == (None, amd.cards)
    assert (maker.open(), maker.sample()) == ("no NVML", ())
    maker.close()
