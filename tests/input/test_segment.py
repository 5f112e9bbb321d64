"""Segment's calls: a table of examples, what each becomes or why it is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.events import parse_event, parse_events
from kittiwake.input.shapes.segment import type_of
from kittiwake.model import DeadLetter, Event
from kittiwake.time.instants import parse_instant
from tests.input.inputs import START_US
from tests.input.shaped import SEGMENT

# As an archive holds it: what nobody reads is there too.
TRACK: dict[str, Any] = {
    "anonymousId": "507f191e",
    "channel": "browser",
    "context": {"ip": "8.8.8.8", "groupId": "g1", "timezone": "Europe/Amsterdam", "traits": {"plan": "pro"}},
    "event": "Order Completed",
    "integrations": {"All": True},
    "messageId": "ajs-022bb90c",
    "originalTimestamp": "2031-01-01T00:00:00.000Z",
    "properties": {"order_id": "o1", "total": 68.74},
    "receivedAt": "2026-11-01T10:00:01.909Z",
    "sentAt": "2031-01-01T00:00:01.581Z",
    "timestamp": "2026-11-01T10:00:00.250Z",
    "type": "track",
    "userId": "u1",
    "version": 2,
}
ORDER = Event(
    parse_instant("2026-11-01T10:00:00.25Z"),
    "ajs-022bb90c",
    "order.completed",
    {"order_id": "o1", "total": Decimal("68.74")},
    "acme",
    "u1",
)
WITHOUT: dict[str, Any] = {"event": ..., "properties": ...}


def call(**changes: Any) -> bytes:
    """The call `TRACK` but for `changes`; ... leaves a field out."""
    return json.dumps({name: value for name, value in (TRACK | changes).items() if value is not ...}).encode()


def parsed(**changes: Any) -> Event | DeadLetter:
    return parse_event(call(**changes), "here:1", START_US, SEGMENT)


# What changes in the call, and what changes in the event.
BECOMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "track": ({}, {}),
    "track without properties": ({"properties": ...}, {"properties": {}}),
    "track with null properties": ({"properties": None}, {"properties": {}}),
    "track by a canonical type": ({"event": "consent.granted"}, {"type": "consent.granted"}),
    "numbers sent as text": (
        {"properties": {"total": "68.740", "tax": "", "note": "7", "products": [{"price": "12.50", "sku": "7"}, "5"]}},
        {
            "properties": {
                "total": Decimal("68.74"),
                "tax": "",
                "note": "7",
                "products": [{"price": Decimal("12.5"), "sku": "7"}, "5"],
            }
        },
    ),
    "numbers of another event sent as text": (
        {"event": "Trial Started", "properties": {"total": "7"}},
        {"type": "trial.started", "properties": {"total": "7"}},
    ),
    "identify": (
        {**WITHOUT, "type": "identify", "traits": {"timezone": "Europe/Paris", "plan": None}},
        {"type": "contact.updated", "properties": {"timezone": "Europe/Paris", "plan": None}},
    ),
    "identify without traits": (
        {**WITHOUT, "type": "identify"},
        {"type": "contact.updated", "properties": {"timezone": "Europe/Amsterdam"}},
    ),
    "identify whose traits name another zone, or none on purpose": (
        {**WITHOUT, "type": "identify", "traits": {"timezone": None}},
        {"type": "contact.updated", "properties": {"timezone": None}},
    ),
    "identify in a context without a zone": (
        {**WITHOUT, "type": "identify", "traits": {"plan": "pro"}, "context": {"timezone": ""}},
        {"type": "contact.updated", "properties": {"plan": "pro"}},
    ),
    "identify in a context that is none": (
        {**WITHOUT, "type": "identify", "traits": None, "context": ["Europe/Paris"]},
        {"type": "contact.updated", "properties": {}},
    ),
    "track of an update of the contact": (
        {"event": "Contact Updated", "properties": {"plan": "pro"}},
        {"type": "contact.updated", "properties": {"plan": "pro", "timezone": "Europe/Amsterdam"}},
    ),
    "page": (
        {"type": "page", "event": ..., "name": "Home", "category": "Docs", "properties": {"url": "/"}},
        {"type": "page.viewed", "properties": {"name": "Home", "category": "Docs", "url": "/"}},
    ),
    "page whose properties say more": (
        {"type": "page", "event": ..., "name": "Home", "properties": {"name": "Welcome"}},
        {"type": "page.viewed", "properties": {"name": "Welcome"}},
    ),
    "page without anything": ({**WITHOUT, "type": "page"}, {"type": "page.viewed", "properties": {}}),
    "screen": (
        {**WITHOUT, "type": "screen", "name": "Cart", "properties": None},
        {"type": "screen.viewed", "properties": {"name": "Cart"}},
    ),
    "group": (
        {**WITHOUT, "type": "group", "groupId": "g7", "traits": {"plan": "pro"}},
        {"type": "group.joined", "properties": {"groupId": "g7", "plan": "pro"}},
    ),
    "nobody known": ({"userId": ...}, {"contact_id": "anonymous:507f191e"}),
    "a null user": ({"userId": None}, {"contact_id": "anonymous:507f191e"}),
    "an empty user": ({"userId": ""}, {"contact_id": "anonymous:507f191e"}),
    "a user without a browser": ({"anonymousId": None}, {}),
    "identify of nobody known": (
        {**WITHOUT, "type": "identify", "userId": None, "traits": {"plan": "pro"}},
        {
            "type": "contact.updated",
            "contact_id": "anonymous:507f191e",
            "properties": {"plan": "pro", "timezone": "Europe/Amsterdam"},
        },
    ),
    "the longest anonymous id": ({"userId": None, "anonymousId": "a" * 118}, {"contact_id": "anonymous:" + "a" * 118}),
    "canonical names among a call's": ({"item_id": "p1", "account_id": "globex", "contact_id": "c9"}, {}),
}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no type": ({"type": ...}, "missing_field", "type is missing"),
    "a batch": ({"type": ..., "batch": [TRACK]}, "missing_field", "type is missing"),
    "another type": (
        {"type": "Track"}, "wrong_type", "type has to be track, identify, page, screen or group"
    ),
    "a type that is no text": ({"type": ["track"]}, "wrong_type", "type has to be a string and is a list"),
    "alias": (
        {"type": "alias", "previousId": "u0"},
        "two_subjects",
        "alias joins previousId and userId, which rules never do: resolve ids before ingestion",
    ),
    "no messageId": ({"messageId": None}, "missing_field", "messageId is null"),
    "a long messageId": ({"messageId": "m" * 129}, "wrong_type", "messageId has 129 characters, 128 are allowed"),
    "nobody": ({"userId": None, "anonymousId": ...}, "no_subject", "neither userId nor anonymousId is given"),
    "a number for a user": ({"userId": 7}, "wrong_type", "userId has to be a string and is a number"),
    "a number for nobody": (
        {"userId": None, "anonymousId": 7}, "wrong_type", "anonymousId has to be a string and is a number"
    ),
    "a long anonymous id": (
        {"userId": None, "anonymousId": "a" * 119}, "wrong_type", "anonymousId has 119 characters, 118 are allowed"
    ),
    "no event": ({"event": ...}, "missing_field", "event is missing"),
    "an empty event": ({"event": ""}, "missing_field", "event is empty"),
    "an event that is no text": ({"event": 7}, "wrong_type", "event has to be a string and is a number"),
    "an event of no words": (
        {"event": " *.* "}, "wrong_type", "event has to be dotted words, such as cart.item_added"
    ),
    "a long event": ({"event": "e" * 129}, "wrong_type", "event has 129 characters, 128 are allowed"),
    "no timestamp": ({"timestamp": ...}, "missing_field", "timestamp is missing"),
    "no time": (
        {"timestamp": "yesterday"},
        "bad_time",
        "timestamp is no RFC 3339 instant: write 2026-11-01T09:30:00Z or …+02:00",
    ),
    "no offset": (
        {"timestamp": "2026-11-01T10:00:00"},
        "no_offset",
        "timestamp has no offset from UTC: end it with Z or, say, +02:00",
    ),
    "the future": (
        {"timestamp": "2026-11-22T00:10:01Z"},
        "time_in_future",
        "timestamp lies more than 10 minutes ahead of the start of the run",
    ),
    "before history": ({"timestamp": "1899-12-31T00:00:00Z"}, "bad_time", "timestamp lies before the year 1900"),
    "properties in a list": ({"properties": []}, "wrong_type", "properties has to be an object and is a list"),
    "a page's properties in a list": (
        {"type": "page", "name": "Home", "properties": []}, "wrong_type", "properties has to be an object and is a list"
    ),
    "traits in a text": (
        {"type": "identify", "traits": "x"}, "wrong_type", "traits has to be an object and is a string"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "differs"), BECOMES.values(), ids=BECOMES)
def test_a_call_becomes_its_event(changes: dict[str, Any], differs: dict[str, Any]) -> None:
    expected = {name: differs.get(name, getattr(ORDER, name)) for name in ORDER.__struct_fields__}
    assert parsed(**changes) == Event(**expected)


@pytest.mark.parametrize(("changes", "reason", "detail"), REFUSED.values(), ids=REFUSED)
def test_a_call_that_is_no_event_is_refused_in_its_authors_words(
    changes: dict[str, Any], reason: str, detail: str
) -> None:
    assert parsed(**changes) == DeadLetter(reason, detail, call(**changes), "here:1", len(call(**changes)))


# ---------------------------------------------------------------- a visitor who is a customer


def brought(**changes: Any) -> tuple[Event, ...]:
    """What a call brings beside its own event."""
    found = parse_events(call(**changes), "here:1", START_US, SEGMENT)
    assert not isinstance(found, DeadLetter)
    assert found[0] == parsed(**changes)
    return found[1:]


OF_BOTH = {name: changes for name, (changes, differs) in BECOMES.items() if "contact_id" not in differs}
del OF_BOTH["a user without a browser"]


@pytest.mark.parametrize("changes", OF_BOTH.values(), ids=OF_BOTH)
def test_every_call_of_a_customer_that_names_the_visitor_ends_that_visitor(changes: dict[str, Any]) -> None:
    """Under the call's id and time, whatever the call is about."""
    assert brought(**changes) == (
        Event(ORDER.time_us, "ajs-022bb90c", "contact.merged", {"into": "u1"}, "acme", "anonymous:507f191e"),
    )


