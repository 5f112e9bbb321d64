"""The oracle against the examples of rules.md; every expectation is reasoned by hand from the page."""

from typing import Any

import pytest

from tests.oracle import clock
from tests.oracle.chosen_worlds import CHOSEN
from tests.oracle.oracle import decide
from tests.oracle.telling import DAY, event, shown


def outcome(
    rule: dict[str, Any], events: list[dict[str, Any]], until: str = "2026-06-20T00:00:00Z", **document: Any
) -> list[str]:
    """What one rule decides, each as `HH:MM kind decision reason first..last×count` in order of due time."""
    whole = {"account": "acme", "timezone": "UTC", "rules": [{"id": "r", **rule}], **document}
    rows = decide(whole, events, clock.parse_instant(until) or 0, account="acme", contact="ann")
    return [shown(each) for each in sorted(rows, key=lambda each: (each["time_us"], each["reminder"] or 0))]


CART = {"when": "cart.item_added", "wait": "1h", "unless": "order.completed"}


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [
        ("10:59", []),
        ("11:00", ["11:00 fired"]),  # exactly at t+1h is too late
        ("10:00", []),  # another event of the very same instant disarms, though its id is smaller
        ("09:59", ["11:00 fired"]),
    ],
)
def test_cart_abandonment(ordered: str, expected: list[str]) -> None:
    events = [event("b", "10:00", "cart.item_added"), event("a", ordered, "order.completed")]
    assert outcome(CART, events) == expected


def test_a_further_match_restarts_the_silence_and_with_restart_false_only_counts() -> None:
    events = [event("a", "10:00", "cart.item_added"), event("b", "10:40", "cart.item_added")]
    assert outcome(CART, events) == ["11:40 fired"]
    assert outcome({**CART, "restart": False}, events) == ["11:00 fired"]


def test_browse_abandonment_asks_for_three_views_of_one_product_within_a_day() -> None:
    rule = {
        "when": "product.viewed",
        "given": {"count": "product.viewed", "same": "product_id", "within": "24h", "gte": 3},
        "wait": "2h",
        "unless": [{"event": "cart.item_added", "same": "product_id"}, "order.completed"],
        "per": "product_id",
    }
    views = [event(f"v{n}", f"1{n}:00", "product.viewed", product_id=1 if n % 2 else 1.0) for n in range(3)]
    other = event("w", "12:30", "product.viewed", product_id=2)
    assert outcome(rule, [*views, other]) == ["14:00 fired"]
    assert outcome(rule, [*views[:2], event("v2", f"{DAY[:-1]}2T10:00:00Z", "product.viewed", product_id=1)]) == []
    assert outcome(rule, [*views, event("c", "13:00", "cart.item_added", product_id=2)]) == ["14:00 fired"]
    assert outcome(rule, [*views, event("c", "13:00", "cart.item_added", product_id=1)]) == []


def test_checkout_reminders_end_with_the_order_and_are_not_repeated_by_a_restart() -> None:
    rule = {
        "when": "checkout.started",
        "wait": ["30m", "2h", "3h"],
        "unless": {"event": "order.completed", "same": "checkout_id"},
        "per": "checkout_id",
    }
    start = event("a", "10:00", "checkout.started", checkout_id="x")
    assert outcome(rule, [start]) == ["10:30 fired #0", "12:00 fired #1", "13:00 fired #2"]
    again = event("b", "11:00", "checkout.started", checkout_id="x")
    assert outcome(rule, [start, again]) == ["10:30 fired #0", "13:00 fired #1", "14:00 fired #2"]
    bought = event("c", "12:30", "order.completed", checkout_id="x")
    assert outcome(rule, [start, bought]) == ["10:30 fired #0", "12:00 fired #1"]


