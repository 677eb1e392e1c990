"""How each view looks: an SVG of the real app at 160x45 and 80x24, over a fixed run and a clock that stands still.

`python -m pytest tests/snapshots --snapshot-update` accepts what changed on purpose: look at the SVGs before.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.builders import START, Journal, a_reading
from tests.tui.apps import Clock, screen_text
from trainmon.meaning.statuses import Evidence
from trainmon.reading.reader import RunReader, View
from trainmon.storage.output import OutputLine
from trainmon_tui.app import WatchApp
from trainmon_tui.deliveries import CompareToggled
from trainmon_tui.feeds.catalogue import Catalogue
from trainmon_tui.feeds.feed import Frame
from trainmon_tui.screens import runs
from trainmon_tui.sight.beside import LETTERS, Beside, Compared
from trainmon_tui.sight.chart_view import ruler_of

Compare = Callable[..., bool]
"""The fixture of pytest-textual-snapshot."""

SIZES = [(160, 45), (80, 24)]

EPOCH = 120
"""Steps of an epoch."""


def a_journal(epochs: int = 6) -> Journal:
    """A run that goes well, but for three errors that it survived and a warning."""
    journal = Journal().opened().started(
        model_name="vit-b16-in1k", total_epochs=9, total_steps=9 * EPOCH, batch_size=256,
        config={"data": "imagenet-1k", "precision": "bf16", "compile": True, "augment": {"mixup": 0.8, "erase": 0.25}},
    )  # fmt: skip
    journal.operation("model_loading").warned()
    for epoch in range(1, epochs + 1):
        for step in range((epoch - 1) * EPOCH + 1, epoch * EPOCH + 1):
            loss = 0.4 + 2.2 * math.exp(-step / 260) + 0.12 * math.sin(step * 12.9898)
            metrics = {"train/acc1": 100 * (1 - loss / 3.2), "grad_norm": 1.4 + 0.3 * math.sin(step * 78.233)}
            newest = "NaN" if step == 301 else loss
            journal.after(0.1).progress(step, newest, epoch=epoch, total_steps=9 * EPOCH, metrics=metrics)
            if step % 20 == 0:
                journal.system(a_reading(journal.now, gpus=2))
        if epoch in (2, 3):
            journal.error()
        journal.performance("forward", 0.061, 4_100.0).performance("data", 0.004, None)
        value = 0.45 + 1.6 * math.exp(-epoch / 2) + (0.03 if epoch == 5 else 0.0)
        journal.span("validation", 4.0).validation(
            epoch * EPOCH, value, epoch=epoch, val_metrics={"top1": 100 * (1 - value / 2.2)}
        )
        journal.span("checkpoint", 1.1).checkpoint(epoch * EPOCH, f"/ckpt/epoch_{epoch:03}.pt", epoch=epoch)
    last = {"train/acc1": 84.0, "grad_norm": 1.31}
    for step in range(epochs * EPOCH + 1, epochs * EPOCH + 61):
        journal.after(0.1).progress(step, 0.52, epoch=epochs + 1, total_steps=9 * EPOCH, metrics=last)
    return journal


def a_dead_journal() -> Journal:
    """The same run, ended by an exception."""
    return (
        a_journal(3).error(uncaught=True).ended(success=False, reason="failed", error="RuntimeError: shapes")
    )


def an_app(journal: Journal, folder: Path, *, alive: bool = True) -> WatchApp:
    """The app over a folder with the text logs of the run, one second after its last event."""
    journal.write(folder)
    (folder / "training_progress.log").write_text(
        "".join(
            f"[2026-11-22 23:41:{step % 60:02}] TRAINING - {'WARNING' if step % 30 == 0 else 'INFO'} - Epoch 1, Step "
            f"{step}/1080 ({step / 10.8:.1f}%) - Loss: {2.6 - step / 400:.6f}, LR: 1.00e-03, ETA: 0.0h 2m, "
            "Phase: training\n"
            for step in range(1, 201)
        )
    )
    reader = RunReader(folder)
    state = reader.poll().state
    reader.close()
    evidence = Evidence(alive=alive, heartbeat=journal.now)
    view = View(state=state, evidence=evidence, exists=True, note=None, version=1, bytes_read=0)
    files = {f"/ckpt/epoch_{epoch:03}.pt": epoch > 2 for epoch in range(1, 10)}
    output = tuple(
        OutputLine(START + 60 + n, f"epoch 7 [{n * 10:3}/120] loss 0.52 lr 6.47e-04") for n in range(9)
    )
    app = WatchApp(folder, ascii_only=False, clock=Clock(journal.now + 1.0))
    app.deliver(Frame(view, files, output))
    return app


Steps = Callable[[Pilot[int]], Awaitable[None]]


def keys_then(*keys: str, until: str) -> Steps:
    """Presses keys, then waits until a text is on the screen: what threads read comes when it comes."""

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.pause()
        await pilot.press(*keys)
        app: App[int] = pilot.app
        assert isinstance(app, WatchApp)
        for _ in range(2_000):
            await pilot.pause(0.01)
            if until in screen_text(app):
                break
        else:
            raise AssertionError(f"{until!r} did not come:\n{screen_text(app)}")
        await pilot.pause()

    return steps


VIEWS = {
    "overview": keys_then(until="epoch 7/9"),
    "metrics": keys_then("2", until="train/acc1"),
    "chart": keys_then("2", "enter", "c", until="raw"),
    "machine": keys_then("3", until="GPU1"),
    "errors": keys_then("4", until="in forward"),
    "logs": keys_then("5", until="Step 200/1080"),
    "operations": keys_then("6", until="forward"),
    "runs": keys_then("7", until="0.5297"),
    "configuration": keys_then("i", until="mixup"),
    "help": keys_then("question_mark", until="escape closes"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_a_run_that_goes_well(
    view: str, size: tuple[int, int], snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frame, the words and the colours of each view stay as they were accepted."""
    journal = a_journal()
    monkeypatch.setattr(runs, "Catalogue", partial(Catalogue, clock=Clock(journal.now + 1.0)))
    monkeypatch.chdir(tmp_path)
    app = an_app(journal, Path("vit"))

    assert snap_compare(app, terminal_size=size, run_before=VIEWS[view])


