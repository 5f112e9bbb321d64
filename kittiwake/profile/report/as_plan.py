"""A profile as an event plan.

Pure. The plan depends on the set of events only, so that of the same events in other files the same text is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import PLAN_BYTES_MAX
from kittiwake.event_plan.writing import plan_data
from kittiwake.profile.measure.contacts import Followed
from kittiwake.profile.measure.hashes import Distinct
from kittiwake.profile.measure.profile import OfType, Profile
from kittiwake.profile.measure.properties import Stats
from kittiwake.profile.measure.times import Gap, Times
from kittiwake.profile.report.as_delivery import Read, delivery, is_name_of_account
from kittiwake.profile.report.as_properties import Others, Wanted, properties, walk
from kittiwake.profile.report.shown import Shown
from kittiwake.rules.limits import NODES_MAX
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical_bytes

_INDENTED: Final = 2
"""How many times larger the lines of a plan are than its JSON in one: they are indented, and need fewer quotes."""

VALUES_LISTED: Final = (50, 10, 0)
"""The most values of a property that are listed; fewer where a plan would be larger than one that is read."""


def event_plan(profile: Profile, read: Read, shown: Shown = Shown.SAFE) -> PlanObject:
    """The plan of a profile that is closed; no larger than one that is read."""
    plan = None
    for most in VALUES_LISTED:
        plan = PlanObject.model_validate(plan_of(profile, read, Wanted(shown, most, also_in=most > 0)))
        if _is_small(plan_data(plan)):
            return plan
    assert plan is not None
    return plan


def _is_small(data: dict[str, Any]) -> bool:
    """Whether a plan can be read back."""
    return _values_in(data) <= NODES_MAX and len(canonical_bytes(data)) * _INDENTED <= PLAN_BYTES_MAX


def _values_in(data: Any) -> int:
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + sum(map(_values_in, parts))


def plan_of(profile: Profile, read: Read, wanted: Wanted) -> dict[str, Any]:
    """A plan as plain data, in the order of its keys."""
    types = {name: of_type for name, of_type in profile.types.items() if name.isprintable()}
    is_complete = not profile.budget.left_out and len(types) == len(profile.types)
    found: dict[str, Any] = {}
    if len(profile.accounts) == 1 and is_name_of_account(*profile.accounts):
        found["account"] = next(iter(profile.accounts))
    found["history"] = _history(profile)
    found["delivery"] = delivery(profile, read, wanted.shown)
    found["complete"] = is_complete
    contacts = profile.watched.number_of_type()
    followed = profile.watched.followed(set(types))
    most = profile.watched.most_of_type()
    are_known = not any(of_type.budget.left_out for of_type in profile.types.values())
    others = _others(types) if is_complete and are_known and wanted.also_in else {}
    ordered = sorted(types.items(), key=lambda one: (-one[1].count, one[0]))
    found["events"] = {
        name: {
            **_type(of_type, contacts.get(name), most.get(name)),
            "properties": properties(of_type.properties, of_type.count, name, wanted, others),
            **_unreachable(of_type),
            "complete": not (of_type.budget.left_out or profile.budget.left_out),
            **_followed(followed.get(name)),
            **_gaps(of_type.times),
            **_rhythm(profile, name, of_type.times),
        }
        for name, of_type in ordered
    }
    return found | _derived(read, found["events"]) | _items(profile, wanted)


def _items(profile: Profile, wanted: Wanted) -> dict[str, Any]:
    """What is known of items, if there are any."""
    types = sorted(profile.items.items(), key=lambda one: (-one[1].count, one[0]))
    is_partial = profile.items_budget.left_out
    found = {
        name: {
            "count": of_type.count,
            **_span(of_type.times),
            "properties": properties(of_type.properties, of_type.count, name, wanted, {}),
            "complete": not (of_type.budget.left_out or is_partial),
        }
        for name, of_type in types
        if name.isprintable()
    }
    return {"items": found} if found else {}


def _derived(read: Read, events: dict[str, Any]) -> dict[str, Any]:
    """What the shape of the input derives of events that came with the list."""
    found = [
        {"event": one.event, "from": one.parent, "each": one.each, "keep": list(one.keep)}
        for one in read.lines
        if one.each in events.get(one.parent, {}).get("properties", {}) and one.event not in events
    ]
    return {"derived": found} if found else {}


def _history(profile: Profile) -> dict[str, Any]:
    times = profile.times
    return {**_span(times), "events": profile.events, "contacts": profile.watched.sample.number, **_gaps(times)}


def _span(times: Times) -> dict[str, Any]:
    if times.first_us is None or times.last_us is None:
        return {}
    return {"first": format_instant(times.first_us), "last": format_instant(times.last_us)}


def _type(of_type: OfType, contacts: int | None, most: int | None) -> dict[str, Any]:
    estimated = min(of_type.contacts.number, of_type.count)
    found: dict[str, Any] = {"count": of_type.count, "contacts": estimated if contacts is None else contacts}
    found |= _span(of_type.times)
    return found if most is None else {**found, "per_contact_max": most}


def _unreachable(of_type: OfType) -> dict[str, int]:
    number = sum(stats.unreachable for stats in _all_of(of_type.properties))
    return {"unreachable": number} if number else {}


def _all_of(stats: Stats) -> Iterator[Stats]:
    """The values at a path, and at all paths within it, through lists too."""
    yield stats
    for child in (*stats.children.values(), *stats.element.values()):
        yield from _all_of(child)


def _followed(followed: Followed | None) -> dict[str, Any]:
    return {} if followed is None else {"followed": followed.contacts, "followed_by": followed.by}


def _gaps(times: Times) -> dict[str, Any]:
    gaps = list(map(_said, times.gaps()))
    return {"gaps": gaps} if gaps else {}


def _said(gap: Gap) -> dict[str, str]:
    return {"from": format_instant(gap.from_us), "to": format_instant(gap.to_us)}


def _rhythm(profile: Profile, name: str, times: Times) -> dict[str, Any]:
    """What feeds and breakers of the type are held against, which are those of one account."""
    rhythm = (profile.rhythms.by_type or {}).get(name) if len(profile.accounts) == 1 else None
    busiest = None if rhythm is None else rhythm.volume.busiest()
    if rhythm is None or busiest is None:
        return {}
    pause = rhythm.pauses.longest(times.gaps())
    volume = {
        "per": format_duration(busiest.width_us),
        "max": busiest.events,
        "from": format_instant(busiest.from_us),
        "intervals": busiest.intervals,
        "events": busiest.of,
    }
    return {**({} if pause is None else {"pause": _said(pause)}), "volume": volume}


def _others(types: dict[str, OfType]) -> Others:
    """The values of properties that may be keys, by path and type."""
    found: dict[tuple[str, ...], dict[str, Distinct]] = {}
    for name, path, distinct in _keys(types):
        found.setdefault(path, {})[name] = distinct
    return found


def _keys(types: dict[str, OfType]) -> Iterator[tuple[str, tuple[str, ...], Distinct]]:
    for name, of_type in types.items():
        for path, stats in walk(of_type.properties):
            if stats.counted.number:
                yield name, path, stats.counted.as_distinct()
