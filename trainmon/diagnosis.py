"""What an error means and what to do about it: a table of patterns, each with its category, advice and source.

An error's category is never stored: it follows from the type and the message, so that a better table explains old
journals better, too.
"""

import re
from enum import StrEnum

import msgspec


class Category(StrEnum):
    """What kind of trouble an error is."""

    CUDA_MEMORY = "GPU out of memory"
    CUDA = "GPU error"
    HOST_MEMORY = "Out of memory"
    DISK_FULL = "Disk full"
    MISSING_FILE = "File not found"
    PERMISSION = "Permission denied"
    WORKER = "Data loader worker died"
    SHAPE = "Shape mismatch"
    DTYPE = "Type mismatch"
    DEVICE = "Device mismatch"
    NOT_FINITE = "Value not finite"
    CHECKPOINT = "Checkpoint does not fit the model"
    IMPORT = "Import failed"
    NETWORK = "Network error"
    INTERRUPT = "Interrupted"
    UNKNOWN = "Error"


class Diagnosis(msgspec.Struct, frozen=True):
    """An error explained."""

    category: Category
    advice: str | None
    """What helps most often; None where nothing general can be said."""
    source: str | None
    """Where the advice is from."""

    @property
    def headline(self) -> str | None:
        """The category in words; None where it says no more than the error itself."""
        return None if self.category is Category.UNKNOWN else self.category.value


class _Rule(msgspec.Struct, frozen=True):
    types: frozenset[str]
    """Names of exception types, unqualified; empty: any."""
    pattern: re.Pattern[str] | None
    category: Category
    advice: str
    source: str


def _rule(types: str, pattern: str, category: Category, advice: str, source: str) -> _Rule:
    compiled = re.compile(pattern, re.IGNORECASE) if pattern else None
    return _Rule(frozenset(types.split()), compiled, category, advice, source)


_TORCH_CUDA = "PyTorch documentation, CUDA semantics, Memory management"
_TORCH_DATA = "PyTorch documentation, torch.utils.data, Multi-process data loading"
_PYTHON = "Python documentation, Built-in exceptions"

_RULES = (
    _rule(
        "",
        r"CUDA out of memory|CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED|HIP out of memory",
        Category.CUDA_MEMORY,
        "use a smaller batch, gradient accumulation or activation checkpointing; where much is reserved but "
        "unallocated, set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True",
        _TORCH_CUDA,
    ),
    _rule(
        "",
        r"DataLoader worker \(pid.*\) (is killed|exited)",
        Category.WORKER,
        "a worker was killed, most often for memory: use fewer workers or keep the data set in arrays; "
        "num_workers=0 shows the worker's own traceback",
        _TORCH_DATA,
    ),
    _rule(
        "",
        r"CUDA error|CUDNN_STATUS|CUBLAS_STATUS|NCCL|device-side assert",
        Category.CUDA,
        "run once with CUDA_LAUNCH_BLOCKING=1: the traceback then names the call that failed",
        _TORCH_CUDA,
    ),
    _rule(
        "MemoryError",
        r"",
        Category.HOST_MEMORY,
        "load less at once, or raise the job's memory limit",
        _PYTHON,
    ),
    _rule(
        "",
        r"can't allocate memory|Cannot allocate memory|Unable to allocate [\d.]+ [KMGT]?iB",
        Category.HOST_MEMORY,
        "load less at once, or raise the job's memory limit",
        "errno(3), ENOMEM",
    ),
    _rule(
        "",
        r"No space left on device|Disk quota exceeded",
        Category.DISK_FULL,
        "delete old checkpoints, or write them to another file system; trainmon goes on recording once there is room",
        "errno(3), ENOSPC and EDQUOT",
    ),
    _rule(
        "FileNotFoundError",
        r"",
        Category.MISSING_FILE,
        "check the path as seen from the folder in which the program runs",
        _PYTHON,
    ),
    _rule(
        "PermissionError",
        r"",
        Category.PERMISSION,
        "check the owner and the mode of the file and of the folders above it",
        _PYTHON,
    ),
    _rule(
        "",
        r"Error\(s\) in loading state_dict|(Missing|Unexpected) key\(s\) in state_dict",
        Category.CHECKPOINT,
        "build the model with the configuration that the checkpoint was saved with",
        "PyTorch documentation, torch.nn.Module.load_state_dict",
    ),
    _rule(
        "",
        r"Expected all tensors to be on the same device",
        Category.DEVICE,
        "move the model and every batch to the same device",
        _TORCH_CUDA,
    ),
    _rule(
        "",
        r"mat1 and mat2 (shapes cannot be multiplied|must have the same dtype)|size mismatch|"
        r"The size of tensor a|shapes? .*not aligned|shape '.*' is invalid|not broadcastable|"
        r"matrix sizes do not fit|expects? \d+ (inputs|values|features)",
        Category.SHAPE,
        "print the shapes just before the line that failed",
        "PyTorch documentation, Broadcasting semantics",
    ),
    _rule(
        "",
        r"expected (scalar type|m1 and m2 to have the same dtype)|must have the same dtype",
        Category.DTYPE,
        "cast one side, or run the block under torch.autocast",
        "PyTorch documentation, torch.amp",
    ),
    _rule(
        "FloatingPointError",
        r"",
        Category.NOT_FINITE,
        "lower the learning rate, clip gradients, and look at the batch of that step",
        "Pascanu, Mikolov and Bengio 2013",
    ),
    _rule(
        "ModuleNotFoundError ImportError",
        r"",
        Category.IMPORT,
        "check that the program runs in the environment in which the package is installed",
        _PYTHON,
    ),
    _rule(
        "ConnectionError ConnectionResetError ConnectionRefusedError TimeoutError gaierror URLError",
        r"",
        Category.NETWORK,
        "check the connection, and try again",
        _PYTHON,
    ),
    _rule("KeyboardInterrupt", r"", Category.INTERRUPT, "somebody pressed Ctrl-C", _PYTHON),
)


def diagnose(error_type: str, message: str) -> Diagnosis:
    """The first rule that fits an exception's type name and message; `UNKNOWN` where none does."""
    name = error_type.rsplit(".", 1)[-1]
    text = message[:16_384]
    for rule in _RULES:
        if rule.types and name not in rule.types:
            continue
        if rule.pattern is None or rule.pattern.search(text):
            return Diagnosis(rule.category, rule.advice, rule.source)
    return Diagnosis(Category.UNKNOWN, None, None)