NO_VISITOR: dict[str, dict[str, Any]] = {
    "nobody known": {"userId": None},
    "no browser": {"anonymousId": ...},
    "a null browser": {"anonymousId": None},
    "an empty browser": {"anonymousId": ""},
    "a number for a browser": {"anonymousId": 7},
    "a browser whose id is too long to have been anybody's": {"anonymousId": "a" * 119},
    "a visitor under both names": {"userId": "anonymous:507f191e"},
}


@pytest.mark.parametrize("changes", NO_VISITOR.values(), ids=NO_VISITOR)
def test_a_call_that_names_no_other_visitor_is_its_own_event_alone(changes: dict[str, Any]) -> None:
    assert brought(**changes) == ()


def test_a_call_that_is_refused_brings_nothing() -> None:
    """A record is whole: all of its events, or a dead letter."""
    for changes, reason, _ in REFUSED.values():
        found = parse_events(call(**changes), "here:1", START_US, SEGMENT)
        assert isinstance(found, DeadLetter)
        assert found.reason == reason


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("Order Completed", "order.completed"),
        ("order completed", "order.completed"),
        ("  Order\tCompleted ", "order.completed"),
        ("Product List Viewed", "product.list.viewed"),
        ("Step 1. Done*", "step.1.done"),
        ("Passé Simple", "passé.simple"),
        ("Products Searched", "search.performed"),
        ("PRODUCT ADDED", "cart.item_added"),
        ("Product Added to Wishlist", "wishlist.item_added"),
        ("Wishlist Product Added to Cart", "cart.item_added"),
        ("product.added", "product.added"),
        ("cart.item_added", "cart.item_added"),
        ("order_completed", "order_completed"),
        ("orderCompleted", "orderCompleted"),
        ("Purchase", "Purchase"),
    ],
)
def test_the_name_of_a_tracked_event_is_its_type_or_its_words_in_lower_case(name: str, event_type: str) -> None:
    assert type_of(name) == event_type


@given(st.text(max_size=20))
def test_what_a_name_becomes_stays_as_it_is(name: str) -> None:
    assert type_of(type_of(name)) == type_of(name)


values = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "x y", "track", "page"]) | st.just([{}])


@given(st.dictionaries(st.sampled_from([*TRACK, "traits", "name", "groupId"]), values))
def test_any_object_is_an_event_or_a_dead_letter(changes: dict[str, Any]) -> None:
    assert isinstance(parsed(**changes), (Event, DeadLetter))
