"""What each key of a shape file does to records."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

import pytest

from kittiwake.input.fields import RowContext
from kittiwake.input.mapping.mapping import ELEMENTS_MAX
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical
from tests.shape_files.shaping import RECORD, TIME, event_of, events_of, parsed, refusal_of, shape


def at(mapping_key: str, value: Any) -> str:
    """The time that is read of a value by a `time:`."""
    return format_instant(event_of(shape(time=mapping_key), RECORD | {"at": value}).time_us)


def properties(record: dict[str, Any], **keys: str) -> dict[str, Any]:
    return event_of(shape(**keys), RECORD | record).properties


def test_a_record_is_the_event_that_its_shape_says() -> None:
    event = event_of(shape(), RECORD)
    assert (event.event_id, event.account_id, event.contact_id, event.type) == ("e1", "acme", "ann", "order.completed")
    assert (format_instant(event.time_us), event.properties) == (TIME, {"total": 12})


def test_the_account_is_a_constant_or_a_field_or_that_of_the_option() -> None:
    assert event_of(shape(account="shop.id"), RECORD | {"shop": {"id": "s"}}).account_id == "s"
    assert event_of(shape(account="shop.id"), RECORD, account_id="given").account_id == "given"
    assert event_of(shape(account=None), RECORD, account_id="given").account_id == "given"
    assert refusal_of(shape(account="shop.id"), RECORD) == ("missing_field", "shop.id is missing")


# ---------------------------------------------------------------- contact


def test_the_first_contact_that_is_there_counts() -> None:
    by_list = shape(contact='[who, {path: email, prefix: "email:"}]')
    assert event_of(by_list, RECORD | {"email": "a@b.c"}).contact_id == "ann"
    assert event_of(by_list, RECORD | {"who": "", "email": "a@b.c"}).contact_id == "email:a@b.c"


def test_a_number_is_an_id_only_where_the_shape_says_so() -> None:
    assert event_of(shape(contact="{path: who, as: text}"), RECORD | {"who": 17850}).contact_id == "17850"
    assert event_of(shape(contact="{path: who, as: text}"), RECORD | {"who": 17850.0}).contact_id == "17850"
    reason, detail = refusal_of(shape(), RECORD | {"who": 17850})
    assert (reason, detail) == ("wrong_type", "who has to be a string and is a number: write {path: who, as: text}")
    assert refusal_of(shape(contact="{path: who, as: text}"), RECORD | {"who": True})[0] == "wrong_type"


@pytest.mark.parametrize("value", [0, "0", "guest", None, ""])
def test_values_that_stand_for_nobody_are_passed_over(value: Any) -> None:
    by_list = shape(contact="[{path: who, as: text, absent: [0, guest]}, other]")
    assert event_of(by_list, RECORD | {"who": value, "other": "bob"}).contact_id == "bob"


def test_a_guest_is_refused_left_out_or_apart() -> None:
    guest = RECORD | {"who": None}
    assert refusal_of(shape(), guest) == ("no_subject", "who is missing")
    assert parsed(shape(guests="leave_out"), guest) == ()
    assert event_of(shape(guests="apart"), guest).contact_id == "guest:e1"


def test_an_id_has_128_characters_with_its_prefix() -> None:
    by_prefix = shape(contact='{path: who, prefix: "anonymous:"}')
    assert event_of(by_prefix, RECORD | {"who": "x" * 118}).contact_id == "anonymous:" + "x" * 118
    assert refusal_of(by_prefix, RECORD | {"who": "x" * 119})[1] == "who has 119 characters, 118 are allowed"


def test_a_record_that_names_contact_and_visitor_ends_the_visitor() -> None:
    both = shape(contact='[who, {path: visitor, prefix: "anonymous:"}]', visitors="end")
    own, merged = events_of(both, RECORD | {"visitor": "v1"})
    assert (own.contact_id, merged.contact_id, merged.type) == ("ann", "anonymous:v1", "contact.merged")
    assert (merged.event_id, merged.time_us, merged.properties) == (own.event_id, own.time_us, {"into": "ann"})
    assert len(events_of(both, RECORD | {"who": None, "visitor": "v1"})) == 1
    assert len(events_of(both, RECORD | {"visitor": ["no id"]})) == 1
    assert len(events_of(shape(contact='[who, {path: visitor, prefix: "anonymous:"}]'), RECORD | {"visitor": "v"})) == 1


# ---------------------------------------------------------------- type


def test_a_type_is_a_constant_a_field_or_renamed() -> None:
    assert event_of(shape(type="{value: cart.viewed}"), RECORD).type == "cart.viewed"
    renamed = shape(type="{path: what, names: {purchase: order.completed, 7: cart.viewed}}")
    assert event_of(renamed, RECORD | {"what": "purchase"}).type == "order.completed"
    assert event_of(renamed, RECORD | {"what": 7}).type == "cart.viewed"
    assert event_of(renamed, RECORD | {"what": "other"}).type == "other"


def test_types_that_are_not_named_can_be_left_out() -> None:
    named = shape(type="{path: what, names: {purchase: order.completed}, others: leave_out}")
    assert parsed(named, RECORD | {"what": "session_start"}) == ()
    assert event_of(named, RECORD | {"what": "purchase"}).type == "order.completed"


def test_names_with_blanks_become_words_if_asked() -> None:
    assert (
        event_of(shape(type="{path: what, words: true}"), RECORD | {"what": "Order Completed"}).type
        == "order.completed"
    )
    assert (
        event_of(shape(type="{path: what, words: true}"), RECORD | {"what": "orderCompleted"}).type == "orderCompleted"
    )
    assert refusal_of(shape(), RECORD | {"what": "Order Completed"})[0] == "wrong_type"
    assert refusal_of(shape(), RECORD | {"what": None})[0] == "missing_field"


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("at", "2026-11-02T10:00:00+01:00", TIME),
        ("{path: at, unit: seconds}", 1793610000, TIME),
        ("{path: at, unit: seconds}", 1793610000.25, "2026-11-02T09:00:00.250000Z"),
        ("{path: at, unit: millis}", "1793610000250", "2026-11-02T09:00:00.250000Z"),
        ("{path: at, unit: micros}", 1793610000000001, "2026-11-02T09:00:00.000001Z"),
        ("{path: at, zone: Europe/Berlin}", "2026-11-02 10:00", TIME),
        ("{path: at, zone: Europe/Berlin}", "2026-11-02T10:00:00.5", "2026-11-02T09:00:00.500000Z"),
        ("{path: at, zone: Europe/Berlin}", "2026-11-02T09:00:00Z", TIME),
        ("{path: at, zone: Europe/Berlin}", "2026-11-02", "2026-11-01T23:00:00Z"),
        ('{path: at, format: "%d/%m/%Y %H:%M", zone: Europe/London}', "2/11/2026 9:00", TIME),
        ('{path: at, format: "%m/%d/%y %I:%M %p", zone: UTC}', "11/2/26 9:00 am", TIME),
        ('{path: at, format: "%d %b %Y %H:%M:%S %z"}', "02 NOV 2026 10:00:00 +0100", TIME),
        ('{path: at, format: "%a, %d %B %Y %H:%M:%S %Z"}', "Mon, 02 November 2026 09:00:00 GMT", TIME),
        ('{path: at, format: "%Y%m%d%H%M%S", zone: UTC}', "20261102090000", TIME),
        (
            '{path: at, format: "%Y-%m-%d %H:%M:%S.%f", zone: UTC}',
            "2026-11-02 09:00:00.000001999",
            "2026-11-02T09:00:00.000001Z",
        ),
        ("{path: at, zone: Europe/Berlin}", "2026-03-29 02:30", "2026-03-29T01:00:00Z"),
        ("{path: at, zone: Europe/Berlin}", "2026-10-25 02:30", "2026-10-25T00:30:00Z"),
    ],
)
def test_a_time_is_read_as_it_is_written(written: str, value: Any, expected: str) -> None:
    assert at(written, value) == expected


def test_the_first_time_that_is_there_counts() -> None:
    assert at("[missing, {path: at, unit: seconds}]", 1793610000) == TIME


@pytest.mark.parametrize(
    ("written", "value", "reason"),
    [
        ("at", None, "missing_field"),
        ("at", 1793610000, "wrong_type"),
        ("at", "2026-11-02T10:00:00", "no_offset"),
        ("at", "yesterday", "bad_time"),
        ("{path: at, unit: seconds}", "soon", "wrong_type"),
        ("{path: at, unit: seconds}", 1793610000000, "time_in_future"),
        ("{path: at, unit: millis}", 10**30, "bad_time"),
        ("{path: at, zone: UTC}", "2026-02-30", "bad_time"),
        ('{path: at, format: "%d.%m.%Y"}', "02.11.2026", "no_offset"),
        ('{path: at, format: "%d.%m.%Y", zone: UTC}', "2026-11-02", "bad_time"),
        ('{path: at, format: "%Y%m%d", zone: UTC}', "2026112", "bad_time"),
        ("at", "1850-01-01T00:00:00Z", "bad_time"),
    ],
)
def test_what_is_no_such_time_is_a_dead_letter(written: str, value: Any, reason: str) -> None:
    assert refusal_of(shape(time=written), RECORD | {"at": value})[0] == reason


# ---------------------------------------------------------------- event_id


def test_an_id_is_made_of_fields_that_cannot_run_together() -> None:
    joined = shape(event_id="[id, {path: version, default: none}]")
    assert event_of(joined, RECORD | {"id": 7, "version": 2}).event_id == "7 2"
    assert event_of(joined, RECORD | {"id": "a b", "version": "c%"}).event_id == "a%20b c%25"
    assert event_of(joined, RECORD).event_id == "e1 none"
    assert event_of(shape(), RECORD | {"id": "a b"}).event_id == "a b"


def test_a_field_of_an_id_has_to_be_there() -> None:
    assert refusal_of(shape(event_id="[id, version]"), RECORD) == ("missing_field", "version is missing")


def test_equal_rows_are_told_apart_by_their_ordinal_from_the_second_on() -> None:
    numbered = shape(event_id="{fields: [id], ordinal: true}")
    assert event_of(numbered, RECORD, context=RowContext((), 1)).event_id == "e1"
    assert event_of(numbered, RECORD, context=RowContext((), 2)).event_id == "e1 #2"
    assert event_of(numbered, RECORD | {"id": "e1 #2"}).event_id == "e1%20#2"


def test_a_digest_is_of_the_fields_or_of_the_whole_record_in_any_layout() -> None:
    of_all = shape(event_id="{digest: true}")
    first = event_of(of_all, RECORD).event_id
    assert len(first) == 64
    assert event_of(of_all, dict(reversed(RECORD.items()))).event_id == first
    assert event_of(of_all, RECORD | {"more": 1}).event_id != first
    of_id = shape(event_id="{fields: [id], digest: true}")
    assert event_of(of_id, RECORD | {"more": 1}).event_id == event_of(of_id, RECORD).event_id
    assert refusal_of(shape(), RECORD | {"id": "x" * 129})[0] == "wrong_type"


# ---------------------------------------------------------------- properties


def test_properties_are_taken_whole_one_by_one_or_joined() -> None:
    assert properties({}, properties=".") == RECORD
    assert properties({"n": {"m": 1}}, properties="{a: n.m, b: n.o, c: {value: web}}") == {"a": 1, "c": "web"}
    assert properties({"n": {"total": 1}}, properties="[with, n, {x: id}]") == {"total": 1, "x": "e1"}
    assert properties({"with": None}) == {}
    assert refusal_of(shape(), RECORD | {"with": [1]})[0] == "wrong_type"


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("12.50", ".", Decimal("12.5")),
        (" 1,234.50 ", ".", Decimal("1234.5")),
        ("-3", ".", -3),
        ("+.5", ".", Decimal("0.5")),
        ("007", ".", 7),
        ("1e3", ".", 1000),
        ("1.234,50", ",", Decimal("1234.5")),
        ("12,5", ",", Decimal("12.5")),
    ],
)
def test_a_text_is_the_number_that_it_says(text: str, decimal: str, expected: Any) -> None:
    found = properties({"x": text}, properties="{x: {path: x, as: number}}", decimal=f'"{decimal}"')
    assert canonical(found) == canonical({"x": expected})


@pytest.mark.parametrize("text", ["$12", "1,2", "twelve", "1.2.3", "12 5", "1e999", True, [1]])
def test_a_text_that_says_no_number_is_a_dead_letter(text: Any) -> None:
    reason, detail = refusal_of(shape(properties="{x: {path: x, as: number}}"), RECORD | {"x": text})
    assert (reason, detail.split(" and is ")[0]) == ("wrong_type", "x has to be a number")


def test_cents_become_an_amount_by_their_currency() -> None:
    def amount(value: Any, code: Any) -> Any:
        written = "{x: {path: x, as: minor_units, currency: c}}"
        return properties({"x": value, "c": code}, properties=written)["x"]

    assert (amount(1999, "usd"), amount("1999", None), amount(1999, "JPY")) == (
        Decimal("19.99"),
        Decimal("19.99"),
        1999,
    )
    assert amount(1999, "KWD") == Decimal("1.999")
    assert amount(10**17 + 1, "EUR") == Decimal("1000000000000000.01"), "exactly"


def test_numbers_are_read_in_lists_too_and_what_is_not_there_is_passed_over() -> None:
    record = {"with": {"total": "9.50", "items": [{"price": "1.5"}, {"price": 2}, {"name": "x"}]}}
    found = properties(record, numbers="[total, items.*.price, tax, items.*.deep.price]")
    assert canonical(found) == '{"items":[{"price":1.5},{"price":2},{"name":"x"}],"total":9.5}'
    assert refusal_of(shape(numbers="[total]"), RECORD | {"with": {"total": "?"}})[0] == "wrong_type"


def test_a_property_has_fallbacks_and_values_that_stand_for_nothing() -> None:
    written = "{x: [{path: a, absent: [N/A]}, {path: [b, c], as: text}, {value: none}]}"
    assert properties({"a": "N/A", "c": 7}, properties=written) == {"x": "7"}
    assert properties({"a": "N/A"}, properties=written) == {"x": "none"}


# ---------------------------------------------------------------- each and only


def test_every_element_of_a_list_is_an_event_with_an_id_of_its_own() -> None:
    each = shape(each="lines", properties="{sku: element.sku, total: with.total}")
    found = events_of(each, RECORD | {"lines": [{"sku": "a"}, {"sku": "b"}]})
    assert [(one.event_id, one.properties) for one in found] == [
        ("e1 0", {"sku": "a", "total": 12}),
        ("e1 1", {"sku": "b", "total": 12}),
    ]
    assert parsed(each, RECORD) == ()
    assert refusal_of(each, RECORD | {"lines": {"sku": "a"}})[0] == "wrong_type"
    assert refusal_of(each, RECORD | {"lines": [{}] * (ELEMENTS_MAX + 1)})[0] == "oversize"


def test_a_record_of_which_one_element_fails_is_a_dead_letter_whole() -> None:
    each = shape(each="lines", properties="{n: {path: element.n, as: number}}")
    assert refusal_of(each, RECORD | {"lines": [{"n": "1"}, {"n": "?"}]})[0] == "wrong_type"


def test_elements_may_be_plain_values_and_may_say_everything() -> None:
    each = shape(each="batch", contact="element.u", type="element.e", time="element.t", event_id="element.i")
    (one,) = events_of(each, {"batch": [{"u": "ann", "e": "x", "t": TIME, "i": "7"}]})
    assert (one.contact_id, one.type, one.event_id) == ("ann", "x", "7 0")
    plain = shape(each="skus", properties="{sku: element}")
    assert [one.properties for one in events_of(plain, RECORD | {"skus": ["a", "b"]})] == [{"sku": "a"}, {"sku": "b"}]


@pytest.mark.parametrize(
    ("written", "value", "is_meant"),
    [
        ("{x: a}", "a", True),
        ("{x: a}", "b", False),
        ("{x: a}", None, False),
        ("{x: [a, b]}", "b", True),
        ("{x: true}", True, True),
        ("{x: true}", "true", True),
        ("{x: true}", 1, False),
        ("{x: 3}", "3", True),
        ("{x: 3}", "3.0", True),
        ("{x: 3}", 3.0, True),
        ("{x: {ne: a}}", None, True),
        ("{x: {ne: a}}", "a", False),
        ("{x: {not_in: [a, b]}}", "c", True),
        ("{x: {gt: 0}}", "12", True),
        ("{x: {gt: 0}}", "-1", False),
        ("{x: {gt: 0, lte: 5}}", 5, True),
        ("{x: {gt: 0, lt: 5}}", 5, False),
        ("{x: {gte: 0}}", "much", False),
        ("{x: {exists: true}}", "", False),
        ("{x: {exists: false}}", None, True),
    ],
)
def test_only_says_which_records_are_meant(written: str, value: Any, is_meant: bool) -> None:
    assert bool(parsed(shape(only=written), RECORD | {"x": value})) is is_meant


# ---------------------------------------------------------------- records


def test_json_in_texts_and_lists_of_pairs_are_walked() -> None:
    records = "{json: [payload], pairs: [params, {at: payload.meta, key: name, value: v}]}"
    record = {
        "payload": '{"total": 12.50, "meta": [{"name": "gift", "v": true}]}',
        "params": [
            {"key": "page", "value": {"string_value": "/x", "int_value": None}},
            {"key": "count", "value": {"string_value": None, "int_value": 0}},
        ],
    }
    found = properties(record, records=records, properties="{t: payload.total, g: payload.meta.gift, p: params}")
    assert canonical(found) == '{"g":true,"p":{"count":0,"page":"/x"},"t":12.5}'
    assert refusal_of(shape(records="{json: [payload]}"), RECORD | {"payload": "{"}) == (
        "not_json",
        "payload is no JSON",
    )


def test_paths_walk_lists_and_keys_with_dots() -> None:
    record = {"a": [{"b": 1}, {"b": 2}], "x.y": {"z": 3}, "1": 4}
    written = '{b: a.1.b, c: a.7.b, z: \'"x.y".z\', n: "1"}'
    assert properties(record, properties=written) == {"b": 2, "z": 3, "n": 4}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "not_json"),
        (b"[1]", "not_an_object"),
        (b'{"id": "\xff"}', "not_utf8"),
        (b'{"with": {"x": 1e999}}', "bad_number"),
        (b'{"x": "' + b"y" * 300_000 + b'"}', "oversize"),
        (b"[" * 100 + b"]" * 100, "too_deep"),
    ],
)
def test_bytes_that_are_no_record_are_refused_as_everywhere(raw: bytes, reason: str) -> None:
    assert refusal_of(shape(), raw)[0] == reason


def test_a_mapping_travels_as_what_its_file_says() -> None:
    mapping = shape(event_id="{fields: [id], digest: true}")
    again = pickle.loads(pickle.dumps(mapping))
    assert again == mapping
    assert hash(again) == hash(mapping)
    assert events_of(again, RECORD) == events_of(mapping, RECORD)
