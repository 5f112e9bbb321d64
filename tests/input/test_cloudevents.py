"""CloudEvents: a table of examples, what each becomes or why it is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.events import parse_event
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import DeadLetter, Event
from kittiwake.time.instants import parse_instant
from tests.input.inputs import START_US
from tests.input.shaped import CLOUDEVENTS

PLACED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "A234",
    "source": "https://shop.example/orders",
    "type": "order.completed",
    "subject": "c1",
    "time": "2026-11-01T11:00:00+01:00",
    "accountid": "acme",
    "datacontenttype": "application/json",
    "dataschema": "https://shop.example/schema",
    "data": {"order_id": "o1", "total": 68.74},
    "traceparent": "00-0af7",
}
ORDER = Event(
    parse_instant("2026-11-01T10:00:00Z"),
    "https://shop.example/orders A234",
    "order.completed",
    {"order_id": "o1", "total": Decimal("68.74")},
    "acme",
    "c1",
)
OF_GLOBEX = InputShape(Shape.CLOUDEVENTS, "globex")


def event(**changes: Any) -> bytes:
    """The event `PLACED` but for `changes`; ... leaves an attribute out."""
    return json.dumps({name: value for name, value in (PLACED | changes).items() if value is not ...}).encode()


def parsed(shape: InputShape = CLOUDEVENTS, **changes: Any) -> Event | DeadLetter:
    return parse_event(event(**changes), "here:1", START_US, shape)


# What changes in the CloudEvent, and what changes in the event.
BECOMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an event": ({}, {}),
    "without data": ({"data": ...}, {"properties": {}}),
    "with null data": ({"data": None, "data_base64": None}, {"properties": {}}),
    "by a reverse domain name": ({"type": "com.example.order.v2"}, {"type": "com.example.order.v2"}),
    "one id of another source": ({"source": "/carts"}, {"event_id": "/carts A234"}),
    "an id with blanks": ({"id": "A 2"}, {"event_id": "https://shop.example/orders A 2"}),
    "a contact's attributes": (
        {"type": "contact.updated", "data": {"tier": "gold"}},
        {"type": "contact.updated", "properties": {"tier": "gold"}},
    ),
    "canonical names among the attributes": ({"event_id": "e9", "item_id": "p1", "contact_id": "c9"}, {}),
    "the longest id": ({"source": "s" * 63, "id": "i" * 64}, {"event_id": "s" * 63 + " " + "i" * 64}),
}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no specversion": ({"specversion": ...}, "missing_field", "specversion is missing"),
    "another version": ({"specversion": "0.3"}, "wrong_type", 'specversion has to be "1.0"'),
    "a number for a version": ({"specversion": 1}, "wrong_type", "specversion has to be a string and is a number"),
    "no source": ({"source": None}, "missing_field", "source is null"),
    "a source with blanks": (
        {"source": "my shop"}, "wrong_type", "source has to be a URI reference, without blanks"
    ),
    "no id": ({"id": ""}, "missing_field", "id is empty"),
    "a number for an id": ({"id": 7}, "wrong_type", "id has to be a string and is a number"),
    "a long id": (
        {"source": "s" * 64, "id": "i" * 64}, "wrong_type", "source with id has 129 characters, 128 are allowed"
    ),
    "no account": ({"accountid": ...}, "missing_field", "accountid is missing"),
    "a null account": ({"accountid": None}, "missing_field", "accountid is null"),
    "no subject": ({"subject": ...}, "no_subject", "subject is missing"),
    "an empty subject": ({"subject": ""}, "no_subject", "subject is empty"),
    "a number for a subject": ({"subject": 7}, "wrong_type", "subject has to be a string and is a number"),
    "no type": ({"type": ...}, "missing_field", "type is missing"),
    "a type with blanks": (
        {"type": "Order Completed"}, "wrong_type", "type has to be dotted words, such as cart.item_added"
    ),
    "no time": ({"time": ...}, "missing_field", "time is missing"),
    "no offset": (
        {"time": "2026-11-01T10:00:00"}, "no_offset", "time has no offset from UTC: end it with Z or, say, +02:00"
    ),
    "data in a text": ({"data": "<order/>"}, "wrong_type", "data has to be an object and is a string"),
    "data in a list": ({"data": []}, "wrong_type", "data has to be an object and is a list"),
    "binary data": (
        {"data": ..., "data_base64": "AAECAw=="}, "wrong_type", "data_base64 is not read: send JSON in data"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "differs"), BECOMES.values(), ids=BECOMES)
def test_a_cloudevent_becomes_its_event(changes: dict[str, Any], differs: dict[str, Any]) -> None:
    expected = {name: differs.get(name, getattr(ORDER, name)) for name in ORDER.__struct_fields__}
    assert parsed(**changes) == Event(**expected)


@pytest.mark.parametrize(("changes", "reason", "detail"), REFUSED.values(), ids=REFUSED)
def test_a_cloudevent_that_is_no_event_is_refused_in_its_authors_words(
    changes: dict[str, Any], reason: str, detail: str
) -> None:
    assert parsed(**changes) == DeadLetter(reason, detail, event(**changes), "here:1", len(event(**changes)))


@pytest.mark.parametrize(
    ("accountid", "account_id"), [("acme", "acme"), (..., "globex"), (None, "globex"), ("", "globex")]
)
def test_an_account_that_the_run_names_is_that_of_events_which_name_none(accountid: Any, account_id: str) -> None:
    found = parsed(OF_GLOBEX, accountid=accountid)
    assert isinstance(found, Event)
    assert found.account_id == account_id


values = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "x y", "1.0"]) | st.just([{}])


@given(st.dictionaries(st.sampled_from([*PLACED, "data_base64"]), values))
def test_any_object_is_an_event_or_a_dead_letter(changes: dict[str, Any]) -> None:
    assert isinstance(parsed(**changes), (Event, DeadLetter))
