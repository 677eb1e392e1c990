"""Names of folders that are no text: Linux knows bytes."""

import os
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.processes.harness import count_steps
from trainmon.recording import workers
from trainmon.storage.repair import repair
from trainmon.words.paths import named, recorded

BYTES = "runs \udcff\udcfe"
"""As Python gives the name `b"runs \\xff\\xfe"`."""


@pytest.mark.parametrize("path", ["/logs/a b", "/logs/ä\n", f"/logs/{BYTES}", "/bytes:", "/"])
def test_every_absolute_path_can_be_recorded(path: str) -> None:
    text = recorded(path)

    assert text.encode()
    assert named(text) == Path(path)


def test_what_is_no_recorded_path_is_taken_as_it_is() -> None:
    assert named("bytes:xyz") == Path("bytes:xyz")


def test_a_folder_whose_name_is_no_text_is_recorded_into(open_logger: OpenLogger, tmp_path: Path) -> None:
    """What its workers and a kill leave in shared memory is found again."""
    folder = tmp_path / BYTES
    logger = open_logger(folder)
    logger.log_training_progress(1, 1, None, 0.5)
    owner = workers._announced()
    assert owner is not None
    assert owner.folder == recorded(folder)
    child = os.fork()
    if child == 0:
        logger.log_training_progress(2, 1, None, 0.5)
        os._exit(0)
    os.waitpid(child, 0)
    logger.close()
    repair(folder)

    assert set(count_steps(folder)) == {(1, 1), (2, 1)}
