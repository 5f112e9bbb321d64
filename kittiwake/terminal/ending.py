"""How a command or a main ends: by itself, by a signal, or with standard streams that nobody reads any more.

Called by the command and by every main of `kittiwake.pipelines`, around all that they do. A signal becomes a
`KeyboardInterrupt`, so that cleaning up is ordinary code. A standard stream that cannot be written to ends nothing: the
run goes on to its end, and its exit code says so.
"""

from __future__ import annotations

import atexit
import errno
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn, TextIO

from kittiwake.durable_files import ENDING
from kittiwake.terminal.exit_codes import Exit

_STANDARD: Final = (0, 1, 2)


class StopRequest:
    """Whether a signal has asked this process to stop. A main makes one, and hands it to whoever waits."""

    def __init__(self) -> None:
        self.signalled: Exit | None = None
        """The exit code of the signal; None: there was none."""

    @property
    def exit_code(self) -> Exit:
        """The exit code of a run that was interrupted, by a signal or by a `KeyboardInterrupt` of somebody else's."""
        return self.signalled or Exit.INTERRUPTED

    def listen(self) -> None:
        """Let every signal that ends a process interrupt it; again after a library has taken a signal for itself."""
        _handle(self._interrupt)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        """From here on only we print: a runner's threads complain at length of what ends under them."""
        import logging  # noqa: PLC0415 - what complains has loaded it

        self.signalled = Exit(128 + number)
        threading.excepthook = lambda _: None
        logging.disable()
        raise KeyboardInterrupt


def run_to_end(speaker: str, run: Callable[[StopRequest], int]) -> int:
    """Run to the end; the exit code. `speaker` begins the line that says that something could not be printed.

    Raises:
        SystemExit: `run` raised it; with its code, or another if that would not be true.
    """
    stop = StopRequest()
    _fill_standard_handles()
    out = _make_lasting("stdout")
    _make_lasting("stderr")
    with _listening(stop):
        try:
            code = _run(speaker, run, stop)
        except SystemExit as end:
            raise SystemExit(_true_code(speaker, _code_of(end, stop), out)) from None
    return _true_code(speaker, code, out)


def end_process(code: int) -> NoReturn:
    """End a process whose work is done, without waiting for threads of a runner.

    What is registered for the exit is done, and what is printed is written. Taking the interpreter apart would wait,
    while it collects gRPC's channels, for calls under way: a job that was stopped hung there for half a minute.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code)


def _run(speaker: str, run: Callable[[StopRequest], int], stop: StopRequest) -> int:
    try:
        return run(stop)
    except KeyboardInterrupt:
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        from kittiwake.terminal.printing import report_crash  # noqa: PLC0415 - what prints takes long to load

        report_crash(speaker)
        return Exit.FAILED


def _code_of(end: SystemExit, stop: StopRequest) -> int:
    if end.code == Exit.INTERRUPTED:  # Typer's, of every KeyboardInterrupt
        return stop.exit_code
    return end.code if isinstance(end.code, int) else Exit.FINE if end.code is None else Exit.FINDINGS


def _true_code(speaker: str, code: int, out: _Lasting | None) -> int:
    """The code, or that of a result that could not be printed; whoever closes a pipe early does not want to read it."""
    if sys.stdout is not None:
        sys.stdout.flush()
    if out is None or out.error is None or out.error.errno == errno.EPIPE or code not in (Exit.FINE, Exit.FINDINGS):
        return code
    message = f"standard output takes no more ({out.error.strerror}), and what is printed there is not whole"
    from kittiwake.terminal.printing import report_line  # noqa: PLC0415 - what prints takes long to load

    report_line(speaker, f"{message}; all else is done. The exit code would be {code:d}.")
    return Exit.UNPRINTED


# ---------------------------------------------------------------- signals


def quit_at_once() -> None:
    """End the process at a signal, silently. For the time in which modules load, and nothing has been begun."""
    _fill_standard_handles()
    _handle(lambda number, _: os._exit(128 + number))


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    """A signal that the process was started to ignore (`nohup`) stays ignored."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


@contextmanager
def _listening(stop: StopRequest) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    stop.listen()
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


# ---------------------------------------------------------------- standard streams


class _Lasting(io.FileIO):
    """A standard stream that never raises: what cannot be written is dropped, and the first error is kept."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle, "w", closefd=False)
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write everything, also to a stream that somebody who shares it has made non-blocking."""
        if self.error is None:
            try:
                while (written := super().write(data)) is None:
                    select.select([], [self], [])
                return written
            except OSError as error:
                self.error = error
        return len(data)


def _make_lasting(name: str) -> _Lasting | None:
    """Replace a standard stream by a lasting one; None: something else has replaced it already."""
    stream: TextIO | None = getattr(sys, name)
    if stream is None:
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - to the end of the process
        return None
    if stream is not getattr(sys, f"__{name}__") or not isinstance(stream, io.TextIOWrapper):
        return None
    stream.flush()
    raw = _Lasting(stream.fileno())
    lasting = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    setattr(sys, name, lasting)
    return raw


def _fill_standard_handles() -> None:
    """Open the null device for a closed standard stream (`>&-`): else the next file opened would take its number."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
