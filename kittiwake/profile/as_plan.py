"""A profile as an event plan.

Pure. The plan depends on the set of events only, so that of the same events in other files the same text is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import PLAN_BYTES_MAX
from kittiwake.event_plan.writing import plan_yaml
from kittiwake.profile.as_delivery import Read, delivery
from kittiwake.profile.as_properties import ALSO_IN_DISTINCT_MIN, Others, Wanted, properties, walk
from kittiwake.profile.contacts import Followed
from kittiwake.profile.hashes import Distinct
from kittiwake.profile.profile import OfType, Profile
from kittiwake.profile.shown import Shown
from kittiwake.profile.times import Times
from kittiwake.time.instants import format_instant

VALUES_LISTED: Final = (50, 10, 0)
"""The most values of a property that are listed; fewer where a plan would be larger than one that is read."""


def event_plan(profile: Profile, read: Read, shown: Shown = Shown.SAFE) -> PlanObject:
    """The plan of a profile that is closed; no larger than one that is read."""
    plan = None
    for most in VALUES_LISTED:
        plan = PlanObject.model_validate(_plan(profile, read, Wanted(shown, most, also_in=most > 0)))
        if _is_small(plan):
            return plan
    assert plan is not None
    return plan


def _is_small(plan: PlanObject) -> bool:
    return len(plan_yaml(plan).encode()) <= PLAN_BYTES_MAX


def _plan(profile: Profile, read: Read, wanted: Wanted) -> dict[str, Any]:
    types = {name: of_type for name, of_type in profile.types.items() if name.isprintable()}
    is_complete = not profile.budget.left_out and len(types) == len(profile.types)
    found: dict[str, Any] = {}
    if len(profile.accounts) == 1:
        found["account"] = next(iter(profile.accounts))
    found["history"] = _history(profile)
    found["delivery"] = delivery(profile, read, wanted.shown)
    found["complete"] = is_complete
    contacts = profile.watched.number_of_type()
    followed = profile.watched.followed(set(types))
    most = profile.watched.most_of_type()
    others = _others(types)
    ordered = sorted(types.items(), key=lambda one: (-one[1].count, one[0]))
    found["events"] = {
        name: {
            **_type(of_type, contacts.get(name), most.get(name)),
            "properties": properties(of_type.properties, of_type.count, name, wanted, others),
            "complete": not (of_type.budget.left_out or profile.budget.left_out),
            **_followed(followed.get(name)),
            **_gaps(of_type.times),
        }
        for name, of_type in ordered
    }
    return found


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


def _followed(followed: Followed | None) -> dict[str, Any]:
    return {} if followed is None else {"followed": followed.contacts, "followed_by": followed.by}


def _gaps(times: Times) -> dict[str, Any]:
    gaps = [{"from": format_instant(gap.from_us), "to": format_instant(gap.to_us)} for gap in times.gaps()]
    return {"gaps": gaps} if gaps else {}


def _others(types: dict[str, OfType]) -> Others:
    """The values of properties that may be keys, by path and type."""
    found: dict[tuple[str, ...], dict[str, Distinct]] = {}
    for name, path, distinct in _keys(types):
        found.setdefault(path, {})[name] = distinct
    return found


def _keys(types: dict[str, OfType]) -> Iterator[tuple[str, tuple[str, ...], Distinct]]:
    for name, of_type in types.items():
        for path, stats in walk(of_type.properties):
            if stats.counted.number >= ALSO_IN_DISTINCT_MIN:
                yield name, path, stats.counted.as_distinct()
