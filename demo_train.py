"""A real training to watch: a small network learns to tell two interleaved, noisy spirals apart.

Nothing is downloaded. The network is a torch module where torch is installed, and otherwise the same network
in pure Python with its own forward and backward pass; the loop, the data and the schedule are the same for
both. Everything a run can get into is real too: `--fail-at`, `--nan-at`, `--stall-at`, `--warn-at` and
`--error-at` make it happen at a chosen step instead of pretending that it did.
"""

import argparse
import contextlib
import dataclasses
import importlib.util
import io
import itertools
import json
import math
import os
import random
import resource
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING

import trainmon

if TYPE_CHECKING:
    import torch

MODEL_NAME = "SpiralNet"
SIZES = (2, 24, 24, 1)
"""Neurons a layer: the two coordinates, two hidden layers of tanh, and one logit. 697 weights in all."""

TRAIN_SAMPLES = 3_840
"""With the default 120 steps of 32 an epoch is one pass over the data."""

VALIDATION_SAMPLES = 1_000
TURNS = 1.5
RADIUS = 3.0
SPIRAL_NOISE = 0.2
"""Standard deviation of the noise in the data; half the gap between the arms is RADIUS / TURNS / 4 = 0.5.
About one point in a hundred lies where no network can be right about it."""

AUGMENTATION_NOISE = 0.04
"""Standard deviation of the fresh noise that the loader adds to every sample of every batch."""

PEAK_LEARNING_RATE = 0.008
"""Found by trying: with 0.005 some seeds end below 93 %, with 0.01 most are done after half the run."""

FINAL_FRACTION = 0.01
WARM_UP_FRACTION = 0.05
ADAM_DECAYS = (0.9, 0.999)
ADAM_EPSILON = 1e-8
"""The defaults of Kingma and Ba, arXiv:1412.6980, algorithm 1; torch uses the same."""

PATIENCE = 20
"""After so many losses in a row that are not finite the last good weights come back: a second of a default
run, long enough to be seen on a screen."""

KEPT_CHECKPOINTS = 3

Matrix = list[list[float]]

TROUBLE = {
    "--fail-at": "a batch of the wrong shape, which ends the run",
    "--nan-at": "an infinite learning rate: the next losses are NaN, until good weights are restored",
    "--stall-at": "a wait for an event that never comes",
    "--warn-at": "a Python warning",
    "--error-at": "an error that is handled, and reported",
}
"""What can be asked to go wrong at a step."""


@dataclasses.dataclass(frozen=True)
class Options:
    """The command line; the meanings stand in `parse_options`."""

    epochs: int
    steps: int
    batch_size: int
    speed: float
    seed: int
    device: str
    backend: str
    log_dir: Path
    resume: bool
    fail_at: int | None
    nan_at: int | None
    stall_at: int | None
    stall_for: float
    warn_at: int | None
    error_at: int | None


