"""The log call for errors, and what every log call has in common: it never raises, and says once what failed."""

import time
from collections.abc import Mapping
from contextlib import suppress
from zlib import crc32

from msgspec import structs

from trainmon.calls.repeats import Repeats
from trainmon.facts.events import Error
from trainmon.facts.given import as_flag, as_object
from trainmon.facts.tracebacks import ErrorDescription, describe
from trainmon.facts.values import as_text, type_name
from trainmon.recording.recorder import Recorder
from trainmon.words.forgiving import forgiving

never_raises = forgiving(lambda calls: calls, None, Exception)
"""A log call whose failure is said once a cause and counted."""


def _described(error: object) -> ErrorDescription:
    """What is no exception, most often a text, in the place of one."""
    kind, message = type_name(error), as_text(error)
    return ErrorDescription(kind, message, "", f"{crc32(f'{kind}|{message[:200]}'.encode()):08x}", None)


class ErrorCalls:
    """What records errors; those that repeat are counted."""

    recorder: Recorder

    def __init__(self) -> None:
        self._repeats = Repeats()
        self._last_error: tuple[int, str, str] | None = None
        """Identity, fingerprint and message of the last error; the error itself would keep its frames alive."""

    def complain(self, where: str, error: Exception) -> None:
        """Says once a cause that a log call failed, also to whoever watches; the training goes on."""
        cause = f"{where} {type(error).__name__}"
        with suppress(Exception):
            self.recorder.warn_once(cause, f"{where} failed and goes on: {as_text(error, 500)}")

    @never_raises
    def log_error_with_context(
        self,
        error: BaseException,
        context: str,
        additional_data: Mapping[str, object] | None = None,
        *,
        uncaught: bool = False,
    ) -> None:
        """Records an exception with its traceback, its causes and what the program knows beside it.

        The same error more than once in a second becomes one record with a count.

        Args:
            error: The exception; anything else is kept as text.
            context: What was being done.
            additional_data: Anything that helps; secrets are masked, never are locals of frames recorded.
            uncaught: The exception leaves the program or a thread.
        """
        described = describe(error) if issubclass(type(error), BaseException) else _described(error)
        event = Error(
            self.recorder.writer_id,
            -1,  # It gets its number when it is recorded: one that is only counted must not use one up.
            time.time(),
            time.monotonic(),
            error_type=described.error_type,
            message=described.message,
            context=as_text(context),
            traceback=described.traceback,
            fingerprint=described.fingerprint,
            location=described.location,
            additional_data=as_object(additional_data),
            uncaught=as_flag(uncaught),
        )
        self._last_error = (id(error), described.fingerprint, described.message)
        self.record_error(event)

    def recorded(self, error: BaseException) -> bool:
        """Whether this very exception was the last that was recorded."""
        last = self._last_error
        if last is None or last[0] != id(error):
            return False
        # A new exception may stand where an old one was.
        described = describe(error)
        return last[1:] == (described.fingerprint, described.message)

    def record_error(self, event: Error) -> None:
        """Records an error, or counts it where it came within the last second."""
        if self.recorder.writer is None or self._repeats.admit(event):
            self._record_numbered(event, wake=True)

    def record_repeats(self, *, all_of_them: bool = False) -> None:
        """Records the errors that were counted; called by the writer thread each second, and at the end."""
        if self.recorder.writer is None:
            return  # In a forked child: what was counted is the parent's to record.
        for event in self._repeats.take(time.monotonic(), all_of_them=all_of_them):
            self._record_numbered(event, wake=False)

    def _record_numbered(self, event: Error, *, wake: bool) -> None:
        writer, seq, _, _ = self.recorder.stamp()
        self.recorder.put(structs.replace(event, writer=writer, seq=seq), wake=wake)