def another_run(steps: int, lowest: float) -> Journal:
    """A run to compare with."""
    journal = Journal().opened().started(total_epochs=9, total_steps=9 * EPOCH)
    for step in range(1, steps + 1):
        loss = lowest + 2.4 * math.exp(-step / 180) + 0.08 * math.sin(step * 4.1414)
        journal.after(0.1).progress(step, loss, epoch=1 + (step - 1) // EPOCH, total_steps=9 * EPOCH)
    return journal


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", ["overview", "chart"])
def test_two_runs_beside_the_one_that_is_shown(
    view: str, size: tuple[int, int], snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colour and a letter for each curve, and what they are called as far as there is room."""
    monkeypatch.chdir(tmp_path)
    app = an_app(a_journal(), Path("vit"))
    keys = ("2", "enter") if view == "chart" else ()

    async def steps(pilot: Pilot[int]) -> None:
        compare_with(
            app, {"sweep/lr-1e-3": another_run(9 * EPOCH, 0.3), "sweep/lr-3e-3": another_run(500, 0.8)}
        )
        await keys_then(*keys, until="b 0.9" if view == "overview" else "lr-3e-3 0.9")(pilot)

    assert snap_compare(app, terminal_size=size, run_before=steps)


def compare_with(app: WatchApp, runs: Mapping[str, Journal]) -> None:
    """Chooses runs to compare with, and hands over what would be read of them."""
    read: list[Beside] = []
    for (name, journal), letter in zip(runs.items(), LETTERS, strict=False):
        run, state = Compared(f"runs/{name}", name), journal.state()
        app.on_compare_toggled(CompareToggled(run))
        read.append(Beside(run, letter, state, ruler_of(state)))
    app.deliver_beside(tuple(read))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_overview_of_a_run_that_failed(
    size: tuple[int, int], snap_compare: Compare, tmp_path: Path
) -> None:
    """Word, cause, what is left, the traceback and the last output come before the curves."""
    app = an_app(a_dead_journal(), tmp_path / "vit", alive=False)

    assert snap_compare(app, terminal_size=size, run_before=keys_then(until="FAILED"))


def test_before_the_folder_exists(snap_compare: Compare, tmp_path: Path) -> None:
    """Every panel says what will be there."""
    app = WatchApp(Path("logs"), ascii_only=False, clock=Clock(START))

    assert snap_compare(app, terminal_size=(80, 24), run_before=keys_then(until="WAITING"))
