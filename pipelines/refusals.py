"""What the machine refuses, found in the errors that a runner makes of it. Called by mains.

A runner passes on the text of what a step raised, in this process or in another; the error itself is gone by then.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from typing import Final

_OF_DISKS: Final = tuple(
    map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE))
)


def refused(error: BaseException) -> str | None:
    """What a disk has refused, for a person; None: the error is another."""
    why = _found("\n".join(str(one) for one in _chain(error)))
    return why and f"a disk refuses, that of the output or of {tempfile.gettempdir()}: {why}"


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line of a runner's log says more than the error message that `refused` makes."""
    return _found(record.getMessage()) is None


def _found(text: str) -> str | None:
    return next((why for why in _OF_DISKS if why in text), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
