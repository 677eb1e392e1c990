"""What is recorded without being asked for: uncaught exceptions, warnings, C-level crashes, the five loggers, stacks.

Every hook calls what was there before it, and leaves when the logger closes.
"""

import contextlib
import faulthandler
import logging
import os
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import ClassVar, TextIO

from trainmon.calls.log_calls import LogCalls
from trainmon.calls.logger_hooks import LoggerHook
from trainmon.facts.events import Message, Warned
from trainmon.facts.values import as_text
from trainmon.recording.writer import CLOSE_LIMIT, Writer
from trainmon.stacks.stack_file import StackFile, free_signal
from trainmon.system.private_files import Identity, high_descriptor, identity, make_unwritable, open_append
from trainmon.words.paths import FAULTS

LOGGERS = ("training_progress", "error_logger", "performance", "model_operations")
"""The loggers of the spec beside the general one, which has the application's name."""


class Hooks:
    """The hooks of one logger."""

    def __init__(
        self, logger: LogCalls, *, exceptions: bool, warnings: bool, faults: bool, loggers: bool, stacks: bool
    ) -> None:
        self._logger = logger
        self._stacks: StackFile | None = None
        self._recorder = logger.recorder
        self._handlers: list[LoggerHook] = []
        self._passing = threading.local()
        """Whether this thread passes on a warning that was recorded."""
        self._undo = contextlib.ExitStack()
        if exceptions:
            self._hook_exceptions()
        if warnings:
            self._hook_warnings()
        if loggers:
            self._hook_loggers()
        if faults and self._recorder.writer is not None:
            self._hook_faults(self._recorder.writer)
        if stacks and self._recorder.writer is not None:
            self._hook_stacks(self._recorder.writer)

    def each_second(self) -> None:
        """Puts back what a logging configuration removed, and records that stacks were asked for, and the answer.

        In the writer thread, once a second.
        """
        for handler in self._handlers:
            handler.attach()
        if self._stacks is None:
            return
        try:
            answer = self._stacks.look()
        except OSError as error:
            self._stacks = None
            self._recorder.note("WARNING", f"stacks cannot be asked for any more: {error}")
            return
        if answer is not None:
            text = "somebody asked for the stacks of all threads (hang X-ray)"
            stamp = self._recorder.stamp()
            self._recorder.put(Message(*stamp, logger="trainmon", level="INFO", text=text, traceback=answer))

    def remove(self) -> None:
        """Takes the hooks out again, where nobody put others on top of them."""
        self._undo.close()

    def _hook_exceptions(self) -> None:
        before, threads_before = sys.excepthook, threading.excepthook

        def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            self._record_end(error)
            before(kind, error, trace)

        def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
            if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
                name = args.thread.name if args.thread is not None else "?"
                self._logger.log_error_with_context(
                    args.exc_value, f"uncaught in thread {name}", uncaught=False
                )
            threads_before(args)

        sys.excepthook = uncaught
        threading.excepthook = uncaught_in_thread

        def restore() -> None:
            if sys.excepthook is uncaught:
                sys.excepthook = before
            if threading.excepthook is uncaught_in_thread:
                threading.excepthook = threads_before

        self._undo.callback(restore)

    def _record_end(self, error: BaseException) -> None:
        """Records what ends the program, and the end of the training that it ends; never raises.

        At a prompt of the interpreter a mistake ends nothing.
        """
        try:
            if hasattr(sys, "ps1"):
                self._logger.log_error_with_context(error, "at the prompt")
                return
            self._logger.end_by(error, "uncaught exception", interrupted=isinstance(error, KeyboardInterrupt))
        except Exception as failure:  # noqa: BLE001 - the program's own exception must still be shown
            self._logger.complain("uncaught exception", failure)

    def _hook_warnings(self) -> None:
        before = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            self._record_warning(message, category.__name__, filename, lineno)
            self._passing.on = True
            try:
                before(message, category, filename, lineno, file, line)
            finally:
                self._passing.on = False

        warnings.showwarning = show
        self._add(
            LoggerHook.of_warnings(
                self._logger, self._record_warning, lambda: getattr(self._passing, "on", False)
            )
        )

        def restore() -> None:
            if warnings.showwarning is show:
                warnings.showwarning = before

        self._undo.callback(restore)

    def _record_warning(self, message: object, category: str, filename: str, lineno: int) -> None:
        try:
            said, kind = as_text(str(message)), as_text(category, 200)
            place = as_text(f"{os.path.basename(filename)}:{lineno}", 500)
            event = Warned(*self._recorder.stamp(), category=kind, message=said, location=place)
            self._recorder.put(event)
        except Exception as error:  # noqa: BLE001 - a foreign warning may be anything, and must still be shown
            self._logger.complain("warning", error)

    def _hook_loggers(self) -> None:
        options = self._recorder.options
        level: int = getattr(logging, options.level)
        self._add(LoggerHook.of_loggers(self._logger, (options.app_name, *LOGGERS), level))

    def _add(self, handler: LoggerHook) -> None:
        self._handlers.append(handler)
        self._undo.callback(handler.remove)

    def _hook_faults(self, writer: Writer) -> None:
        """Has `faulthandler` write into the folder; one that the program enabled itself is left alone.

        The file is opened and removed in the writer thread: a disk that does not answer must hold up nobody else.
        """
        if faulthandler.is_enabled() and not FaultReport.is_parked():
            return
        report = FaultReport(self._recorder.folder / f"{FAULTS}.{os.getpid()}.log")
        writer.do(lambda: self._enable(report), CLOSE_LIMIT)

        def restore() -> None:
            if self._recorder.writer is writer:  # In a forked child the file is the parent's.
                writer.do(report.remove, 0.0)

        self._undo.callback(restore)

    def _hook_stacks(self, writer: Writer) -> None:
        """Has the program answer a signal of its own choice with its stacks, see `trainmon.stacks.stack_file`."""
        number = free_signal()
        if number is None:
            return
        stacks = StackFile(number, self._recorder.writer_id)
        writer.do(lambda: self._register(stacks), CLOSE_LIMIT)

        def restore() -> None:
            if self._recorder.writer is writer:  # In a forked child the file is the parent's.
                self._stacks = None
                writer.do(stacks.remove, 0.0)

        self._undo.callback(restore)

    def _register(self, stacks: StackFile) -> None:
        try:
            stacks.register()
        except (OSError, RuntimeError, ValueError) as error:
            self._recorder.note("WARNING", f"this program cannot be asked for its stacks: {error}")
        else:
            self._stacks = stacks

    def _enable(self, report: "FaultReport") -> None:
        try:
            report.enable()
        except OSError as error:
            self._recorder.note("WARNING", f"C-level crashes are not recorded: {error}")


