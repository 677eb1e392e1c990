"""AMD GPUs, by a made-up tree of the files that docs.kernel.org describes; no card was at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainmon.facts.readings import GpuReading
from trainmon.system.amd_gpu import NO_AMD, AmdReader
from trainmon.system.gpu_source import GpuSource

FILES = {
    "vendor": "0x1002\n",
    "device": "0x740f\n",
    "product_name": "AMD INSTINCT MI210\n",
    "unique_id": "7f0e5a4400000000\n",
    "gpu_busy_percent": "97\n",
    "mem_info_vram_total": f"{64 << 30}\n",
    "mem_info_vram_used": f"{61 << 30}\n",
    "hwmon/hwmon3/temp1_input": "71400\n",
    "hwmon/hwmon3/power1_average": "281000000\n",
    "hwmon/hwmon3/power1_cap": "300000000\n",
    "hwmon/hwmon3/freq1_input": "1700000000\n",
    "ras/umc_err_count": "ue: 2\nce: 17\n",
}


def a_card(root: Path, name: str, **changes: str | None) -> Path:
    """A card with all files, but for those that are changed, or None; a name has `__` for a slash."""
    device = root / "sys/class/drm" / name / "device"
    changed = {path.replace("__", "/"): text for path, text in changes.items()}
    for path, text in (FILES | changed).items():
        if text is not None:
            (device / path).parent.mkdir(parents=True, exist_ok=True)
            (device / path).write_text(text)
    return device


def read(root: Path, **environment: str) -> tuple[GpuReading, ...]:
    reader = AmdReader(environment, root)
    assert reader.open() is None
    return reader.sample()


def test_every_quantity_comes_in_its_unit(tmp_path: Path) -> None:
    """Millidegrees, microwatts and hertz become degrees, watts and MHz."""
    a_card(tmp_path, "card0")

    assert read(tmp_path) == (
        GpuReading(
            index=0,
            uuid="7f0e5a4400000000",
            name="AMD INSTINCT MI210",
            visible=True,
            utilisation=97,
            memory_used=61 << 30,
            memory_total=64 << 30,
            temperature=71,
            power=281.0,
            power_limit=300.0,
            sm_clock=1700,
            ecc_uncorrected=2,
        ),
    )


def test_cards_come_by_their_number_and_connectors_are_none(tmp_path: Path) -> None:
    for name in ("card10", "card2", "card2-DP-1", "renderD128"):
        a_card(tmp_path, name, product_name=name)

    assert [card.name for card in read(tmp_path)] == ["card2", "card10"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("unique_id", "uuid"),
        ("gpu_busy_percent", "utilisation"),
        ("mem_info_vram_used", "memory_used"),
        ("hwmon__hwmon3__temp1_input", "temperature"),
        ("hwmon__hwmon3__power1_average", "power"),
        ("hwmon__hwmon3__power1_cap", "power_limit"),
        ("hwmon__hwmon3__freq1_input", "sm_clock"),
        ("ras__umc_err_count", "ecc_uncorrected"),
    ],
)
@pytest.mark.parametrize("text", [None, "", "not a number\n"])
def test_a_file_that_is_missing_or_odd_is_unknown_and_alone(
    tmp_path: Path, path: str, field: str, text: str | None
) -> None:
    """A consumer card has no error counter, an APU no power cap."""
    a_card(tmp_path, "card0")
    whole = read(tmp_path)[0]
    device = tmp_path / "sys/class/drm/card0/device"
    (device / path.replace("__", "/")).unlink()
    a_card(tmp_path, "card0", **{path: text})

    (card,) = read(tmp_path)

    fields = set(GpuReading.__struct_fields__)
    odd = {name for name in fields if getattr(card, name) != getattr(whole, name)}
    assert odd == {field}
    if text != "not a number\n" or field != "uuid":
        assert getattr(card, field) is None


def test_newer_drivers_tell_the_power_of_now(tmp_path: Path) -> None:
    changes = {"hwmon__hwmon3__power1_average": None, "hwmon__hwmon3__power1_input": "99000000\n"}
    a_card(tmp_path, "card0", **changes)

    assert read(tmp_path)[0].power == 99.0


def test_a_card_without_a_name_has_its_number(tmp_path: Path) -> None:
    a_card(tmp_path, "card0", product_name=None)

    assert read(tmp_path)[0].name == "AMD GPU 0x740f"


def test_other_makers_cards_and_integrated_graphics_are_left_alone(tmp_path: Path) -> None:
    a_card(tmp_path, "card0", vendor="0x8086\n")
    a_card(tmp_path, "card1", mem_info_vram_total=None)
    a_card(tmp_path, "card2", mem_info_vram_total=f"{512 << 20}\n")

    assert AmdReader({}, tmp_path).open() == NO_AMD
    assert AmdReader({}, tmp_path / "none").open() == NO_AMD


def test_where_cards_are_hidden_it_is_not_known_which(tmp_path: Path) -> None:
    """ROCm's numbers need not be the driver's."""
    a_card(tmp_path, "card0")

    assert [card.visible for card in read(tmp_path, HIP_VISIBLE_DEVICES="0")] == [None]


def test_a_card_that_goes_is_lost(tmp_path: Path) -> None:
    device = a_card(tmp_path, "card0")
    reader = AmdReader({}, tmp_path)
    reader.open()
    device.rename(device.with_name("gone"))

    assert reader.sample() == (GpuReading(index=0, visible=True, state="lost"),)


def test_a_reader_is_a_gpu_source(tmp_path: Path) -> None:
    make: Callable[[], GpuSource] = AmdReader
    source = make()

    assert source.sample() == ()
    source.close()
