"""The categories of errors, what a rule of the table is, and the rules about the machine: GPU, ranks, memory, disk.

The first rule that fits wins, so a special one stands before a general one, and these stand before those of
`trainmon.meaning.diagnosis_rules_program`. `docs/errors.md` says how to add one; a test fails for a rule that explains
no message.
"""

from enum import StrEnum

import msgspec


class Category(StrEnum):
    """What kind of trouble an error is; the value is its headline."""

    CUDA_MEMORY = "GPU out of memory"
    CUDA = "GPU error"
    CUDA_HARDWARE = "GPU hardware error"
    CUDA_MISSING = "GPU not usable"
    COLLECTIVE = "Communication between ranks failed"
    HOST_MEMORY = "Out of memory"
    DISK_FULL = "Disk full"
    MISSING_FILE = "File not found"
    UNREADABLE_FILE = "File cannot be read"
    OPEN_FILES = "Too many open files"
    PERMISSION = "Permission denied"
    WORKER = "Data loader worker died"
    SHAPE = "Shape mismatch"
    DTYPE = "Type mismatch"
    DEVICE = "Device mismatch"
    INDEX = "Index out of range"
    GRADIENT = "Gradient cannot be computed"
    NOT_FINITE = "Value not finite"
    CHECKPOINT = "Checkpoint does not fit the model"
    CHECKPOINT_FILE = "Checkpoint cannot be read"
    IMPORT = "Import failed"
    VERSION = "Versions do not fit"
    NETWORK = "Network error"
    INTERRUPT = "Interrupted"
    UNKNOWN = "Error"


class Rule(msgspec.Struct, frozen=True):
    """One line of the table: it fits an error whose message has the pattern, or whose type is one of those named."""

    category: Category
    pattern: str
    """A regular expression that is searched in the lower-cased message; empty: only the type counts."""
    advice: str
    """What helps most often: one imperative sentence, no final stop."""
    source: str
    """Where the advice is from, as a reader can find it."""
    types: str = ""
    """Names of exception types, unqualified, with spaces between them, that need no pattern; empty: only it counts."""


_CUDA_NOTES = "https://docs.pytorch.org/docs/stable/notes/cuda.html"
_DISTRIBUTED = (
    "https://docs.pytorch.org/docs/stable/distributed.html#debugging-torch-distributed-applications"
)
_TORCHRUN = "https://docs.pytorch.org/docs/stable/elastic/run.html"
_DATA = "https://docs.pytorch.org/docs/stable/data.html#multi-process-data-loading"
_CUDA_CODES = "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"

_FREE_DISK = (
    "delete old checkpoints or write them to another file system, and look at df -h, df -i and the quota; "
    "trainmon goes on recording once there is room"
)

