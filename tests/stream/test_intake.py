"""Every message is an arrival, a dead letter or unneeded; one of the three, whatever it is."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake import __version__
from kittiwake.input.events import EVENT_BYTES_MAX, NESTING_MAX, parse_event
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.stream.intake import (
    ATTRIBUTES_CHARS_MAX,
    VALUE_CHARS_MAX,
    Brought,
    IntakeSettings,
    Message,
    Needed,
    take,
)
from kittiwake.stream.records import (
    DeadLetterRecord,
    Stage,
    buffered_event_of,
    dead_letter_of,
    encode,
    event_of,
    subject_of,
)
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from tests.input.damaged_records import PLAIN, damaged

CLOCK_US = parse_instant("2026-11-02T00:00:00Z")
CANONICAL = IntakeSettings()
RULES = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> RulesView:
    """Rules of acme that want `cart.item_added`."""
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "acme.yaml").write_text(RULES)
    return StaticRules(always(load(folder)), HOUR_US).view(CLOCK_US)


def record(**fields: object) -> bytes:
    """The plain record with other fields."""
    return json.dumps(json.loads(PLAIN) | fields, ensure_ascii=False).encode()


def message(data: bytes = PLAIN) -> Message:
    return Message(data, {"traceparent": "00-1-2-01", "odd.ä": ""}, "m-1", 1_793_527_200_123_456)


def needed(
    message: Message, known: RulesView, clock_us: int = CLOCK_US, taking: IntakeSettings = CANONICAL
) -> Needed | None:
    """The event that a message brings, if it is needed."""
    found = take(message, clock_us, known, taking)
    assert isinstance(found, Brought)
    assert found.events == 1
    return found.needed[0] if found.needed else None


# ---------------------------------------------------------------- the three


def test_an_event_that_is_needed_goes_to_its_contact_whole(known: RulesView) -> None:
    found = needed(message(), known)
    assert found is not None
    assert subject_of(found.key) == ("acme", "c1")
    arrival = buffered_event_of(encode(found.arrival))
    assert (arrival.data, arrival.attributes, arrival.message_id, arrival.publish_us) == message()
    event = event_of(arrival, CANONICAL.shape)
    assert isinstance(event, Event)
    assert event == parse_event(PLAIN, "", CLOCK_US)
    assert (arrival.time_us, arrival.event_id, arrival.type) == (event.time_us, event.event_id, event.type)


def test_a_dead_letter_keeps_the_message_whole_and_says_where_when_and_under_which_rules(known: RulesView) -> None:
    bad = message(PLAIN + b"}")
    found = take(bad, CLOCK_US, known, CANONICAL)
    assert isinstance(found, DeadLetterRecord)
    dead = dead_letter_of(encode(found))
    assert (dead.raw, dead.attributes, dead.message_id, dead.publish_us) == bad
    assert (dead.stage, dead.reason, dead.raw_size) == (Stage.INTAKE, DeadLetterReason.NOT_JSON, len(PLAIN) + 1)
    assert (dead.happened_us, dead.release) == (CLOCK_US, __version__)
    assert dead.ruleset_version == known.programs.used.ruleset_version != ""


UNNEEDED = {
    "a type that no rule names": record(type="page.viewed"),
    "an account that no rules are of": record(account_id="other"),
    "an item": json.dumps({**json.loads(PLAIN), "contact_id": None, "item_id": "p1"}).encode(),
}


@pytest.mark.parametrize("data", UNNEEDED.values(), ids=UNNEEDED.keys())
def test_what_nobody_needs_goes_nowhere_however_old(data: bytes, known: RulesView) -> None:
    assert needed(message(data), known) is None
    assert needed(message(data), known, CLOCK_US + 900 * DAY_US, IntakeSettings(max_age_us=DAY_US)) is None


def test_beyond_what_is_known_of_the_rules_everything_may_be_needed(known: RulesView) -> None:
    time_us = parse_instant("2026-11-01T10:00:00Z")
    data = message(record(type="page.viewed"))
    assert needed(data, known._replace(until_us=time_us)) is not None
    assert needed(data, known._replace(until_us=time_us + 1)) is None


# ---------------------------------------------------------------- a message that brings two events

BOTH = {"messageId": "m1", "userId": "c1", "anonymousId": "a1", "timestamp": "2026-11-01T10:00:00Z"}
SEGMENT = IntakeSettings(InputShape(Shape.SEGMENT, "acme"))


def call(**fields: object) -> Message:
    return message(json.dumps({**BOTH, "type": "track", "event": "Product Added", **fields}).encode())


def test_each_event_of_a_message_goes_to_its_own_contact_with_the_message_whole(known: RulesView) -> None:
    found = take(call(), CLOCK_US, known, SEGMENT)
    assert isinstance(found, Brought)
    assert found.events == 2
    assert [subject_of(key) for key, _ in found.needed] == [("acme", "c1"), ("acme", "anonymous:a1")]
    for _, one in found.needed:
        arrival = buffered_event_of(encode(one))
        event = event_of(arrival, SEGMENT.shape)
        assert isinstance(event, Event)
        assert (arrival.time_us, arrival.event_id, arrival.type) == (event.time_us, event.event_id, event.type)
        assert (arrival.data, arrival.attributes) == (call().data, call().attributes)


def test_that_a_visitor_is_a_customer_is_needed_also_where_the_call_itself_is_not(known: RulesView) -> None:
    found = take(call(type="page"), CLOCK_US, known, SEGMENT)
    assert isinstance(found, Brought)
    assert found.events == 2
    assert [(subject_of(key), arrival.type) for key, arrival in found.needed] == [
        (("acme", "anonymous:a1"), "contact.merged")
    ]


def test_a_message_too_old_for_one_of_its_events_is_a_dead_letter_whole(known: RulesView) -> None:
    for fields in ({}, {"type": "page"}):
        too_old = IntakeSettings(SEGMENT.shape, max_age_us=HOUR_US)
        assert reason(call(**fields).data, known, taking=too_old) == "too_old"


# ---------------------------------------------------------------- time


def reason(data: bytes, known: RulesView, clock_us: int = CLOCK_US, taking: IntakeSettings = CANONICAL) -> str:
    found = take(message(data), clock_us, known, taking)
    assert isinstance(found, DeadLetterRecord)
    assert found.raw == data
    return found.reason.value


def test_an_event_older_than_the_age_allowed_is_a_dead_letter_and_one_just_as_old_is_not(known: RulesView) -> None:
    time_us = parse_instant("2026-11-01T10:00:00Z")
    taking = IntakeSettings(max_age_us=DAY_US)
    assert needed(message(), known, time_us + DAY_US, taking) is not None
    assert reason(PLAIN, known, time_us + DAY_US + 1, taking) == "too_old"
    assert needed(message(), known, time_us + 9_000 * DAY_US) is not None


def test_an_opt_out_is_never_too_old_and_an_opt_in_is(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(RULES + "policy: {consent: {purpose: news}}\n")
    known = StaticRules(always(load(tmp_path)), HOUR_US).view(CLOCK_US)
    taking, clock_us = IntakeSettings(max_age_us=DAY_US), CLOCK_US + 9_000 * DAY_US
    opt_out, opt_in = (
        record(type=f"consent.{said}", properties={"purpose": "news"}) for said in ("withdrawn", "granted")
    )
    assert needed(message(opt_out), known, clock_us, taking) is not None
    assert reason(opt_in, known, clock_us, taking) == "too_old"


def test_a_clock_that_jumps_back_makes_events_of_the_future_and_one_that_jumps_on_makes_none(known: RulesView) -> None:
    assert reason(PLAIN, known, CLOCK_US - DAY_US) == "time_in_future"
    assert needed(message(), known, CLOCK_US + 365 * DAY_US) is not None


# ---------------------------------------------------------------- faults

DEEP = b'{"event_id":"e1","properties":' + b'{"a":' * NESTING_MAX + b"1" + b"}" * (NESTING_MAX + 1)
FAULTS = {
    "nothing": (b"", "not_json"),
    "white space": (b" \n", "not_json"),
    "cut off": (PLAIN[:-9], "not_json"),
    "binary": (bytes(range(256)), "not_utf8"),
    "like protobuf": (b"\n\x05event\x12\x04acme\x18\x96\x01", "not_utf8"),
    "Avro's magic": (b"Obj\x01\x04\x14avro.codec", "not_json"),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(20), "not_utf8"),
    "XML": (b"<event/>", "not_json"),
    "a word": (b"hello", "not_json"),
    "a list of events": (b"[" + PLAIN + b"]", "not_an_object"),
    "two events": (PLAIN + b"\n" + PLAIN, "not_json"),
    "null": (b"null", "not_an_object"),
    "a number": (b"1e999", "bad_number"),
    "another product's event": (b'{"insertId":"x","logName":"y","severity":"INFO"}', "missing_field"),
    "a CloudEvent": (b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{}}', "missing_field"),
    "10 MB": (PLAIN.replace(b"p1", b"x" * 10_000_000), "oversize"),
    "a byte too many": (PLAIN.replace(b"p1", b"x" * (EVENT_BYTES_MAX - len(PLAIN) + 3)), "oversize"),
    "too deep": (DEEP, "too_deep"),
    "endlessly deep": (b"[" * 200_000, "too_deep"),
    "half a pair": (PLAIN.replace(b"p1", rb"\ud800"), "not_json"),
    "UTF-16": (PLAIN.decode().encode("utf-16"), "not_utf8"),
    "half a surrogate pair": (PLAIN.replace(b"c1", b"\\ud800"), "not_json"),
    "a time that no calendar has": (record(time="2026-02-30T10:00:00Z"), "bad_time"),
    "a time without a zone": (record(time="2026-11-01T10:00:00"), "no_offset"),
    "a time as a number": (record(time=1_793_527_200), "wrong_type"),
    "a time of another age": (record(time="0001-01-01T00:00:00Z"), "bad_time"),
    "a time of the end of days": (record(time="9999-12-31T23:59:59.999999Z"), "time_in_future"),
    "a contact of nobody": (record(contact_id=""), "no_subject"),
    "a contact that is a number": (record(contact_id=42), "wrong_type"),
    "a contact of endless name": (record(contact_id="c" * (ID_CHARS_MAX + 1)), "wrong_type"),
    "a long integer": (record(properties={"n": 10**400}), "bad_number"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_event_is_a_dead_letter_with_all_its_bytes(name: str, known: RulesView) -> None:
    data, expected = FAULTS[name]
    assert reason(data, known) == expected


def test_of_a_key_that_stands_twice_the_last_counts(known: RulesView) -> None:
    twice = PLAIN.replace(b'"contact_id":"c1"', b'"contact_id":"c0","contact_id":"c1"')
    found = needed(message(twice), known)
    assert found is not None
    assert subject_of(found.key) == ("acme", "c1")


ODD_IDS = [
    '"',
    "\\",
    '","',
    "\x00",
    "\n",
    "é",
    "e\u0301",
    "\u202e",
    "\U0001f426",
    "\uffff",
    " ",
    "]",
    "c" * ID_CHARS_MAX,
]


@pytest.mark.parametrize("contact_id", ODD_IDS)
def test_contacts_of_odd_names_keep_them_and_are_apart_from_all_others(contact_id: str, known: RulesView) -> None:
    for data in (record(contact_id=contact_id), json.dumps(json.loads(PLAIN) | {"contact_id": contact_id}).encode()):
        found = needed(message(data), known)
        assert found is not None
        assert subject_of(found.key) == ("acme", contact_id)


def test_attributes_beyond_what_a_queue_allows_make_a_dead_letter(known: RulesView) -> None:
    name = "n" * 256
    fits = Message(PLAIN, {name: "v" * (ATTRIBUTES_CHARS_MAX - 256)})
    assert needed(fits, known) is not None
    found = take(Message(PLAIN, {name: "v" * (ATTRIBUTES_CHARS_MAX - 255)}), CLOCK_US, known, CANONICAL)
    assert isinstance(found, DeadLetterRecord)
    assert (found.reason, found.raw) == (DeadLetterReason.OVERSIZE, PLAIN)
    assert len(found.attributes[name]) == VALUE_CHARS_MAX, "whole they would go into no row"


# ---------------------------------------------------------------- totality

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_fields = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([json.loads(PLAIN)[name], "", None]) | _json
        for name in ("event_id", "account_id", "contact_id", "item_id", "type", "time", "properties")
        if name != "item_id"
    }
    | {"item_id": _json},
)
_data = (
    st.binary()
    | _json.map(lambda value: json.dumps(value).encode())
    | _fields.map(lambda fields: record(**fields))
    | st.randoms(use_true_random=False).map(damaged)
)
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_messages = st.builds(
    Message, _data, st.dictionaries(_texts, _texts, max_size=3), _texts, st.none() | st.integers(-(2**62), 2**62)
)


@given(_messages, st.integers(-(2**60), 2**60), st.none() | st.integers(0, 2**60), st.integers(-(2**60), 2**60))
def test_every_message_is_one_of_the_three_and_none_is_lost(
    known: RulesView, given_message: Message, clock_us: int, max_age_us: int | None, until_us: int
) -> None:
    found = take(given_message, clock_us, known._replace(until_us=until_us), IntakeSettings(max_age_us=max_age_us))
    if isinstance(found, Brought):
        assert found.events == 1
        for key, one in found.needed:
            arrival = buffered_event_of(encode(one))
            assert (arrival.data, arrival.attributes, arrival.message_id, arrival.publish_us) == given_message
            event = event_of(arrival, CANONICAL.shape)
            assert isinstance(event, Event)
            assert subject_of(key) == (event.account_id, event.contact_id)
            assert event.time_us == arrival.time_us
    else:
        dead = dead_letter_of(encode(found))
        assert (dead.raw, dead.attributes, dead.message_id, dead.publish_us) == given_message


def test_drawn_messages_are_of_all_three_sorts(known: RulesView) -> None:
    """Or the law above would say little."""
    rng = random.Random(0)
    drawn = [take(message(damaged(rng)), CLOCK_US, known, CANONICAL) for _ in range(300)]
    assert {isinstance(one, DeadLetterRecord) or bool(one.needed) for one in drawn} == {True, False}
    assert {isinstance(one, Brought) for one in drawn} == {True, False}
