"""Files that have to be whole or not there: what is on the disk before something else happens, and who may write.

Called by whatever puts something in place: outputs, published rules, files of records. What is in them is theirs.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a process that is asked to end: Ctrl-C, who stops a container, a terminal that is closed."""


OUTPUT_MARK: Final = ".kittiwake"
"""The name of a file that stands in every folder that a run has written: what lies beside it is nobody's rules."""


def flush(path: Path) -> None:
    """Make the bytes of a file, or the names in a folder, outlive a loss of power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def flush_tree(folder: Path) -> None:
    """Make everything in a folder outlive a loss of power, and the folder itself."""
    for below, _, files in os.walk(folder):
        for name in files:
            flush(Path(below) / name)
        flush(Path(below))


def make_folder(folder: Path) -> None:
    """Make a folder and all above it that are not there, so that they outlive a loss of power."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)


def locked(path: Path) -> IO[bytes] | None:
    """The file, made if it is not there, for this process alone until it is closed; None: another process has it.

    The lock of a killed process is gone with it. Whoever holds the lock may rename or remove the file: then it is
    looked for anew.
    """
    while True:
        file = path.open("ab+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file
            file.close()
        except BlockingIOError:
            file.close()
            return None
        except BaseException:
            file.close()
            raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Whoever puts something in place in a folder, one after the other, in this process and in others.

    A step of moments, beside `locked`, which says whose the folder is for a whole run.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's file system that locks no folders: then `locked` alone protects it
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def undisturbed() -> Iterator[None]:
    """Drops what asks the process to end while the block runs, which must take moments only.

    For putting something in place, and for clearing up when a first signal has ended a run. In a thread beside the
    main one it does nothing: Python calls handlers in the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    ours = {number: handler for number, handler in before.items() if handler is not None}  # None: set by no Python
    try:
        for number in ours:
            signal.signal(number, signal.SIG_IGN)
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
