"""What a person should check of a profile, in sentences: the most important first.

Pure. Made of the plan, so that whoever has only the plan can say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from kittiwake.event_plan.delivery import DeliveryObject, IdsObject
from kittiwake.event_plan.model import EventObject, PlanObject, PropertyObject
from kittiwake.event_types import MERGED
from kittiwake.profile.measure.hashes import DISTINCT_MAX
from kittiwake.profile.report.as_properties import share

_ID: Final = re.compile(r"(?:^|[_.\s-])(?:id|no|nr|number|code|sku|zip|postcode|phone|ean)$|[a-z](?:Id|No|Nr|Code)$")
"""What a property is called whose digits count nothing: it is better a text."""

NAMED_MAX: Final = 3
"""Types or properties that a sentence names; the plan has them all."""


def findings(plan: PlanObject) -> list[str]:
    """What a person should check, a sentence each."""
    return [*(() if plan.delivery is None else _of_delivery(plan.delivery)), *_of_types(plan)]


def percent(share: Decimal | int) -> str:
    """A share for people.

    >>> percent(Decimal("0.3")), percent(Decimal("0.0004"))
    ('30 %', '0.04 %')
    """
    return f"{(Decimal(share) * 100).normalize():f} %"


def _of(part: int, whole: int) -> str:
    """A number, and what part of the whole it is."""
    return f"{part:,} of {whole:,} ({percent(share(part, whole))})"


def _of_delivery(delivery: DeliveryObject) -> Iterator[str]:
    dead = sum((delivery.dead_letters or {}).values())
    if dead and delivery.records:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in (delivery.dead_letters or {}).items())
        yield f"{_of(dead, delivery.records)} records are no events: {reasons}"
    if delivery.accounts:
        yield (
            f"events of {len(delivery.accounts):,} accounts are put together:"
            f" --account {next(iter(delivery.accounts))} profiles one"
        )
    if delivery.ids is not None:
        yield from _of_ids(delivery.ids)
    yield from _of_equal(delivery)
    yield from _of_clocks(delivery)
    for busy in delivery.busy_contacts or ():
        who = "one contact" if busy.contact is None else f"contact {busy.contact}"
        yield f"{who} has {percent(busy.share)} of all events: a placeholder for guests, a test, or a robot?"
    for zone in (delivery.unknown_time_zones or ())[:NAMED_MAX]:
        yield f"the attribute timezone is {zone.value!r} in {zone.count:,} events, which is no IANA time zone"


def _of_ids(ids: IdsObject) -> Iterator[str]:
    watched = f"of {ids.watched:,} ids" + ("" if ids.watched == ids.of else f", a sample of {ids.of:,}")
    if ids.differing:
        types = ", ".join(ids.differing_types or ())
        yield (
            f"{watched}, {ids.differing:,} stand for events that differ ({types}): only one of them counts."
            " Give each event an id of its own, such as number/row"
        )
    unchanged = (ids.repeated or 0) - (ids.differing or 0)
    if unchanged:
        yield f"{watched}, {unchanged:,} came more than once, unchanged: they count once"
    shared_ids = ids.of_several_types or ()
    merged = sum(shared.ids for shared in shared_ids if MERGED in shared.types)  # under the record's own id, on purpose
    if (several := (ids.of_several_contacts or 0) - merged) > 0:
        yield f"{watched}, {several:,} are of several contacts: these are different events"
    for shared in [one for one in shared_ids if MERGED not in one.types][:NAMED_MAX]:
        yield f"{watched}, {shared.ids:,} are of both {' and '.join(shared.types)}: these are different events"


def _of_equal(delivery: DeliveryObject) -> Iterator[str]:
    equal = delivery.equal
    if equal is not None and equal.under_several_ids:
        types = ", ".join(list(equal.types or ())[:NAMED_MAX])
        sample = "" if equal.watched == equal.of else f", a sample of {equal.of:,}"
        yield (
            f"of {equal.watched:,} different events{sample}, {equal.under_several_ids:,} came under several ids"
            f" ({types}), equal in contact, type, time and properties: likely duplicates, and each counts"
        )


def _of_clocks(delivery: DeliveryObject) -> Iterator[str]:
    if delivery.ahead is not None:
        yield (
            f"{delivery.ahead.events:,} events lie after now, by up to {delivery.ahead.most_seconds:,} s:"
            " the clock of a producer is ahead"
        )
    for received in delivery.received or ():
        if received.ahead:
            yield (
                f"{received.type}: {_of(received.ahead, received.events)} events have a time after their"
                f" {received.property}, by up to {received.ahead_most_seconds:,} s: the clock of a producer is ahead"
            )
        late = received.events - received.within.get("1h", 0)
        if late:
            yield (
                f"{received.type}: {_of(late, received.events)} events were received more than an hour after their"
                " time: a stream needs --allowed_lateness for them"
            )


# ---------------------------------------------------------------- types and properties


def _of_types(plan: PlanObject) -> Iterator[str]:
    for gap in (plan.history.gaps if plan.history else None) or ():
        yield f"no event at all from {gap.from_} to {gap.to}"
    if not plan.complete:
        yield "there are more types of events than are listed"
    wide = [name for name, event in plan.events.items() if not event.complete]
    if wide:
        named = ", ".join(wide[:NAMED_MAX]) + (
            f" and {len(wide) - NAMED_MAX:,} types more" if len(wide) > NAMED_MAX else ""
        )
        yield f"{named}: there are more properties than are listed; keys that are values belong into a list"
    whole = {(gap.from_, gap.to) for gap in (plan.history.gaps if plan.history else None) or ()}
    for name, event in plan.events.items():
        for gap in event.gaps or ():
            if (gap.from_, gap.to) not in whole:
                yield f"{name}: none from {gap.from_} to {gap.to}"
        if event.unreachable:
            number = f"{event.unreachable:,} values"
            yield f"{name}: {number} stand under keys with a dot, bracket or star: no rule can name them"
        yield from _of_properties(name, event)


def _of_properties(name: str, event: EventObject) -> Iterator[str]:
    for path, found in (event.properties or {}).items():
        where, formats = f"{name}: {path}", found.formats or {}
        texts = (found.types or {}).get("text", 0)
        if formats.get("number") and not _ID.search(path):
            yield (
                f"{where} is a number written as a text in {_of(formats['number'], texts)}: no rule compares or sums"
                f" it; cast it ({{event: {name}, number: {path}}})"
            )
        if found.without_offset:
            part = _of(found.without_offset, texts)
            yield f"{where} is a time without an offset from UTC in {part}: no rule reads it"
        kinds = [word for word in (found.types or {}) if word != "null"]
        if len(kinds) > 1:
            yield f"{where} is now {' and now '.join(kinds)}"
        if found.blank:
            yield f"{where} is a text without a character in {_of(found.blank, texts)}"


def is_estimated(found: PropertyObject) -> bool:
    """Whether the number of different values is an estimate."""
    return (found.distinct or 0) > DISTINCT_MAX
