"""`include`, compiled: the author's fields of a trigger.

Read by `kernel.evaluate.include`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.about import Said
from kittiwake.values import Path


class Include(msgspec.Struct, frozen=True):
    name: str
    path: Path = ()
    of_contact: bool = False
    said: Said | None = None
    """What the rule says of itself, whatever the event; None: it is read at `path`."""

    @property
    def of_event(self) -> bool:
        """Whether it is a property of the event."""
        return self.said is None and not self.of_contact
