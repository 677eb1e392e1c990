"""`TrainLogger`: what every call records, and that none raises for any value."""

import copy
import json
import math
import os
import pickle
import stat
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import trainmon
from tests.conftest import OpenLogger
from tests.core.test_monitoring import SAMPLE, differences
from tests.hostile import HOSTILE, BrokenMapping
from trainmon.calls.logger import TrainLogger
from trainmon.errors import ArgumentError
from trainmon.facts.codec import LINE_LIMIT, decode_lines
from trainmon.facts.events import AnyEvent, Checkpoint, Ended, Error, Progress, Started, Validation
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.words.paths import JOURNAL


def events(logger: TrainLogger) -> list[AnyEvent]:
    """What stands in the journal once everything is drained."""
    logger.close()
    items = decode_lines((logger.folder / JOURNAL).read_bytes().split(b"\n")[:-1])
    assert all(not hasattr(item, "why") or hasattr(item, "count") for item in items), "a line cannot be read"
    return items  # type: ignore[return-value]  # all are events


def state(logger: TrainLogger) -> RunState:
    """The state of its journal."""
    found = events(logger)
    return fold(RunState(), found, range(len(found)))


def everywhere(folder: Path) -> str:
    """All that stands in any file of the folder."""
    return "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


def only(logger: TrainLogger, kind: type) -> AnyEvent:
    """The one event of a kind."""
    (found,) = [event for event in events(logger) if type(event) is kind]
    return found