class FaultReport:
    """The file that `faulthandler` writes to; for the writer thread."""

    _parked: ClassVar[tuple[int, Identity | None]] = (-1, None)
    """The descriptor that `faulthandler` has of a logger that was closed, and what it is now: it leads nowhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._identity: Identity | None = None

    @classmethod
    def is_parked(cls) -> bool:
        """Whether `faulthandler` is enabled for a logger that was closed, and the next one may have it."""
        descriptor, own = cls._parked
        return own is not None and identity(descriptor) == own

    def enable(self) -> None:
        """Makes the file and has C-level crashes written to it.

        Raises:
            OSError: It cannot be made.
        """
        descriptor = open_append(self._path)
        if self.is_parked():
            self._descriptor, _ = self._parked
            FaultReport._parked = (-1, None)
            os.dup2(descriptor, self._descriptor, inheritable=False)
            os.close(descriptor)
        else:
            self._descriptor = high_descriptor(descriptor)
            faulthandler.enable(self._descriptor)
        self._identity = identity(self._descriptor)

    def remove(self) -> None:
        """Has nothing more written to the file, and unlinks it if nothing was.

        The handler stays, with the descriptor, which leads nowhere from now on: if the program enabled it for a file of
        its own since, that cannot be seen, and disabling it would take away what is not ours.
        """
        if self._identity is None or identity(self._descriptor) != self._identity:
            return
        try:
            if os.fstat(self._descriptor).st_size == 0:
                self._path.unlink(missing_ok=True)
            FaultReport._parked = (self._descriptor, make_unwritable(self._descriptor))
        except OSError:
            return  # The folder is gone, or there are no descriptors: an empty file stays.
