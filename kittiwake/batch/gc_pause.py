"""Work on many small values without Python's search for cycles, which finds none among them but visits them all.

Called by the hosts around their loops over events, and by the command while modules load (a twelfth of all the time
that `validate` takes). What is collected later is collected then: nothing leaks.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Put off the search for cycles until the end of the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
