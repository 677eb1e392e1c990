"""Actions that raise what torch, numpy and Python raise here: by name, with the category that must be made of it."""

import errno
import os
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainmon.facts.tracebacks import describe
from trainmon.meaning.diagnosis import Category


def raised(action: Callable[[], object]) -> tuple[str, str]:
    """Type and message of what an action raises, as they are recorded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            action()
        except BaseException as error:
            described = describe(error)
            return described.error_type, described.message
    raise AssertionError("nothing was raised")


def system_error(number: int) -> Callable[[], None]:
    """An action that fails as a system call does."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def interrupted() -> None:
    raise KeyboardInterrupt


def nan_in_backward() -> None:
    with torch.autograd.set_detect_anomaly(True):
        torch.sqrt(torch.tensor([-1.0], requires_grad=True)).sum().backward()


def unclippable() -> None:
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.tensor([float("nan")])
    nn.utils.clip_grad_norm_([weight], 1.0, error_if_nonfinite=True)


def overflowing() -> None:
    with np.errstate(all="raise"):
        np.array([1.0]) / 0.0


def backward_twice() -> None:
    loss = torch.zeros(1, requires_grad=True).exp().sum()
    loss.backward()
    loss.backward()


def changed_in_place() -> None:
    x = torch.zeros(1, requires_grad=True)
    y = x.exp()
    y.add_(1)
    y.sum().backward()


def damaged_checkpoint(folder: Path) -> None:
    torch.save({"w": torch.zeros(9)}, folder / "a.pt")
    (folder / "half.pt").write_bytes((folder / "a.pt").read_bytes()[:300])
    torch.load(folder / "half.pt")


def whole_module(folder: Path) -> None:
    torch.save(nn.Linear(3, 2), folder / "m.pt")
    torch.load(folder / "m.pt")


def save_to_full_disk() -> None:
    with Path("/dev/full").open("wb") as file:
        torch.save({"w": torch.zeros(99_999)}, file)


def on_the_gpu(folder: Path) -> None:
    torch.save({"w": torch.zeros(9)}, folder / "a.pt")
    torch.load(folder / "a.pt", map_location="cuda")


def doubled(optimiser_of: Sequence[int]) -> torch.optim.Optimizer:
    """An optimiser with groups of so many parameters."""
    return torch.optim.SGD(
        [{"params": [nn.Parameter(torch.zeros(1)) for _ in range(size)]} for size in optimiser_of], 0.1
    )