def test_every_function_of_the_spec_leaves_its_record(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_training_start("DemoModel", 5, 150, 32, 0.001, "Adam")
    logger.log_training_progress(
        1, 10, 150, 2.345678, 0.001, {"batch_loss": 2.345678, "epoch_loss": 2.456789}
    )
    logger.log_model_checkpoint(1, 10, 1.2, "checkpoints/a.pth", {"accuracy": 94.32})
    assert logger.newest_checkpoint == "checkpoints/a.pth"
    logger.log_validation_results(1, 10, 0.98, {"accuracy": 94.32, "correct": 943, "total": 1000})
    logger.log_error_with_context(RuntimeError("CUDA out of memory"), "inference", {"num_images": 4})
    logger.log_performance_metrics("inference", 2.345, {"cpu_percent": 75.0, "gpu_memory": 2.5}, 13.62, 4)
    logger.log_model_operation("loading", "Stable Diffusion v1.5", True, {"loading_time": 15.2})
    logger.log_debug_info("detail", {"a": 1})
    logger.recorder.drained()
    data = logger.get_monitoring_data()
    logger.log_training_end(True, 0.12, 4_500.0, {"accuracy": 95.67})

    assert differences(data, SAMPLE) == []
    kinds = [type(event).__name__ for event in events(logger)]
    assert [kind for kind in kinds if kind != "Message"] == [
        "Opened", "Started", "Progress", "Checkpoint", "Validation", "Error", "Performance", "Operation", "Debug",
        "Ended", "Closed",
    ]  # fmt: skip
    assert sorted(path.name for path in logger.folder.glob("*.log")) == [
        "errors.log", "gradio_app.log", "model_operations.log", "performance.log", "training_progress.log",
    ]  # fmt: skip


def test_a_start_records_what_it_ran_in(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_training_start("m", 1, 1, 1, 0.1, "SGD", config={"depth": 3})

    started = only(logger, Started)
    assert isinstance(started, Started)
    assert started.config == {"depth": 3}
    assert "python" in started.versions
    assert "memory_percent" in started.system


def test_a_start_in_a_deleted_folder_is_recorded(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = open_logger()
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    logger.log_training_start("m", 1, 1, 1, 0.1, "SGD")

    monkeypatch.chdir(tmp_path)
    assert isinstance(only(logger, Started), Started)


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        (1.5, 1.5), (2, 2), (True, 1), (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"),
        (Decimal("0.5"), 0.5), (np.float32(0.5), 0.5), (np.array(0.25), 0.25), (np.float16("nan"), "NaN"),
        (10**400, "Infinity"), (None, None), ("high", None), (b"1", None), (1j, None), ([1.0], None), ({}, None),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_w19_a_loss_of_any_type_is_a_number_or_kept_as_text(
    open_logger: OpenLogger, value: float, recorded: object
) -> None:
    logger = open_logger()

    logger.log_training_progress(1, 1, 10, value, 0.1)

    progress = only(logger, Progress)
    assert isinstance(progress, Progress)
    assert progress.loss == recorded
    assert (progress.texts is not None) == (recorded is None and value is not None)


class Keyed(dict[str, float]):
    """A mapping with one key, of any type."""

    def __init__(self, key: object) -> None:
        super().__init__(a=1.0)
        self.key = key

    def items(self) -> object:  # type: ignore[override]  # hostile on purpose
        return [(self.key, 1.0)]


def calls(logger: TrainLogger) -> list[Callable[[object], None]]:
    """Every log call with the value for every argument in turn."""
    any_ = logger  # The values lie about their types on purpose.
    return [
        lambda value: any_.log_training_start(
            value, value, value, value, value, value, config=value, run_id=value
        ),
        lambda value: any_.log_training_start("m", 1, 1, 1, 1.0, "o", resume=value, initial_step=value),
        lambda value: any_.log_training_progress(
            value, value, value, value, value, value, value, waited=value
        ),
        lambda value: any_.log_training_progress(1, 1, 1, 1.0, 1.0, {"a": value}, waited=value),
        lambda value: any_.log_training_progress(1, 1, 1, 1.0, 1.0, Keyed(value)),
        lambda value: any_.log_model_checkpoint(
            value, value, value, value, value, size=value, duration=value
        ),
        lambda value: any_.log_validation_results(value, value, value, value, value),
        lambda value: any_.log_error_with_context(value, value, value, uncaught=value),
        lambda value: any_.log_performance_metrics(value, value, value, value, value),
        lambda value: any_.log_model_operation(value, value, value, value),
        lambda value: any_.log_debug_info(value, value),
        lambda value: any_.log_training_end(value, value, value, value, reason=value, error=value),
    ]


VALUES: dict[str, Callable[[], object]] = {
    **HOSTILE,
    "nan": lambda: math.nan,
    "huge int": lambda: 10**5_000,
    "2**63": lambda: 2**63,
    "negative": lambda: -(2**63) - 1,
    "surrogate": lambda: "\ud800",
    "controls": lambda: "a\nb\r\0\x1b]52;c;x\a\u2028",
    "array": lambda: np.zeros((3, 3)),
    "bytes": lambda: b"\xff" * 100,
    "mapping": BrokenMapping,
    "exception": lambda: ValueError("\ud800"),
    "class": lambda: ValueError,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_w19_w20_no_log_call_raises_for_any_value_and_every_line_can_be_read(
    open_logger: OpenLogger, value: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    logger = open_logger()

    for call in calls(logger):
        call(value())

    state(logger)
    logger.get_monitoring_data()
    assert capfd.readouterr().err.count("\n") < 30


def test_w20_a_call_with_a_hostile_value_is_recorded_all_the_same(open_logger: OpenLogger) -> None:
    logger = open_logger()
    broken = HOSTILE["repr"]()

    logger.log_model_checkpoint(1, 2, 0.5, broken)  # type: ignore[arg-type]  # hostile
    logger.log_training_end(True, error="\ud800", reason="whatever")  # type: ignore[arg-type]  # hostile

    found = {type(event): event for event in events(logger)}
    assert isinstance(found[Checkpoint], Checkpoint)
    assert isinstance(found[Ended], Ended)
    assert found[Ended].reason == "finished"


def test_w22_a_million_metrics_make_a_bounded_record(open_logger: OpenLogger) -> None:
    logger = open_logger()
    metrics = {f"metric {number}": 1.0 for number in range(1_000_000)}

    logger.log_training_progress(1, 1, 10, 0.5, 0.1, metrics)
    logger.log_training_progress(1, 2, 10, 0.4, 0.1)

    found = [event for event in events(logger) if isinstance(event, Progress)]
    assert [event.step for event in found] == [1, 2]
    assert found[0].texts
    lines = (logger.folder / JOURNAL).read_bytes().split(b"\n")
    assert max(map(len, lines)) <= LINE_LIMIT


def test_w22_metrics_with_long_names_do_not_stop_the_recording(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_training_progress(
        1, 1, 10, 0.5, 0.1, {"\x01" * 150 + str(number): 1.0 for number in range(9_000)}
    )
    logger.log_training_progress(1, 2, 10, 0.5, 0.1, {"x" * (3 << 20): 1.0})
    logger.log_training_progress(1, 3, 10, 0.4, 0.1)

    assert [event.step for event in events(logger) if isinstance(event, Progress)] == [1, 2, 3]


def test_w22_a_hundred_megabyte_message_is_cut_and_said(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_debug_info("x" * 100_000_000)
    logger.log_error_with_context(ValueError("y" * 10_000_000), "z" * 10_000_000)

    text = (logger.folder / JOURNAL).read_text() if not logger.close() else ""
    assert text.count("truncated") >= 3
    assert len(text) < 2 << 20


def test_w22_nested_and_circular_data_end(open_logger: OpenLogger) -> None:
    logger = open_logger()
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(10_000):
        inner["a"] = inner = {}
    round_: list[object] = []
    round_.append(round_)

    logger.log_debug_info("deep", deep)
    logger.log_debug_info("round", {"list": round_})

    assert state(logger).totals.malformed == 0


def test_w23_text_cannot_forge_a_record(open_logger: OpenLogger) -> None:
    logger = open_logger()
    forged = "[2024-01-15 10:30:00] TRAINING - INFO - forged"

    logger.log_model_operation("load", f"model\n{forged}\r{forged}\x1b[2J\x85{forged}", True)

    logger.close()
    lines = (logger.folder / "model_operations.log").read_bytes().split(b"\n")
    assert not any(line.startswith(forged.encode()) for line in lines)
    assert b"\x1b" not in b"".join(lines)


def test_w24_five_thousand_equal_errors_are_a_few_records_that_count_them(open_logger: OpenLogger) -> None:
    logger = open_logger()

    for _ in range(5_000):
        logger.log_error_with_context(ValueError("again"), "loop")

    found = [event for event in events(logger) if isinstance(event, Error)]
    assert sum(event.count for event in found) == 5_000
    assert len(found) < 20
    assert (logger.folder / JOURNAL).stat().st_size < 100_000


def test_w27_threads_get_gap_free_numbers_and_keep_their_order(open_logger: OpenLogger) -> None:
    logger = open_logger()

    def log(number: int) -> None:
        for step in range(2_000):
            logger.log_training_progress(number, step, None, 0.5, 0.1, None, "threads")

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = events(logger)
    assert sorted(event.seq for event in found) == list(range(len(found)))
    for number in range(8):
        steps = [event.step for event in found if isinstance(event, Progress) and event.epoch == number]
        assert steps == list(range(2_000))


def test_w30_steps_beyond_64_bits_are_cut_and_recorded(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_training_progress(1, 2**63, 2**70, 0.5, 0.1)
    logger.log_training_progress(-(2**80), 10**30, None, 0.5, 0.1)

    found = [event for event in events(logger) if isinstance(event, Progress)]
    assert [(event.epoch, event.step) for event in found] == [(1, 2**63 - 1), (-(2**63) + 1, 2**63 - 1)]


def test_what_is_logged_after_closing_still_goes_out(open_logger: OpenLogger) -> None:
    logger = open_logger()
    logger.close()

    logger.log_validation_results(1, 1, 0.5)
    logger.log_training_progress(1, 1, 1, 0.5, 0.1)

    kinds = {type(event) for event in events(logger)}
    assert {Validation, Progress} <= kinds


def test_closing_twice_is_closing_once(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.close()
    logger.close()

    assert [type(event).__name__ for event in events(logger)].count("Closed") == 1


@pytest.mark.parametrize(
    "method", [copy.deepcopy, copy.copy, lambda logger: pickle.loads(pickle.dumps(logger))]
)
def test_m11_a_copy_of_a_logger_in_the_same_process_is_that_logger(
    open_logger: OpenLogger, method: Callable[[TrainLogger], TrainLogger]
) -> None:
    logger = open_logger()

    assert method(logger) is logger


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": "LOUD"}, "level"),
        ({"app_name": "a/b"}, "app_name"),
        ({"progress_per_second": 0}, "progress_per_second"),
        ({"best_direction": "up"}, "best_direction"),
        ({"best_metric": ""}, "best_metric"),
        ({"max_log_bytes": 10}, "max_log_bytes"),
        ({"backup_count": -1}, "backup_count"),
        ({"rank": -1}, "rank"),
        ({"machine_every": 0}, "machine_every"),
    ],
)
def test_a_wrong_argument_raises_at_setup_and_leaves_no_folder(
    tmp_path: Path, options: dict[str, object], said: str
) -> None:
    with pytest.raises(ArgumentError, match=f"{said}: expected"):
        TrainLogger(tmp_path / "logs", **options)  # type: ignore[arg-type]  # wrong on purpose

    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("name", "advice"),
    [("best_metrics", r"did you mean 'best_metric'\?"), ("foo", "it has app_name, level, ")],
)
def test_an_argument_that_there_is_not_is_said_with_what_may_be_meant(
    tmp_path: Path, name: str, advice: str
) -> None:
    with pytest.raises(ArgumentError, match=f"setup_logging has no argument '{name}'; {advice}"):
        trainmon.setup_logging(tmp_path / "logs", **{name: 1})  # type: ignore[call-arg]  # wrong on purpose

    assert not (tmp_path / "logs").exists()


def test_the_environment_says_the_level(open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINMON_LEVEL", "debug")

    assert open_logger(level="ERROR").options.level == "DEBUG"


def test_ranks_above_0_record_in_folders_of_their_own(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "3")

    assert open_logger().folder == tmp_path / "logs" / "ranks" / "00003"
    assert open_logger(rank=0).folder == tmp_path / "logs"


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o000, 0o600, 0o700), (0o077, 0o600, 0o700)])
def test_s07_files_and_folders_are_private_whatever_the_umask(
    open_logger: OpenLogger, mask: int, file: int, folder: int
) -> None:
    before = os.umask(mask)
    try:
        logger = open_logger()
        logger.log_training_start("m", 1, 1, 1, 0.1, "SGD")
        logger.log_error_with_context(ValueError("x"), "y")
        logger.close()
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in logger.folder.iterdir()}
    assert set(modes.values()) == {file}
    assert stat.S_IMODE(logger.folder.stat().st_mode) == folder


SECRETS = {
    "hf": "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "openai": "sk-" + "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl",
    "github": "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "url": "postgres://user:pa55word77@db/x",
}


@pytest.mark.parametrize("name", SECRETS)
def test_s08_a_secret_reaches_no_file_wherever_it_was_given(open_logger: OpenLogger, name: str) -> None:
    secret = SECRETS[name]
    hidden = "pa55word77" if name == "url" else secret
    logger = open_logger(level="DEBUG")

    logger.log_training_start(
        f"model {secret}", 1, 1, 1, 0.1, secret, config={"a": {"b": [secret]}}, run_id=secret
    )
    logger.log_error_with_context(
        ValueError(f"failed with {secret}"), f"calling {secret}", {"header": secret}
    )
    logger.log_debug_info(f"token is {secret}", {"x": secret})
    logger.log_model_operation(f"load {secret}", secret, True, {"path": secret})
    logger.log_performance_metrics(secret, 1.0)
    logger.log_model_checkpoint(1, 1, 0.1, f"s3/{secret}")
    logger.log_training_progress(1, 1, 1, "bad " + secret, 0.1, {"m": secret})
    logger.log_training_end(False, error=f"failed: {secret}")
    logger.close()

    assert hidden not in everywhere(logger.folder)


def test_s08_secrets_are_masked_by_the_name_of_their_key(open_logger: OpenLogger) -> None:
    logger = open_logger()

    logger.log_training_start(
        "m", 1, 1, 1, 0.1, "o", config={"hf_token": "abc123xyz", "db": {"password": "hunter2"}}
    )
    logger.close()

    assert "abc123xyz" not in everywhere(logger.folder)
    assert "hunter2" not in everywhere(logger.folder)


def test_s10_locals_of_a_traceback_are_never_recorded(open_logger: OpenLogger) -> None:
    logger = open_logger()

    def fail() -> None:
        precious = "value-of-a-local"
        raise ValueError(len(precious))

    try:
        fail()
    except ValueError as error:
        logger.log_error_with_context(error, "training")
    logger.close()

    text = (logger.folder / "errors.log").read_text()
    assert "in fail" in text
    assert "value-of-a-local" not in text.replace('precious = "value-of-a-local"', "")


@pytest.mark.parametrize("text", ["{0.__class__}", "%s %n", "${jndi:ldap://x}", "../../x", "{", "%"])
def test_s11_data_is_never_a_format_or_a_path(open_logger: OpenLogger, tmp_path: Path, text: str) -> None:
    logger = open_logger()

    logger.log_training_start(text, 1, 1, 1, 0.1, text, run_id=text)
    logger.log_training_progress(1, 1, 1, 0.5, 0.1, {text: 1.0}, text)
    logger.log_error_with_context(ValueError(text), text)
    logger.close()

    assert text in everywhere(logger.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]


def test_the_snapshot_and_the_monitoring_data_agree(open_logger: OpenLogger) -> None:
    logger = open_logger()
    logger.log_training_start("m", 1, 100, 1, 0.1, "o")
    logger.log_training_progress(1, 5, 100, 0.5, 0.1)
    logger.close()

    saved = json.loads((logger.folder / "snapshot.json").read_bytes())
    data = logger.get_monitoring_data()

    assert saved["training_progress"]["step"] == data["training_progress"]["step"] == 5
    assert saved["training_config"] == data["training_config"]


def test_a_relative_checkpoint_has_the_folder_from_which_it_counts(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the program saw it at the call; the path itself stays as it was given."""
    logger = open_logger()
    monkeypatch.chdir(tmp_path)
    logger.log_model_checkpoint(1, 2, 0.5, "last.pt")
    logger.log_model_checkpoint(1, 3, 0.5, "/ckpt/last.pt")

    relative, absolute = [event for event in events(logger) if isinstance(event, Checkpoint)]

    assert (relative.checkpoint_path, relative.folder) == ("last.pt", str(tmp_path))
    assert absolute.folder is None
