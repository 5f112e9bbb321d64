"""`derive`, compiled: one event of each element of a list.

Read by `kernel.evaluate.derive` and `kernel.run.derive`; for what events are needed by `plan.build`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.match import Matches
from kittiwake.values import Path


class Derivation(msgspec.Struct, frozen=True):
    """What becomes of the elements of a list in events of a match."""

    event: str
    """The type of the derived events."""
    parents: Matches
    each: Path
    """Where the list is."""
    keep: tuple[str, ...] = ()
    """Properties of the parent, at the top, that each derived event has, unless the element has its own."""
    name: str | None = None
    """Of a list of plain values, the property that holds one; None: those are skipped."""
