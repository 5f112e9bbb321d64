"""From the events of contacts to their interest in items: which, since when, and how long its changes are needed.

Pure. More interest than rules find is harmless: repeats, and conditions on the contact's attributes, are left to the
kernel. Called by every host that joins, with the events of contacts as they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.evaluate.cast import casting
from kittiwake.kernel.evaluate.catalog import item_text
from kittiwake.kernel.evaluate.derive import elements
from kittiwake.kernel.evaluate.match import Question, question_of, reader
from kittiwake.kernel.items.facts import TYPES_MAX
from kittiwake.kernel.plan.catalog_plan import CatalogPlan
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.match import Matches, Other, Predicate, leaves_of
from kittiwake.kernel.plan.preparation import Preparation
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event

Shown: TypeAlias = tuple[str, int]
"""An item, and for how long its changes are needed: `reach_us`."""

_Reading: TypeAlias = Callable[[dict[str, Any]], Iterator[Shown]]
"""From the properties of an event, as it came in, to the interest that it shows."""


class Interest(NamedTuple):
    """A contact's interest in an item, which covers its changes in `[from_us, to_us)`."""

    item_id: str
    from_us: int
    to_us: int


class InterestReader:
    """Reads events of contacts of one account, by the version of its rules in force at their time."""

    def __init__(self, versions: Versions, plan: CatalogPlan) -> None:
        """`plan` says which events show interest."""
        self._versions, self._plan = versions, plan
        self._readings: dict[tuple[int | None, str], _Reading | None] = {}

    def interests(self, event: Event) -> Iterator[Interest]:
        """The interest that an event shows, what is derived from it included; of one item the longest."""
        reading = self._reading(event.time_us, event.type)
        if reading is None:
            return
        reaches_us: dict[str, int] = {}
        for item_id, reach_us in reading(event.properties):
            reaches_us[item_id] = max(reach_us, reaches_us.get(item_id, 0))
        for item_id, reach_us in reaches_us.items():
            yield Interest(item_id, event.time_us, event.time_us + reach_us)

    def may_show(self, time_us: int, event_type: str) -> bool:
        """Whether an event of this type can show interest, by the version in force at its time."""
        return self._reading(time_us, event_type) is not None

    def _reading(self, time_us: int, event_type: str) -> _Reading | None:
        program = self._versions.at(time_us)
        key = program.effective_us, event_type
        try:
            return self._readings[key]
        except KeyError:
            if len(self._readings) >= TYPES_MAX:
                self._readings.clear()
            found = self._readings[key] = _reading_of(program.routes.preparation, self._plan, event_type)
            return found


def _reading_of(preparation: Preparation, plan: CatalogPlan, event_type: str) -> _Reading | None:
    """What reads the interest of events of a type; None: they show none."""
    own = _own_reading(preparation, plan, event_type)
    derived = [
        _derived_reading(one, reading)
        for one in preparation.derivations
        if any(match.covers(event_type) for match in one.parents)
        and (reading := _own_reading(preparation, plan, one.event)) is not None
    ]
    if not derived:
        return own
    readings = [*([own] if own else []), *(_after_cast(preparation, event_type, reading) for reading in derived)]
    return lambda properties: chain.from_iterable(reading(properties) for reading in readings)


def _own_reading(preparation: Preparation, plan: CatalogPlan, event_type: str) -> _Reading | None:
    """What reads the interest of events of a type itself, their casts included."""
    asked = [
        (reader(one.item), _question(covering), one.reach_us)
        for one in plan.interests
        if (covering := tuple(match for match in one.matches if match.covers(event_type)))
    ]
    if not asked:
        return None

    def read(properties: dict[str, Any]) -> Iterator[Shown]:
        for item_at, question, reach_us in asked:
            item_id = item_text(item_at(properties))
            if item_id is not None and (question is None or question(properties, NOTHING_KNOWN)):
                yield item_id, reach_us

    return _after_cast(preparation, event_type, read)


def _after_cast(preparation: Preparation, event_type: str, reading: _Reading) -> _Reading:
    cast = casting(preparation.casts, event_type)
    return reading if cast is None else lambda properties: reading(cast(properties))


def _derived_reading(derivation: Derivation, reading: _Reading) -> _Reading:
    """What reads the interest of what is derived from a list; which parents are derived from is not asked."""
    list_in = reader(derivation.each)

    def read(properties: dict[str, Any]) -> Iterator[Shown]:
        found = list_in(properties)
        if isinstance(found, list):
            kept = {name: properties[name] for name in derivation.keep if name in properties}
            for _, own in elements(derivation.name, found, kept, 0):
                yield from reading(own)

    return read


NOTHING_KNOWN: Final[Mapping[str, Any]] = {}
"""The attributes of a contact, of which the join knows nothing."""


def _question(covering: Matches) -> Question | None:
    """What is asked of an event that may show interest; nothing, if the answer may depend on the contact."""
    if any(match.where is not None and _asks_of_contact(match.where) for match in covering):
        return None
    return question_of(covering)


def _asks_of_contact(where: Predicate) -> bool:
    for one in leaves_of(where):
        if isinstance(one, Change) or one.of_contact or (isinstance(one.operand, Other) and one.operand.of_contact):
            return True
    return False


# ---------------------------------------------------------------- a contact's intervals


class Interval(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A time that a contact's interest in an item covers: `[from_us, to_us)`."""

    from_us: int
    to_us: int


def merged(intervals: list[Interval]) -> list[Interval]:
    """The same times in as few intervals as can be, rising."""
    found: list[Interval] = []
    for one in sorted(intervals):
        if found and one.from_us <= found[-1].to_us:
            found[-1] = Interval(found[-1].from_us, max(found[-1].to_us, one.to_us))
        else:
            found.append(one)
    return found
