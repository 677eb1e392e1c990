"""What a thread most likely waits for, read off its stack: one table of places and words, and a pure function.

The one thing to know: of the rules that fit a call of the stack the weightiest decides, and among equal ones that of
the innermost call. A rule names the end of a file's path, the functions, and where a thread may stand still in C, which
has no line of its own, the words of the source line.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from trainmon.stacks.stacks import OWN_PARTS, Stack, StackFrame

COLLECTIVES = (
    "all_gather all_gather_coalesced all_gather_into_tensor all_gather_object all_reduce all_reduce_coalesced "
    "all_to_all all_to_all_single barrier batch_isend_irecv broadcast broadcast_object_list gather gather_object irecv "
    "monitored_barrier recv reduce reduce_scatter reduce_scatter_tensor scatter scatter_object_list send"
)
"""Functions of torch.distributed that wait for other ranks."""


class Rule(NamedTuple):
    """Where a thread is, and what that means."""

    file: str
    """End of the path; empty: any."""
    functions: str
    """Names, apart by spaces; empty: any."""
    words: str
    """`{function}` and `{source}` stand for those of the call."""
    source: str = ""
    """Regular expression in the source line of the innermost call; empty: any call, any line."""
    weight: int = 1
    """2: says it all, whatever is called from here; 0: many calls pass through here, so that others tell more."""
    lock: bool = False
    """Whether it is a lock that is waited for."""


WAITS_FOR_WORKERS = "waiting in DataLoader"
"""What is said of a thread that waits for what a worker is to bring."""

RULES: tuple[Rule, ...] = (
    # A debugger or a prompt: nobody is at fault but whoever forgot it.
    Rule("/pdb.py", "", "stands in the debugger (pdb)", weight=2),
    Rule("/bdb.py", "", "stands in the debugger (bdb)"),
    Rule("/code.py", "interact raw_input", "stands at an interactive prompt"),
    # torch: data.
    Rule(
        "torch/utils/data/dataloader.py",
        "_try_get_data _get_data",
        "waiting in DataLoader: queue.get",
        weight=2,
    ),
    Rule(
        "torch/utils/data/dataloader.py",
        "_shutdown_workers __del__",
        "waits for DataLoader workers to end",
        weight=2,
    ),
    Rule(
        "torch/utils/data/_utils/worker.py", "_worker_loop", "a DataLoader worker: waits for work", weight=0
    ),
    Rule(
        "torch/utils/data/_utils/pin_memory.py",
        "",
        "DataLoader's thread that pins memory: waits for data",
        weight=2,
    ),
    Rule("torch/utils/data/_utils/fetch.py", "fetch", "loads a sample: the dataset's __getitem__", weight=0),
    # torch: other ranks.
    Rule(
        "torch/distributed/distributed_c10d.py",
        COLLECTIVES,
        "in `{function}`: waits for the other ranks",
        weight=2,
    ),
    Rule(
        "torch/distributed/distributed_c10d.py",
        "init_process_group _new_process_group_helper _store_based_barrier new_group",
        "in `init_process_group`: waits for the other ranks",
        weight=2,
    ),
    Rule(
        "torch/distributed/rendezvous.py", "", "in `init_process_group`: waits for the other ranks", weight=2
    ),
    Rule("torch/distributed/elastic/", "", "torchrun: waits for its workers", weight=0),
    Rule(
        "torch/nn/parallel/distributed.py",
        "",
        "in DistributedDataParallel: waits for the other ranks",
        weight=0,
    ),
    Rule("torch/distributed/fsdp/", "", "in FSDP: waits for the other ranks", weight=0),
    # torch: device, compiler, files.
    Rule("torch/cuda/__init__.py", "synchronize", "waits for the GPU: torch.cuda.synchronize"),
    Rule("torch/cuda/streams.py", "synchronize wait", "waits for the GPU: {function}"),
    Rule("torch/_inductor/", "", "compiles: torch.compile (inductor)", weight=0),
    Rule("torch/_dynamo/", "", "compiles: torch.compile (dynamo)", weight=0),
    Rule("triton/compiler/", "", "compiles a kernel (triton)", weight=0),
    Rule("torch/utils/cpp_extension.py", "", "builds a C++ extension", weight=0),
    Rule(
        "torch/utils/file_baton.py",
        "wait",
        "waits for another process that builds an extension (a lock file)",
        weight=2,
    ),
    Rule("torch/serialization.py", "save _save _legacy_save", "writes a checkpoint: torch.save", weight=0),
    Rule("torch/serialization.py", "", "reads a checkpoint: torch.load", weight=0),
    Rule(
        "torch/autograd/graph.py",
        "_engine_run_backward",
        "in backward (under DDP also its all_reduce)",
        weight=0,
    ),
    # Other libraries of the field.
    Rule("safetensors/torch.py", "", "reads or writes a checkpoint: safetensors", weight=0),
    Rule("huggingface_hub/", "", "talks to the Hugging Face hub", weight=0),
    Rule("fsspec/asyn.py", "sync", "reads from remote storage (fsspec)", weight=2),
    Rule("filelock/", "acquire", "waits for a lock file", weight=2),
    Rule("PIL/ImageFile.py", "load", "decodes an image (PIL)"),
    Rule("wandb/", "", "waits for wandb", weight=0),
    # Processes.
    Rule("multiprocessing/queues.py", "get", "waits for another process: multiprocessing queue.get"),
    Rule("multiprocessing/queues.py", "put", "waits for room: multiprocessing queue.put"),
    Rule("multiprocessing/queues.py", "_feed", "feeds a multiprocessing queue: idle"),
    Rule("multiprocessing/pool.py", "get wait", "waits for a pool's result", weight=2),
    Rule("multiprocessing/synchronize.py", "", "waits for another process: a multiprocessing lock"),
    Rule("multiprocessing/process.py", "join", "waits for a child process to end: join", weight=2),
    Rule("multiprocessing/popen_fork.py", "wait poll", "waits for a child process to end"),
    Rule(
        "multiprocessing/connection.py",
        "recv recv_bytes poll wait _recv",
        "waits for another process: {function}",
        weight=0,
    ),
    Rule(
        "subprocess.py",
        "wait _wait communicate _communicate _try_wait",
        "waits for a program to end: subprocess",
        weight=2,
    ),
    # Threads.
    Rule("concurrent/futures/_base.py", "result exception", "waits for a future's result", weight=2),
    Rule("concurrent/futures/thread.py", "shutdown", "waits for a thread pool to end"),
    Rule("concurrent/futures/thread.py", "_worker", "a pool's idle thread", r"work_queue\.get\("),
    Rule("/queue.py", "get", "waits for a queue: queue.get"),
    Rule("/queue.py", "put", "waits for room in a queue: queue.put"),
    Rule("/queue.py", "join", "waits for a queue to be worked off"),
    Rule("/threading.py", "join _wait_for_tstate_lock", "waits for a thread to end: join"),
    Rule("/threading.py", "_shutdown", "the program is over, but a thread that is no daemon still runs"),
    Rule("/threading.py", "acquire", "waits for a semaphore"),
    Rule("/threading.py", "run", "runs a function written in C", r"self\._target\(", weight=0),
    Rule("concurrent/futures/thread.py", "run", "runs a function written in C", r"self\.fn\(", weight=0),
    Rule("/threading.py", "wait wait_for", "waits for an event or a condition", weight=0),
    Rule("/logging/__init__.py", "acquire handle", "waits for the lock of `logging`", weight=0),
    Rule(
        "<frozen importlib._bootstrap>",
        "acquire _lock_unlock_module",
        "waits for an import in another thread",
    ),
    Rule("<frozen importlib._bootstrap", "", "imports a module", weight=0),
    # Network.
    Rule("/ssl.py", "read recv recv_into do_handshake", "waits for the network (TLS)"),
    Rule("/socket.py", "readinto create_connection accept", "waits for the network: socket.{function}"),
    Rule("/socket.py", "getaddrinfo", "waits for the name server"),
    Rule("/selectors.py", "select", "waits for sockets or pipes: select", weight=0),
    Rule("asyncio/base_events.py", "run_forever _run_once", "waits in asyncio's event loop", weight=0),
    # Files.
    Rule("/shutil.py", "", "copies or removes files: shutil", weight=0),
    Rule("numpy/lib/", "load save savez", "reads or writes a file: numpy", weight=0),
    # What is called in C has no line of its own: the source line of its caller tells.
    Rule(
        "",
        "",
        "waits for a lock: `{source}`",
        r"\.acquire\(|^(async )?with [\w.\[\]]*(lock|mutex|sem)\w*\b",
        lock=True,
    ),
    Rule("", "", "sleeps: `{source}`", r"\bsleep\("),
    Rule(
        "", "", "waits for the network: `{source}`", r"\.(recv|recv_into|recvfrom|accept|connect|sendall)\("
    ),
    Rule("", "", "waits for the GPU: `{source}`", r"\.(item|cpu|tolist|synchronize|numpy)\(\)|\.to\(.cpu.\)"),
    Rule("", "", "in backward (under DDP also its all_reduce): `{source}`", r"\.backward\("),
    Rule("", "", "waits for keys: `{source}`", r"\binput\(|stdin\.(read|readline)\("),
    Rule("", "", "waits for a process to end: `{source}`", r"\bos\.wait\w*\("),
    Rule(
        "",
        "",
        "opens, reads or writes a file: `{source}`",
        r"\bopen\(|\.(read|readline|readinto|write|flush)\(|\bfsync\(",
    ),
    Rule("", "", "waits at `{source}`: a lock?", r"^(async )?with [\w.\[\]]+:", lock=True),
)
"""In the order in which they are tried on one call."""

LIBRARIES = ("/site-packages/", "/dist-packages/", "<frozen ", "/lib/python3")
"""Parts of paths that are not the user's own code."""

