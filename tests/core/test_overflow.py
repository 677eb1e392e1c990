"""Lines kept in memory where no spool can be written."""

from trainmon.spool import overflow
from trainmon.spool.overflow import Overflow


def test_lines_come_out_once_and_in_order() -> None:
    kept = Overflow()
    kept.add(b"one\n")
    kept.add(b"two\n")

    assert len(kept) == 2
    assert kept.take() == [b"one\n", b"two\n"]
    assert kept.take() == []


def test_what_the_storage_did_not_take_comes_first_again() -> None:
    kept = Overflow()
    kept.add(b"one\n")
    kept.add(b"two\n")
    taken = kept.take()
    kept.add(b"three\n")

    kept.put_back(taken[1:])

    assert kept.take() == [b"two\n", b"three\n"]


def test_w18_it_is_bounded_and_has_its_room_again_when_it_was_taken() -> None:
    kept = Overflow()
    half = b"x" * (overflow.MOST // 2)

    assert [kept.add(half) for _ in range(3)] == [True, True, False]
    kept.take()
    assert kept.add(half)
