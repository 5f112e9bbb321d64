"""Who may read what a run writes about people: its owner alone, unless the run was asked to share it.

Called by the commands and mains that write rows, pages and records. What is written is theirs.
Only new files and folders are concerned: the rights of a folder that is there already are its owner's business.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OWNER_ALONE: Final = 0o600
"""The mode of a file about people."""
_NOT_FOR_OTHERS: Final = 0o077


def usual_mode() -> int:
    """The mode of a new file as the umask has it, for one that was made with another."""
    mask = os.umask(_NOT_FOR_OTHERS)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def kept_from_others(*, shared: bool) -> Iterator[None]:
    """While the block runs, new files and folders of this process are for its owner alone; `shared`: as its umask says.

    Processes that are started within the block inherit it, workers of a runner among them. It holds for all threads.
    """
    if shared:
        yield
        return
    before = os.umask(_NOT_FOR_OTHERS)
    os.umask(before | _NOT_FOR_OTHERS)
    try:
        yield
    finally:
        os.umask(before)
