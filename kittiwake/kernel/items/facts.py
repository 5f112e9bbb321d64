"""Item events as the join keeps them: of their properties only the values that rules read, and what orders duplicates.

Pure. Called by every host that joins, with the events of items as they came in.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from kittiwake.kernel.evaluate.cast import Casting, casting
from kittiwake.kernel.evaluate.match import reader
from kittiwake.kernel.plan.catalog_plan import CatalogPlan
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event
from kittiwake.values import canonical

REST_CHARS_MAX: Final = 512
"""Characters of an item event's rest that are kept to order its duplicates; a longer one ends in a digest."""

VALUE_CHARS_MAX: Final = 4_096
"""Characters of a value of an item, as canonical JSON, that contacts are given: each of them gets it twice. A longer
one counts as missing."""

TYPES_MAX: Final = 10_000
"""Types whose casts are kept at hand; an account has dozens."""


class ItemFact(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """An event of an item. They are ordered by `(time_us, event_id, type)`; duplicates of one time by their rest."""

    time_us: int
    event_id: str
    type: str
    rest: str
    """See `rest_key`. Left empty where no other event shares time, id and type."""
    now: tuple[tuple[str, str], ...]
    """By dotted path the values that rules read, as canonical JSON; without those that are missing or null."""


def rest_key(rest: str) -> str:
    """What orders duplicates that share time, id and type: the canonical JSON of the rest, a long one by its beginning.

    >>> rest_key('{"price":1}')
    '{"price":1}'
    """
    if len(rest) <= REST_CHARS_MAX:
        return rest
    return rest[:REST_CHARS_MAX] + sha256(rest.encode()).hexdigest()


class FactReader:
    """Reads item events of one account, by the version of its rules in force at their time."""

    def __init__(self, versions: Versions, plan: CatalogPlan) -> None:
        """`plan` says which values are read."""
        self._versions = versions
        self._paths = sorted((".".join(path), reader(path)) for path in plan.paths)
        self._casts: dict[tuple[int | None, str], Casting | None] = {}

    def fact(self, event: Event, *, with_rest: bool = True) -> ItemFact:
        """What is kept of an item event; without its rest where it is known to have no duplicate."""
        cast = self._cast(event)
        properties = event.properties if cast is None else cast(event.properties)
        found = ((name, value) for name, value_at in self._paths if (value := value_at(properties)) is not None)
        texts = ((name, canonical(value)) for name, value in found)
        now = tuple((name, text) for name, text in texts if len(text) <= VALUE_CHARS_MAX)
        rest = rest_key(canonical(event.properties)) if with_rest else ""
        return ItemFact(event.time_us, event.event_id, event.type, rest, now)

    def _cast(self, event: Event) -> Casting | None:
        program = self._versions.at(event.time_us)
        casts = program.routes.preparation.casts
        if not casts:
            return None
        key = program.effective_us, event.type
        if key not in self._casts:
            if len(self._casts) >= TYPES_MAX:
                self._casts.clear()
            self._casts[key] = casting(casts, event.type)
        return self._casts[key]
