"""A value that is there and cannot be used is named: what it was, why it does not do, and what would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kittiwake.explain.model import Explanation
from kittiwake.explain.rendering import plain
from tests.explain.explaining import ADDED, CART, VIP, explained, lines, only_miss

PRICE = 'price was "25", a text; it is compared with a number: send 25, without quotes, or name it under cast'
BOUGHT = ("1m", "order.completed")


def all_lines(explanation: Explanation) -> list[str]:
    return [one.text for one in explanation.lines]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"cart": {"empty": True}}, "cart was [5], the rule wants cart is empty"),
        ({"none": {"empty": False}}, "none is missing, the rule wants none is not empty"),
        ({"price": {"lt": {"path": "was"}}}, "price was 10 and was was 9, the rule wants price < was"),
        ({"price": {"lt": {"path": "contact.limit"}}}, "price was 10 and contact.limit was 4, the rule wants"),
        ({"price": {"lt": {"path": "none"}}}, "price was 10 and none is missing, the rule wants price < none"),
        (
            {"price": {"lt": {"path": "text"}}},
            'price was 10, a number and text was "12", a text, and they do not compare: send 12, without quotes',
        ),
        ({"price": {"gt": {"path": "cart"}}}, "price was 10, a number and cart was [5], a list, and they do not"),
        ({"cart": {"gt": {"path": "price"}}}, "cart was [5], a list; only a number or a text is compared with price"),
        ({"cart": {"eq": {"path": "price"}}}, "cart was [5], a list; only a text, number or bool equals price"),
        ({"price": {"empty": True}}, "price was 10, a number; only a list, an object or a text is empty, or is not"),
        ({"price": {"contains": {"a": 1}}}, "price was 10, a number; only a list contains an object"),
        (
            {"cart": {"contains": {"sku": "mug"}}},
            'cart has 1 element, none of which is an object, the rule wants cart contains an object with sku = "mug"',
        ),
        (
            {"lines": {"contains": {"sku": "mug", "q": {"gte": 2}}}},
            "of 2 elements of lines none fits, the nearest is number 2: q was 1, the rule wants q ≥ 2",
        ),
        (
            {"lines": {"contains": {"q": {"lt": {"path": "stock"}}}}},
            "of 2 elements of lines none fits, the nearest is number 1: q was 1 and stock is missing, the rule wants",
        ),
        (
            {"not": {"lines": {"contains": {"sku": "mug", "q": 1}}}},
            'not (lines contains an object with sku = "mug" and q = 1) does not hold',
        ),
    ],
)
def test_what_is_asked_of_elements_of_emptiness_and_of_two_properties_is_said(
    where: Mapping[str, Any], why: str
) -> None:
    rule = {**CART, "when": {"event": "cart.item_added", "where": where}}
    lists = {"cart": [5], "lines": [{"sku": "cup", "q": 1}, {"sku": "mug", "q": 1}]}
    limit = ("0m", "contact.updated", {"limit": 4})
    found = explained(rule, limit, ("1m", "cart.item_added", {"price": 10, "was": 9, "text": "12", **lists}))
    assert f"none as the rule wants it: {why}" in only_miss(found).what


@pytest.mark.parametrize(
    ("change", "update", "why"),
    [
        (
            {"tier": {"becomes": "gold"}},
            {"tier": "silver"},
            'contact.tier was "lead" before and is "silver", a text, the rule wants contact.tier becomes "gold"',
        ),
        (
            {"tier": {"becomes": "gold", "from": ["silver", "bronze"]}},
            {"tier": "gold"},
            'the rule wants contact.tier becomes "gold" from "silver" or "bronze"',
        ),
        ({"tier": {"becomes": "x"}}, {"city": "Oslo"}, "it does not name tier, the rule wants contact.tier becomes"),
        ({"tier": {"changes": True, "from": "lead"}}, {"tier": None}, 'contact.tier was "lead" before and is gone'),
        (
            {"points": {"rises_by": "10%"}},
            {"points": 105},
            "contact.points was 100 before and is 105, a number, the rule wants contact.points rises by 10%",
        ),
        (
            {"age": {"drops_below": 9}},
            {"age": 5},
            "contact.age was not known before and is 5, a number, the rule wants",
        ),
        ({"points": {"rises_above": 9}}, {"points": "120"}, 'contact.points was 100 before and is "120", a text'),
    ],
)
def test_a_change_of_the_contact_says_what_was_and_what_is(
    change: Mapping[str, Any], update: Mapping[str, Any], why: str
) -> None:
    first = ("0m", "contact.updated", {"tier": "lead", "points": 100})
    found = explained({"id": "r", "when": {"contact": change}}, first, ("1m", "contact.updated", update))
    assert why in only_miss(found).what


def test_an_event_that_does_not_disarm_by_another_name_says_what_it_had() -> None:
    rule = {**CART, "unless": {"event": "order.completed", "same": {"product_id": "sku"}}}
    found = explained(rule, ("0m", "cart.item_added", {"product_id": 7}), ("1m", "order.completed", {"sku": "7"}))
    assert any('sku was "7", a text, and 7, a number, when armed' in line for line in lines(found))
    assert any("without order.completed with the same sku as product_id" in line for line in all_lines(found))


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"price": {"gte": 20}}, PRICE),
        ({"price": 25}, PRICE),
        ({"price": [25, 26]}, PRICE),
        (
            {"name": {"lt": 9}},
            'name was "cup", a text; it is compared with a number: it never holds of such a value',
        ),
        (
            {"stock": "5"},
            "stock was 5, a number; it is compared with a text: send it, or write it in the rule, as the other is",
        ),
        (
            {"stock": {"in": ["5", "six"]}},
            "stock was 5, a number; it is compared with a text: send it, or write it in the rule, as the other is",
        ),
        (
            {"stock": {"gt": "a"}},
            "stock was 5, a number; it is compared with a text: it never holds of such a value",
        ),
        (
            {"stock": {"contains": "x"}},
            'stock was 5, a number; only a text or a list contains "x": it never holds of such a value',
        ),
        ({"name": {"contains": 5}}, 'name was "cup", a text; only a list contains 5: it never holds of such a value'),
        (
            {"stock": {"starts_with": "x"}},
            "stock was 5, a number; only a text starts with another: it never holds of such a value",
        ),
        ({"new": 1}, "new was true, a bool; it is compared with a number: it never holds of such a value"),
        ({"items.sku": "a"}, "items.sku is missing: items is a list, into which no path leads"),
        ({"name.first": "a"}, "name.first is missing: name is a text"),
        (
            {"contact": {"points": {"gte": 5}}},
            (
                'contact.points was "7", a text; it is compared with a number: '
                "send 7, without quotes, or name it under cast"
            ),
        ),
        (
            {"any": [{"price": {"gt": 20}}, {"name": "mug"}]},
            f'price > 20 or name = "mug" does not hold ({PRICE})',
        ),
    ],
)
def test_a_comparison_names_a_value_of_another_type(where: Mapping[str, Any], why: str) -> None:
    rule = {**CART, "when": {"event": "cart.item_added", "where": where}}
    properties = {"price": "25", "name": "cup", "stock": 5, "new": True, "items": [{"sku": "a"}]}
    points = ("0m", "contact.updated", {"points": "7"})
    miss = only_miss(explained(rule, points, ("1m", "cart.item_added", properties)))
    assert miss.what == f"1 × cart.item_added seen, none as the rule wants it: {why}"


def test_a_sum_of_texts_says_so() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "given": {"sum": "total", "of": "order.completed", "gte": 1000}}
    explanation = explained(rule, ("0m", "order.completed", {"total": "1500.00"}), ("1m", "cart.item_added"))
    miss = only_miss(explanation)
    assert miss.what == (
        "given: sum of total of order.completed is 0, the rule wants ≥ 1000; 1 × order.completed counted for nothing: "
        'total was "1500.00", a text, and has to be a number: '
        "send 1500.00, without quotes, or name it under cast (the newest, e1)"
    )
    vip = only_miss(explained(VIP, ("0m", "order.completed", {"total": [600]})))
    assert "1 × order.completed counted for nothing: total was [600], a list, and has to be a number" in vip.what


def test_a_number_of_different_values_says_what_is_none() -> None:
    given = {"distinct": "items.sku", "of": "order.completed", "gte": 2}
    explanation = explained({**CART, "given": given}, ("0m", "order.completed", {"items": [{"sku": "a"}]}), ADDED)
    assert "items.sku is missing: items is a list, into which no path leads" in only_miss(explanation).what


def test_a_condition_whose_where_meets_another_type_says_so() -> None:
    given = {"count": {"event": "order.completed", "where": {"total": {"gte": 5}}}, "gte": 1}
    explanation = explained(
        {**CART, "given": given}, ("0m", "order.completed", {"total": "9"}), ("1m", "cart.item_added")
    )
    assert (
        '1 × order.completed counted for nothing: total was "9", a text; it is compared' in only_miss(explanation).what
    )


def test_a_condition_says_that_the_same_was_written_otherwise() -> None:
    rule = {**CART, "given": {"count": "product.viewed", "same": "product_id", "gte": 1}}
    explanation = explained(
        rule, ("0m", "product.viewed", {"product_id": "77120"}), ("1m", "cart.item_added", {"product_id": 77120})
    )
    assert only_miss(explanation).what == (
        "given: 0 of 1 product.viewed with the same product_id; "
        'there is some with product_id "77120", a text, and 77120 is a number'
    )


def test_a_total_that_an_event_adds_nothing_to_says_why() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250]}}
    text = 'total was "99.50", a text, and has to be a number: send 99.50, without quotes, or name it under cast'
    explanation = explained(rule, ("0m", "order.completed", {"total": "99.50"}))
    assert only_miss(explanation).what == f"1 × order.completed seen, and nothing came of it: {text}"
    assert f"counted for nothing: {text}" in lines(explanation)
    part = explained(rule, ("0m", "order.completed", {"total": 100}), ("1m", "order.completed", {"total": "99.50"}))
    assert only_miss(part).what == f"total 100 of 250; 1 × order.completed counted for nothing: {text} (the newest, e2)"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "expires_at is null"),
        ("2026-11-09T10:00:00", 'expires_at was "2026-11-09T10:00:00", a text: a time without its offset from UTC'),
        ("30", 'expires_at was "30", a text, and has to be a date (2026-11-01) or a time with its offset'),
        (1794218400, "expires_at was 1794218400, a number, and has to be a date (2026-11-01) or a time with its"),
        ([1], "expires_at was [1], a list, and has to be a date"),
        ("0001-01-01", None),
    ],
)
def test_a_wait_towards_what_is_no_date_says_what_was_there(value: object, why: str | None) -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"until": "expires_at"}}
    miss = only_miss(explained(rule, ("0m", "cart.item_added", {"expires_at": value})))
    assert f"did not arm it: {why or 'the date it would wait for has passed'}" in miss.what
    birthday = {"id": "cart", "when": "contact.updated", "wait": {"until": "contact.born"}}
    if why is not None:
        of_contact = only_miss(explained(birthday, ("0m", "contact.updated", {"born": value or 0})))
        assert "contact.born was " in of_contact.what


def test_a_wait_that_takes_its_default_says_so_and_why() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"field": "days", "unit": "days", "default": "30d"}}
    explanation = explained(
        rule,
        ("0m", "cart.item_added", {"days": "7"}),
        ("1m", "cart.item_added"),
        ("2m", "cart.item_added", {"days": -1}),
        ("3m", "cart.item_added", {"days": 7}),
    )
    armed, missing, negative, fine = lines(explanation)
    assert armed == (
        'armed, due 2026-12-02 10:00, by its default 30d, for days was "7", a text, and has to be a number: '
        "send 7, without quotes, or name it under cast"
    )
    assert missing.endswith("by its default 30d, for days is missing")
    assert negative.endswith("for days was -1, a number, and nobody waits for less than 0")
    assert fine == "restarted (4 events so far), due 2026-11-09 10:03"


def test_a_wait_without_a_default_says_what_it_needs() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"field": "days", "unit": "days"}}
    miss = only_miss(explained(rule, ("0m", "cart.item_added", {"days": "7"})))
    assert miss.needed == "a cart.item_added with a number as days"
    assert 'days was "7", a text' in miss.what


def test_a_key_that_is_a_list_is_told_as_one() -> None:
    miss = only_miss(explained({**CART, "per": "sku"}, ("0m", "cart.item_added", {"sku": ["a"]})))
    assert miss.what == (
        'cart.item_added (e1) did not arm it: sku was ["a"], a list, and has to be a text, number or bool'
    )


def test_a_purchase_that_names_the_same_otherwise_says_why_it_did_not_disarm() -> None:
    rule = {**CART, "per": "product_id", "unless": {"event": "order.completed", "same": "product_id"}}
    explanation = explained(
        rule, ("0m", "cart.item_added", {"product_id": "77120"}), ("1m", "order.completed", {"product_id": 77120})
    )
    assert 'not disarmed by order.completed (e2): product_id was 77120, a number, and "77120", a text, when armed' in (
        lines(explanation)
    )
    assert explanation.rules[0].fired == 1


def test_an_unless_whose_where_meets_another_type_says_why_it_did_not_disarm() -> None:
    rule = {**CART, "unless": {"event": "order.completed", "where": {"total": {"gt": 0}}}}
    explanation = explained(rule, ADDED, ("1m", "order.completed", {"total": "5"}))
    (line,) = [one for one in lines(explanation) if one.startswith("not disarmed")]
    assert line == (
        'not disarmed by order.completed (e2): total was "5", a text; it is compared with a number: '
        "send 5, without quotes, or name it under cast"
    )


def test_instances_that_read_the_same_are_told_apart() -> None:
    rule = {**CART, "per": "sku"}
    explanation = explained(rule, ("0m", "cart.item_added", {"sku": "7"}), ("1m", "cart.item_added", {"sku": 7}))
    assert 'another instance than {"sku":"7"}: there sku is a text, here a number' in lines(explanation)


def test_a_consent_whose_purpose_is_no_text_says_what_comes_of_it() -> None:
    policy = {"consent": {"purpose": "marketing", "default": "granted"}}
    explanation = explained(CART, ADDED, ("1m", "consent.withdrawn", {"purpose": 5}), policy=policy)
    assert "purpose was 5, a number, and has to be a text: taken as every purpose" in all_lines(explanation)
    granted = explained(CART, ADDED, ("1m", "consent.granted", {"purpose": ["marketing"]}), policy=policy)
    assert 'purpose was ["marketing"], a list, and has to be a text: it grants nothing' in all_lines(granted)


def test_only_what_rules_read_is_shown_and_the_rest_on_demand() -> None:
    rule = {
        **CART,
        "when": {"event": "cart.item_added", "where": {"price.net": {"gte": 1}}},
        "per": "sku",
        "include": {"n": "name"},
    }
    properties = {"card": "4111", "sku": "a", "address": {"street": "x"}, "price": {"net": 5, "tax": 1}}
    happenings = (("0m", "cart.item_added", properties), ("1m", "shop.entered", {"from": "secret"}))
    updated = ("2m", "contact.updated", {"timezone": "UTC", "phone": "555"})
    text = plain(explained(rule, *happenings, updated))
    assert 'cart.item_added (e1) price.net=5 sku="a"\n' in text
    assert "shop.entered (e2)\n" in text
    assert 'contact.updated (e3) timezone="UTC"\n' in text
    assert "properties that no rule reads are left out" in text
    assert not any(word in text for word in ("4111", "street", "secret", "555"))
    whole = plain(explained(rule, *happenings, updated, all_properties=True))
    assert all(word in whole for word in ("4111", "street", "secret", "555"))
    assert "left out" not in whole


def test_a_name_that_could_be_taken_for_words_of_ours_is_quoted() -> None:
    text = plain(explained(CART, ("0m", "cart.item_added", {"a=1) FIRED": 1, "ok": 2}), all_properties=True))
    assert 'cart.item_added (e1) "a=1) FIRED"=1 ok=2' in text


def test_a_value_that_can_be_used_is_told_as_before() -> None:
    explanation = explained(
        {**CART, "unless": {"event": "order.completed", "where": {"total": {"gt": 9}}}}, ADDED, BOUGHT
    )
    assert not [one for one in lines(explanation) if one.startswith("not disarmed")]
