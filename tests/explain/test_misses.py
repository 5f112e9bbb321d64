"""What an explanation says of what never fell due: how near it came and what it would have taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kittiwake.explain.model import Stage
from tests.explain.explaining import ADDED, CART, VIP, Happening, explained, lines, only_miss

# ---------------------------------------------------------------- near misses before it is due


def test_a_purchase_disarmed_it_so_long_before_the_deadline() -> None:
    miss = only_miss(explained(CART, ADDED, ("35m", "order.completed")))
    assert miss.stage is Stage.STOPPED
    assert miss.what == "disarmed by order.completed (e2), 25 minutes before its deadline 11:00"
    assert miss.needed == "no order.completed before 11:00"


def test_no_event_of_the_type_was_seen_at_all() -> None:
    miss = only_miss(explained(CART, ("0m", "order.completed")))
    assert miss.stage is Stage.UNSEEN
    assert miss.what == "no event of type cart.item_added seen at all"
    assert miss.needed == "one cart.item_added"


@pytest.mark.parametrize(
    ("properties", "what", "needed"),
    [
        (
            {"price": 5},
            "no interest in an item: no cart.item_added with sku seen at all",
            "one cart.item_added with sku",
        ),
        (
            {"sku": "mug"},
            "no such change of an item that cart.item_added names by sku",
            "an item whose price drops by 10%, within 30d of interest in it",
        ),
    ],
    ids=["no-interest", "no-change"],
)
def test_no_item_changed_that_the_contact_was_interested_in(
    properties: Mapping[str, Any], what: str, needed: str
) -> None:
    interest = {"events": "cart.item_added", "item": "sku", "within": "30d"}
    rule = {"id": "drop", "when": {"item": {"price": {"drops_by": "10%"}}}, "interest": interest}
    miss = only_miss(explained(rule, ("0m", "cart.item_added", properties)))
    assert (miss.stage, miss.what, miss.needed) == (Stage.UNSEEN, what, needed)


def test_events_of_the_type_were_not_as_the_rule_wants_them() -> None:
    rule = {**CART, "when": {"event": "cart.item_added", "where": {"price": {"gte": 20}, "shop": "main"}}}
    explanation = explained(rule, ("0m", "cart.item_added", {"price": 5}), ("1m", "cart.item_added", {"price": 30}))
    miss = only_miss(explanation)
    assert miss.stage is Stage.UNMATCHED
    assert miss.what == (
        '2 × cart.item_added seen, none as the rule wants it: shop is missing, the rule wants shop = "main" '
        "(the newest, e2)"
    )


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"price": {"gte": 20}}, "price was 5, the rule wants price ≥ 20"),
        ({"brand": ["a", "b"]}, 'brand is missing, the rule wants brand in "a" or "b"'),
        ({"contact": {"tier": "gold"}}, 'contact.tier is missing, the rule wants contact.tier = "gold"'),
        ({"not": {"price": 5}}, "not (price = 5) does not hold"),
        ({"any": [{"price": 6}, {"price": {"exists": False}}]}, "price = 6 or price does not exist does not hold"),
        ({"name": {"starts_with": "x"}}, 'name was "abc", the rule wants name starts with "x"'),
    ],
)
def test_what_of_where_did_not_hold_is_named(where: Mapping[str, Any], why: str) -> None:
    rule = {**CART, "when": {"event": "cart.item_added", "where": where}}
    miss = only_miss(explained(rule, ("0m", "cart.item_added", {"price": 5, "name": "abc"})))
    assert miss.what == f"1 × cart.item_added seen, none as the rule wants it: {why}"


def test_an_event_lacks_a_property_that_splits_the_rule() -> None:
    miss = only_miss(explained({**CART, "per": "product_id"}, ADDED))
    assert miss.stage is Stage.LACKED
    assert miss.what == "cart.item_added (e1) did not arm it: it lacks product_id"
    assert miss.needed == "a cart.item_added with product_id"


def test_an_event_has_nothing_to_wait_for() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"field": "days", "unit": "days"}}
    assert only_miss(explained(rule, ADDED)).needed == "a cart.item_added with a number as days"


def test_the_date_to_wait_for_has_passed() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"until": "sale"}}
    miss = only_miss(explained(rule, ("0m", "cart.item_added", {"sale": "2026-10-01T00:00:00Z"})))
    assert miss.what.endswith("the date it would wait for has passed")
    assert miss.needed == "a usable sale in the future"


def test_a_sequence_stopped_after_its_second_step() -> None:
    rule = {
        "id": "cart",
        "when": {"sequence": ["search.performed", "product.viewed", "cart.item_added"], "within": "30m"},
    }
    miss = only_miss(explained(rule, ("0m", "search.performed"), ("5m", "product.viewed"), ("45m", "cart.item_added")))
    assert miss.stage is Stage.BEGUN
    assert miss.what == "step 2 of 3 at 2026-11-02 10:05, and no further within 30m"
    assert miss.needed == "cart.item_added before 2026-11-02 10:30"


def test_a_total_is_short_of_its_threshold() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500]}}
    miss = only_miss(explained(rule, ("0m", "order.completed", {"total": 180.25})))
    assert (miss.what, miss.needed) == ("total 180.25 of 250", "69.75 more")


def test_it_still_waits_when_the_run_ends() -> None:
    miss = only_miss(explained(CART, ADDED, until="10m"))
    assert miss.stage is Stage.WAITING
    assert miss.what == "armed at 10:00 by e1, due 11:00: the end (10:10) comes before"
    assert miss.needed == "time to pass until 11:00 without order.completed"


def test_each_instance_has_its_own_near_miss_and_one_that_fired_has_none() -> None:
    explanation = explained(
        {**CART, "per": "product_id"},
        ("0m", "cart.item_added", {"product_id": "p1"}),
        ("90m", "cart.item_added", {"product_id": "p2"}),
        ("100m", "order.completed"),
        ("110m", "cart.item_added"),
    )
    (rule,) = explanation.rules
    assert rule.fired == 1
    assert [(miss.instance, miss.stage) for miss in rule.nearest] == [('{"product_id":"p2"}', Stage.STOPPED)]


def test_a_deleted_contact_leaves_nothing_armed() -> None:
    explanation = explained(CART, ADDED, ("10m", "contact.deleted"), ("5h", "order.completed"))
    miss = only_miss(explanation)
    assert miss.what == "disarmed: the contact was deleted, 50 minutes before its deadline 11:00"
    assert miss.needed == "no contact.deleted before 11:00"


def test_a_merged_contact_leaves_nothing_armed() -> None:
    explanation = explained(CART, ADDED, ("10m", "contact.merged", {"into": "c-42"}), ("5h", "order.completed"))
    miss = only_miss(explanation)
    assert miss.what == "disarmed: the contact was merged into another, 50 minutes before its deadline 11:00"
    assert miss.needed == "no contact.merged before 11:00"


def test_a_deletion_disarms_only_what_is_still_armed() -> None:
    explanation = explained(CART, ADDED, ("3h", "contact.deleted"))
    assert not [text for text in lines(explanation) if text.startswith("disarmed")]


def test_a_total_that_an_event_adds_nothing_to_says_why() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250]}}
    miss = only_miss(explained(rule, ("0m", "order.completed", {"total": "lots"})))
    assert miss.what == (
        '1 × order.completed seen, and nothing came of it: total was "lots", a text, and has to be a number'
    )
    assert miss.needed == "one order.completed with a number as total"


# ---------------------------------------------------------------- given


def _given(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": "cart", "when": "cart.item_added", "given": condition}


VIEW = {"product_id": "p1", "price": 10}


@pytest.mark.parametrize(
    ("condition", "what", "needed"),
    [
        pytest.param(
            {"count": "product.viewed", "same": "product_id", "within": "24h", "gte": 3},
            "given: 2 of 3 product.viewed within 1d with the same product_id",
            'one more product.viewed with product_id "p1" before 2026-11-03 09:00',
            id="count with same",
        ),
        pytest.param(
            {"count": "product.viewed", "gt": 3},
            "given: 2 of 4 product.viewed",
            "2 more product.viewed",
            id="count for ever",
        ),
        pytest.param(
            {"count": "product.viewed", "within": "24h", "lt": 2},
            "given: count of product.viewed within 1d is 2, the rule wants < 2",
            "count of product.viewed within 1d < 2: the oldest that counts leaves at 2026-11-03 09:00",
            id="count too high",
        ),
        pytest.param(
            {"count": "product.viewed", "lte": 1},
            "given: count of product.viewed is 2, the rule wants ≤ 1",
            "count of product.viewed ≤ 1: it does not fall again",
            id="count too high for ever",
        ),
        pytest.param(
            {"sum": "price", "of": "product.viewed", "within": "24h", "gte": 250},
            "given: sum of price of product.viewed within 1d is 20, the rule wants ≥ 250",
            "230 more of price in product.viewed before 2026-11-03 09:00",
            id="sum",
        ),
        pytest.param(
            {"sum": "price", "of": "product.viewed", "gt": 20.5},
            "given: sum of price of product.viewed is 20, the rule wants > 20.5",
            "more than 0.5 more of price in product.viewed",
            id="sum above",
        ),
        pytest.param(
            {"distinct": "product_id", "of": "product.viewed", "within": "24h", "gte": 2},
            "given: 1 of 2 product_id of product.viewed within 1d",
            "one more product.viewed with another product_id before 2026-11-03 09:30",
            id="distinct",
        ),
        pytest.param(
            {"present": "search.performed", "within": "1h"},
            "given: no search.performed within 1h",
            "search.performed within 1h before it",
            id="present",
        ),
        pytest.param(
            {"absent": "product.viewed", "within": "2h"},
            "given: product.viewed at 09:30, within 2h",
            "no product.viewed until 11:30",
            id="absent",
        ),
        pytest.param(
            {"absent": "product.viewed"},
            "given: product.viewed at 09:30",
            "no product.viewed ever",
            id="absent for ever",
        ),
    ],
)
def test_given_says_what_is_there_and_what_it_would_have_taken(
    condition: Mapping[str, Any], what: str, needed: str
) -> None:
    explanation = explained(_given(condition), *_views(), ("0m", "cart.item_added", VIEW))
    miss = only_miss(explanation)
    assert miss.stage is Stage.REFUSED
    assert (miss.what, miss.needed) == (what, needed)


def _views() -> list[Happening]:
    return [("-60m", "product.viewed", VIEW), ("-30m", "product.viewed", VIEW)]


def test_all_conditions_that_do_not_hold_are_told_together() -> None:
    given = [{"present": "search.performed", "within": "1h"}, {"count": "product.viewed", "gte": 1}]
    miss = only_miss(explained({"id": "cart", "when": "cart.item_added", "given": given}, ADDED))
    assert miss.what == "given: no search.performed within 1h and 0 of 1 product.viewed"
    assert miss.needed == "search.performed within 1h before it and one more product.viewed"


# ---------------------------------------------------------------- audiences


def test_who_is_no_member_learns_what_is_missing() -> None:
    miss = only_miss(explained(VIP, ("0m", "order.completed", {"total": 100}), ("1h", "support.complaint")))
    assert miss.what == (
        "not a member: sum of total of order.completed within 90d is 100, the rule wants ≥ 500 "
        "and support.complaint at 2026-11-02 11:00, within 30d"
    )
    assert miss.needed == (
        "400 more of total in order.completed before 2027-01-31 10:00 and no support.complaint until 2026-12-02 11:00"
    )


def test_one_of_several_ways_into_an_audience_is_enough() -> None:
    audience = {"any": [{"present": "a.b"}, {"not": {"present": "x.y"}}, {"not": {"count": "x.y", "gte": 1}}]}
    miss = only_miss(explained({"id": "r", "audience": audience}, ("0m", "x.y")))
    assert miss.needed == "a.b before it, no x.y ever or count of x.y not ≥ 1"


def test_entering_and_leaving_an_audience_are_told() -> None:
    explanation = explained(VIP, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"))
    texts = [text.split(" trigger ")[0] for text in lines(explanation, "vip") if not text.startswith("gates")]
    assert texts == ["becomes a member", "ENTERED", "is a member no longer", "EXITED"]


def test_an_audience_without_any_event_of_the_contact_waits_for_one() -> None:
    (rule,) = explained(VIP).rules
    assert rule.nearest[0].what == "no event of the contact at all"


# ---------------------------------------------------------------- conditions on attributes, and trees


@pytest.mark.parametrize(
    ("given", "what", "needed"),
    [
        (
            {"contact": {"tier": "gold"}},
            'given: contact.tier was "silver", the rule wants contact.tier = "gold"',
            'contact.tier = "gold"',
        ),
        (
            {"not": {"contact": {"tier": "silver"}}},
            'given: the contact is as it should not be: contact.tier = "silver"',
            'not (contact.tier = "silver")',
        ),
        (
            {"any": [{"contact": {"tier": "gold"}}, {"present": "order.completed"}]},
            'given: contact.tier was "silver", the rule wants contact.tier = "gold" and no order.completed',
            'contact.tier = "gold" or order.completed before it',
        ),
    ],
)
def test_what_of_a_tree_did_not_hold_is_named(given: Mapping[str, Any], what: str, needed: str) -> None:
    rule = {**CART, "given": given}
    explanation = explained(rule, ("0m", "contact.updated", {"tier": "silver"}), ("1m", "cart.item_added"))
    miss = only_miss(explanation)
    assert (miss.stage, miss.what, miss.needed) == (Stage.REFUSED, what, needed)
    assert [line for line in lines(explanation) if "given does not hold" in line]


def test_a_contact_that_is_no_member_by_its_attributes_is_told_so() -> None:
    rule = {"id": "gold", "audience": {"contact": {"tier": "gold"}}}
    miss = only_miss(explained(rule, ("0m", "contact.updated", {"tier": "silver"})))
    assert miss.what == 'not a member: contact.tier was "silver", the rule wants contact.tier = "gold"'
