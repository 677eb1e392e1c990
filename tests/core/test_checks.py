"""Arguments of setup: a wrong one raises a sentence that names it, what was expected and what came."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from trainmon.calls import checks
from trainmon.errors import ArgumentError, TrainmonError


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (lambda value: checks.check_level(value), "LOUD"),
        (lambda value: checks.check_level(value), None),
        (lambda value: checks.check_level(value), True),
        (lambda value: checks.check_positive("speed", value), 0),
        (lambda value: checks.check_positive("speed", value), float("nan")),
        (lambda value: checks.check_positive("speed", value), float("inf")),
        (lambda value: checks.check_positive("speed", value), "10"),
        (lambda value: checks.check_count("steps", value), -1),
        (lambda value: checks.check_count("steps", value), 1.0),
        (lambda value: checks.check_count("steps", value), True),
        (lambda value: checks.check_name("app_name", value), ""),
        (lambda value: checks.check_name("app_name", value), "../../x"),
        (lambda value: checks.check_name("app_name", value), ".."),
        (lambda value: checks.check_name("app_name", value), "a\0b"),
        (lambda value: checks.check_name("app_name", value), "\ud800"),
        (lambda value: checks.check_name("app_name", value), "x" * 300),
        (lambda value: checks.check_app_name(value), "errors"),
        (lambda value: checks.check_app_name(value), "training_progress"),
        (lambda value: checks.check_app_name(value), "performance"),
        (lambda value: checks.check_app_name(value), "model_operations"),
        (lambda value: checks.check_app_name(value), "output"),
        (lambda value: checks.check_app_name(value), "faulthandler.12"),
        (lambda value: checks.check_app_name(value), ".hidden"),
        (lambda value: checks.check_app_name(value), "a/b"),
        (lambda value: checks.check_optional_number("rate", value), "fast"),
        (lambda value: checks.check_optional_number("rate", value), np.array([1.0, 2.0])),
        (lambda value: checks.check_path("log_dir", value), None),
        (lambda value: checks.check_path("log_dir", value), ""),
        (lambda value: checks.check_path("log_dir", value), b"logs"),
        (lambda value: checks.check_path("log_dir", value), "a\0b"),
        (lambda value: checks.check_path("log_dir", value), "\ud800"),
        (lambda value: checks.check_flag("console", value), "no"),
        (lambda value: checks.check_flag("console", value), None),
        (lambda value: checks.check_flag("console", value), 2),
        (lambda value: checks.check_count("steps", value), np.float64(3.0)),
        (lambda value: checks.check_count("steps", value), np.array([1, 2])),
        (lambda value: checks.check_positive("speed", value), np.array([1.0, 2.0])),
        (lambda value: checks.check_positive("speed", value), 1j),
        (lambda value: checks.check_text("metric", value), 3),
        (lambda value: checks.check_direction(value), "up"),
    ],
)
def test_s11_a_wrong_argument_says_what_was_expected_and_what_came(
    check: Callable[[object], object], value: object
) -> None:
    with pytest.raises(ArgumentError, match="expected") as raised:
        check(value)

    assert repr(value) in str(raised.value)
    assert isinstance(raised.value, ValueError)
    assert isinstance(raised.value, TrainmonError)


def test_right_arguments_come_back() -> None:
    assert checks.check_level("debug") == "DEBUG"
    assert checks.check_app_name("error_logger") == "error_logger"
    assert checks.check_optional_number("rate", None) is None
    assert checks.check_optional_number("rate", np.float32(0.5)) == 0.5
    assert checks.check_level(30) == "WARNING"
    assert checks.check_level(15) == "DEBUG"
    assert checks.check_positive("speed", 10) == 10.0
    assert checks.check_optional_count("steps", None) is None
    assert checks.check_direction("max") == "max"
    assert checks.check_path("log_dir", Path("logs")) == "logs"
    assert (checks.check_flag("console", True), checks.check_flag("console", 0)) == (True, False)


def test_w19_scalars_of_numpy_are_numbers_in_setup_too() -> None:
    """Step counts are often computed with it."""
    assert checks.check_count("steps", np.int64(3)) == 3
    assert type(checks.check_count("steps", np.array(3))) is int
    assert checks.check_positive("speed", np.float32(0.5)) == 0.5


def test_s08_settings_are_names_and_values_and_a_wrong_one_is_not_shown() -> None:
    """What was given for them may hold secrets."""
    for right in (None, {}, {"lr": 1}, SimpleNamespace(lr=1), Namespace(lr=1)):
        assert checks.check_settings("config", right) is right

    with pytest.raises(ArgumentError, match=r"config: expected names and values, .*, got str$"):
        checks.check_settings("config", "token=hidden")


@pytest.mark.parametrize("method", ["to_dict", "model_dump"])
def test_a_configuration_of_a_library_says_its_settings(method: str) -> None:
    """Those of Transformers, ml_collections and pydantic are no mappings."""
    config = type("Config", (), {method: lambda self: {"lr": 0.5}})()

    assert checks.check_settings("config", config) == {"lr": 0.5}
