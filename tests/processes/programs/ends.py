"""A training that meets what programs do: signals that log, exits that log, forks, workers, other programs.

The first argument names what it does; each is a function here. What they count is said at the end, one number a line.
"""

import atexit
import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

from training import CLOSING, RAISED, Counters, arguments, log_steps, open_logger

import trainmon

CHILD = 8
"""First slot of the children."""


def signals(counters: Counters, count: int) -> None:
    """Signals arrive while the main thread logs, and their handler logs, too."""
    handled = 0

    def handler(*_: object) -> None:
        nonlocal handled
        handled += 1
        log_steps(counters, 1, handled, handled)
        if handled % 100 == 0:
            trainmon.log_error_with_context(ValueError(handled), "in a handler")
            trainmon.log_validation_results(1, handled, 0.5)

    signal.signal(signal.SIGUSR1, handler)
    step = 0
    while handled < count:
        step += 1
        log_steps(counters, 0, step, step)
        if step % 50 == 0:
            time.sleep(0.002)
        if step % 500 == 0:
            trainmon.log_error_with_context(KeyError(step), "in the loop")


def late(counters: Counters, count: int) -> None:
    """Daemon threads log while the interpreter ends, and a function that was registered first, so runs last, logs."""
    for number in range(2, 5):
        threading.Thread(
            target=log_steps, args=(counters, number, 1, 10**9), kwargs={"pause": 0.001}, daemon=True
        ).start()
    log_steps(counters, 0, 1, count)


def after_us(counters: Counters) -> None:
    """What a library logs at exit after the logger has closed."""
    begin = time.perf_counter_ns()
    log_steps(counters, 1, 1, 20)
    counters[CLOSING] = time.perf_counter_ns() - begin


def leaving(counters: Counters, count: int) -> None:
    """While the logger closes at exit, daemon threads log, and signals arrive whose handler logs."""
    handled = 0

    def handler(*_: object) -> None:
        nonlocal handled
        handled += 1
        log_steps(counters, 1, handled, handled)

    def send() -> None:
        sent = 0
        while not _last_signal.is_set():
            if sent == counters[1]:  # More at once would nest the handlers until there is no stack left.
                sent += 1
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            time.sleep(0.0002)

    signal.signal(signal.SIGUSR1, handler)
    log_steps(counters, 0, 1, count)
    for number in range(2, 5):
        threading.Thread(
            target=log_steps, args=(counters, number, 1, 10**9), kwargs={"pause": 0.0005}, daemon=True
        ).start()
    _sender.append(threading.Thread(target=send, daemon=True))
    _sender[0].start()


_last_signal = threading.Event()
_sender: list[threading.Thread] = []


def _end_signals() -> None:
    """Runs after the logger has closed. The interpreter's end gives signals their default action back."""
    time.sleep(0.05)
    _last_signal.set()
    for thread in _sender:
        thread.join()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def forks(counters: Counters, count: int) -> None:
    """Forks while another thread logs; each child logs, and ends by `_exit` or by `sys.exit`."""
    stop = threading.Event()

    def run() -> None:
        step = 0
        while not stop.is_set():
            step += 1
            log_steps(counters, 0, step, step, pause=0.0002)

    thread = threading.Thread(target=run)
    thread.start()
    stuck = 0
    for number in range(count):
        child = os.fork()
        if child == 0:
            trainmon.log_training_progress(100 + number, 1, None, 0.5, 1e-3)
            trainmon.log_error_with_context(ValueError("in a child"), "child")
            if number % 2:
                os._exit(0)
            sys.exit(0)
        deadline = time.monotonic() + 10.0
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                stuck += 1
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
            time.sleep(0.0005)
    stop.set()
    thread.join()
    print("stuck", stuck)


def _work(number: int, page: str, folder: str, method: str) -> None:
    """A worker of a data loader: logs until it is killed."""
    counters = Counters(page)
    if method == "spawn":
        trainmon.setup_logging(folder, machine_every=None)
    step = 0
    while True:
        step += 1
        log_steps(counters, CHILD + number, step, step, pause=0.001)


