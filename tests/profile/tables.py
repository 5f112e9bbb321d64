"""Events as tests of profiles write them, their tables, and small bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kittiwake.input.bulk import Table
from kittiwake.model import Event
from kittiwake.profile.measure import contacts, hashes, ids, paths, profile, rhythm, times, values
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.report.as_delivery import Read
from kittiwake.profile.report.as_plan import plan_of
from kittiwake.profile.report.as_properties import Wanted
from kittiwake.profile.report.shown import Shown
from kittiwake.time.instants import DAY_US, parse_instant
from kittiwake.values import canonical_bytes

START_US = parse_instant("2026-11-01T00:00:00Z")


def event(
    event_id: str = "1",
    event_type: str = "order.completed",
    contact: str = "ann",
    at_us: int = START_US - DAY_US,
    account: str = "acme",
    **properties: Any,
) -> Event:
    return Event(at_us, event_id, event_type, properties, account, contact)


def table_of(events: Sequence[Event]) -> Table:
    """What the reading makes of events."""
    return Table(
        [one.account_id for one in events],
        [one.contact_id or "" for one in events],
        [one.time_us for one in events],
        [one.event_id for one in events],
        [one.type for one in events],
        [canonical_bytes(one.properties) for one in events],
    )


def profile_of(*parts: Sequence[Event]) -> Profile:
    """The profile of events that come part by part."""
    found = Profile(START_US)
    for part in parts:
        if part:
            found.add(table_of(part))
    found.close()
    return found


def said_of(found: Profile, shown: Shown = Shown.SHOWN) -> str:
    """What its plan says, in its order, and when events of each type came."""
    spans = {name: of_type.times.spans() for name, of_type in sorted(found.types.items())}
    return str((plan_of(found, Read(found.events, {}, 0, {}), Wanted(shown, 50, also_in=True)), spans))


def bound_tightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that is bounded be too much, so that few events fill it."""
    monkeypatch.setattr(hashes, "DISTINCT_MAX", 4)
    monkeypatch.setattr(values, "VALUES_MAX", 3)
    monkeypatch.setattr(values, "VALUE_CHARS_MAX", 3)
    monkeypatch.setattr(times, "SPANS_MAX", 5)
    monkeypatch.setattr(ids, "IDS_MAX", 3)
    monkeypatch.setattr(ids, "CONTENTS_MAX", 2)
    monkeypatch.setattr(contacts, "CONTACTS_MAX", 2)
    monkeypatch.setattr(paths, "PATHS_MAX", 12)
    for name, most in (("IDS_SPARE", 1), ("CONTACTS_SPARE", 1), ("PATHS_MAX", 9), ("PATHS_OF_TYPE_MAX", 4)):
        monkeypatch.setattr(profile, name, most)
    monkeypatch.setattr(profile, "ACCOUNTS_MAX", 1)
    for name, most in (("WEEKS_MAX", 2), ("INTERVALS_MAX", 4), ("COUNTED_MAX", 3), ("TYPES_MAX", 2)):
        monkeypatch.setattr(rhythm, name, most)