def test_high_intent_is_a_chain_within_half_an_hour() -> None:
    steps = ["search.performed", "product.viewed", "cart.item_added"]
    rule = {"when": {"sequence": steps, "within": "30m"}}
    events = [event("a", "10:00", steps[0]), event("b", "10:10", steps[1]), event("c", "10:29", steps[2])]
    assert outcome(rule, events) == ["10:29 fired"]
    assert outcome(rule, [*events[:2], event("c", "10:30", steps[2])]) == []
    assert outcome(rule, [*events, event("d", "10:29", steps[2])]) == ["10:29 fired"]  # completing clears the chain


def test_loyalty_milestones_are_exact_fire_once_and_leave_the_lower_superseded() -> None:
    rule = {"when": "order.completed", "reaches": {"sum": "total", "at": [250, 500, 1000]}}
    totals = (68.74, 96.47, 8.51, 76.28, 800, -900, 900)
    events = [event(f"e{n}", f"1{n}:00", "order.completed", total=total) for n, total in enumerate(totals)]
    assert outcome(rule, events) == [
        "13:00 fired 250",
        "14:00 suppressed superseded 500",
        "14:00 fired 1000",
    ]


def test_replenish_waits_as_long_as_the_event_says() -> None:
    rule = {
        "when": {"event": "order.item_purchased", "where": {"category": {"in": ["coffee", "filters"]}}},
        "wait": {"field": "supply_days", "unit": "days", "default": "30d"},
        "unless": {"event": "order.item_purchased", "same": "product_id"},
        "per": "product_id",
    }
    bought = event("a", "10:00", "order.item_purchased", category="coffee", product_id=1, supply_days=0.5)
    assert outcome(rule, [bought]) == ["22:00 fired"]
    again = event("b", "11:00", "order.item_purchased", category="coffee", product_id=1, supply_days=1.5)
    assert outcome(rule, [bought, again]) == ["06-02T23:00 fired"]
    assert outcome(rule, [event("a", "10:00", "order.item_purchased", category="tea", product_id=1)]) == []


def test_vip_enters_with_the_sum_and_leaves_when_a_look_back_ends() -> None:
    audience = {
        "all": [
            {"sum": "total", "of": "order.completed", "within": "3d", "gte": 500},
            {"absent": "support.complaint", "within": "1d"},
        ]
    }
    rule = {"audience": audience, "emits": ["entered", "exited"]}
    orders = [event("a", "10:00", "order.completed", total=250), event("b", "11:00", "order.completed", total=250)]
    assert outcome(rule, orders) == ["11:00 entered fired", "06-04T10:00 exited fired"]
    complaint = event("c", "12:00", "support.complaint")
    assert outcome(rule, [*orders, complaint]) == [
        "11:00 entered fired",
        "12:00 exited fired",
        "06-02T12:00 entered fired",
        "06-04T10:00 exited fired",
    ]
    late = outcome(rule, orders, policy={"live_from": f"{DAY}T11:30:00Z"})
    assert late == ["11:00 entered suppressed not_ready", "11:30 entered fired", "06-04T10:00 exited fired"]


def test_lapsed_restarts_with_every_event_but_those_of_contact_and_consent() -> None:
    rule = {"when": "*", "wait": "10d"}
    events = [event("a", "10:00", "any.thing"), event("b", "12:00", "contact.updated"), event("c", "11:00", "x.y")]
    assert outcome(rule, events) == ["06-11T11:00 fired"]


def test_renewal_reminder_counts_back_from_a_date() -> None:
    rule = {
        "when": "subscription.renewed",
        "wait": {"until": "expires_at", "offset": "-7d"},
        "unless": "subscription.cancelled",
    }
    assert outcome(rule, [event("a", "10:00", "subscription.renewed", expires_at="2026-06-10")]) == [
        "06-03T09:00 fired"
    ]
    assert outcome(rule, [event("a", "10:00", "subscription.renewed", expires_at="2026-06-08")]) == []
    exact = event("a", "10:00", "subscription.renewed", expires_at="2026-06-08T12:00:00+02:00")
    assert outcome(rule, [exact]) == ["10:00 fired"]


