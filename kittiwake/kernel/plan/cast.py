"""`cast`, compiled: texts that are read as numbers, and epoch numbers that are read as instants, by event type.

Read by `kernel.evaluate.cast`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.values import Path


class Epoch(StrEnum):
    """In what an instant is counted since 1970-01-01T00:00:00Z."""

    SECONDS = "epoch_seconds"
    MILLIS = "epoch_millis"


class Cast(msgspec.Struct, frozen=True):
    """What is read otherwise of the events of some types. `types` empty: every type but `contact.*` and `consent.*`."""

    types: frozenset[str]
    numbers: tuple[Path, ...] = ()
    instants: tuple[tuple[Path, Epoch], ...] = ()

    def covers(self, event_type: str | None) -> bool:
        """Whether it is about events of this type; None: of a type that nobody names."""
        if self.types:
            return event_type in self.types
        return event_type is None or not event_type.startswith(UNMATCHED_BY_ANY)
