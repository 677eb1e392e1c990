"""What the demo promises: it really learns, repeats itself by seed, and its checkpoints hold all of it."""

import importlib.util
import json
import math
import os
from pathlib import Path

import pytest

import demo_train

BACKENDS = [
    "python",
    pytest.param(
        "torch",
        marks=pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed"),
    ),
]


def a_model(backend: str, seed: int = 0) -> demo_train.Model:
    """A new network of a backend, on the CPU."""
    return demo_train.TorchModel(seed, "cpu") if backend == "torch" else demo_train.PythonModel(seed)


def losses_of(model: demo_train.Model, steps: int, *, epoch: int = 1, rate: float = 0.008) -> list[float]:
    """The losses of training a model for some steps on the batches of an epoch."""
    options = demo_train.parse_options([])
    batches = demo_train.augmented_batches(demo_train.spirals(512, seed=0), options, epoch, steps)
    return [model.train_batch(batch, rate).loss for batch in batches]


def slope_by_difference(
    model: demo_train.PythonModel, samples: demo_train.Samples, row: list[float], at: int
) -> float:
    """The derivative of the loss by one weight, from two losses a little apart."""
    value, distance = row[at], 1e-5
    row[at] = value + distance
    above = model.evaluate(samples)[0]
    row[at] = value - distance
    below = model.evaluate(samples)[0]
    row[at] = value
    return (above - below) / (2 * distance)


