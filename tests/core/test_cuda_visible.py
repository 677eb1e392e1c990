"""CUDA_VISIBLE_DEVICES as CUDA reads it: numbers, beginnings of UUIDs, parts of cards, and what people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.system.cuda_visible import visible_gpus

UUIDS = ["GPU-aa11", "GPU-aa22", "GPU-bb33"]
H100 = ["H100"] * 3


@pytest.mark.parametrize(
    ("entries", "seen"),
    [
        (None, (True, True, True)),
        ("", (False, False, False)),
        ("-1", (False, False, False)),
        ("NoDevFiles", (False, False, False)),
        ("2,0", (True, False, True)),
        ("0,7,2", (True, False, False)),
        ("0,-1,2", (True, False, False)),
        (" 1 , 2 ", (False, True, True)),
        ("GPU-bb", (False, False, True)),
        ("GPU-aa11,GPU-bb33", (True, False, True)),
        ("GPU-aa", (False, False, False)),
        ("MIG-GPU-aa11/1/0", (True, False, False)),
        ("MIG-GPU-cc/1/0", (None, None, None)),
        ("MIG-7f0e", (False, True, False)),
        ("MIG-0000", (None, None, None)),
    ],
)
def test_visible_devices_are_read_as_cuda_reads_them(
    entries: str | None, seen: tuple[bool | None, ...]
) -> None:
    """Numbers and beginnings of UUIDs; what fits none, or more than one, hides the rest."""
    environment = {} if entries is None else {"CUDA_VISIBLE_DEVICES": entries}

    assert visible_gpus(environment, UUIDS, H100, {"MIG-7f0e": 1, "MIG-0000": 9}) == seen


def test_numbers_mean_a_card_only_where_both_count_alike() -> None:
    """CUDA puts the fastest first, the driver goes by bus: with unlike cards a number alone says nothing."""
    names = ["T400", "H100", "H100"]
    by_number = {"CUDA_VISIBLE_DEVICES": "0"}

    assert visible_gpus(by_number, UUIDS, names) == (None, None, None)
    assert visible_gpus({**by_number, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, UUIDS, names) == (
        True,
        False,
        False,
    )
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "GPU-aa11"}, UUIDS, names) == (True, False, False)


@given(entries=st.text("0123-,GPUMIGab ", max_size=20))
def test_no_value_of_visible_devices_raises(entries: str) -> None:
    """It is a variable that people type."""
    seen = visible_gpus({"CUDA_VISIBLE_DEVICES": entries}, UUIDS, H100)

    assert len(seen) == len(UUIDS)