SOURCE_CELLS = 60
"""Characters of a source line in the words."""


class Finding(msgspec.Struct, frozen=True):
    """What a thread most likely does."""

    words: str
    """Holds parts of the source and names: untrusted."""
    frame: int
    """Index of the call that says so."""
    lock: bool = False
    """Whether it waits for a lock."""


def finding(stack: Stack) -> Finding | None:
    """What the thread most likely waits for; None for one that runs no Python."""
    best: Finding | None = None
    weight = -1
    for index, frame in enumerate(stack.frames):
        rule = _rule(frame, innermost=index == 0)
        if rule is not None and rule.weight > weight:
            # Where the library's own line says what it is, the user's line that led there says which.
            at = _own_index(stack.frames, index) if rule.source else index
            best, weight = Finding(_fill(rule.words, stack.frames[at]), at, rule.lock), rule.weight
    return best or _own_place(stack.frames)


class Likeliest(msgspec.Struct, frozen=True):
    """What holds up the program, as far as its stacks tell."""

    stack: int
    """Index of the thread."""
    frame: int
    """Index of its call that says so."""
    words: str
    """Untrusted."""


def likeliest(stacks: Sequence[Stack]) -> Likeliest | None:
    """What the main thread does, or the first that is known where that is not; None where no thread runs Python."""
    found = [(index, finding(stack)) for index, stack in enumerate(stacks) if not stack.own]
    known = [(index, what) for index, what in found if what is not None]
    known.sort(key=lambda pair: not stacks[pair[0]].main)
    if not known:
        return None
    index, first = known[0]
    others = sum(what.lock for _, what in known[1:])
    words = first.words
    if first.lock and others:
        words += f"; {others} other thread{'s wait' if others > 1 else ' waits'} for a lock, too: a deadlock?"
    worker = next((what for at, what in known[1:] if stacks[at].worker), None)
    if worker is not None and words.startswith(WAITS_FOR_WORKERS):
        words += f"; its worker: {worker.words}"
    return Likeliest(index, first.frame, words)


