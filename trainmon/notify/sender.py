"""The sender: a thread with a short queue that has one message after the other delivered, and never holds up anybody.

It keeps no addresses and writes no file; a delivery is a process of its own (`trainmon.notify.deliver`), which is
killed where it takes too long.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trainmon.notify import readiness
from trainmon.notify.deliver import Answer, Order
from trainmon.system.own_process import command, environment
from trainmon.words.complaints import print_line

MOST_WAITING = 32
"""Orders that may wait; more than a viewer or a sentinel has to tell in an hour."""

DELIVERY_LIMIT = 60.0
"""Seconds after which a delivery is killed; less than `ledger.CLAIM`."""

RETRIES = (2.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 600.0, 600.0, 600.0, 600.0)
"""Seconds between the tries of a message that was not taken: about an hour, for a network that is away."""

ENDS = ("finished", "failed", "died", "interrupted")
"""Kinds that are kept before all others."""

SUMMARY_KIND = "summary"

Deliver = Callable[[Order], Answer]


class _Due(msgspec.Struct, frozen=True):
    """An order and when it is tried next."""

    order: Order
    at: float
    """Monotonic seconds."""
    tries: int = 0


class Sender:
    """Has orders delivered; `put` may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        deliver: Deliver | None = None,
        complain: Callable[[str], None] = print_line,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """A sender whose thread begins with the first order.

        Args:
            folder: The run folder.
            deliver: Delivers one order and says what became of it; None: a process of its own does.
            complain: Is told once, in words, why nothing can be sent.
            monotonic: Monotonic seconds.
        """
        self._folder = str(folder)
        self._name = os.urandom(6).hex()
        self._deliver = deliver or deliver_apart
        self._complain = complain
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._due: list[_Due] = []
        self._busy = False
        self._closing = False
        self._complained = False
        self._thread: threading.Thread | None = None
        self.left_out = 0
        """Orders for which there was no room."""

    @property
    def idle(self) -> bool:
        """Whether nothing is being delivered and nothing waits."""
        with self._change:
            return not self._busy and not self._due

    def put(self, order: Order) -> bool:
        """Takes an order and returns at once; False where it is refused, because there is no room.

        Where there is none, the oldest of those that tell of no end goes.
        """
        with self._change:
            if self._closing or not self._make_room():
                self.left_out += 1
                return False
            self._due.append(_Due(replace(order, by=self._name), self._monotonic()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="trainmon-sender", daemon=True)
                self._thread.start()
            self._change.notify_all()
            return True

    def _make_room(self) -> bool:
        """With the lock."""
        if len(self._due) < MOST_WAITING:
            return True
        oldest = next((due for due in self._due if due.order.kind not in ENDS), None)
        if oldest is None:
            return False
        self._due.remove(oldest)
        self.left_out += 1
        return True

    def wait_idle(self, seconds: float) -> bool:
        """Waits until nothing is left; False where the time was not enough."""
        with self._change:
            return self._change.wait_for(lambda: not self._busy and not self._due, seconds)

    def close(self) -> None:
        """Takes no more orders and forgets those that wait; waits for nothing."""
        with self._change:
            self._closing = True
            self._due.clear()
            self._change.notify_all()

    def _run(self) -> None:
        while True:
            due = self._next()
            if due is None:
                return
            try:
                answer = self._deliver(due.order)
            except Exception:  # noqa: BLE001 - a bug in sending must not end all sending
                answer = Answer("failed", wait=0.0)
            with self._change:
                self._busy = False
                self._after(due, answer)
                self._change.notify_all()

    def _next(self) -> _Due | None:
        """Waits for the next order that is due; None: the end."""
        with self._change:
            while not self._closing:
                now = self._monotonic()
                first = min(self._due, key=lambda due: due.at, default=None)
                if first is not None and first.at <= now:
                    self._due.remove(first)
                    self._busy = True
                    return first
                self._change.wait(None if first is None else first.at - now)
            return None

    def _after(self, due: _Due, answer: Answer) -> None:
        """What follows from an answer; with the lock."""
        now = self._monotonic()
        if answer.outcome == "missing" and not self._complained:
            self._complained = True
            self._complain(readiness.MISSING)
        elif answer.outcome == "failed" and due.tries < len(RETRIES):
            self._due.append(_Due(due.order, now + RETRIES[due.tries], due.tries + 1))
        elif answer.outcome == "held" and not any(other.order.message is None for other in self._due):
            key = f"{SUMMARY_KIND}/{due.order.key}"
            summary = Order(self._folder, key, SUMMARY_KIND, None)
            self._due.append(_Due(summary, now + (answer.wait or 0.0)))


def deliver_apart(order: Order) -> Answer:
    """Delivers in a process of its own, which goes on where this one ends."""
    process = subprocess.Popen(
        command("trainmon.notify.deliver"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(msgspec.json.encode(order), DELIVERY_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Answer("failed", wait=0.0)
    try:
        return msgspec.json.decode(said, type=Answer)
    except (msgspec.MsgspecError, ValueError):
        return Answer("failed", wait=0.0)
