"""The join in memory, whole: the item changes of contacts, of all events of items and all of theirs.

Pure. For hosts that have few of both: explanations, scenarios, tests. Batch hosts join what does not fit into memory
(`kittiwake.batch.items`), and a stream joins step by step (`index`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kittiwake.kernel.items.changes import ItemChange, event_of, in_order, item_changes, without_duplicates
from kittiwake.kernel.items.facts import FactReader, ItemFact
from kittiwake.kernel.items.interests import InterestReader, Interval, merged
from kittiwake.kernel.plan.catalog_plan import CatalogPlan, catalog_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.model import Event


def joined(
    versions: Versions, plan: CatalogPlan, item_events: Iterable[Event], events: Iterable[Event], contact_id: str
) -> list[Event]:
    """The item changes of one contact, of events of items and its own, in any order and with duplicates."""
    intervals = intervals_of(versions, plan, events)
    wanted = (event for event in item_events if event.item_id in intervals)
    changes = changes_by_item(versions, plan, wanted)
    account_id = versions.newest.account_id
    return [
        event_of(change, account_id, contact_id)
        for item_id, covered in intervals.items()
        for change in covering(changes.get(item_id, ()), covered)
    ]


def intervals_of(versions: Versions, plan: CatalogPlan, events: Iterable[Event]) -> dict[str, list[Interval]]:
    """By item, the times that a contact's interest covers."""
    read = InterestReader(versions, plan)
    found: dict[str, list[Interval]] = {}
    for event in events:
        for one in read.interests(event):
            found.setdefault(one.item_id, []).append(Interval(one.from_us, one.to_us))
    return {item_id: merged(intervals) for item_id, intervals in found.items()}


def changes_by_item(
    versions: Versions, plan: CatalogPlan, item_events: Iterable[Event]
) -> Mapping[str, list[ItemChange]]:
    """The changes of every item, in order."""
    read = FactReader(versions, plan)
    facts: dict[str, list[ItemFact]] = {}
    for event in item_events:
        assert event.item_id is not None, "an event of an item"
        facts.setdefault(event.item_id, []).append(read.fact(event))
    return {
        item_id: list(item_changes(item_id, without_duplicates(in_order(own), versions.horizon_us)))
        for item_id, own in facts.items()
    }


def covering(changes: Iterable[ItemChange], intervals: Iterable[Interval]) -> Iterator[ItemChange]:
    """The changes, in order, at a time that one of the rising intervals covers."""
    coming = iter(intervals)
    interval = next(coming, None)
    for change in changes:
        while interval is not None and interval.to_us <= change.time_us:
            interval = next(coming, None)
        if interval is None:
            return
        if interval.from_us <= change.time_us:
            yield change


def of_contact(rules: Program | Versions, events: Iterable[Event], contact_id: str) -> list[Event]:
    """The events of a contact, and of those of items among them its item changes, in any order."""
    versions = as_versions(rules)
    given = list(events)
    own = [event for event in given if event.item_id is None]
    of_items = [event for event in given if event.item_id is not None]
    plan = catalog_of(versions) if of_items else None
    return own if plan is None else [*own, *joined(versions, plan, of_items, own, contact_id)]