def test_birthday_repeats_in_the_contacts_zone_and_29_february_falls_on_1_march() -> None:
    rule = {"when": "contact.updated", "wait": {"until": "contact.birthday", "repeat": "yearly", "at": "09:00"}}
    born = event("a", "2026-02-01T00:00:00Z", "contact.updated", birthday="2000-02-29", timezone="America/Toronto")
    assert outcome(rule, [born]) == ["03-01T14:00 fired 2026-03-01"]
    moved = event("b", "2026-02-02T00:00:00Z", "contact.updated", timezone="Asia/Kolkata")
    assert outcome(rule, [born, moved]) == ["03-01T03:30 fired 2026-03-01"]
    cleared = event("b", "2026-02-02T00:00:00Z", "contact.updated", birthday=None)
    assert outcome(rule, [born, cleared]) == []


def test_a_monthly_series_falls_on_the_last_day_of_a_short_month_and_an_rrule_skips_it() -> None:
    paid = event("a", "2026-01-30T00:00:00Z", "a.b", on="2026-01-31")
    rule: dict[str, Any] = {"when": "a.b", "wait": {"until": "on", "repeat": "monthly"}}
    assert outcome(rule, [paid], "2026-04-30T12:00:00Z") == [
        "01-31T09:00 fired 2026-01-31",
        "02-28T09:00 fired 2026-02-28",
        "03-31T09:00 fired 2026-03-31",
        "04-30T09:00 fired 2026-04-30",
    ]
    rule["wait"]["repeat"] = "FREQ=MONTHLY"
    assert outcome(rule, [paid], "2026-04-30T12:00:00Z") == [
        "01-31T09:00 fired 2026-01-31",
        "03-31T09:00 fired 2026-03-31",
    ]


def test_the_first_date_of_a_series_with_time_is_the_instant_itself() -> None:
    rule = {"when": "a.b", "wait": {"until": "on", "repeat": "daily"}}
    second = event("a", "2026-10-30T00:00:00Z", "a.b", on="2026-11-01T06:30:00Z")  # 01:30 EST, shown before in EDT
    assert outcome(rule, [second], "2026-11-02T12:00:00Z", timezone="America/Toronto") == [
        "11-01T06:30 fired 2026-11-01",
        "11-02T06:30 fired 2026-11-02",
    ]


def test_the_skipped_and_the_repeated_local_time() -> None:
    rule: dict[str, Any] = {"when": "a.b", "wait": {"until": "on", "at": "02:30"}}
    skipped = event("a", "2026-03-01T00:00:00Z", "a.b", on="2026-03-08")
    assert outcome(rule, [skipped], timezone="America/Toronto") == ["03-08T07:00 fired"]  # 03:00 EDT
    rule["wait"]["at"] = "01:30"
    twice = event("a", "2026-10-30T00:00:00Z", "a.b", on="2026-11-01")
    until = "2026-12-01T00:00:00Z"
    assert outcome(rule, [twice], until, timezone="America/Toronto") == ["11-01T05:30 fired"]  # 01:30 EDT


QUIET = {"quiet_hours": {"from": "21:00", "to": "08:00"}}


def test_quiet_hours_defer_to_the_morning_and_an_order_overnight_cancels() -> None:
    cart = event("a", "21:00", "cart.item_added")
    assert outcome(CART, [cart], policy=QUIET) == ["22:00 fired at 06-02T08:00"]
    assert outcome(CART, [cart], policy=QUIET, until="2026-06-02T07:59:00Z") == ["22:00 deferred quiet_hours"]
    order = event("b", "23:30", "order.completed")
    assert outcome(CART, [cart, order], policy=QUIET) == ["22:00 cancelled unless"]
    assert outcome({**CART, "expires": "10h"}, [cart], policy=QUIET) == ["22:00 suppressed expired"]
    deleted = event("b", "23:30", "contact.deleted")
    assert outcome(CART, [cart, deleted], policy=QUIET) == ["22:00 cancelled deleted"]


