"""What every process test gets: real shared memory of its own, and a stage whose trainings end with the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.harness import Stage


@pytest.fixture
def spool_base(spools: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in shared memory for the spools of this test."""
    base = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="trainmon-test-"))
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(base))
    yield base
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def stage(tmp_path: Path, spool_base: Path) -> Iterator[Stage]:
    """Where trainings are started."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()