def a(*shape: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> torch.Tensor:
    return torch.zeros(*shape, dtype=dtype, device=device)


labels = torch.zeros(3, dtype=torch.long)

REAL: dict[str, tuple[Category, Callable[[], object]]] = {
    "product": (Category.SHAPE, lambda: a(2, 3) @ a(4, 5)),
    "sum": (Category.SHAPE, lambda: a(2, 3) + a(4, 5)),
    "view": (Category.SHAPE, lambda: a(6).view(4)),
    "cat": (Category.SHAPE, lambda: torch.cat([a(2, 3), a(3, 4)])),
    "expand": (Category.SHAPE, lambda: a(2, 3).expand(4, 3)),
    "einsum": (Category.SHAPE, lambda: torch.einsum("ij,jk->ik", a(2, 3), a(4, 5))),
    "bmm": (Category.SHAPE, lambda: torch.bmm(a(1, 2, 3), a(2, 3, 4))),
    "permute": (Category.SHAPE, lambda: a(2, 3).permute(0, 1, 2)),
    "collate": (Category.SHAPE, lambda: torch.utils.data.default_collate([a(2), a(3)])),
    "channels": (Category.SHAPE, lambda: nn.Conv2d(3, 4, 3)(a(1, 1, 8, 8))),
    "unbatched": (Category.SHAPE, lambda: nn.Conv2d(3, 4, 3)(a(8))),
    "layer norm": (Category.SHAPE, lambda: nn.LayerNorm(4)(a(2, 3))),
    "batch norm": (Category.SHAPE, lambda: nn.BatchNorm1d(4)(a(2, 3))),
    "batch of one": (Category.SHAPE, lambda: nn.BatchNorm1d(4)(a(1, 4))),
    "lstm": (Category.SHAPE, lambda: nn.LSTM(3, 4)(a(2, 1, 5))),
    "targets": (Category.SHAPE, lambda: functional.cross_entropy(a(4, 5), labels)),
    "target size": (Category.SHAPE, lambda: functional.binary_cross_entropy(a(4), a(3))),
    "numpy sum": (Category.SHAPE, lambda: np.zeros((2, 3)) + np.zeros((4, 5))),
    "numpy product": (Category.SHAPE, lambda: np.zeros((2, 3)) @ np.zeros((4, 5))),
    "numpy concatenate": (Category.SHAPE, lambda: np.concatenate([np.zeros((2, 3)), np.zeros((4, 5))])),
    "numpy reshape": (Category.SHAPE, lambda: np.zeros(6).reshape(4)),
    "numpy stack": (Category.SHAPE, lambda: np.stack([np.zeros(6), np.zeros(4)])),
    "double linear": (Category.DTYPE, lambda: nn.Linear(3, 2)(a(2, 3, dtype=torch.double))),
    "double product": (Category.DTYPE, lambda: a(2, 3) @ a(3, 2, dtype=torch.double)),
    "double convolution": (Category.DTYPE, lambda: nn.Conv2d(3, 4, 3)(a(1, 3, 8, 8, dtype=torch.double))),
    "float indices": (Category.DTYPE, lambda: nn.Embedding(3, 2)(a(2))),
    "float labels": (Category.DTYPE, lambda: functional.cross_entropy(a(1, 5), a(1))),
    "integer loss": (
        Category.DTYPE,
        lambda: functional.binary_cross_entropy_with_logits(a(1), a(1, dtype=torch.long)),
    ),
    "integer mean": (Category.DTYPE, lambda: labels.mean()),
    "integer gradient": (Category.DTYPE, lambda: a(3, dtype=torch.long).requires_grad_()),
    "index put": (Category.DTYPE, lambda: a(3).index_put_((labels[:1],), a(1, dtype=torch.double))),
    "half decomposition": (Category.DTYPE, lambda: torch.linalg.svd(a(3, 3, dtype=torch.half))),
    "attention": (
        Category.DTYPE,
        lambda: functional.scaled_dot_product_attention(
            a(1, 2, 2), a(1, 2, 2, dtype=torch.double), a(1, 2, 2)
        ),
    ),
    "numpy objects": (Category.DTYPE, lambda: torch.from_numpy(np.array([object()]))),
    "meta sum": (Category.DEVICE, lambda: a(2, 3) + a(2, 3, device="meta")),
    "meta module": (Category.DEVICE, lambda: nn.Linear(3, 2, device="meta").to("cpu")),
    "meta to numpy": (Category.DEVICE, lambda: a(3, device="meta").numpy()),
    "token id": (Category.INDEX, lambda: nn.Embedding(3, 2)(torch.tensor([5]))),
    "label": (Category.INDEX, lambda: functional.cross_entropy(a(1, 5), torch.tensor([7]))),
    "gather": (Category.INDEX, lambda: torch.gather(a(3), 0, torch.tensor([5]))),
    "backward twice": (Category.GRADIENT, backward_twice),
    "no gradient": (Category.GRADIENT, lambda: a(1).backward()),
    "leaf in place": (Category.GRADIENT, lambda: nn.Parameter(a(1)).add_(1)),
    "changed in place": (Category.GRADIENT, changed_in_place),
    "anomaly": (Category.NOT_FINITE, nan_in_backward),
    "clipping": (Category.NOT_FINITE, unclippable),
    "multinomial": (Category.NOT_FINITE, lambda: torch.multinomial(torch.tensor([float("nan"), 1.0]), 1)),
    "distribution": (
        Category.NOT_FINITE,
        lambda: torch.distributions.Normal(torch.tensor([float("nan")]), 1.0),
    ),
    "decomposition": (Category.NOT_FINITE, lambda: torch.linalg.svd(torch.full((3, 3), float("nan")))),
    "integer of NaN": (Category.NOT_FINITE, lambda: int(float("nan"))),
    "numpy overflow": (Category.NOT_FINITE, overflowing),
    "missing keys": (
        Category.CHECKPOINT,
        lambda: nn.Sequential(nn.Linear(3, 2)).load_state_dict(nn.Linear(3, 2).state_dict()),
    ),
    "other width": (
        Category.CHECKPOINT,
        lambda: nn.Linear(4, 2).load_state_dict(nn.Linear(3, 2).state_dict()),
    ),
    "optimiser's group": (
        Category.CHECKPOINT,
        lambda: doubled([2]).load_state_dict(doubled([1]).state_dict()),
    ),
    "optimiser's groups": (
        Category.CHECKPOINT,
        lambda: doubled([1, 1]).load_state_dict(doubled([1]).state_dict()),
    ),
    "torch memory": (Category.HOST_MEMORY, lambda: torch.empty(2**45, dtype=torch.float64)),
    "overflowing size": (Category.HOST_MEMORY, lambda: torch.empty(2**62, dtype=torch.float64)),
    "numpy memory": (Category.HOST_MEMORY, lambda: np.zeros(2**45)),
    "bytes": (Category.HOST_MEMORY, lambda: bytearray(2**62)),
    "full disk": (Category.DISK_FULL, save_to_full_disk),
    "full disk, by torch": (Category.DISK_FULL, lambda: torch.save({"w": a(9)}, "/dev/full")),
    "no GPU in torch": (Category.CUDA_MISSING, lambda: a(3, device="cuda")),
    "no ranks": (Category.COLLECTIVE, lambda: torch.distributed.init_process_group("gloo")),
    "no group": (Category.COLLECTIVE, lambda: torch.distributed.all_reduce(a(1))),
    "no file": (Category.MISSING_FILE, lambda: torch.load("/nowhere/model.pt")),
    "no folder": (Category.MISSING_FILE, lambda: torch.save({}, "/nowhere/model.pt")),
    "a folder": (Category.UNREADABLE_FILE, lambda: torch.load("/tmp")),
    "text that is none": (Category.UNREADABLE_FILE, lambda: b"\xff".decode()),
    "no module": (Category.IMPORT, lambda: __import__("no_such_module")),
    "no name": (Category.VERSION, lambda: exec("from torch import no_such_name")),
    "old numpy": (Category.VERSION, lambda: np.float),  # type: ignore[attr-defined]  # gone since 1.24
    "permission": (Category.PERMISSION, system_error(errno.EACCES)),
    "read-only": (Category.PERMISSION, system_error(errno.EROFS)),
    "open files": (Category.OPEN_FILES, system_error(errno.EMFILE)),
    "port in use": (Category.NETWORK, system_error(errno.EADDRINUSE)),
    "refused": (Category.NETWORK, system_error(errno.ECONNREFUSED)),
    "no answer": (
        Category.NETWORK,
        lambda: torch.distributed.TCPStore("127.0.0.1", 1, 2, False, timedelta(seconds=1)),
    ),
    "stale mount": (Category.UNREADABLE_FILE, system_error(errno.ESTALE)),
    "Ctrl-C": (Category.INTERRUPT, interrupted),
}
"""By name: what must be made of what the action raises with the torch, numpy and Python that run the tests."""

IN_A_FOLDER: dict[str, tuple[Category, Callable[[Path], None]]] = {
    "damaged checkpoint": (Category.CHECKPOINT_FILE, damaged_checkpoint),
    "whole module": (Category.CHECKPOINT_FILE, whole_module),
    "checkpoint of a GPU": (Category.CUDA_MISSING, on_the_gpu),
}
