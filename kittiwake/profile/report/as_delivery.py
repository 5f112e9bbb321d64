"""How the events of a profile came, as an event plan says it: likely duplicates, clocks, contacts with a great share.

Pure. Plain data, in the order of the keys of a plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final, NamedTuple

from kittiwake.input.shapes.base import Lines
from kittiwake.profile.measure.ids import Content, OfId
from kittiwake.profile.measure.personal import looks_personal
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.report.as_properties import share
from kittiwake.profile.report.shown import Shown, hashed
from kittiwake.time.instants import SECOND_US

SHARED_MAX: Final = 20
"""Pairs of types with the same ids that are named: those with most of them."""

BUSY_MAX: Final = 10
"""Contacts with a great share that are named."""

BUSY_PERCENT: Final = 1
"""A share from which on a contact is hardly one person."""

BUSY_RATIO: Final = 20
"""How many times the share of all on average that is: of ten contacts each has a tenth."""


class Read(NamedTuple):
    """What the reading of a profile's events has counted."""

    records: int
    dead_letters: Mapping[str, int]
    items: int
    """Events of items of the catalogue."""
    unknown_zones: Mapping[str, int]
    lines: tuple[Lines, ...] = ()
    """Events that the shape of the input makes of others, if rules name them."""
    """Values of `timezone` that are none."""


def delivery(profile: Profile, read: Read, shown: Shown) -> dict[str, Any]:
    """How the events came."""
    found: dict[str, Any] = {
        "records": read.records,
        "dead_letters": dict(sorted(read.dead_letters.items())),
        "items": read.items,
        "accounts": _accounts(profile) if len(profile.accounts) > 1 else {},
        "ids": _ids(profile),
        "equal": _equal(profile),
        "ahead": _ahead(profile),
        "received": _received(profile),
        "busy_contacts": _busy_contacts(profile, shown),
        "unknown_time_zones": _unknown_zones(read.unknown_zones, shown),
    }
    return {key: value for key, value in found.items() if value}


def is_name_of_account(account_id: str) -> bool:
    """Whether rules could be for an account."""
    return account_id.isprintable() and account_id == account_id.strip()


def _accounts(profile: Profile) -> dict[str, int]:
    return {name: events for name, events in sorted(profile.accounts.items()) if is_name_of_account(name)}


# ---------------------------------------------------------------- ids


class _Unusual(NamedTuple):
    """What is unusual about one id."""

    repeated: bool
    differing: frozenset[str]
    """Types of events that differ under it."""
    differing_time: bool


def _unusual(of_id: OfId) -> _Unusual:
    contents: dict[tuple[str, str], list[tuple[Content, int]]] = {}
    for content, events in of_id.contents.values():
        contents.setdefault((content.type, content.contact), []).append((content, events))
    several = {key: found for key, found in contents.items() if len(found) > 1}
    repeated = any(events > 1 for found in contents.values() for _, events in found)
    times = [len({content.time_us for content, _ in found}) > 1 for found in several.values()]
    return _Unusual(bool(repeated or several), frozenset(name for name, _ in several), any(times))


def _ids(profile: Profile) -> dict[str, Any]:
    sample = profile.ids.by_id
    unusual = [_unusual(of_id) for of_id in sample.entries.values()]
    found = {
        "repeated": sum(one.repeated for one in unusual),
        "differing": sum(bool(one.differing) for one in unusual),
        "differing_time": sum(one.differing_time for one in unusual),
        "differing_types": _by_name(Counter(name for one in unusual for name in one.differing)),
        "of_several_contacts": sum(len(_contacts(of_id)) > 1 for of_id in sample.entries.values()),
        "of_several_types": _shared(profile),
    }
    said = {key: value for key, value in found.items() if value}
    return {"watched": len(sample.entries), "of": sample.number, **said} if sample.entries else {}


def _contacts(of_id: OfId) -> set[str]:
    return {content.contact for content, _ in of_id.contents.values()}


def _shared(profile: Profile) -> list[dict[str, Any]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for of_id in profile.ids.by_id.entries.values():
        if len(of_id.contents) > 1:
            pairs.update(combinations(sorted({content.type for content, _ in of_id.contents.values()}), 2))
    ordered = sorted(pairs.items(), key=lambda found: (-found[1], found[0]))[:SHARED_MAX]
    return [{"types": list(pair), "ids": number} for pair, number in ordered]


def _equal(profile: Profile) -> dict[str, Any]:
    sample = profile.ids.by_content
    types = Counter(one.type for one in sample.entries.values() if len(one.ids) > 1)
    if not types:
        return {}
    number = sum(types.values())
    return {"watched": len(sample.entries), "of": sample.number, "under_several_ids": number, "types": _by_name(types)}


def _by_name(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


# ---------------------------------------------------------------- clocks


def _ahead(profile: Profile) -> dict[str, Any]:
    events = sum(of_type.ahead for of_type in profile.types.values())
    most_us = max((of_type.ahead_max_us for of_type in profile.types.values()), default=0)
    return {"events": events, "most_seconds": -(-most_us // SECOND_US)} if events else {}


def _received(profile: Profile) -> list[dict[str, Any]]:
    return [
        {
            "type": name,
            "property": key,
            "events": delays.count,
            "ahead": delays.ahead,
            "ahead_most_seconds": -(-delays.ahead_max_us // SECOND_US),
            "longest_seconds": -(-delays.longest_us // SECOND_US),
            "within": dict(delays.within),
        }
        for name, of_type in sorted(profile.types.items())
        for key, delays in sorted(of_type.delays.items())
        if delays.count
    ]


# ---------------------------------------------------------------- contacts


def _busy_contacts(profile: Profile, shown: Shown) -> list[dict[str, Any]]:
    events = Counter(one.contact for one in profile.ids.by_content.entries.values())
    whole, contacts = sum(events.values()), profile.watched.sample.number
    busy = [
        (number, contact)
        for contact, number in events.items()
        if number * 100 >= BUSY_PERCENT * whole and number * contacts >= BUSY_RATIO * whole
    ]
    ordered = sorted(busy, key=lambda found: (-found[0], found[1]))[:BUSY_MAX]
    return [{**_name(contact.split("\0", 1)[1], shown), "share": share(number, whole)} for number, contact in ordered]


def _name(contact_id: str, shown: Shown) -> dict[str, str]:
    """How a contact is named: it has to be found, and an address of e-mail must not stand in a report."""
    if shown is Shown.HASHED:
        return {"contact": hashed(contact_id)}
    hides = shown is Shown.NONE or (shown is Shown.SAFE and looks_personal(contact_id))
    return {} if hides else {"contact": contact_id}


def _unknown_zones(zones: Mapping[str, int], shown: Shown) -> list[dict[str, Any]]:
    if shown is Shown.NONE:
        return []
    kept = {text: number for text, number in zones.items() if shown is not Shown.SAFE or not looks_personal(text)}
    ordered = sorted(kept.items(), key=lambda found: (-found[1], found[0]))
    return [{"value": hashed(text) if shown is Shown.HASHED else text, "count": number} for text, number in ordered]
