"""The snapshot: a state and back without loss, bounded, replaced at once, and no trap for readers."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import START, Journal, a_run
from trainmon.errors import SnapshotError
from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.meaning.monitoring import SPEC
from trainmon.storage import snapshot
from trainmon.storage.progress_rate import ProgressRate
from trainmon.storage.snapshot import Texts, canonical
from trainmon.words.paths import SNAPSHOT, SNAPSHOT_TEMPORARY

LINES = a_run(120).error().warned().performance().operation().ended().lines


def everything() -> RunState:
    """A state in which everything happened, as read from a journal."""
    return fold(RunState(), decode_lines(LINES), range(len(LINES)))


def encoded(state: RunState | None = None) -> bytes:
    """The snapshot of a state; by default of one in which everything happened."""
    return snapshot.encode(state if state is not None else everything(), Texts(), START)


def test_a_state_comes_back_as_it_was() -> None:
    texts = Texts(rate=ProgressRate(per_second=3.0, left_out=7))

    saved = snapshot.decode(snapshot.encode(everything(), texts, START))

    assert canonical(saved.state) == canonical(everything())
    assert saved.texts == texts
    assert saved.written == START


def test_an_empty_state_comes_back_as_it_was() -> None:
    assert canonical(snapshot.decode(encoded(RunState())).state) == canonical(RunState())


def test_the_keys_of_the_spec_come_first_and_ours_beside_them() -> None:
    keys = list(json.loads(encoded()))

    assert keys[: len(SPEC)] == list(SPEC)
    assert {"schema", "run", "history", "system", "totals", "journal"} <= set(keys)


def test_it_is_strict_json_whatever_the_numbers_are() -> None:
    state = (
        Journal()
        .opened()
        .started()
        .progress(1, "NaN", metrics={"a": "Infinity"})
        .validation(1, "NaN")
        .state()
    )

    json.loads(encoded(state), parse_constant=lambda name: pytest.fail(name))


def test_it_stays_small_however_long_the_run_is() -> None:
    """DESIGN 7: 256 KiB with ten metrics."""
    metrics = {f"metric_{number}": 0.1234567 + number for number in range(8)}
    journal = Journal().opened().started()
    for epoch in range(1, 201):
        journal.steps(epoch * 30, epoch * 30 - 29, metrics=metrics)
        journal.validation(epoch * 30, 1.0 / epoch, val_metrics={"accuracy": 0.5, "f1": 0.1})
        journal.checkpoint(epoch * 30).performance().operation()

    assert len(encoded(journal.state())) <= 256 << 10


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"schema":1}', b'{"schema":99}', encoded()[:-200], b"\xff\xfe",
     encoded().replace(b'"written":', b'"written":1e999,"w":'),
     encoded().replace(b'"written":', b'"written":' + b"1" * 400 + b',"w":')],
    ids=range(12),
)  # fmt: skip
def test_r13_r14_a_snapshot_that_is_torn_foreign_or_newer_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError, match=r"snapshot\.json"):
        snapshot.decode(data)


def test_r13_a_missing_snapshot_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="No such file"):
        snapshot.read(tmp_path)


def test_a_snapshot_that_is_too_large_to_be_ours_is_not_read(tmp_path: Path) -> None:
    (tmp_path / SNAPSHOT).touch()
    os.truncate(tmp_path / SNAPSHOT, snapshot.LIMIT + 1)

    with pytest.raises(SnapshotError, match="larger than any"):
        snapshot.read(tmp_path)


def test_a_snapshot_that_is_a_pipe_or_a_link_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / SNAPSHOT)
    with pytest.raises(SnapshotError):
        snapshot.read(tmp_path)
    (tmp_path / SNAPSHOT).unlink()
    (tmp_path / SNAPSHOT).symlink_to("/etc/passwd")

    with pytest.raises(SnapshotError):
        snapshot.read(tmp_path)


def test_writing_replaces_it_at_once_and_leaves_no_other_file(tmp_path: Path) -> None:
    snapshot.write(tmp_path, encoded(RunState()))

    snapshot.write(tmp_path, encoded())

    assert snapshot.read(tmp_path).state.run_id == "run-1"
    assert [path.name for path in tmp_path.iterdir()] == [SNAPSHOT]
    assert stat.S_IMODE((tmp_path / SNAPSHOT).stat().st_mode) == 0o600


def test_s05_a_planted_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"mine")
    (tmp_path / SNAPSHOT_TEMPORARY).symlink_to(target)

    snapshot.write(tmp_path, encoded())

    assert target.read_bytes() == b"mine"
    assert not (tmp_path / SNAPSHOT).is_symlink()


def test_a_write_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot.write(tmp_path, encoded())

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError):
        snapshot.write(tmp_path, encoded(RunState()))

    assert snapshot.read(tmp_path).state.run_id == "run-1"


_junk = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.just([])
    | st.just({})
    | st.just(-1.5)
)


@settings(max_examples=150, derandomize=True)
@given(st.data())
def test_p9_a_snapshot_that_lies_is_refused_or_harmless(data: st.DataObject) -> None:
    """Some value anywhere in it is another one; what is taken must fold on and be shown."""
    document = json.loads(encoded())
    place: object = document
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]  # type: ignore[index]  # the key fits
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(_junk)  # type: ignore[index]  # as above
            break
        place = inner

    try:
        state = snapshot.decode(json.dumps(document).encode()).state
    except SnapshotError:
        return
    state = fold(state, Journal("eeeeeeeeeeee").opened().started().steps(40).validation().events, range(50))
    derived.estimate(state, START + 100)
    derived.steps_per_second(state)
