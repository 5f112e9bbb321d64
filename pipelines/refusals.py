"""Errors of disks and of outputs, found in the errors that a runner raises instead. Called by the mains.

A runner passes on the text of what a step raised, in this process or in another; the error itself is lost by then.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Final

from kittiwake.output.folder import OutputError

_OF_DISKS: Final = tuple(
    map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE))
)


def disk_error(error: BaseException) -> str | None:
    """The error message on a disk that refused to write; None: the error is another."""
    why = _found("\n".join(str(one) for one in _chain(error)))
    return why and f"a disk refuses, that of the output or of {tempfile.gettempdir()}: {why}"


_OF_OUTPUTS: Final = re.compile(rf"\b{OutputError.__name__}: (.+?)(?: \[while running '.*)?$", re.MULTILINE)


def output_error(error: BaseException) -> str | None:
    """The error message of the step that finishes an output; None: the error is another."""
    found = _OF_OUTPUTS.search("\n".join(str(one) for one in _chain(error)))
    return found and found[1]


def is_worth_logging(record: logging.LogRecord) -> bool:
    """Whether a line of a runner's log says more than the error messages of `disk_error` and `output_error`."""
    said = record.getMessage()
    return _found(said) is None and not _OF_OUTPUTS.search(said)


def _found(text: str) -> str | None:
    return next((why for why in _OF_DISKS if why in text), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