@dataclasses.dataclass(frozen=True)
class Samples:
    """Points of the plane, one row each, and the arm (0.0 or 1.0) that each lies on."""

    points: Matrix
    labels: list[float]

    def part(self, start: int, end: int) -> "Samples":
        """The samples from index `start` up to, not including, `end`."""
        return Samples(self.points[start:end], self.labels[start:end])


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What one optimiser step measured, before it changed the weights.

    `loss` is the mean binary cross-entropy, `accuracy` percent 0-100, `gradient_norm` the Euclidean norm over
    all weights. Loss and norm may be NaN or infinite.
    """

    loss: float
    accuracy: float
    gradient_norm: float


class PythonModel:
    """The network, its gradient and Adam in plain Python floats.

    A layer is a matrix with a row for each of its neurons; its last column, the bias, meets a constant 1.
    """

    device = "cpu"
    suffix = ".json"
    """How the names of checkpoint files end."""

    def __init__(self, seed: int) -> None:
        generator = random.Random(f"weights {seed}")
        self.weights: list[Matrix] = []
        for inputs, neurons in itertools.pairwise(SIZES):
            spread = math.sqrt(1 / inputs)
            layer = [[generator.uniform(-spread, spread) for _ in range(inputs + 1)] for _ in range(neurons)]
            self.weights.append(layer)
        self._means = [[[0.0] * len(row) for row in layer] for layer in self.weights]
        self._squares = [[[0.0] * len(row) for row in layer] for layer in self.weights]
        self._updates = 0

    def train_batch(self, batch: Samples, learning_rate: float) -> StepResult:
        """Makes one optimiser step. Raises ValueError where the batch does not have two columns."""
        logits, gradients = self.gradients(batch)
        self._update(gradients, learning_rate)
        norm = math.sqrt(sum(value * value for layer in gradients for row in layer for value in row))
        loss, correct = _judged(logits, batch.labels)
        return StepResult(loss, 100 * correct / len(batch.labels), norm)

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        """Mean loss and the count of correct answers, without learning."""
        return _judged(self._forward(samples.points)[-1], samples.labels)

    def gradients(self, samples: Samples) -> tuple[Matrix, list[Matrix]]:
        """Logits, one row of one a sample, and the derivative of the mean loss by each of `weights`."""
        *inputs, logits = self._forward(samples.points)
        scale = 1 / len(samples.labels)
        # The sigmoid of z is written as (1 + tanh(z / 2)) / 2, which cannot overflow.
        errors = [
            [(0.5 + 0.5 * math.tanh(0.5 * row[0]) - label) * scale]
            for row, label in zip(logits, samples.labels, strict=True)
        ]
        gradients: list[Matrix] = []
        for layer, values in zip(reversed(self.weights), reversed(inputs), strict=True):
            gradients.insert(0, _product(_transposed(errors), _transposed(values)))
            # The constant 1 of the bias, last in `values`, has no neuron behind it and ends each row here.
            errors = [
                [error * (1 - value * value) for error, value in zip(back, row[:-1], strict=True)]
                for back, row in zip(_product(errors, _transposed(layer)[:-1]), values, strict=True)
            ]
        return logits, gradients

    def state(self, step: int) -> bytes:
        """The checkpoint, as JSON."""
        moments = {"means": self._means, "squares": self._squares, "updates": self._updates}
        return json.dumps({"step": step, "weights": self.weights, **moments}).encode()

    def restore(self, state: bytes) -> int:
        """Takes over what `state` returned; returns its number of steps."""
        content = json.loads(state)
        self.weights, self._means, self._squares = content["weights"], content["means"], content["squares"]
        self._updates = content["updates"]
        return int(content["step"])

    def _forward(self, points: Matrix) -> list[Matrix]:
        """What goes into each layer, a 1 for the bias at the end of each row, and the logits last."""
        values: list[Matrix] = [[[*point, 1.0] for point in points]]
        for layer in self.weights[:-1]:
            values.append([[*map(math.tanh, row), 1.0] for row in _product(values[-1], layer)])
        return [*values, _product(values[-1], self.weights[-1])]

    def _update(self, gradients: list[Matrix], learning_rate: float) -> None:
        """One step of Adam, in place."""
        self._updates += 1
        decay, square_decay = ADAM_DECAYS
        rate = learning_rate / (1 - decay**self._updates)
        correction = 1 / (1 - square_decay**self._updates)
        everything = zip(self.weights, self._means, self._squares, gradients, strict=True)
        rows = (row for layers in everything for row in zip(*layers, strict=True))
        for weights, means, squares, slopes in rows:
            for index, slope in enumerate(slopes):
                mean = means[index] = decay * means[index] + (1 - decay) * slope
                square = squares[index] = square_decay * squares[index] + (1 - square_decay) * slope * slope
                weights[index] -= rate * mean / (math.sqrt(square * correction) + ADAM_EPSILON)


def _product(rows: Matrix, columns: Matrix) -> Matrix:
    """Matrix product, the right-hand side given by its columns. Raises ValueError where sizes differ."""
    if len(rows[0]) != len(columns[0]):
        raise ValueError(
            f"shapes cannot be multiplied: {len(rows)}x{len(rows[0])} and {len(columns[0])}x{len(columns)}"
        )
    return [[sum(map(mul, row, column)) for column in columns] for row in rows]


def _transposed(matrix: Matrix) -> Matrix:
    """Rows as columns."""
    return [list(column) for column in zip(*matrix, strict=True)]


def _judged(logits: Matrix, labels: list[float]) -> tuple[float, int]:
    """Mean binary cross-entropy of logits (rows of one), and how many are on the right side of 0."""
    pairs = [(row[0], label) for row, label in zip(logits, labels, strict=True)]
    losses = (max(z, 0.0) - z * label + math.log1p(math.exp(-abs(z))) for z, label in pairs)
    return sum(losses) / len(pairs), sum((z > 0) == (label > 0.5) for z, label in pairs)


class TorchModel:
    """The same network in torch, which is imported when the first one is built: that takes seconds."""

    suffix = ".pth"

    def __init__(self, seed: int, device: str) -> None:
        with warnings.catch_warnings():
            # torch runs without numpy, and says once that it does; nothing here needs numpy.
            warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
            import torch

        torch.manual_seed(seed)
        # The products are so small that more threads only wait for each other.
        torch.set_num_threads(1)
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        layers = [torch.nn.Linear(inputs, neurons) for inputs, neurons in itertools.pairwise(SIZES)]
        hidden = [module for layer in layers[:-1] for module in (layer, torch.nn.Tanh())]
        self._torch = torch
        self._network = torch.nn.Sequential(*hidden, layers[-1]).to(self.device)
        self._optimizer = torch.optim.Adam(self._network.parameters(), betas=ADAM_DECAYS, eps=ADAM_EPSILON)

    def train_batch(self, batch: Samples, learning_rate: float) -> StepResult:
        """Makes one optimiser step. Raises RuntimeError where the batch does not have two columns."""
        loss, correct = self._measured(batch)
        self._optimizer.zero_grad()
        loss.backward()
        slopes = [weights.grad.norm() for weights in self._network.parameters()]
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        accuracy = 100 * correct / len(batch.labels)
        return StepResult(loss.item(), accuracy, self._torch.stack(slopes).norm().item())

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        """Mean loss and the count of correct answers, without learning."""
        with self._torch.no_grad():
            loss, correct = self._measured(samples)
        return loss.item(), correct

    def state(self, step: int) -> bytes:
        """The checkpoint, as `torch.save` writes it."""
        buffer = io.BytesIO()
        content = {"network": self._network.state_dict(), "optimizer": self._optimizer.state_dict()}
        self._torch.save({"step": step, **content}, buffer)
        return buffer.getvalue()

    def restore(self, state: bytes) -> int:
        """Takes over what `state` returned; returns its number of steps."""
        content = self._torch.load(io.BytesIO(state), map_location=self.device, weights_only=True)
        self._network.load_state_dict(content["network"])
        self._optimizer.load_state_dict(content["optimizer"])
        return int(content["step"])

    def _measured(self, samples: Samples) -> "tuple[torch.Tensor, int]":
        """The mean loss, as a tensor that can be derived, and the count of correct answers."""
        points = self._torch.tensor(samples.points, device=self.device)
        labels = self._torch.tensor(samples.labels, device=self.device)
        logits = self._network(points).squeeze(1)
        loss = self._torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        return loss, int(((logits > 0) == (labels > 0.5)).sum())


Model = PythonModel | TorchModel
"""A network together with its optimiser, as the loop knows it."""


def spirals(count: int, seed: int) -> Samples:
    """`count` points, alternately from either arm, the same for the same seed."""
    generator = random.Random(f"spirals {seed}")
    points: Matrix = []
    for index in range(count):
        # The square root spreads the points evenly over the length of the arm, not over its angle.
        along = math.sqrt(generator.random())
        angle = 2 * math.pi * (TURNS * along + 0.5 * (index % 2))
        x, y = RADIUS * along * math.cos(angle), RADIUS * along * math.sin(angle)
        points.append([generator.gauss(x, SPIRAL_NOISE), generator.gauss(y, SPIRAL_NOISE)])
    return Samples(points, [float(index % 2) for index in range(count)])


def augmented_batches(samples: Samples, options: Options, epoch: int, count: int) -> Iterator[Samples]:
    """`count` batches for an epoch: shuffled passes over `samples`, with fresh noise on every point.

    They depend on seed and epoch alone, so that a resumed run sees what the first would have seen.
    """
    generator = random.Random(f"epoch {epoch} of {options.seed}")
    waiting: list[int] = []
    for _ in range(count):
        while len(waiting) < options.batch_size:
            waiting += generator.sample(range(len(samples.labels)), len(samples.labels))
        chosen, waiting = waiting[: options.batch_size], waiting[options.batch_size :]
        points = [[generator.gauss(value, AUGMENTATION_NOISE) for value in samples.points[i]] for i in chosen]
        yield Samples(points, [samples.labels[i] for i in chosen])


def scheduled_rate(step: int, total_steps: int) -> float:
    """Learning rate of a step, 1 … `total_steps`: a linear warm-up, then half a cosine down."""
    warm_up = max(1.0, WARM_UP_FRACTION * total_steps)
    if step < warm_up:
        return PEAK_LEARNING_RATE * step / warm_up
    progress = (step - warm_up) / max(1.0, total_steps - warm_up)
    lowest = FINAL_FRACTION * PEAK_LEARNING_RATE
    return lowest + (PEAK_LEARNING_RATE - lowest) * 0.5 * (1 + math.cos(math.pi * progress))


def befall(options: Options, step: int, batch: Samples) -> Samples:
    """The batch for a step, after the trouble asked for at it: may warn, report an error, or block."""
    if step == options.warn_at:
        warnings.warn(f"step {step}: a warning, asked for by --warn-at", RuntimeWarning, stacklevel=2)
    if step == options.error_at:
        path = options.log_dir / "augmentation.json"
        try:
            path.read_bytes()
        except OSError as error:
            trainmon.log_error_with_context(error, "augmentation", {"step": step, "path": str(path)})
    if step == options.stall_at:
        wait_in_vain(options.stall_for)
    if step == options.fail_at:
        return Samples([[*point, 1.0] for point in batch.points], batch.labels)
    return batch


def wait_in_vain(seconds: float) -> None:
    """Waits for an event that never comes, and can be interrupted all the while.

    In waits of a second: a signal that arrives after CPython's last look at signals, and before the wait, would be
    seen at the end of the wait (some 5 % of Ctrl-C right at the stall on a loaded machine, measured 2026-11).
    """
    never, until = threading.Event(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        never.wait(min(left, 1.0))


class Trainer:
    """Makes the steps: learning rate, trouble, the way back from a divergence, and the pace."""

    def __init__(self, options: Options, model: Model, first_step: int) -> None:
        self._options = options
        self._model = model
        self._last_good = model.state(first_step)
        self._not_finite = 0
        self._due = time.monotonic()

    def make_step(self, step: int, batch: Samples) -> tuple[StepResult, float]:
        """Makes a step, 1 for the first; returns what it measured and its learning rate."""
        batch = befall(self._options, step, batch)
        rate = scheduled_rate(step, self._options.epochs * self._options.steps)
        if step == self._options.nan_at:
            rate = math.inf
        result = self._model.train_batch(batch, rate)
        self._not_finite = 0 if math.isfinite(result.loss) else self._not_finite + 1
        if self._not_finite == PATIENCE:
            good_step = self._model.restore(self._last_good)
            self._not_finite = 0
            details = {"step": step, "weights_of_step": good_step, "losses_not_finite": PATIENCE}
            trainmon.log_model_operation("weights_restored", MODEL_NAME, True, details)
        self._wait()
        return result, rate

    def remember(self, step: int) -> None:
        """Makes the weights as they are the ones that a divergence goes back to."""
        self._last_good = self._model.state(step)

    def _wait(self) -> None:
        """Sleeps until the step's time is over; what was late is not made up for."""
        now = time.monotonic()
        if self._options.speed > 0:
            self._due = max(self._due + 1 / self._options.speed, now)
            time.sleep(self._due - now)