def in_order(stacks: Iterable[Stack]) -> tuple[Stack, ...]:
    """The main thread first, then those of workers; those of trainmon itself last."""
    return tuple(
        sorted(stacks, key=lambda stack: (not stack.main, not stack.worker, stack.own, not stack.frames))
    )


def _rule(frame: StackFrame, *, innermost: bool) -> Rule | None:
    """The first rule that fits a call; None where none does."""
    return next((rule for rule in RULES if _fits(rule, frame, innermost)), None)


def _fits(rule: Rule, frame: StackFrame, innermost: bool) -> bool:
    if rule.file and not _is_in(rule.file, frame.file):
        return False
    if rule.functions and frame.function not in rule.functions.split():
        return False
    if not rule.source:
        return True
    return innermost and frame.source is not None and re.search(rule.source, frame.source) is not None


def _is_in(pattern: str, path: str) -> bool:
    """Whether a path, perhaps shortened by its writer, ends so; a pattern that ends with `/` is a folder."""
    if pattern.endswith("/"):
        return pattern in path or path.startswith(pattern.lstrip("/"))
    if pattern.startswith("<"):
        return path.startswith(pattern)
    return f"/{path}".endswith(pattern if pattern.startswith("/") else f"/{pattern}")


def _fill(words: str, frame: StackFrame) -> str:
    source = frame.source or ""
    short = source if len(source) <= SOURCE_CELLS else f"{source[: SOURCE_CELLS - 1]}…"
    return words.replace("{function}", frame.function).replace("{source}", short)


def _own_index(frames: Sequence[StackFrame], otherwise: int) -> int:
    """Index of the innermost call of the user's own code; else another index."""
    foreign = (*LIBRARIES, *OWN_PARTS)
    own = (i for i, frame in enumerate(frames) if not any(part in frame.file for part in foreign))
    return next(own, otherwise)


def _own_place(frames: Sequence[StackFrame]) -> Finding | None:
    """The innermost call of the user's own code, or the innermost at all, as `in step (train.py:61)`."""
    if not frames:
        return None
    index = _own_index(frames, 0)
    frame = frames[index]
    line = f":{frame.line}" if frame.line is not None else ""
    where = f"in {frame.function} ({frame.file.rpartition('/')[2]}{line})"
    return Finding(f"{where}: `{_fill('{source}', frame)}`" if frame.source else where, index)
