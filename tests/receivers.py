"""A real HTTP receiver on this machine, which takes messages, refuses them, or takes its time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "tOkEn-that-nobody-may-see"


@dataclass
class Receiver:
    """What came, and how it is answered."""

    port: int = 0
    status: int = 200
    messages: list[dict[str, str]] = field(default_factory=list)
    tries: int = 0
    answer: threading.Event = field(default_factory=threading.Event)
    """Cleared: requests wait for their answer."""

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that answers well until it is told otherwise."""
    found = Receiver()
    found.answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.tries += 1
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.answer.wait(30)
            status = found.status  # A test may change it now: what is not kept must not be called taken.
            if status < 300:
                found.messages.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.answer.set()
        server.shutdown()
        server.server_close()
        thread.join()


def nobody() -> str:
    """An address where nobody listens."""
    return f"json://127.0.0.1:9/{SECRET}"
