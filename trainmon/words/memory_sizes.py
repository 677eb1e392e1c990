"""The sizes in a message about missing memory, as numbers, and what they say about the way out.

torch's texts, from `c10/cuda/CUDACachingAllocator.cpp`: up to 2.0 `(GPU 0; 14.56 GiB total capacity; 649.97 MiB already
allocated; 1.31 GiB free; 1.01 GiB reserved in total by PyTorch)`, from 2.1 on sentences, which name what is reserved
but unallocated instead of the total, have `capacty` in 2.1, and since 2.3 may name private pools. The C++ code counts
in powers of 1,024 everywhere, also where the Metal backend writes `GB`.
"""

import re
from functools import cache

_SIZE = r"(\d{1,20}(?:\.\d{0,6})?) ?(bytes|[kmgtpe]i?b)\b"

_PATTERNS = (
    ("tried", rf"(?:tried|unable) to allocate {_SIZE}"),
    ("total", rf"total capaci?ty of {_SIZE}"),
    ("total", rf"{_SIZE} total capacity"),
    ("free", rf"of which {_SIZE} is free"),
    ("free", rf"; {_SIZE} free"),
    ("allocated", rf"of the allocated memory {_SIZE}"),
    ("allocated", rf"{_SIZE} already allocated"),
    ("allocated", rf"mps allocated: {_SIZE}"),
    ("reserved", rf"{_SIZE} reserved in total"),
    ("unallocated", rf"and {_SIZE} is reserved by pytorch but unallocated"),
)

_POWERS = "bkmgtpe"
"""The first letter of a unit stands at its power of 1,024."""

_FOREIGN_SHARE = 0.25
"""Share of a GPU that something else must hold to be worth naming: contexts of CUDA and NCCL take up to 1 or 2 GiB."""


def memory_sizes(message: str) -> dict[str, int]:
    """Bytes by name, as far as the message says them.

    `tried`: what was asked for; `free`: of the device, as the driver says; `total`: of the device; `allocated`: by
    live tensors of this process; `reserved`: by its allocator in all, so never less than `allocated`.
    """
    text = " ".join(message.lower().split())
    sizes: dict[str, int] = {}
    for name, pattern in _PATTERNS:
        found = _compiled(pattern).search(text)
        if found is not None and name not in sizes:
            sizes[name] = int(float(found[1]) * 1_024 ** _POWERS.index(found[2][0]))
    unallocated = sizes.pop("unallocated", None)
    if unallocated is not None and "allocated" in sizes:
        sizes["reserved"] = sizes["allocated"] + unallocated
    return sizes


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def memory_advice(sizes: dict[str, int]) -> str | None:
    """What the sizes of a GPU out of memory point to; None where they point to nothing special."""
    tried, total, free = sizes.get("tried"), sizes.get("total"), sizes.get("free")
    allocated, reserved = sizes.get("allocated"), sizes.get("reserved")
    if tried is not None and total is not None and tried > total:
        return (
            f"split this one allocation of {_as_torch(tried)}, or find out why it is so large: the whole GPU has "
            f"{_as_torch(total)}, so that freeing memory cannot help"
        )
    if tried is not None and allocated is not None and reserved is not None and reserved - allocated >= tried:
        return (
            f"set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True: {_as_torch(reserved - allocated)} are reserved but "
            "unallocated, in pieces that are too small; else use a smaller batch"
        )
    if total is not None and free is not None and reserved is not None:
        foreign = total - free - reserved
        if foreign > _FOREIGN_SHARE * total:
            return (
                f"look at nvidia-smi for other processes: {_as_torch(foreign)} of the GPU are held outside of this "
                "process's PyTorch; else use a smaller batch"
            )
    return None


def _as_torch(size: int) -> str:
    """Bytes as torch's own message writes them, so that the two can be compared."""
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.2f} MiB"
