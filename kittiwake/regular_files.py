"""Files opened only if they are files: nothing named by a person or found in a folder may hang a command.

Opens files. Called by the loaders of rules and scenarios, by targets that are folders, and by the readers of events.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

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
    _refuse_others(Path(path).stat())  # before it is opened, which may do something to a device
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_others(os.fstat(opened))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def _refuse_others(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        words = next((words for is_so, words in _OTHERS if is_so(status.st_mode)), "something else")
        raise NoFileError(None, f"it is no file but {words}")


def why_not(path: Path | str, error: OSError) -> str:
    """Why a file could not be opened or read, for a person."""
    if isinstance(error, FileNotFoundError) and Path(path).is_symlink():
        return f"it is a symbolic link to {Path(path).readlink()}, which is not there"
    return error.strerror or str(error)
