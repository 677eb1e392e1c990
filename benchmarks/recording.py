"""What is recorded in the benchmarks: one kind of step, by us or by a peer, always with the same numbers."""

import math
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from trainmon.calls.logger import TrainLogger

Record = Callable[[int, float, float, dict[str, float]], None]
"""Records one step: step, loss, learning rate, more metrics."""

MODEL = "bench-model"

BATCH = 10_000
"""Steps after which a generated run waits for its writer, so that nothing is refused."""


class Recording(msgspec.Struct, frozen=True):
    """Somebody who records, and how to end it."""

    record: Record
    close: Callable[[], None]


def loss_of(step: int) -> float:
    """A loss that falls and jitters, different at every step."""
    return 2.5 * math.exp(-step / 50_000) + 0.05 * math.sin(step * 12.9898)


def metrics_of(step: int, count: int = 2) -> dict[str, float]:
    """So many metrics, different at every step."""
    return {f"train/metric_{index}": math.cos(step * 0.001 + index) for index in range(count)}


def open_ours(folder: Path) -> TrainLogger:
    """The process-wide logger with a run that was started."""
    import trainmon

    logger = trainmon.setup_logging(folder)
    logger.log_training_start(MODEL, 10, None, 32, 1e-3, "AdamW")
    return logger


def write_run(
    folder: Path, steps: int, *, metrics: int = 2, total: int | None = None, end: bool = True
) -> None:
    """A run that the real writer wrote, as fast as it moves lines, so that no record is refused."""
    logger = TrainLogger(folder)
    total = total or steps
    logger.log_training_start(MODEL, 1, total, 32, 1e-3, "AdamW", steps_count="run")
    for step in range(1, steps + 1):
        logger.log_training_progress(1, step, total, loss_of(step), 1e-3, metrics_of(step, metrics))
        if step % BATCH == 0:
            logger.recorder.drained(60.0)
    logger.log_validation_results(1, steps, 0.5, {"accuracy": 0.9})
    if end:
        logger.log_training_end(True, loss_of(steps))
    logger.close()


def write_run_in_child(folder: str, steps: int, metrics: int = 2) -> dict[str, float]:
    """`write_run` for a process of its own."""
    write_run(Path(folder), steps, metrics=metrics)
    return {"bytes": float((Path(folder) / "journal.jsonl").stat().st_size)}


def ours(folder: Path) -> Recording:
    """trainmon, through its public function."""
    import trainmon

    logger = open_ours(folder)
    log = trainmon.log_training_progress

    def record(step: int, loss: float, rate: float, metrics: dict[str, float]) -> None:
        log(1, step, 1_000_000, loss, rate, metrics)

    return Recording(record, logger.close)


def tensorboard(folder: Path) -> Recording:
    """TensorBoard's `SummaryWriter`: a scalar each for loss, rate and the metrics."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))

    def record(step: int, loss: float, rate: float, metrics: dict[str, float]) -> None:
        writer.add_scalar("loss", loss, step)
        writer.add_scalar("learning_rate", rate, step)
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)

    return Recording(record, writer.close)


def wandb(folder: Path) -> Recording:
    """Weights & Biases, offline, without its system monitor."""
    os.environ["WANDB_MODE"], os.environ["WANDB_SILENT"] = "offline", "true"
    import wandb as peer  # type: ignore[import-not-found,unused-ignore]  # where it is installed

    run = peer.init(
        dir=str(folder), project="bench", settings=peer.Settings(x_disable_stats=True, console="off")
    )

    def record(step: int, loss: float, rate: float, metrics: dict[str, float]) -> None:
        run.log({"loss": loss, "learning_rate": rate, **metrics}, step=step)

    return Recording(record, run.finish)


def trackio(folder: Path) -> Recording:
    """trackio, into a database in the folder."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as peer  # type: ignore[import-not-found,unused-ignore]  # where it is installed

    peer.init(project="bench")

    def record(step: int, loss: float, rate: float, metrics: dict[str, float]) -> None:
        peer.log({"loss": loss, "learning_rate": rate, **metrics}, step=step)

    return Recording(record, peer.finish)


RECORDERS: dict[str, Callable[[Path], Recording]] = {
    "trainmon": ours,
    "tensorboard": tensorboard,
    "wandb": wandb,
    "trackio": trackio,
}


def installed_peers() -> list[str]:
    """The peers that can be imported here."""
    found = [name for name in ("tensorboard", "wandb", "trackio") if find_spec(name) is not None]
    return [name for name in found if name != "tensorboard" or find_spec("torch") is not None]


def settle(seconds: float = 0.3) -> None:
    """Lets background threads finish what they were given."""
    time.sleep(seconds)
