"""Which GPUs CUDA_VISIBLE_DEVICES leaves to a program, by number, UUID or MIG instance."""

from collections.abc import Mapping, Sequence


def visible_gpus(
    environment: Mapping[str, str],
    uuids: Sequence[str | None],
    names: Sequence[str | None],
    migs: Mapping[str, int] | None = None,
) -> tuple[bool | None, ...]:
    """Whether CUDA_VISIBLE_DEVICES leaves each card to CUDA; NVML itself ignores that variable.

    As CUDA does (CUDA C++ Programming Guide, "CUDA Environment Variables"): an entry is a number or the
    beginning of a UUID, and the first entry that fits no card hides all that follow.

    Args:
        environment: The trainer's.
        uuids: Of all cards, in NVML's order.
        names: Their product names, in the same order.
        migs: By the MIG instances in that variable, the card of each; one that is not there is not known.

    Returns:
        One answer a card. None where an entry cannot be matched: CUDA numbers different models by speed
        unless CUDA_DEVICE_ORDER is PCI_BUS_ID, and a `MIG-` entry does not tell its card.
    """
    entries = environment.get("CUDA_VISIBLE_DEVICES")
    if entries is None:
        return (True,) * len(uuids)
    by_bus = environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or len(set(names)) <= 1
    seen: set[int] = set()
    for entry in (text.strip() for text in entries.split(",")):
        if entry.isdecimal() and int(entry) < len(uuids):
            if not by_bus:
                return (None,) * len(uuids)
            seen.add(int(entry))
        elif entry.startswith("MIG-"):
            index = _card_of_mig(entry, uuids, migs or {})
            if index is None:
                return (None,) * len(uuids)
            seen.add(index)
        else:
            fits = [index for index, uuid in enumerate(uuids) if _fits(entry, uuid)]
            if len(fits) != 1:
                break
            seen.add(fits[0])
    return tuple(index in seen for index in range(len(uuids)))


def _card_of_mig(entry: str, uuids: Sequence[str | None], migs: Mapping[str, int]) -> int | None:
    """The card of a MIG instance: as the driver says, or as its name says in the form of before driver 470.

    That form is `MIG-GPU-<UUID of the card>/<GPU instance>/<compute instance>` (NVIDIA's MIG User Guide).
    """
    if entry in migs and 0 <= migs[entry] < len(uuids):
        return migs[entry]
    uuid = entry.removeprefix("MIG-").partition("/")[0]
    return uuids.index(uuid) if uuid in uuids else None


def _fits(entry: str, uuid: str | None) -> bool:
    return uuid is not None and entry.startswith("GPU-") and uuid.startswith(entry)
