"""What a program says with the standard library's `logging`: to the loggers of the spec, and as captured warnings.

The handlers are put back where a logging configuration took them away: `logging.config.dictConfig` removes those of
every logger that it names.
"""

import logging
import re
from collections.abc import Callable, Sequence

from trainmon.calls.log_calls import LogCalls
from trainmon.facts.events import Message
from trainmon.facts.tracebacks import describe
from trainmon.facts.values import as_text

WARNINGS_LOGGER = "py.warnings"
"""Where `logging.captureWarnings(True)` sends warnings."""

_WARNING = re.compile(
    r"(?P<file>[^\n]*?):(?P<line>\d+): (?P<kind>\w+): (?P<said>.*?)(?:\n {2}[^\n]*)?\n?", re.DOTALL
)
"""As `warnings.formatwarning` writes it; the last line is that of the source."""

RecordWarning = Callable[[object, str, str, int], None]
"""Records (message, category, file, line) of a warning."""


class _Handler(logging.Handler):
    """Records; what goes wrong is said once, because a log call of the program must not raise."""

    def __init__(self, calls: LogCalls) -> None:
        super().__init__()
        self._calls = calls
        self.over = False
        """The logger was closed: nothing more is recorded."""

    def emit(self, record: logging.LogRecord) -> None:
        """Records one log record."""
        if self.over:
            return
        try:
            self._record(record)
        except Exception as error:  # noqa: BLE001 - a foreign record may hold anything
            self._calls.complain("logging", error)

    def _record(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001 - wrong arguments of a foreign call
            text = f"{as_text(record.msg)} [cannot be formatted: {type(error).__name__}]"
        failure = record.exc_info[1] if record.exc_info else None
        trace = describe(failure).traceback if failure is not None else ""
        if record.stack_info:
            trace = "\n".join(filter(None, (trace.rstrip("\n"), as_text(record.stack_info))))
        recorder = self._calls.recorder
        name, level, said = as_text(record.name, 200), as_text(record.levelname, 80), as_text(text)
        event = Message(*recorder.stamp(), logger=name, level=level, text=said, traceback=trace)
        recorder.put(event, wake=record.levelno >= logging.ERROR)


class _WarningsHandler(_Handler):
    """Records captured warnings as what they are."""

    def __init__(
        self, calls: LogCalls, record_warning: RecordWarning, is_recorded: Callable[[], bool]
    ) -> None:
        super().__init__(calls)
        self._record_warning = record_warning
        self._is_recorded = is_recorded

    def _record(self, record: logging.LogRecord) -> None:
        if self._is_recorded():
            return
        found = _WARNING.fullmatch(record.getMessage())
        if found is None:
            super()._record(record)
        else:
            self._record_warning(found["said"], found["kind"], found["file"], int(found["line"]))


class LoggerHook:
    """One handler on some loggers."""

    def __init__(self, handler: _Handler, names: Sequence[str], level: int | None) -> None:
        self._handler = handler
        self._loggers = [logging.getLogger(name) for name in names]
        self._levelled: list[logging.Logger] = []
        self.attach()
        for logger in self._loggers:
            if level is not None and logger.level == logging.NOTSET:
                logger.setLevel(level)
                self._levelled.append(logger)

    @classmethod
    def of_loggers(cls, calls: LogCalls, names: Sequence[str], level: int) -> "LoggerHook":
        """Records what is said to loggers; those without a level of their own get one."""
        return cls(_Handler(calls), names, level)

    @classmethod
    def of_warnings(
        cls, calls: LogCalls, record_warning: RecordWarning, is_recorded: Callable[[], bool]
    ) -> "LoggerHook":
        """Records captured warnings, apart from the one of which `is_recorded` says that it was recorded before."""
        return cls(_WarningsHandler(calls, record_warning, is_recorded), (WARNINGS_LOGGER,), None)

    def attach(self) -> None:
        """Puts the handler where it is missing."""
        for logger in self._loggers:
            if self._handler not in logger.handlers and not self._handler.over:
                logger.addHandler(self._handler)

    def remove(self) -> None:
        """Takes the handler away for good, and the levels that were set."""
        self._handler.over = True
        for logger in self._loggers:
            logger.removeHandler(self._handler)
        for logger in self._levelled:
            logger.setLevel(logging.NOTSET)
