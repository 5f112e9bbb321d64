"""Records: what is an event, what is not, and the one reason why."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.events import EVENT_BYTES_MAX, NESTING_MAX, RAW_BYTES_MAX, parse_event
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import MINUTE_US, format_instant, parse_instant
from tests.input.inputs import DEAD, GOOD, OF_THE_STREAM, START_US, record


def parsed(raw: bytes) -> Event:
    found = parse_event(raw, "here:1", START_US)
    assert isinstance(found, Event), found
    return found


def refused(raw: bytes) -> DeadLetter:
    found = parse_event(raw, "here:1", START_US)
    assert isinstance(found, DeadLetter), found
    assert (found.source, found.raw_size) == ("here:1", len(raw))
    return found


def test_a_record_becomes_an_event_with_exact_numbers() -> None:
    assert parsed(record()) == Event(
        time_us=parse_instant("2026-11-01T10:00:00Z"),
        event_id="e1",
        type="cart.item_added",
        properties={"product_id": "p1", "price": Decimal("68.74")},
        account_id="acme",
        contact_id="c1",
        item_id=None,
    )


def test_an_event_of_the_catalogue_is_an_event() -> None:
    event = parsed(record(contact_id=..., item_id="p1", type="item.updated"))
    assert (event.contact_id, event.item_id) == (None, "p1")


@pytest.mark.parametrize("without", [..., None])
def test_properties_may_be_absent_or_null(without: Any) -> None:
    assert parsed(record(properties=without)).properties == {}


def test_null_subjects_count_as_missing() -> None:
    assert parsed(record(item_id=None)).contact_id == "c1"


def test_fields_nobody_reads_are_ignored() -> None:
    assert parsed(record(anonymousId="a", context={"ip": "::1"})) == parsed(record())


def test_white_space_a_carriage_return_and_a_byte_order_mark_are_no_part_of_a_record() -> None:
    assert parsed(b"\xef\xbb\xbf \t" + record() + b" \r") == parsed(record())


@pytest.mark.parametrize(("reason", "raw"), DEAD.items(), ids=DEAD)
def test_every_reason_has_a_record(reason: str, raw: bytes) -> None:
    dead = refused(raw)
    assert (dead.reason.value, dead.raw) == (reason, raw)


def test_no_reason_is_without_a_record() -> None:
    assert set(DEAD) == {reason.value for reason in set(DeadLetterReason) - OF_THE_STREAM}


# ---------------------------------------------------------------- one by one


@pytest.mark.parametrize("field", ["event_id", "account_id", "type", "time"])
@pytest.mark.parametrize(("value", "word"), [(..., "missing"), (None, "null"), ("", "empty")])
def test_a_required_field_that_is_not_there_is_named(field: str, value: Any, word: str) -> None:
    dead = refused(record(**{field: value}))
    assert (dead.reason, dead.detail) == (DeadLetterReason.MISSING_FIELD, f"{field} is {word}")


@pytest.mark.parametrize("field", ["event_id", "account_id", "contact_id", "type", "time"])
@pytest.mark.parametrize(
    ("value", "word"), [(7, "a number"), (0.5, "a number"), (True, "a bool"), ([], "a list"), ({}, "an object")]
)
def test_a_field_of_another_type_is_named_with_the_type_it_has(field: str, value: Any, word: str) -> None:
    dead = refused(record(**{field: value}))
    assert dead.reason is DeadLetterReason.WRONG_TYPE
    assert dead.detail.startswith(f"{field} has to be")
    assert dead.detail.endswith(f"is {word}")


@pytest.mark.parametrize("value", ["x", 3, True, [], [{}]])
def test_properties_that_are_no_object_are_refused(value: Any) -> None:
    assert refused(record(properties=value)).reason is DeadLetterReason.WRONG_TYPE


@pytest.mark.parametrize("field", ["event_id", "account_id", "contact_id", "item_id", "type"])
def test_an_id_may_be_as_long_as_allowed_and_no_longer(field: str) -> None:
    others = {"contact_id": ...} if field == "item_id" else {}
    parsed(record(**others, **{field: "é" * ID_CHARS_MAX}))
    dead = refused(record(**others, **{field: "é" * (ID_CHARS_MAX + 1)}))
    assert (dead.reason, dead.detail) == (
        DeadLetterReason.WRONG_TYPE,
        f"{field} has {ID_CHARS_MAX + 1} characters, {ID_CHARS_MAX} are allowed",
    )


@pytest.mark.parametrize("event_type", ["order.completed", "pageview", "a.b.c", "shop:order-placed.v2", "ordre.passé"])
def test_a_type_is_dotted_words(event_type: str) -> None:
    assert parsed(record(type=event_type)).type == event_type


@pytest.mark.parametrize("event_type", ["Order Completed", "*", "order.*", ".completed", "order.", "a..b", "a.b\n"])
def test_a_type_that_is_not_dotted_words_is_refused(event_type: str) -> None:
    assert refused(record(type=event_type)).reason is DeadLetterReason.WRONG_TYPE


@pytest.mark.parametrize("subject", [{"contact_id": ""}, {"contact_id": "", "item_id": None}, {"contact_id": None}])
def test_an_empty_subject_is_no_subject(subject: dict[str, Any]) -> None:
    assert refused(record(**subject)).reason is DeadLetterReason.NO_SUBJECT


def test_two_subjects_are_refused_even_if_one_is_empty() -> None:
    assert refused(record(item_id="")).reason is DeadLetterReason.TWO_SUBJECTS


# ---------------------------------------------------------------- time


def test_ten_minutes_ahead_of_the_start_are_allowed_and_not_a_microsecond_more() -> None:
    limit_us = START_US + 10 * MINUTE_US
    assert parsed(record(time=format_instant(limit_us))).time_us == limit_us
    assert refused(record(time=format_instant(limit_us + 1))).reason is DeadLetterReason.TIME_IN_FUTURE


def test_history_begins_in_1900() -> None:
    assert parsed(record(time="1900-01-01T00:00:00Z")).time_us == -2_208_988_800_000_000
    assert refused(record(time="1899-12-31T23:59:59.999999Z")).reason is DeadLetterReason.BAD_TIME


def test_finer_digits_than_microseconds_are_cut() -> None:
    assert parsed(record(time="2026-11-01T10:00:00.1234569+01:00")).time_us == parse_instant(
        "2026-11-01T09:00:00.123456Z"
    )


@pytest.mark.parametrize("sign", ["+", "-"])
@pytest.mark.parametrize("plain", ["05:30", "05:00", "00:00", "23:00"])
def test_an_offset_may_leave_out_its_colon_and_minutes_that_are_none(sign: str, plain: str) -> None:
    """As `strftime` of C, Java and Python, and PostgreSQL, write it."""
    time = "2026-11-01T10:00:00.5"
    whole = parsed(record(time=f"{time}{sign}{plain}")).time_us
    assert parsed(record(time=f"{time}{sign}{plain.replace(':', '')}")).time_us == whole
    if plain.endswith(":00"):
        assert parsed(record(time=f"{time}{sign}{plain[:2]}")).time_us == whole


@pytest.mark.parametrize("offset", ["+5", "+053", "+05:3", "+05:", "+24", "+2400", "+0060", "+05:300", "+05 30"])
def test_an_offset_that_is_none_is_refused(offset: str) -> None:
    assert refused(record(time=f"2026-11-01T10:00:00{offset}")).reason is DeadLetterReason.BAD_TIME


@pytest.mark.parametrize(
    "time", ["2026-02-29T00:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01", "now", "1793527200", "2026-11-01T10:00Z"]
)
def test_what_is_no_instant_is_refused(time: str) -> None:
    assert refused(record(time=time)).reason is DeadLetterReason.BAD_TIME


# ---------------------------------------------------------------- bytes and limits


def padded(size: int) -> bytes:
    raw = record(note="")
    return record(note="x" * (size - len(raw)))


def test_a_record_may_be_as_long_as_allowed_and_no_longer() -> None:
    parsed(padded(EVENT_BYTES_MAX))
    dead = refused(padded(EVENT_BYTES_MAX + 1))
    assert dead.reason is DeadLetterReason.OVERSIZE
    assert len(dead.raw) == EVENT_BYTES_MAX + 1


def test_of_an_endless_record_the_beginning_and_the_true_length_are_kept() -> None:
    dead = parse_event(b"x" * RAW_BYTES_MAX, "here:1", START_US, raw_size=10**12)
    assert isinstance(dead, DeadLetter)
    assert (dead.reason, len(dead.raw), dead.raw_size) == (DeadLetterReason.OVERSIZE, RAW_BYTES_MAX, 10**12)


def nested(depth: int) -> Any:
    """A list that makes a record nest `depth` deep, the record and its properties included."""
    value: Any = []
    for _ in range(depth - 3):
        value = [value]
    return value


def test_a_record_may_nest_as_deep_as_allowed_and_no_deeper() -> None:
    parsed(record(properties={"deep": nested(NESTING_MAX)}))
    dead = refused(record(properties={"deep": nested(NESTING_MAX + 1)}))
    assert (dead.reason, dead.detail) == (
        DeadLetterReason.TOO_DEEP,
        "the record nests deeper than 64 objects and lists",
    )


def test_brackets_in_texts_and_side_by_side_nest_nothing() -> None:
    parsed(record(properties={"note": '[{"' * 100, "items": [{"n": [n]} for n in range(200)]}))


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [1_000, 40_000])
def test_nesting_that_would_end_a_decoders_stack_is_refused_in_one_way(opening: bytes, depth: int) -> None:
    assert refused(opening * depth).reason is DeadLetterReason.TOO_DEEP


@pytest.mark.parametrize(
    "raw",
    [b"\xef\xbb\xbf", b"\x00", record() + b"\x00", record() + record(), b'{"event_id": NaN}', b"\\", b'"' + b"\\" * 9]
    + [b'{"event_id": "%s"}' % text for text in (rb"\ud800", rb"\udc00\ud800", rb"\ud800x", b"a\x00b", b"a\tb")],
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    assert refused(raw).reason is DeadLetterReason.NOT_JSON


@pytest.mark.parametrize("raw", [b"\xff\xfe{\x00}\x00", b'{"a\xff": 1}', b'{"a": "\xed\xa0\x80"}', b'"\xc0\x80"'])
def test_bytes_that_are_not_utf8_are_refused_wherever_they_stand(raw: bytes) -> None:
    assert refused(raw).reason is DeadLetterReason.NOT_UTF8


@pytest.mark.parametrize(
    "literal", ["1e309", "-1e309", "1e99999999999999", "1e-325", "1" * 310, "1" * 5_000, "1" * 5_000 + ".5"]
)
def test_a_number_beyond_a_double_is_refused(literal: str) -> None:
    raw = record().replace(b"68.74", literal.encode())
    assert refused(raw).reason is DeadLetterReason.BAD_NUMBER


def test_a_nul_in_an_escape_and_a_pair_of_surrogates_are_text() -> None:
    raw = record().replace(b'"p1"', rb'"a\u0000b\ud83d\ude00"')
    assert parsed(raw).properties["product_id"] == "a\x00b\U0001f600"


# ---------------------------------------------------------------- never raises, never tells


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_dead_letter(raw: bytes) -> None:
    refused(raw)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "item_id", "other"]), values))
def test_any_object_is_an_event_or_a_dead_letter(changes: dict[str, Any]) -> None:
    found = parse_event(json.dumps({**GOOD, **changes}).encode(), "here:1", sys.maxsize)
    assert isinstance(found, (Event, DeadLetter))


@given(st.data(), st.sampled_from([record(), *DEAD.values()]))
def test_a_record_with_a_byte_changed_is_an_event_or_a_dead_letter(data: st.DataObject, raw: bytes) -> None:
    at = data.draw(st.integers(0, min(len(raw), 400) - 1))
    torn = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    assert isinstance(parse_event(torn, "here:1", START_US), (Event, DeadLetter))


SECRET = "zoë@example.com"


@pytest.mark.parametrize(
    "changes",
    [
        {"time": SECRET},
        {"time": [SECRET]},
        {"type": f"{SECRET} *"},
        {"contact_id": SECRET * 20},
        {"contact_id": {SECRET: SECRET}},
        {"item_id": SECRET},
        {"properties": SECRET},
        {"time": f"2026-11-01T10:00:00 {SECRET}"},
    ],
)
def test_a_detail_names_fields_and_never_their_values(changes: dict[str, Any]) -> None:
    dead = refused(record(**changes))
    assert SECRET not in dead.detail
    assert "example" not in dead.detail


@pytest.mark.parametrize("raw", [f'{{"{SECRET}'.encode(), f'{{"a": {SECRET}}}'.encode(), f'["{SECRET}"]'.encode()])
def test_a_detail_about_broken_json_quotes_none_of_it(raw: bytes) -> None:
    assert "example" not in refused(raw).detail


HALF_A_PAIR = "a text has half of a surrogate pair, such as \\ud800: no text in UTF-8 can hold it"


@pytest.mark.parametrize(
    "half", [rb"\ud800", rb"\uDFFF", rb"\ud800x", rb"\ud800\u0041", rb"\udc00\ud800", rb"\ud83d\ude00\ud83d"]
)
@pytest.mark.parametrize(
    "place", ["event_id", "account_id", "contact_id", "type", "time", "note", "name of a property", "name of a field"]
)
def test_half_of_a_surrogate_pair_is_named_wherever_it_stands(half: bytes, place: str) -> None:
    """It is an escape that JSON has, so that "not JSON" alone would be no help."""
    raw = {
        "note": record(properties={"note": "HERE"}),
        "name of a property": record(properties={"HERE": 1}),
        "name of a field": record(HERE=1),
    }.get(place) or record(**{place: "HERE"})
    dead = refused(raw.replace(b"HERE", half))
    assert (dead.reason, dead.detail) == (DeadLetterReason.NOT_JSON, HALF_A_PAIR)


def test_whole_surrogate_pairs_and_escaped_backslashes_are_texts() -> None:
    raw = record(properties={"note": "HERE"}).replace(b"HERE", rb"\ud83d\ude00 \\ud800")
    assert parsed(raw).properties == {"note": "\U0001f600 \\ud800"}
    assert refused(raw[:-1]).detail == "Input data was truncated"