def test_a_match_takes_a_deferred_reminder_back_and_without_wait_a_newer_one_supersedes() -> None:
    carts = [event("a", "21:00", "cart.item_added"), event("b", "23:00", "cart.item_added")]
    assert outcome(CART, carts, policy=QUIET) == ["06-02T00:00 fired at 06-02T08:00"]
    at_once = {"when": "cart.item_added"}
    assert outcome(at_once, carts, policy=QUIET) == ["21:00 suppressed superseded", "23:00 fired at 06-02T08:00"]


def test_gates_refuse_in_their_order() -> None:
    rule = {"when": "a.b", "reentry": "2h"}
    events = [event(f"e{n}", f"1{n}:00", "a.b") for n in range(4)]
    assert outcome(rule, events) == [
        "10:00 fired",
        "11:00 suppressed reentry",
        "12:00 fired",
        "13:00 suppressed reentry",
    ]
    capped = outcome({"when": "a.b"}, events, policy={"frequency": [{"max": 1, "per": "2h"}]})
    assert capped[1:3] == ["11:00 suppressed frequency_cap", "12:00 fired"]  # (t-D, t] leaves the firing at t-D out
    withdrawn = event("c", "11:30", "consent.withdrawn", purpose="marketing")
    consent = outcome(
        {"when": "a.b", "mode": "shadow"}, [*events, withdrawn], policy={"consent": {"purpose": "marketing"}}
    )
    assert consent[1:3] == ["11:00 suppressed shadow", "12:00 suppressed no_consent"]
    held = outcome(
        rule, events[:1], policy={"holdout": {"percent": 100, "salt": "s"}, "live_from": "2026-05-01T00:00:00Z"}
    )
    assert held == ["10:00 suppressed holdout"]


def test_copies_are_one_event_and_a_copy_beyond_the_horizon_is_a_new_one() -> None:
    first = event("a", "10:00", "order.completed", total=2)
    smaller = event("a", "10:00", "order.completed", total=10)  # `"total":10` sorts before `"total":2`
    inside, beyond = event("a", "11:00", "order.completed"), event("a", f"{DAY}T11:00:00.000001Z", "order.completed")
    rule = {"when": "order.completed", "reaches": {"sum": "total", "at": [2, 10]}}
    assert outcome(rule, [first, smaller, inside]) == ["10:00 suppressed superseded 2", "10:00 fired 10"]
    assert len(outcome({"when": "order.completed"}, [beyond, first, inside])) == 2


def test_an_event_the_rule_has_no_room_for_leaves_one_row() -> None:
    document = {"account": "acme", "rules": [{"id": "r", "when": "a.b", "wait": "1h", "per": "k"}]}
    events = [event("a", "10:00", "a.b", k=1), event("b", "10:30", "a.b", k=2), event("c", "11:00", "a.b", k=2)]
    until = clock.parse_instant(f"{DAY}T13:00:00Z") or 0
    rows = decide(document, events, until, account="acme", contact="ann", limits={"keys": 1})
    assert [(row["decision"], row["reason"], row["instance"]) for row in rows] == [
        ("suppressed", "limit", {"k": 2}),
        ("fired", None, {"k": 1}),
        ("fired", None, {"k": 2}),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "an occurrence too far ahead is decided by that",
            [
                "22:00 fired 2026-06-01 at 06-02T08:00",
                "06-02T22:00 suppressed limit 2026-06-02",
                "06-02T02:00 suppressed limit",
            ],
        ),
        ("a restart at the instant of opening is tested anew", []),
        ("a deletion parts one instant in two lives", ["13:00 fired"]),
    ],
)
def test_chosen_worlds(name: str, expected: list[str]) -> None:
    chosen = CHOSEN[name]
    rows = decide(chosen.document, chosen.events, chosen.until_us, account="acme", contact="ann", limits=chosen.limits)
    assert sorted(map(shown, rows)) == sorted(expected)
