"""What a profile finds: duplicates, clocks, gaps, contacts with a great share, numbers in quotes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kittiwake.event_plan.reading import read_plan
from kittiwake.event_plan.writing import plan_data, plan_yaml
from kittiwake.event_types import MERGED
from kittiwake.model import Event
from kittiwake.profile.report.as_delivery import Read
from kittiwake.profile.report.as_plan import event_plan
from kittiwake.profile.report.findings import findings
from kittiwake.profile.report.shown import Shown
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tests.profile.tables import START_US, event, profile_of

LONG_AGO = START_US - 90 * DAY_US


def plan_of(events: Sequence[Event], shown: Shown = Shown.SAFE) -> Any:
    """The plan of events."""
    found = profile_of(events)
    return event_plan(found, Read(found.events, {}, 0, {}), shown)


def property_of(events: Sequence[Event], path: str, shown: Shown = Shown.SAFE) -> dict[str, Any]:
    """What the plan says of a property."""
    data: dict[str, Any] = plan_data(plan_of(events, shown))["events"]["order.completed"]["properties"][path]
    return data


def test_one_id_with_two_contents_is_no_retry_and_one_that_came_twice_is() -> None:
    twice = event("7", total=7)
    plan = plan_of([event("1", total=1), event("1", total=2), twice, twice, event("9")])
    ids = plan.delivery.ids
    assert (ids.watched, ids.of, ids.repeated, ids.differing, ids.differing_time) == (3, 3, 2, 1, None)
    assert ids.differing_types == {"order.completed": 1}
    assert any("1 stand for events that differ (order.completed)" in text for text in findings(plan))
    assert any("1 came more than once, unchanged" in text for text in findings(plan))


def test_an_id_of_two_types_or_two_contacts_is_found() -> None:
    events = [event("1"), event("1", "order.paid"), event("2"), event("2", contact="bob"), event("3")]
    ids = plan_of(events).delivery.ids
    assert [(one.types, one.ids) for one in ids.of_several_types] == [(["order.completed", "order.paid"], 1)]
    assert (ids.of_several_contacts, ids.repeated, ids.differing) == (1, None, None)


def test_a_merge_under_the_id_of_its_record_and_an_id_of_digits_are_no_findings() -> None:
    merged = event("1", MERGED, contact="visitor", into="ann")
    plan = plan_of([event("1", order_id="17", lineId="3", total="9.90"), merged])
    assert [text for text in findings(plan) if "ids" in text or "Id" in text or "_id" in text] == []
    assert any("order.completed: total is a number written as a text" in text for text in findings(plan))


def test_equal_events_under_several_ids_are_likely_duplicates_and_a_retry_is_none() -> None:
    events = [event("1", total=5), event("2", total=5), event("3", total=6), event("3", total=6)]
    equal = plan_of(events).delivery.equal
    assert (equal.watched, equal.under_several_ids, equal.types) == (2, 1, {"order.completed": 1})
    assert plan_of(events[2:]).delivery.equal is None


def test_a_contact_with_a_great_share_is_named_unless_its_id_looks_personal() -> None:
    others = [event(f"o{n}", contact=f"c{n}", at_us=LONG_AGO + n) for n in range(300)]
    guests = [event(f"g{n}", contact="guest", at_us=LONG_AGO + n) for n in range(100)]
    assert [(one.contact, str(one.share)) for one in plan_of([*others, *guests]).delivery.busy_contacts] == [
        ("guest", "0.25")
    ]
    mails = [event(f"g{n}", contact="ann@example.org", at_us=LONG_AGO + n) for n in range(100)]
    assert "ann@" not in plan_yaml(plan_of([*others, *mails]))
    assert plan_of(others).delivery.busy_contacts is None


def test_events_after_now_and_after_they_were_received_are_found() -> None:
    events = [
        event("1", at_us=START_US + 5 * MINUTE_US),
        event("2", at_us=START_US - DAY_US, received_at="2026-10-30T23:59:00Z"),
        event("3", at_us=START_US - DAY_US, received_at="2026-10-31T08:00:00+02:00"),
        event("4", at_us=START_US - DAY_US, received_at="yesterday"),
    ]
    delivery = plan_of(events).delivery
    assert (delivery.ahead.events, delivery.ahead.most_seconds) == (1, 300)
    (received,) = delivery.received
    assert (received.events, received.ahead, received.ahead_most_seconds) == (2, 1, 60)
    assert (received.longest_seconds, received.within["1h"], received.within["6h"]) == (6 * 3_600, 1, 2)


def test_a_time_without_events_is_a_gap_where_they_used_to_come_and_nights_are_none() -> None:
    hours = [hour for hour in range(24 * 60) if hour % 24 > 6 and not 24 * 20 < hour < 24 * 24]
    events = [event(str(hour), at_us=LONG_AGO + hour * HOUR_US) for hour in hours]
    (gap,) = plan_of(events).events["order.completed"].gaps
    assert (gap.from_, gap.to) == ("2026-08-22T23:00:00Z", "2026-08-27T07:00:00Z")
    seldom = [event(str(day), at_us=LONG_AGO + day * DAY_US) for day in (0, 1, 9, 30, 41, 60, 77)]
    assert plan_of(seldom).events["order.completed"].gaps is None


def test_numbers_and_times_in_texts_are_recognised() -> None:
    found = property_of([event("1", total="12.50"), event("2", total="7"), event("3", total="-1e2")], "total")
    assert (found["types"], found["formats"], found["min"], found["max"]) == ({"text": 3}, {"number": 3}, -100, 12.5)
    found = property_of([event("1", total="12.50"), event("2", total="0012")], "total")
    assert (found["formats"], "min" in found) == ({"number": 1}, False)
    times = ["2026-10-31T10:00:00+02:00", "2026-10-31T10:00:00Z", "2026-10-31 10:00:00", "2026-10-31", "soon"]
    found = property_of([event(str(at), when=text) for at, text in enumerate(times)], "when")
    assert found["formats"] == {"instant": 2, "date": 1}
    assert (found["offsets"], found["without_offset"]) == ({"+02:00": 1, "Z": 1}, 1)
    assert (found["earliest"], found["latest"]) == ("2026-10-31T08:00:00Z", "2026-10-31T10:00:00Z")
    found = property_of([event("1", at=1_790_000_000), event("2", at=1_780_000_000)], "at")
    assert found["formats"] == {"epoch_seconds": 2}


def test_lists_say_their_length_and_what_their_elements_are() -> None:
    items = [[{"sku": "a", "qty": 1}, {"sku": "b"}], [], [{"sku": "a", "qty": 3}]]
    found = property_of([event(str(at), items=each) for at, each in enumerate(items)], "items", Shown.SHOWN)
    assert (found["types"], found["elements_max"], found["elements"]["types"]) == ({"list": 3}, 2, {"object": 3})
    inner = found["elements"]["properties"]
    assert (inner["qty"]["present"], inner["qty"]["min"], inner["qty"]["max"]) == (Decimal("0.6666"), 1, 3)
    assert inner["sku"]["values"] == [{"value": "a", "count": 2}, {"value": "b", "count": 1}]


# ---------------------------------------------------------------- values that are shown


def emails(number: int) -> list[Event]:
    notes = [f"for ann{n % 3}@example.org" for n in range(number)]
    return [event(str(n), note=note, status="paid", email="x", id=f"o-{n}") for n, note in enumerate(notes)]


def test_by_default_nothing_is_shown_that_looks_personal_or_is_nearly_unique() -> None:
    text = plan_yaml(plan_of(emails(12)))
    assert "@" not in text
    assert "o-1" not in text
    assert property_of(emails(12), "status")["values"] == [{"value": "paid", "count": 12}]
    for path in ("note", "email"):
        found = property_of(emails(12), path)
        assert (found["personal"], "values" in found) == (True, False)


def test_values_can_be_shown_hashed_or_left_out() -> None:
    shown = property_of(emails(12), "note", Shown.SHOWN)
    assert [one["count"] for one in shown["values"]] == [4, 4, 4]
    assert "personal" not in shown
    hashed = property_of(emails(12), "status", Shown.HASHED)
    assert (hashed["hashed"], len(hashed["values"][0]["value"])) == (True, 16)
    assert "paid" not in json.dumps(property_of(emails(12), "status", Shown.NONE))
    assert "@" not in plan_yaml(plan_of(emails(12), Shown.HASHED))


def test_ranges_of_what_looks_personal_are_left_out() -> None:
    events = [event("1", "contact.updated", zip=10115, birthday="1990-05-01T00:00:00Z", points=3)]
    found = plan_data(plan_of(events))["events"]["contact.updated"]["properties"]
    assert [("min" in found[path], "earliest" in found[path]) for path in ("zip", "birthday", "points")] == [
        (False, False),
        (False, False),
        (True, False),
    ]


def test_every_plan_of_a_profile_can_be_read_back_whatever_its_names_are() -> None:
    hostile = ["<b>&\u202e", "a.b", "[]", " x ", "'\"", "null", "12", "é", "\U0001f600", "k" * 300]
    events = [
        event(str(at), event_type=f"t.{name.strip()[:100]}", account=name[:100], **{name: [{name: name}]})
        for at, name in enumerate(hostile)
    ]
    for some in (events, events[:1], events[3:4]):
        plan = plan_of([*some, event("ok", status="paid", n=10**30, t=1 * SECOND_US)], Shown.SHOWN)
        assert plan_data(read_plan("events.yaml", plan_yaml(plan).encode())) == plan_data(plan)
    assert plan.events["order.completed"].complete


def test_values_under_keys_that_no_rule_can_name_are_counted_in_lists_too() -> None:
    plan = plan_of([event("1", items=[{"a.b": 1, "ok": 2}], cart={"x[0]": 3}), event("2", **{"*": 4})])
    assert plan.events["order.completed"].unreachable == 3
    assert any("3 values stand under keys with a dot, bracket or star" in text for text in findings(plan))
    assert set(plan.events["order.completed"].properties) == {"items", "cart"}