MACHINE_RULES: tuple[Rule, ...] = (
    # The GPU and the ranks.
    Rule(
        Category.CUDA_MEMORY,
        r"(?:cuda|hip|xpu) out of memory|mps backend out of memory|cuda error: out of memory|"
        r"cuda_error_out_of_memory|(?:cublas|cudnn)_status_alloc_failed",
        "use a smaller batch with gradient accumulation, mixed precision or activation checkpointing; where much is "
        "reserved but unallocated, set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True",
        f"{_CUDA_NOTES}#memory-management",
        "OutOfMemoryError",
    ),
    Rule(
        Category.COLLECTIVE,
        r"collective operation timeout|nccl watchdog|timed out waiting \d+ms for (?:send|recv)",
        "find the rank that did not come: one that died, had fewer batches, or saves and validates alone; "
        "TORCH_DISTRIBUTED_DEBUG=DETAIL names the call, init_process_group(timeout=…) allows longer waits",
        _DISTRIBUTED,
    ),
    Rule(
        Category.COLLECTIVE,
        r"environment variable (?:rank|world_size|master_addr|master_port|local_rank) expected|"
        r"default process group has not been initialized",
        "start the program with torchrun, which sets RANK, WORLD_SIZE and MASTER_ADDR, and call "
        "torch.distributed.init_process_group first",
        _TORCHRUN,
    ),
    Rule(
        Category.COLLECTIVE,
        r"\bnccl error|nccl(?:system|internal|remote|unhandledcuda|invalidusage|invalidargument)?error|"
        r"nccl communicator was aborted|gloo/transport/\S+ connection (?:closed|reset)",
        "look first for the rank that failed before the others; NCCL_DEBUG=INFO prints the cause as a WARN line",
        "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html",
    ),
    Rule(
        Category.CUDA_HARDWARE,
        r"uncorrectable (?:ecc|nvlink) error|ecc_uncorrectable|uncorrectable nvlink|fallen off the bus|"
        r"cudaerrorhardwarestackerror|hardware stack error",
        "continue from the last checkpoint on another GPU, and have this one checked: "
        "nvidia-smi -q -d ECC,ROW_REMAPPER and the Xid lines of dmesg",
        "https://docs.nvidia.com/deploy/xid-errors/",
    ),
    Rule(
        Category.CUDA,
        r"device-side assert triggered",
        "look for an index outside of its table, mostly a label or a token id: the same batch on the CPU names the "
        "call, and so does CUDA_LAUNCH_BLOCKING=1; the process cannot use the GPU any more and must be restarted",
        f"{_CUDA_CODES} (cudaErrorAssert)",
    ),
    Rule(
        Category.CUDA,
        r"illegal memory access|misaligned address|illegal instruction|unspecified launch failure|"
        r"invalid program counter",
        "run once with CUDA_LAUNCH_BLOCKING=1, or under compute-sanitizer: they name the kernel that went outside of "
        "its memory; suspect custom kernels and extensions of another version first",
        "https://docs.nvidia.com/compute-sanitizer/ComputeSanitizer/",
    ),
    Rule(
        Category.CUDA,
        r"cannot re-initialize cuda in forked subprocess",
        "start worker processes with the spawn method, and touch CUDA in them only after they started",
        "https://docs.pytorch.org/docs/stable/notes/multiprocessing.html#cuda-in-multiprocessing",
    ),
    Rule(
        Category.CUDA_MISSING,
        r"attempting to deserialize object on (?:a )?(?:cuda|mps|xpu)",
        "give torch.load map_location='cpu', and move the model afterwards",
        "https://docs.pytorch.org/docs/stable/generated/torch.load.html",
    ),
    Rule(
        Category.CUDA_MISSING,
        r"not compiled with cuda|found no nvidia driver|nvidia driver on your system is too old|"
        r"no cuda gpus are available|driver version is insufficient|no kernel image is available|"
        r"invalid device ordinal|cuda library has not been loaded|no cuda-capable device|"
        r"cuda-capable device\(s\) is/are busy",
        "compare nvidia-smi, torch.version.cuda, torch.cuda.get_arch_list() and CUDA_VISIBLE_DEVICES: the driver must "
        "be as new as torch's CUDA, and torch must be built for this GPU",
        "https://docs.nvidia.com/deploy/cuda-compatibility/",
    ),
    Rule(
        Category.CUDA,
        r"\bcuda error|\bhip error|cudnn_status|cublas_status|cudnn error|cusolver error",
        "run once with CUDA_LAUNCH_BLOCKING=1: the traceback then names the call that failed",
        f"{_CUDA_NOTES}#asynchronous-execution",
    ),
    # Memory, data loading and files.
    Rule(
        Category.OPEN_FILES,
        r"too many open files|received 0 items of ancdata",
        "raise the limit (ulimit -n), or call torch.multiprocessing.set_sharing_strategy('file_system')",
        "https://docs.pytorch.org/docs/stable/multiprocessing.html#sharing-strategies",
    ),
    Rule(
        Category.WORKER,
        r"signal: bus error|out of shared memory|insufficient shared memory|unable to (?:write to file </torch|open "
        r"shared memory object|allocate shared memory)",
        "give the container more shared memory (docker run --ipc=host or --shm-size=8g), or use fewer workers",
        "https://github.com/pytorch/pytorch#using-pre-built-images",
    ),
    Rule(
        Category.WORKER,
        r"dataloader worker \(pid.{1,400}?\) (?:is killed|exited)|process pool was terminated abruptly",
        "use fewer workers or keep the data set in arrays, because workers are killed mostly for memory (see dmesg); "
        "num_workers=0 shows the worker's own traceback",
        _DATA,
    ),
    Rule(
        Category.HOST_MEMORY,
        r"(?:can't|cannot|unable to) allocate (?:memory|[\d.]+ ?(?:bytes|[kmgtpe]ib))|std::bad_alloc|"
        r"storage size calculation overflowed",
        "load less at once (memory maps, smaller chunks, fewer workers), or raise the job's memory limit",
        "errno(3), ENOMEM; https://docs.python.org/3/library/exceptions.html#MemoryError",
        "MemoryError _ArrayMemoryError",
    ),
    Rule(
        Category.DISK_FULL,
        r"no space left on device|disk quota exceeded|not enough (?:free )?(?:disk )?space",
        _FREE_DISK,
        "errno(3), ENOSPC and EDQUOT",
    ),
    Rule(
        Category.DISK_FULL,
        r"pytorchstreamwriter failed writing|unexpected pos \d+ vs \d+|basic_ios::clear: iostream error",
        f"treat the checkpoint as torn and do not load it; torch says this mostly of a full disk: {_FREE_DISK}",
        "https://github.com/pytorch/pytorch/issues/10577 and pull request 175248",
    ),
)
"""The first that fits wins, before any of `PROGRAM_RULES`."""
