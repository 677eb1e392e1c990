"""Sending for real, to receivers on this machine: one that takes, one that refuses, one that is not there."""

import logging
import os
import warnings
from pathlib import Path

import pytest

from tests.receivers import SECRET, Receiver, nobody, receiver
from trainmon.notify import readiness, record, services
from trainmon.notify.deliver import Answer, Order, deliver
from trainmon.notify.message import Message
from trainmon.notify.rules import VARIABLE
from trainmon.notify.services import send

pytest.importorskip("apprise")

HELLO = Message("✖ DemoModel: killed: SIGKILL", "62.5 %\non gpu-07: trainmon watch /runs/a", "critical")


@pytest.fixture(autouse=True)
def quiet_loggers() -> object:
    """Puts back what sending silences: it is meant for a process of its own."""
    names = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "asyncio")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    with warnings.catch_warnings():
        yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def an_order(folder: Path, key: str = "run:0/end") -> Order:
    return Order(str(folder), key, "died", HELLO)


def test_a_message_arrives_as_it_is() -> None:
    with receiver() as service:
        [receipt] = send((service.url,), HELLO)

    assert receipt.taken
    [got] = service.messages
    assert (got["title"], got["message"], got["type"]) == (HELLO.title, HELLO.body, "failure")


def test_one_that_refuses_and_one_that_is_not_there_keep_it_from_no_other() -> None:
    with receiver() as good, receiver() as bad:
        bad.status = 500
        receipts = send((bad.url, nobody(), "no address", good.url), HELLO)

    assert [receipt.taken for receipt in receipts] == [False, False, False, True]
    assert [receipt.kind for receipt in receipts] == ["json", "json", "?", "json"]
    assert all(receipt.why for receipt in receipts[:3])


def test_one_that_never_answers_holds_up_no_other_and_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "ANSWER_WITHIN", 0.5)
    with receiver() as slow, receiver() as good:
        slow.answer.clear()
        receipts = send((slow.url, good.url), HELLO)

    assert [receipt.taken for receipt in receipts] == [False, True]
    assert "no answer within" in (receipts[0].why or "")


def test_no_address_is_said_by_anybody(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by apprise and what it uses, at the chattiest level, nor in what we say of it."""
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with receiver() as service:
            service.status = 500
            receipts = send((service.url, nobody(), f"nonsense://{SECRET}", f"tgram://{SECRET}"), HELLO)
    finally:
        logging.getLogger().setLevel(logging.WARNING)

    captured = capfd.readouterr()
    assert SECRET not in captured.out + captured.err + caplog.text + repr(receipts)


def test_a_plug_in_that_raises_is_a_service_that_did_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address in the exception, as some libraries do."""
    import apprise

    def broken(*_arguments: object, **_named: object) -> bool:
        raise ValueError(f"cannot open {nobody()}")

    monkeypatch.setattr(apprise.Apprise, "notify", broken)

    [receipt] = send((nobody(),), HELLO)

    assert receipt.why == "apprise raised ValueError"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> object:
    with receiver() as found:
        monkeypatch.setenv(VARIABLE, found.url)
        yield found


def test_a_delivery_is_made_once_whoever_orders_it(service: Receiver, tmp_path: Path) -> None:
    """A viewer and a sentinel, or a sentinel that was started again."""
    answers = [deliver(an_order(tmp_path / "run")) for _ in range(3)]

    assert [answer.outcome for answer in answers] == ["told", "known", "known"]
    assert service.titles == [HELLO.title]
    assert not (tmp_path / "run").exists()


def test_a_link_to_the_run_folder_is_the_same_run(service: Receiver, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")

    assert deliver(an_order(tmp_path / "run")).outcome == "told"
    assert deliver(an_order(tmp_path / "link")).outcome == "known"


def test_what_one_of_two_services_did_not_take_goes_to_that_one_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with receiver() as first, receiver() as second:
        monkeypatch.setenv(VARIABLE, f"{first.url} {second.url}")
        second.status = 503
        before = deliver(an_order(tmp_path))
        second.status = 200
        after = deliver(an_order(tmp_path))

    assert (before.outcome, after.outcome) == ("failed", "told")
    assert (len(first.messages), len(second.messages)) == (1, 1)


def test_beyond_the_rate_a_message_is_held_and_told_with_the_next(
    service: Receiver, tmp_path: Path, spools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "trainmon"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[notify]\nmost = 2\n")
    answers = [deliver(an_order(tmp_path, f"k{number}")) for number in range(5)]
    assert [answer.outcome for answer in answers] == ["told", "told", "held", "held", "held"]
    assert answers[-1].wait == pytest.approx(600, abs=20)
    (config / "config.toml").write_text("[notify]\nmost = 9\n")

    summary = deliver(Order(str(tmp_path), "summary", "summary", None))

    assert summary.outcome == "told"
    assert service.titles[-1] == "▲ 3 more: 3 died"


def test_without_services_or_without_apprise_nothing_is_claimed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert deliver(an_order(tmp_path)) == Answer("nobody")
    monkeypatch.setenv(VARIABLE, nobody())
    monkeypatch.setattr(readiness, "installed", lambda: False)

    assert deliver(an_order(tmp_path)) == Answer("missing")
    assert readiness.why_not() == readiness.MISSING
    assert record.read(record.path_of(tmp_path)).entries == ()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"entries": [1]}'])
def test_a_damaged_ledger_is_an_empty_one(service: Receiver, tmp_path: Path, damage: bytes) -> None:
    path = record.path_of(tmp_path)
    path.write_bytes(damage)

    assert deliver(an_order(tmp_path)).outcome == "told"


def test_a_state_folder_that_cannot_be_used_is_replaced_by_that_of_the_spools(
    service: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    assert [deliver(an_order(tmp_path)).outcome for _ in range(2)] == ["told", "known"]
