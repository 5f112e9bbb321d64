"""How a command or a main comes to its end: by itself, by a signal, or with nobody left to read what it prints.

Called by the command and by every main of `pipelines`, around all that they do. A signal becomes a `KeyboardInterrupt`,
so that what has been begun is cleared away. A standard stream that takes no more words ends nothing: a run goes on to
its end and is told by its exit code.
"""

from __future__ import annotations

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
from typing import Any, Final, TextIO

from kittiwake.durable_files import ENDING
from kittiwake.terminal.exit_codes import Exit

_STANDARD: Final = (0, 1, 2)

_asked: Exit | None = None
"""With what somebody has asked the process to end."""


def ended(speaker: str, run: Callable[[], int]) -> int:
    """Run to the end; the exit code. `speaker` begins the line that says that something could not be printed.

    Raises:
        SystemExit: `run` raised it; with its code, or another if that would not be true.
    """
    global _asked  # noqa: PLW0603 - a process is asked once, and a handler has nobody to give it to
    _asked = None
    _fill_standard_handles()
    out = _lasting("stdout")
    _lasting("stderr")
    with _listening():
        try:
            code = _run(speaker, run)
        except SystemExit as end:
            raise SystemExit(_true_code(speaker, _number(end), out)) from None
    return _true_code(speaker, code, out)


def _run(speaker: str, run: Callable[[], int]) -> int:
    try:
        return run()
    except KeyboardInterrupt:
        return interrupted()
    except Exception:  # noqa: BLE001 - told, and an exit of its own
        from kittiwake.terminal.printing import remark_crash  # noqa: PLC0415 - what prints takes long to load

        remark_crash(speaker)
        return Exit.FAILED


def asked() -> Exit | None:
    """With what somebody has asked the process to end; None: nobody has."""
    return _asked


def interrupted() -> Exit:
    """The exit code of what was interrupted."""
    return _asked or Exit.INTERRUPTED


def _number(end: SystemExit) -> int:
    if end.code == Exit.INTERRUPTED:  # Typer's, of every KeyboardInterrupt
        return interrupted()
    return end.code if isinstance(end.code, int) else Exit.FINE if end.code is None else Exit.FINDINGS


def _true_code(speaker: str, code: int, out: _Lasting | None) -> int:
    """The code, or that nobody has got to know the result. Who closes a pipe early does not want to."""
    if sys.stdout is not None:
        sys.stdout.flush()
    if out is None or out.error is None or out.error.errno == errno.EPIPE or code not in (Exit.FINE, Exit.FINDINGS):
        return code
    message = f"standard output takes no more ({out.error.strerror}), and what is printed there is not whole"
    from kittiwake.terminal.printing import remark  # noqa: PLC0415 - what prints takes long to load

    remark(speaker, f"{message}; all else is done. The exit code would be {code:d}.")
    return Exit.UNPRINTED


# ---------------------------------------------------------------- signals


def quit_at_once() -> None:
    """End the process at a signal without a word. For the time in which modules load, and nothing has been begun."""
    _fill_standard_handles()
    _handle(lambda number, _: os._exit(128 + number))


def listen() -> None:
    """Let every signal that ends a process interrupt it. Again after a library has taken one for itself."""
    _handle(_interrupt)


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    """A signal that whoever started the process wants to be ignored (`nohup`) stays so."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """From here on only we speak: a runner's threads complain at length of what ends under them."""
    global _asked  # noqa: PLW0603 - see `ended`
    import logging  # noqa: PLC0415 - what complains has loaded it

    _asked = Exit(128 + number)
    threading.excepthook = lambda _: None
    logging.disable()
    raise KeyboardInterrupt


@contextmanager
def _listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    listen()
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


# ---------------------------------------------------------------- standard streams


class _Lasting(io.FileIO):
    """A standard stream that takes everything: what cannot be written is dropped, and why is kept."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle, "w", closefd=False)
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write, and wait where whoever shares the stream has made it one that does not."""
        if self.error is None:
            try:
                while (written := super().write(data)) is None:
                    select.select([], [self], [])
                return written
            except OSError as error:
                self.error = error
        return len(data)


def _lasting(name: str) -> _Lasting | None:
    """Put a lasting stream in the place of a standard one; None: something else stands there already."""
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
    """Where a standard stream is closed (`>&-`), nothing: else the next file that is opened would take its number."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
