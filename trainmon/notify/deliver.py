"""One delivery, in a process of its own: it may hang, use memory and log as it likes, and holds up nobody.

The order comes on standard input and the answer goes to standard output; the addresses are in neither. The process
claims what it tells, so that of several senders one sends, and writes down what became of it even where whoever
started it is gone.
"""

import os
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec

from trainmon.notify import ledger, readiness, record
from trainmon.notify.ledger import Decision, Entry
from trainmon.notify.message import Message, summary, with_held
from trainmon.notify.rules import NotifySettings, addresses, read_settings

Outcome = Literal["told", "known", "held", "failed", "nobody", "missing"]
"""All services have it; it was told before; it waits for room; a service did not take it; there is no service; apprise
is not installed."""


class Order(msgspec.Struct, frozen=True):
    """What is to be told."""

    folder: str
    """The run folder."""
    key: str
    kind: str
    message: Message | None
    """None: what was held back, if there is room by now."""
    by: str = ""
    """Who orders it, where that is somebody who may order it again."""


class Answer(msgspec.Struct, frozen=True):
    """What became of it."""

    outcome: Outcome
    wait: float | None = None
    """Seconds after which it is worth another try; None: never."""


def main() -> None:
    """Takes one order."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    answer = deliver(order)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    sys.stdout.buffer.flush()
    # Threads of a service that hangs are not waited for.
    os._exit(0)


def deliver(order: Order) -> Answer:
    """Claims, sends, and writes down what became of it."""
    settings, _ = read_settings()
    urls = addresses(settings)
    if not len(urls):
        return Answer("nobody")
    if not readiness.installed():
        return Answer("missing")
    from trainmon.notify import services  # deferred: a viewer and a sentinel need the words of this file only

    path = record.path_of(Path(order.folder))
    claim = _claim(order, path, settings)
    if not claim.go:
        return Answer("known" if claim.wait is None else "held", claim.wait)
    told = order.message if order.message is not None else summary(claim.held, order.folder)
    receipts = services.send(
        urls.reveal(), with_held(told, claim.held if order.message is not None else ()), claim.reached
    )
    reached = tuple(number for number, receipt in enumerate(receipts) if receipt.taken)
    all_of_them = len(reached) == len(urls)
    with record.locked(path):
        settled = ledger.settle(
            record.read(path),
            order.key,
            told=all_of_them,
            reached=reached,
            held=claim.held,
            now=time.time(),
            services=urls.kinds(),
        )
        record.write(path, settled)
    return Answer("told") if all_of_them else Answer("failed", wait=0.0)


def _claim(order: Order, path: Path, settings: NotifySettings) -> Decision:
    with record.locked(path):
        before, now = record.read(path), time.time()
        if order.message is None:
            claim = ledger.summarise(before, order.key, settings.most, now)
        else:
            entry = Entry(order.key, order.kind, order.message.title, now, "claimed", by=order.by)
            claim = ledger.decide(before, entry, settings.most, now)
        record.write(path, claim.ledger)
    return claim


if __name__ == "__main__":
    main()