class Checkpoints:
    """The checkpoint files of a run: the newest three, and a copy of the best."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix
        self._kept: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)

    def adopt(self) -> Path | None:
        """Takes over the files that an earlier run left; returns the newest, None where there is none."""
        found = self._folder.glob(f"{MODEL_NAME}_epoch_*{self._suffix}")
        self._kept = sorted(found, key=lambda path: path.stat().st_mtime_ns)
        return self._kept[-1] if self._kept else None

    def path(self, epoch: int) -> Path:
        """Where the checkpoint of an epoch goes."""
        return self._folder / f"{MODEL_NAME}_epoch_{epoch:03}{self._suffix}"

    def keep(self, path: Path, *, is_best: bool) -> None:
        """Takes note of a file that was written, and removes what is no longer to be kept."""
        if is_best:
            write_atomically(self._folder / f"{MODEL_NAME}_best{self._suffix}", path.read_bytes())
        kept = [other for other in self._kept if other != path] + [path]
        for old in kept[:-KEPT_CHECKPOINTS]:
            old.unlink(missing_ok=True)
        self._kept = kept[-KEPT_CHECKPOINTS:]


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file that is either whole or not there, after a power cut too."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def build_model(options: Options) -> Model:
    """The network of the chosen backend, with the weights that belong to the seed."""
    trainmon.log_debug_info("System stats before model building", trainmon.get_system_stats())
    started = time.perf_counter()
    use_torch = options.backend == "torch"
    model = TorchModel(options.seed, options.device) if use_torch else PythonModel(options.seed)
    details = {"backend": options.backend, "device": model.device, "layers": list(SIZES)}
    trainmon.log_model_operation("model_building", MODEL_NAME, True, details)
    report_time("model_building", started)
    return model


def load_newest(model: Model, checkpoints: Checkpoints) -> int:
    """Gives the model the newest checkpoint; returns the steps done until then, 0 where there is none."""
    path = checkpoints.adopt()
    if path is None:
        print("nothing to resume: starting from the first step", flush=True)
        return 0
    started = time.perf_counter()
    step = model.restore(path.read_bytes())
    trainmon.log_model_operation("model_loading", MODEL_NAME, True, {"path": str(path), "step": step})
    report_time("model_loading", started)
    return step


def report_time(operation: str, started: float, samples: int = 0, batch_size: int | None = None) -> None:
    """Records an operation's time since `started` (`time.perf_counter`), its throughput, and memory."""
    duration = time.perf_counter() - started
    stats = trainmon.get_system_stats()
    readings = {name: stats.get(name) for name in ("cpu_percent", "memory_percent")}
    usage = {name: float(value) for name, value in readings.items() if isinstance(value, (int, float))}
    # Linux gives ru_maxrss in KiB.
    usage["process_memory_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    throughput = samples / duration if samples and duration > 0 else None
    trainmon.log_performance_metrics(operation, duration, usage, throughput, batch_size)


def train(options: Options) -> None:
    """Trains from the first step, or from the newest checkpoint, to the last epoch."""
    model = build_model(options)
    # Absolute, so that whoever reads the journal elsewhere can tell whether a file is there.
    checkpoints = Checkpoints(options.log_dir.absolute() / "checkpoints", model.suffix)
    first_step = load_newest(model, checkpoints) if options.resume else 0
    trainer = Trainer(options, model, first_step)
    data = spirals(TRAIN_SAMPLES + VALIDATION_SAMPLES, options.seed)
    training_data, held_out = data.part(0, TRAIN_SAMPLES), data.part(TRAIN_SAMPLES, len(data.labels))
    with trainmon.training(
        MODEL_NAME,
        total_epochs=options.epochs,
        steps_per_epoch=options.steps,
        batch_size=options.batch_size,
        learning_rate=PEAK_LEARNING_RATE,
        optimizer="Adam",
        config=dataclasses.asdict(options),
        initial_step=first_step,
        resume=first_step > 0,
    ) as run:
        for epoch in run.epochs():
            started, missing = time.perf_counter(), epoch * options.steps - run.step
            for batch in run.track(augmented_batches(training_data, options, epoch, missing)):
                result, rate = trainer.make_step(run.step + 1, batch)
                metrics = {"train_accuracy": result.accuracy, "gradient_norm": result.gradient_norm}
                run.progress(loss=result.loss, learning_rate=rate, metrics=metrics)
            report_time("train_epoch", started, missing * options.batch_size, options.batch_size)

            with run.validating():
                loss, scores = validated(model, held_out)
                is_best = run.validation(val_loss=loss, val_metrics=scores)
            accuracy = scores["accuracy"]
            print(f"epoch {epoch}/{options.epochs}: loss {loss:.4f}, accuracy {accuracy:.2f} %", flush=True)
            if math.isfinite(loss):
                started = time.perf_counter()
                with run.saving(checkpoints.path(epoch)) as target:
                    write_atomically(Path(target), model.state(run.step))
                checkpoints.keep(checkpoints.path(epoch), is_best=is_best)
                report_time("checkpoint", started)
                trainer.remember(run.step)


def validated(model: Model, samples: Samples) -> tuple[float, dict[str, float]]:
    """Loss and scores on samples that were held out of the training, accuracy in percent."""
    started = time.perf_counter()
    loss, correct = model.evaluate(samples)
    total = len(samples.labels)
    report_time("validation", started, total, total)
    return loss, {"accuracy": 100 * correct / total, "correct": correct, "total": total}


def parse_options(argv: Sequence[str] | None = None, program: str | None = None) -> Options:
    """The options of a command line, `sys.argv` where None is given. Exits where they are wrong.

    Args:
        argv: The options.
        program: What to call the program that was given them; None: by its file.
    """
    parser = argparse.ArgumentParser(prog=program, description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    counts = (
        ("epochs", 20, "of the run"),
        ("steps", 120, "of an epoch"),
        ("batch-size", 32, "samples a step"),
    )
    for name, default, meaning in counts:
        add(f"--{name}", type=_count, default=default, metavar="N", help=f"{meaning} (%(default)s)")
    for name, text in TROUBLE.items():
        add(name, type=_count, metavar="STEP", help=f"{text} (steps count from 1)")
    add("--stall-for", type=_amount, default=3600.0, metavar="SECONDS", help="of --stall-at (%(default)s)")
    add("--speed", type=_amount, default=20.0, help="steps a second at most; 0: no limit (%(default)s)")
    add("--seed", type=int, default=0, help="of data, weights and order (%(default)s)")
    add("--device", default="auto", help="where torch computes: cpu, cuda, … (cuda where there is one)")
    add("--backend", choices=("auto", "torch", "python"), default="auto", help="auto: torch where installed")
    add("--log-dir", type=Path, default=Path("logs"), help="the run folder, checkpoints inside (%(default)s)")
    add("--resume", action="store_true", help="go on from the newest checkpoint, if there is one")
    chosen = parser.parse_args(argv)
    has_torch = importlib.util.find_spec("torch") is not None
    if chosen.backend == "auto":
        chosen.backend = "torch" if has_torch else "python"
    if chosen.backend == "torch" and not has_torch:
        parser.error("--backend torch needs torch, which is not installed here: pip install torch")
    if chosen.backend == "python" and chosen.device not in ("auto", "cpu"):
        parser.error(f"--device {chosen.device} needs torch; the python backend computes on the cpu")
    return Options(**vars(chosen))


def _count(text: str) -> int:
    """A whole number from 1 up."""
    with contextlib.suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")


def _amount(text: str) -> float:
    """A finite number from 0 up."""
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")


def main(argv: Sequence[str] | None = None) -> int:
    """Trains as the command line says; 0 at the end, 130 after Ctrl-C. What goes wrong is raised."""
    options = parse_options(argv)
    trainmon.setup_logging(log_dir=str(options.log_dir))
    try:
        train(options)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
