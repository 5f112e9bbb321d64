"""From the events of one item to its item changes: what each contact is given that showed interest in it.

Pure. An item change holds the item's values at the event, and of each value that rules read what it was before and
since when (ADR 0026). Called by `join`, by `index` and by batch hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from kittiwake.event_types import item_change_type
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.model import KNOWN, Event
from kittiwake.values import canonical, parse_json

Last: TypeAlias = tuple[int, str, str, str]
"""The last value that is known of a path: time, id and type of the event that set it, and the value as JSON."""

LastValues: TypeAlias = Mapping[str, Last]
"""By dotted path."""


class ItemChange(NamedTuple):
    """What becomes of an item event, for whichever contact."""

    time_us: int
    event_id: str
    type: str
    """That of `event_types.item_change_type`."""
    properties: bytes
    """Canonical JSON."""


def event_of(change: ItemChange, account_id: str = "", contact_id: str | None = None) -> Event:
    """An item change as an event of a contact."""
    time_us, event_id, event_type, properties = change
    return Event(time_us, event_id, event_type, parse_json(properties), account_id, contact_id)


def in_order(facts: Iterable[ItemFact]) -> list[ItemFact]:
    """Item events by time, id and type; of those that share all three, the one that counts."""
    found: dict[tuple[int, str, str], ItemFact] = {}
    for fact in sorted(facts):
        found.setdefault((fact.time_us, fact.event_id, fact.type), fact)
    return list(found.values())


def without_duplicates(
    facts: Iterable[ItemFact], horizon_us: int, counted_us: Mapping[tuple[str, str], int] | None = None
) -> Iterator[ItemFact]:
    """Of item events in order those that are no duplicates: of an id and a type one counts within the horizon.

    `counted_us` are the times of those that counted before, by id and type.
    """
    newest_us = dict(counted_us or {})
    for fact in facts:
        name = fact.event_id, fact.type
        before_us = newest_us.get(name)
        if before_us is None or fact.time_us - before_us > horizon_us:
            newest_us[name] = fact.time_us
            yield fact


def item_changes(item_id: str, facts: Iterable[ItemFact], before: LastValues | None = None) -> Iterator[ItemChange]:
    """The changes of an item, of its events in order and without duplicates; `before` is what was known of it.

    An event that says nothing of what rules read changes nothing, and is left out.
    """
    last = dict(before or {})
    for fact in facts:
        if fact.now:
            yield change_of(item_id, fact, last)
            note(last, fact)


def note(last: dict[str, Last], fact: ItemFact) -> None:
    """Note the values of an event that counts as the last that are known."""
    for path, value in fact.now:
        last[path] = fact.time_us, fact.event_id, fact.type, value


def change_of(item_id: str, fact: ItemFact, last: LastValues, known: int = 0) -> ItemChange:
    """The item change of an event, of which the values before it are known; `known` says how much is, 0: everything."""
    before = ",".join(f"{canonical(path)}:{_text_of(last[path])}" for path in sorted(last))
    now = ",".join(f"{canonical(path)}:{value}" for path, value in fact.now)
    how_much = f"{canonical(KNOWN)}:{known}," if known else ""
    text = f'{{"before":{{{before}}},"item_id":{canonical(item_id)},{how_much}"now":{{{now}}}}}'
    return ItemChange(fact.time_us, fact.event_id, item_change_type(fact.type, item_id), text.encode())


def _text_of(last: Last) -> str:
    time_us, event_id, event_type, value = last
    return f"[{time_us},{canonical(event_id)},{canonical(event_type)},{value}]"