def test_the_gradient_of_the_python_network_is_the_slope_of_its_loss() -> None:
    """Every weight and bias of all layers is compared, with a batch of several samples."""
    model = demo_train.PythonModel(seed=3)
    samples = demo_train.spirals(6, seed=3)

    _, gradients = model.gradients(samples)

    for layer, slopes in zip(model.weights, gradients, strict=True):
        for row, expected in zip(layer, slopes, strict=True):
            measured = [slope_by_difference(model, samples, row, at) for at in range(len(row))]
            assert measured == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_both_backends_make_the_same_step_from_the_same_weights() -> None:
    """The pure-Python network is the torch network, not something like it."""
    torch = pytest.importorskip("torch")
    model, twin = demo_train.PythonModel(seed=0), demo_train.TorchModel(0, "cpu")
    content = {}
    for index, layer in enumerate(model.weights):
        content[f"{2 * index}.weight"] = torch.tensor([row[:-1] for row in layer])
        content[f"{2 * index}.bias"] = torch.tensor([row[-1] for row in layer])
    twin._network.load_state_dict(content)

    assert losses_of(twin, 20) == pytest.approx(losses_of(model, 20), rel=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_loss_falls(backend: str) -> None:
    """A fixed seed: the last of 150 steps are clearly better than the first."""
    losses = losses_of(a_model(backend), 150)

    assert sum(losses[-20:]) < 0.9 * sum(losses[:20])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_checkpoint_round_trip_changes_nothing_of_what_follows(backend: str) -> None:
    """Weights and optimiser are restored exactly: both models go on with the same losses."""
    model, other = a_model(backend, seed=1), a_model(backend, seed=2)
    losses_of(model, 10)

    step = other.restore(model.state(step=10))

    assert step == 10
    assert losses_of(other, 10, epoch=2) == losses_of(model, 10, epoch=2)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinite_learning_rate_makes_the_loss_not_a_number(backend: str) -> None:
    """What `--nan-at` relies on: one step, and the network is beyond recovery."""
    model = a_model(backend)
    losses_of(model, 1, rate=math.inf)

    losses = losses_of(model, 3)

    assert all(math.isnan(loss) for loss in losses)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_divergence_goes_back_to_the_last_good_weights(backend: str) -> None:
    """After PATIENCE losses that are not finite, the loss is finite again."""
    options = demo_train.parse_options(["--nan-at", "3", "--speed", "0"])
    trainer = demo_train.Trainer(options, a_model(backend), first_step=0)
    batches = demo_train.augmented_batches(demo_train.spirals(64, seed=0), options, 1, 30)

    losses = [trainer.make_step(step, batch)[0].loss for step, batch in enumerate(batches, start=1)]

    broken = [step for step, loss in enumerate(losses, start=1) if not math.isfinite(loss)]
    assert broken == list(range(4, 4 + demo_train.PATIENCE))


@pytest.mark.parametrize(("backend", "error"), [("python", ValueError), ("torch", RuntimeError)])
def test_a_failing_step_fails_inside_the_network(backend: str, error: type[Exception]) -> None:
    """`--fail-at` sends a batch with a column too many; the message names the shapes."""
    if backend == "torch":
        pytest.importorskip("torch")
    options = demo_train.parse_options(["--fail-at", "1", "--speed", "0"])
    trainer = demo_train.Trainer(options, a_model(backend), first_step=0)

    with pytest.raises(error, match="shapes cannot be multiplied"):
        trainer.make_step(1, demo_train.spirals(32, seed=0))


def test_a_warning_is_given_at_its_step_alone() -> None:
    """`--warn-at` uses the ordinary `warnings`, so that hooks see it."""
    options = demo_train.parse_options(["--warn-at", "2"])
    batch = demo_train.spirals(2, seed=0)

    unchanged = demo_train.befall(options, 1, batch)

    assert unchanged is batch
    with pytest.warns(RuntimeWarning, match="step 2"):
        demo_train.befall(options, 2, batch)


def test_the_spirals_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    """Two runs with one seed can be compared; both arms are equally long."""
    first, again, other = (demo_train.spirals(100, seed=seed) for seed in (7, 7, 8))

    assert first == again
    assert first != other
    assert sum(first.labels) == 50


def test_the_batches_of_an_epoch_depend_on_seed_and_epoch_alone() -> None:
    """A resumed run sees the batches that the first would have seen, and every epoch its own."""
    options, samples = demo_train.parse_options(["--batch-size", "16"]), demo_train.spirals(40, seed=0)

    first, again, later = (
        list(demo_train.augmented_batches(samples, options, epoch, 5)) for epoch in (2, 2, 3)
    )

    assert first == again
    assert first != later
    assert [len(batch.labels) for batch in first] == [16] * 5


def test_the_learning_rate_warms_up_and_then_falls_to_its_last_hundredth() -> None:
    """Linear up to the peak at 5 %, then down without a step back up."""
    rates = [demo_train.scheduled_rate(step, 1_000) for step in range(1, 1_001)]

    assert rates[:50] == sorted(rates[:50])
    assert rates[49:] == sorted(rates[49:], reverse=True)
    assert max(rates) == rates[49] == demo_train.PEAK_LEARNING_RATE
    assert rates[-1] == pytest.approx(0.01 * demo_train.PEAK_LEARNING_RATE)


def test_the_last_three_checkpoints_and_the_best_are_kept(tmp_path: Path) -> None:
    """The best was the first here, which is no longer among the last three."""
    checkpoints = demo_train.Checkpoints(tmp_path, ".json")

    for epoch in range(1, 6):
        demo_train.write_atomically(checkpoints.path(epoch), f"{epoch}".encode())
        checkpoints.keep(checkpoints.path(epoch), is_best=epoch == 1)

    names = [f"SpiralNet_epoch_{epoch:03}.json" for epoch in (3, 4, 5)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SpiralNet_best.json", *names]
    assert (tmp_path / "SpiralNet_best.json").read_text() == "1"


def test_an_earlier_run_is_resumed_at_the_checkpoint_written_last(tmp_path: Path) -> None:
    """Not at the highest epoch: that one may be of a run before."""
    checkpoints = demo_train.Checkpoints(tmp_path, ".json")
    for written, epoch in enumerate((9, 1, 2)):
        checkpoints.path(epoch).write_text(json.dumps({"epoch": epoch}))
        os.utime(checkpoints.path(epoch), (written, written))

    newest = demo_train.Checkpoints(tmp_path, ".json").adopt()

    assert newest == checkpoints.path(2)


def test_options_name_a_backend_that_is_there() -> None:
    """`auto` is decided before the run begins."""
    options = demo_train.parse_options(["--log-dir", "here", "--nan-at", "5", "--resume"])

    assert options.log_dir == Path("here")
    assert options.backend == ("torch" if importlib.util.find_spec("torch") else "python")
    assert (options.nan_at, options.fail_at, options.resume) == (5, None, True)


@pytest.mark.parametrize(
    "arguments",
    [["--epochs", "0"], ["--speed", "nan"], ["--fail-at", "x"], ["--backend", "python", "--device", "cuda"]],
)
def test_wrong_options_end_with_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is written, with a sentence on standard error."""
    with pytest.raises(SystemExit) as ended:
        demo_train.parse_options(arguments, "trainmon demo")

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: trainmon demo ")
    assert "error:" in said
    assert "_count" not in said


def test_a_backend_that_is_not_installed_is_refused_before_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind a screen nobody would see why the child died."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(SystemExit) as ended:
        demo_train.parse_options(["--backend", "torch"])

    assert ended.value.code == 2
    assert "pip install torch" in capsys.readouterr().err
