"""Files that others planted are refused, and what is made is private."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainmon.system.private_files import make_folder, open_append, open_new, open_private, open_read

OPENERS = [open_append, open_new, open_read]


def test_a_file_that_is_made_is_for_the_user_alone(tmp_path: Path) -> None:
    """Mode 0600, and not inherited by programs that the training starts."""
    descriptor = open_append(tmp_path / "log")

    try:
        assert os.fstat(descriptor).st_mode & 0o777 == 0o600
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)


def test_appending_goes_behind_what_is_there(tmp_path: Path) -> None:
    """Also behind what another descriptor wrote in between."""
    path = tmp_path / "log"
    path.write_bytes(b"one\n")

    descriptor = open_append(path)
    with path.open("ab") as other:
        other.write(b"two\n")
    os.write(descriptor, b"three\n")
    os.close(descriptor)

    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_a_new_file_is_never_one_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")

    with pytest.raises(FileExistsError):
        open_new(path)


def test_reading_does_not_make_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_read(tmp_path / "log")

    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_symbolic_link_is_not_followed(tmp_path: Path, opener: Callable[[Path], int]) -> None:
    """Neither to a file that exists nor to one that would be made."""
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    for name in ("existing", "dangling"):
        (tmp_path / name).symlink_to(target if name == "existing" else tmp_path / "none")

        with pytest.raises(OSError):
            opener(tmp_path / name)

    assert target.read_bytes() == b"precious"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("opener", [open_append, open_read])
def test_a_file_with_a_second_name_is_refused(tmp_path: Path, opener: Callable[[Path], int]) -> None:
    """A hard link to a file elsewhere would otherwise be written to."""
    (tmp_path / "precious").write_bytes(b"")
    os.link(tmp_path / "precious", tmp_path / "log")

    with pytest.raises(PermissionError, match="2 names"):
        opener(tmp_path / "log")


@pytest.mark.parametrize("opener", [open_append, open_read])
def test_a_pipe_is_refused_and_does_not_hold_up_the_open(
    tmp_path: Path, opener: Callable[[Path], int]
) -> None:
    """Opening a pipe waits for its other end unless told not to."""
    os.mkfifo(tmp_path / "log")

    with pytest.raises(OSError):
        opener(tmp_path / "log")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="regular"):
        open_read(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"")
    os.chown(tmp_path / "log", 12_345, -1)

    with pytest.raises(PermissionError, match="12345"):
        open_append(tmp_path / "log")


def test_a_refusal_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """A training that retries for days must not run out of descriptors."""
    for _ in range(10):
        with pytest.raises(PermissionError):
            open_private(tmp_path, os.O_RDONLY)

    there = os.stat(tmp_path)
    assert not [number for number in os.listdir("/proc/self/fd") if is_of(int(number), there)]


def is_of(descriptor: int, there: os.stat_result) -> bool:
    """Whether a descriptor, which another thread may just close, is one of that file."""
    try:
        return os.path.samestat(os.fstat(descriptor), there)
    except OSError:
        return False


def test_every_folder_that_is_made_is_for_the_user_alone(tmp_path: Path) -> None:
    """Also those on the way; one that exists keeps its mode."""
    (tmp_path / "shared").mkdir(mode=0o755)

    make_folder(tmp_path / "shared" / "runs" / "one")

    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "shared" / "runs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "shared" / "runs" / "one").stat().st_mode & 0o777 == 0o700


def test_making_a_folder_again_changes_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path / "run")
    (tmp_path / "run").chmod(0o750)

    make_folder(tmp_path / "run")

    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o750


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"")

    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "run")
    with pytest.raises(OSError):
        make_folder(tmp_path / "run" / "inside")
