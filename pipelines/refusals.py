"""What the machine refuses, found in the errors that a runner makes of it. Called by mains.

A runner passes on the text of what a step raised, in this process or in another; the error itself is gone by then.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from typing import Final

_OF_DISKS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def refused(error: BaseException) -> str | None:
    """What a disk has refused, for a person; None: the error is another."""
    said = "\n".join(str(one) for one in _chain(error))
    for number in _OF_DISKS:
        if os.strerror(number) in said:
            return f"a disk refuses, that of the output or of {tempfile.gettempdir()}: {os.strerror(number)}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
