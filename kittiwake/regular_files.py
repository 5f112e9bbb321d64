"""Files opened only if they are files: nothing named by a person or found in a folder may hang a command.

`-` is standard input: it is copied into a temporary file when it is first asked for, since most files are read more
than once. Opens files. Called by the loaders of rules and scenarios, by targets that are folders, and by the readers
of events.
"""

from __future__ import annotations

import os
import stat
import sys
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO, Final

STANDARD_INPUT: Final = "-"
"""The name of standard input."""

_OTHERS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NoFileError(OSError):
    """A name of something else than a file; `strerror` says of what."""


def open_file(path: Path | str) -> BinaryIO:
    """A file, opened for reading. It never waits: a pipe without a writer would be waited for without end.

    Raises:
        NoFileError: it is something else: a folder, pipe, socket or device.
        OSError: it is not there, or may not be read.
    """
    path = path_of(path)
    _refuse_others(path.stat())  # before it is opened, which may do something to a device
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_others(os.fstat(opened))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def path_of(name: Path | str) -> Path:
    """Where the bytes of a name lie: its own path, but of `-` the copy of standard input.

    Raises:
        OSError: standard input is a terminal, or closed, or cannot be copied.
    """
    return Path(copy_of_standard_input().name if str(name) == STANDARD_INPUT else name)


@cache
def copy_of_standard_input() -> IO[bytes]:
    """All of standard input, to its end; the file goes with the process."""
    if sys.stdin is None or sys.stdin.isatty():
        raise NoFileError(None, "standard input is no pipe: write, say, zcat events.jsonl.gz | kittiwake …")
    import shutil  # noqa: PLC0415 - nobody else needs them at the start of a command
    from tempfile import NamedTemporaryFile  # noqa: PLC0415

    copy = NamedTemporaryFile(prefix="kittiwake-stdin-")  # noqa: SIM115 - to the end of the process
    shutil.copyfileobj(sys.stdin.buffer, copy)
    copy.flush()
    return copy


def _refuse_others(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        words = next((words for is_so, words in _OTHERS if is_so(status.st_mode)), "something else")
        raise NoFileError(None, f"it is no file but {words}")


def why_not(path: Path | str, error: OSError) -> str:
    """Why a file could not be opened or read, for a person."""
    if isinstance(error, FileNotFoundError) and Path(path).is_symlink():
        return f"it is a symbolic link to {Path(path).readlink()}, which is not there"
    return error.strerror or str(error)