def loader(counters: Counters, count: int) -> None:
    """Epochs with workers that are killed at their end, forked and spawned in turn."""
    page, folder = given.page, given.folder
    base = len(os.listdir("/proc/self/fd")), threading.active_count()
    log_steps(counters, 0, 1, 10)
    for epoch in range(count):
        method = "spawn" if epoch % 4 == 3 else "fork"
        context = multiprocessing.get_context(method)
        first = 4 * epoch
        workers = [
            context.Process(target=_work, args=(first + number, page, folder, method)) for number in range(4)
        ]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + 20.0
        while any(counters[CHILD + first + number] < 20 for number in range(4)):
            if time.monotonic() > deadline:
                print("a worker did not start")
                break
            time.sleep(0.002)
        for number, worker in enumerate(workers):
            os.kill(worker.pid, signal.SIGKILL if number % 2 else signal.SIGTERM)
        for worker in workers:
            worker.join()
            worker.close()
    deadline = time.monotonic() + 10.0
    while len(os.listdir("/proc/self/fd")) > base[0] + 4 and time.monotonic() < deadline:
        time.sleep(0.05)  # Segments are closed when they are drained.
    print("descriptors", len(os.listdir("/proc/self/fd")) - base[0])
    print("threads", threading.active_count() - base[1])


def torch_loader(counters: Counters, count: int) -> None:
    """Torch's own loader, whose workers log what they load."""
    import torch.utils.data

    class Numbers(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> int:
            trainmon.log_training_progress(2, index + 1, None, 0.5, 1e-3, phase="loading")
            return index

    batches = torch.utils.data.DataLoader(Numbers(), batch_size=10, num_workers=4)
    for step, _ in enumerate(batches, start=1):
        log_steps(counters, 0, step, step)


def programs(counters: Counters, count: int) -> None:
    """Starts a program that inherits all descriptors that are not closed for it, and then becomes another one."""
    log_steps(counters, 0, 1, count)
    child = subprocess.Popen(
        [sys.executable, "-c", "import os; print(os.listdir('/proc/self/fd'))"],
        close_fds=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    out, _ = child.communicate()
    targets = [name for name in out.split("'") if name.isdigit() and int(name) > 2]
    print("inherited", len(targets) - 1)  # One is that of listing the folder.
    sleeper = subprocess.Popen(["sleep", "30"], close_fds=False)
    logger.close()
    again = trainmon.setup_logging(given.folder, machine_every=None)
    print("locked", int(str(again.folder) != given.folder))
    again.close()
    sleeper.kill()
    sleeper.wait()


def pickles(counters: Counters, count: int) -> None:
    """The logger goes into a worker, and is copied."""
    log_steps(counters, 0, 1, count)
    assert copy.deepcopy(logger) is logger
    assert pickle.loads(pickle.dumps(logger)) is logger
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        worker = context.Process(
            target=_use, args=(logger, 100 if method == "fork" else 101), name=f"{method}-worker"
        )
        worker.start()
        worker.join()
        print(method, worker.exitcode)


def _use(logger: trainmon.TrainLogger, epoch: int) -> None:
    for step in range(1, 11):
        logger.log_training_progress(epoch, step, None, 0.5, 1e-3)


def groups(counters: Counters, count: int) -> None:
    """Workers and training in one process group, all of which log until they are ended."""
    for number in range(3):
        multiprocessing.get_context("fork").Process(
            target=_work, args=(number, given.page, given.folder, "fork")
        ).start()
    log_steps(counters, 0, 1, count, pause=0.001)


def daemon(counters: Counters, count: int) -> None:
    """The training becomes a daemon in the usual way, and forks a worker once it is one."""
    trainmon.log_training_start("m", None, None, 32, 1e-3, "Adam")
    log_steps(counters, 0, 1, 10)
    for leave in (os.setsid, lambda: None):
        if os.fork():
            os._exit(0)
        leave()
    counters[CHILD] = os.getpid()
    limit = time.monotonic() + 30
    while not given.stop.exists() and time.monotonic() < limit:
        log_steps(counters, 0, counters[0] + 1, counters[0] + 50)
        time.sleep(0.01)
    worker = os.fork()
    if not worker:
        log_steps(counters, 1, 1, count)
        os._exit(0)
    os.waitpid(worker, 0)
    logger.close()
    counters[CHILD + 1] = 1


if __name__ == "__main__":
    parser = arguments(count=1)
    parser.add_argument("act", choices=sorted(name for name in globals() if not name.startswith("_")))
    given = parser.parse_args()
    page = Counters(given.page)
    if given.act == "late":
        atexit.register(after_us, page)
    if given.act == "leaving":
        atexit.register(_end_signals)
    logger = open_logger(given.folder, record_faults=given.act != "loader")
    try:
        globals()[given.act](page, given.count)
    except Exception:
        page[RAISED] += 1000
        raise
