"""What an explanation says of each way a rule can fire, or nearly fire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.limits import DEFAULT_LIMITS
from kittiwake.kernel.state import new_state
from kittiwake.kernel.trace import Step, StepKind
from kittiwake.reasons import Reason
from kittiwake.replay import explain_gates, explain_steps
from kittiwake.replay.explain import explain
from kittiwake.replay.explain_model import Explanation, Miss, Stage, as_data, only_rules
from kittiwake.replay.explain_text import plain
from kittiwake.replay.rows import line
from kittiwake.replay.scenario_player import event_of
from kittiwake.rules.compiler import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import format_instant, parse_instant

Happening = tuple[str, str] | tuple[str, str, Mapping[str, Any]]

CART = {"id": "cart", "when": "cart.item_added", "wait": "1h", "unless": "order.completed"}
START_US = parse_instant("2026-11-02T10:00:00Z")
ADDED = ("0m", "cart.item_added")


def _us(span: str) -> int:
    found = parse_duration(span)
    assert found is not None
    return found


def told(
    rules: Mapping[str, Any] | list[Mapping[str, Any]],
    *happenings: Happening,
    until: str = "2d",
    policy: Mapping[str, Any] | None = None,
    zone: str = "UTC",
    **limits: int,
) -> Explanation:
    """The explanation of events, each so long after ten o'clock on a Monday."""
    document = {"account": "acme", "timezone": zone, "rules": rules if isinstance(rules, list) else [rules]}
    ruleset = load_document({**document, **({"policy": policy} if policy else {})})
    program = compile_account(ruleset, "acme", limits=DEFAULT_LIMITS._replace(**limits))
    events = [
        event_of("acme", "c1", {
            "event_id": f"e{i}",
            "type": happening[1],
            "time": format_instant(START_US + _us(happening[0])),
            "properties": dict(happening[2]) if len(happening) > 2 else {},
        })
        for i, happening in enumerate(happenings, 1)
    ]  # fmt: skip
    advanced = advance(program, new_state("c1"), events, START_US + _us(until), trace=True)
    return explain(program, advanced.state, advanced.trace)


def lines(explanation: Explanation, rule_id: str = "cart") -> list[str]:
    return [one.text for one in explanation.lines if one.rule_id == rule_id]


def only_miss(explanation: Explanation) -> Miss:
    (rule,) = explanation.rules
    (miss,) = rule.nearest
    return miss


# ---------------------------------------------------------------- the timeline


def test_the_timeline_tells_events_arming_deadline_gates_and_decision_in_order() -> None:
    story = told(CART, ("0m", "cart.item_added", {"product_id": "p1"}))
    assert [one.text.split(" trigger ")[0] for one in story.lines] == [
        'cart.item_added (e1) product_id="p1"',
        "armed, due 11:00",
        "deadline reached without order.completed",
        "FIRED",
        "gates: readiness ✓, consent ✓, holdout ✓, re-entry ✓, quiet hours ✓, frequency cap ✓, expiry ✓, shadow ✓",
    ]
    assert story.rules[0].fired == 1
    assert story.rules[0].nearest == ()


def test_a_restart_and_a_later_match_that_only_counts_are_told() -> None:
    again = ("20m", "cart.item_added")
    assert "restarted (2 events so far), due 11:20" in lines(told(CART, ADDED, again))
    assert "counted (2 events so far), the deadline stands" in lines(told({**CART, "restart": False}, ADDED, again))


def test_every_event_is_told_even_one_that_no_rule_reads() -> None:
    story = told(CART, ("0m", "shop.entered"))
    assert [one.text for one in story.lines] == ["shop.entered (e1)"]
    assert story.events == 1


def test_a_copy_is_told_as_dropped() -> None:
    ruleset = load_document({"account": "acme", "rules": [CART]})
    program = compile_account(ruleset, "acme")
    raw = {"event_id": "e1", "type": "cart.item_added", "time": "2026-11-02T10:00:00Z"}
    copies = [event_of("acme", "c1", raw), event_of("acme", "c1", {**raw, "time": "2026-11-02T10:05:00Z"})]
    advanced = advance(program, new_state("c1"), copies, START_US + _us("1d"), trace=True)
    story = explain(program, advanced.state, advanced.trace)
    assert "cart.item_added (e1): a copy, dropped" in [one.text for one in story.lines]
    assert story.events == 1


def test_a_late_event_is_told_as_changing_nothing() -> None:
    program = compile_account(load_document({"account": "acme", "rules": [CART]}), "acme")
    step = Step(START_US, StepKind.LATE, None, None, {"event_id": "e9", "type": "order.completed"})
    story = explain(program, new_state("c1"), [step])
    assert [one.text for one in story.lines] == ["order.completed (e9): too late, changes nothing"]


def test_times_are_told_in_the_contacts_zone() -> None:
    zone = ("0m", "contact.updated", {"timezone": "America/Toronto"})
    story = told(CART, zone, ADDED)
    assert story.zone == "America/Toronto"
    assert "armed, due 06:00" in lines(story)


def test_a_deadline_on_another_day_is_told_with_its_date() -> None:
    assert "armed, due 2026-11-03 10:00 and 2026-11-04 10:00" in lines(told({**CART, "wait": ["24h", "48h"]}, ADDED))


def test_a_moved_date_is_told() -> None:
    rule = {"id": "cart", "when": "contact.updated", "wait": {"until": "contact.birthday"}}
    story = told(
        rule,
        ("0m", "contact.updated", {"birthday": "2026-11-05"}),
        ("1h", "contact.updated", {"birthday": "2026-11-06"}),
    )
    assert "deadline moved to 2026-11-06 09:00" in lines(story)


# ---------------------------------------------------------------- near misses before it is due


def test_a_purchase_disarmed_it_so_long_before_the_deadline() -> None:
    miss = only_miss(told(CART, ADDED, ("35m", "order.completed")))
    assert miss.stage is Stage.STOPPED
    assert miss.what == "disarmed by order.completed (e2), 25 minutes before its deadline 11:00"
    assert miss.needed == "no order.completed before 11:00"


def test_no_event_of_the_type_was_seen_at_all() -> None:
    miss = only_miss(told(CART, ("0m", "order.completed")))
    assert miss.stage is Stage.UNSEEN
    assert miss.what == "no event of type cart.item_added seen at all"
    assert miss.needed == "one cart.item_added"


def test_events_of_the_type_were_not_as_the_rule_wants_them() -> None:
    rule = {**CART, "when": {"event": "cart.item_added", "where": {"price": {"gte": 20}, "shop": "main"}}}
    story = told(rule, ("0m", "cart.item_added", {"price": 5}), ("1m", "cart.item_added", {"price": 30}))
    miss = only_miss(story)
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
    miss = only_miss(told(rule, ("0m", "cart.item_added", {"price": 5, "name": "abc"})))
    assert miss.what == f"1 × cart.item_added seen, none as the rule wants it: {why}"


def test_an_event_lacks_a_property_that_splits_the_rule() -> None:
    miss = only_miss(told({**CART, "per": "product_id"}, ADDED))
    assert miss.stage is Stage.LACKED
    assert miss.what == "cart.item_added (e1) did not arm it: it lacks product_id"
    assert miss.needed == "a cart.item_added with product_id"


def test_an_event_has_nothing_to_wait_for() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"field": "days", "unit": "days"}}
    assert only_miss(told(rule, ADDED)).needed == "a usable days"


def test_the_date_to_wait_for_has_passed() -> None:
    rule = {"id": "cart", "when": "cart.item_added", "wait": {"until": "sale"}}
    miss = only_miss(told(rule, ("0m", "cart.item_added", {"sale": "2026-10-01T00:00:00Z"})))
    assert miss.what.endswith("the date it would wait for has passed")
    assert miss.needed == "a usable sale in the future"


def test_a_sequence_stopped_after_its_second_step() -> None:
    rule = {
        "id": "cart",
        "when": {"sequence": ["search.performed", "product.viewed", "cart.item_added"], "within": "30m"},
    }
    miss = only_miss(told(rule, ("0m", "search.performed"), ("5m", "product.viewed"), ("45m", "cart.item_added")))
    assert miss.stage is Stage.BEGUN
    assert miss.what == "step 2 of 3 at 2026-11-02 10:05, and no further within 30m"
    assert miss.needed == "cart.item_added before 2026-11-02 10:30"


def test_a_total_is_short_of_its_threshold() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500]}}
    miss = only_miss(told(rule, ("0m", "order.completed", {"total": 180.25})))
    assert (miss.what, miss.needed) == ("total 180.25 of 250", "69.75 more")


def test_it_still_waits_when_the_run_ends() -> None:
    miss = only_miss(told(CART, ADDED, until="10m"))
    assert miss.stage is Stage.WAITING
    assert miss.what == "armed at 10:00 by e1, due 11:00: the end (10:10) comes before"
    assert miss.needed == "time to pass until 11:00 without order.completed"


def test_each_instance_has_its_own_near_miss_and_one_that_fired_has_none() -> None:
    story = told(
        {**CART, "per": "product_id"},
        ("0m", "cart.item_added", {"product_id": "p1"}),
        ("90m", "cart.item_added", {"product_id": "p2"}),
        ("100m", "order.completed"),
        ("110m", "cart.item_added"),
    )
    (rule,) = story.rules
    assert rule.fired == 1
    assert [(miss.instance, miss.stage) for miss in rule.nearest] == [('{"product_id":"p2"}', Stage.STOPPED)]


def test_a_deleted_contact_leaves_nothing_armed() -> None:
    story = told(CART, ADDED, ("10m", "contact.deleted"), ("5h", "order.completed"))
    miss = only_miss(story)
    assert miss.what == "disarmed: the contact was deleted, 50 minutes before its deadline 11:00"
    assert miss.needed == "no contact.deleted before 11:00"


def test_a_deletion_disarms_only_what_is_still_armed() -> None:
    story = told(CART, ADDED, ("3h", "contact.deleted"))
    assert not [text for text in lines(story) if text.startswith("disarmed")]


def test_a_total_that_an_event_adds_nothing_to_says_why() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250]}}
    miss = only_miss(told(rule, ("0m", "order.completed", {"total": "lots"})))
    assert miss.what == "1 × order.completed seen, and nothing came of it: total is no number"
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
    story = told(_given(condition), *_views(), ("0m", "cart.item_added", VIEW))
    miss = only_miss(story)
    assert miss.stage is Stage.REFUSED
    assert (miss.what, miss.needed) == (what, needed)


def _views() -> list[Happening]:
    return [("-60m", "product.viewed", VIEW), ("-30m", "product.viewed", VIEW)]


def test_all_conditions_that_do_not_hold_are_told_together() -> None:
    given = [{"present": "search.performed", "within": "1h"}, {"count": "product.viewed", "gte": 1}]
    miss = only_miss(told({"id": "cart", "when": "cart.item_added", "given": given}, ADDED))
    assert miss.what == "given: no search.performed within 1h and 0 of 1 product.viewed"
    assert miss.needed == "search.performed within 1h before it and one more product.viewed"


# ---------------------------------------------------------------- audiences

VIP = {
    "id": "vip",
    "audience": {
        "all": [
            {"sum": "total", "of": "order.completed", "within": "90d", "gte": 500},
            {"absent": "support.complaint", "within": "30d"},
        ]
    },
    "emits": ["entered", "exited"],
}


def test_who_is_no_member_learns_what_is_missing() -> None:
    miss = only_miss(told(VIP, ("0m", "order.completed", {"total": 100}), ("1h", "support.complaint")))
    assert miss.what == (
        "not a member: sum of total of order.completed within 90d is 100, the rule wants ≥ 500 "
        "and support.complaint at 2026-11-02 11:00, within 30d"
    )
    assert miss.needed == (
        "400 more of total in order.completed before 2027-01-31 10:00 and no support.complaint until 2026-12-02 11:00"
    )


def test_one_of_several_ways_into_an_audience_is_enough() -> None:
    audience = {"any": [{"present": "a.b"}, {"not": {"present": "x.y"}}, {"not": {"count": "x.y", "gte": 1}}]}
    miss = only_miss(told({"id": "r", "audience": audience}, ("0m", "x.y")))
    assert miss.needed == "a.b before it, no x.y ever or count of x.y not ≥ 1"


def test_entering_and_leaving_an_audience_are_told() -> None:
    story = told(VIP, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"))
    texts = [text.split(" trigger ")[0] for text in lines(story, "vip") if not text.startswith("gates")]
    assert texts == ["becomes a member", "ENTERED", "is a member no longer", "EXITED"]


def test_an_audience_without_any_event_of_the_contact_waits_for_one() -> None:
    (rule,) = told(VIP).rules
    assert rule.nearest[0].what == "no event of the contact at all"


# ---------------------------------------------------------------- gates


def test_consent_was_withdrawn_at() -> None:
    policy = {"consent": {"purpose": "marketing", "default": "granted"}}
    story = told(CART, ADDED, ("30m", "consent.withdrawn", {"purpose": "marketing"}), policy=policy)
    miss = only_miss(story)
    assert miss.stage is Stage.GATED
    assert miss.what == "suppressed, no_consent: purpose marketing withdrawn at 10:30 (e2)"
    assert miss.needed == 'consent.granted with purpose "marketing" before 11:00'
    assert "gates: readiness ✓, consent ✗" in lines(story)


def test_consent_was_never_given() -> None:
    miss = only_miss(told(CART, ADDED, policy={"consent": {"purpose": "marketing", "default": "withdrawn"}}))
    assert miss.what == "suppressed, no_consent: no consent event for purpose marketing, and the default is withdrawn"


@pytest.mark.parametrize(
    ("cap", "words", "free"),
    [
        ({"max": 1, "per": "day"}, "1 per day", "2026-11-03 00:00"),
        ({"max": 1, "per": "week"}, "1 per week", "2026-11-09 00:00"),
        ({"max": 1, "per": "month"}, "1 per month", "2026-12-01 00:00"),
        ({"max": 1, "per": "7h"}, "1 per 7h", "17:00"),
    ],
)
def test_a_cap_was_used_up_by_another_rule(cap: Mapping[str, Any], words: str, free: str) -> None:
    greedy = {"id": "greedy", "when": "cart.item_added"}
    story = told([greedy, CART], ADDED, policy={"frequency": [cap]})
    _, cart = story.rules
    fired = next(text for text in lines(story, "greedy") if text.startswith("FIRED"))
    trigger_id = fired.removeprefix("FIRED trigger ")
    assert cart.nearest[0].what == (
        f"suppressed, frequency_cap: {words} used by greedy at 10:00 (trigger {trigger_id})"
    )
    assert cart.nearest[0].needed == f"one firing fewer, or a candidate due at {free} or later"


def test_a_firing_that_no_cap_counts_uses_none_up() -> None:
    greedy = {"id": "greedy", "when": "cart.item_added", "transactional": True}
    other = {"id": "other", "when": "cart.item_added", "group": "g"}
    policy = {"frequency": [{"max": 1, "per": "day", "group": "g"}]}
    story = told([greedy, other, {**CART, "group": "g"}], ADDED, policy=policy)
    assert "used by other at 10:00" in story.rules[2].nearest[0].what


def test_reentry_names_the_last_firing() -> None:
    again = ("3h", "cart.item_added")
    once = told({**CART, "reentry": "once"}, ADDED, again).rules[0].nearest[0]
    assert once.what.startswith("suppressed, reentry: once, and it fired at 11:00 (trigger ")
    day = told({**CART, "reentry": "24h"}, ADDED, again).rules[0].nearest[0]
    assert day.what.startswith("suppressed, reentry: 1d, and it fired at 11:00 (trigger ")
    assert day.needed == "a candidate due at 2026-11-03 11:00 or later"


def test_a_shadow_rules_own_record_is_what_reentry_names() -> None:
    rule = {**CART, "reentry": "once", "mode": "shadow"}
    first, second = told(rule, ADDED, ("3h", "cart.item_added")).rules[0].nearest
    assert first.needed == "mode: live"
    assert second.what.startswith("suppressed, reentry: once, and it fired at 11:00")


def test_a_rule_was_not_ready() -> None:
    miss = only_miss(told({**CART, "live_from": "2026-11-03T00:00:00Z"}, ADDED))
    assert miss.what == "suppressed, not_ready: due 11:00, and the rule is ready from 2026-11-03 00:00"


def test_a_contact_is_in_the_holdout() -> None:
    miss = only_miss(told(CART, ADDED, policy={"holdout": {"percent": 100, "salt": "winter"}}))
    assert miss.what == "suppressed, holdout: contact c1 is among the 100 percent of salt winter"


QUIET = {"quiet_hours": {"from": "10:30", "to": "13:00"}}


def test_quiet_hours_hold_it_and_it_fires_on_release() -> None:
    story = told(CART, ADDED, policy=QUIET)
    assert "held by quiet hours until 13:00" in lines(story)
    assert story.rules[0].fired == 1


def test_what_quiet_hours_still_hold_says_when_it_is_asked_again() -> None:
    miss = only_miss(told(CART, ADDED, policy=QUIET, until="2h"))
    assert miss.what == "held by quiet hours until 13:00"
    assert miss.needed == "it is asked again at 13:00: every gate has to pass, and no order.completed until then"


def test_a_purchase_in_quiet_hours_cancelled_it() -> None:
    miss = only_miss(told(CART, ADDED, ("2h", "order.completed"), policy=QUIET))
    assert miss.what == "cancelled, unless: order.completed (e2) came while quiet hours held it"
    assert miss.needed == "no order.completed before its release"


def test_it_had_expired_when_it_was_released() -> None:
    miss = only_miss(told({**CART, "expires": "1h"}, ADDED, policy=QUIET))
    assert miss.what == "suppressed, expired: released 2 hours after it was due, and the rule expires after 1h"
    assert miss.needed == "a release before 12:00, or a longer expires"


def test_a_newer_candidate_took_the_held_place() -> None:
    rule = {**CART, "wait": ["1h", "2h"]}
    superseded = told(rule, ADDED, policy=QUIET).rules[0].nearest[0]
    assert superseded.what == "suppressed (reminder 0), superseded: a newer candidate took its place in quiet hours"


def test_a_higher_threshold_of_the_same_event_is_the_one_that_fires() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500]}}
    (miss,) = told(rule, ("0m", "order.completed", {"total": 600})).rules[0].nearest
    assert miss.what == (
        "suppressed (threshold 250), superseded: the event that crossed 250 crossed a higher threshold too"
    )


def test_a_deleted_contacts_held_candidate_is_cancelled() -> None:
    miss = only_miss(told(CART, ADDED, ("2h", "contact.deleted"), policy=QUIET))
    assert miss.what == "cancelled, deleted: the contact was deleted before it could fire"


def test_an_exit_without_a_fired_entry_says_so() -> None:
    policy = {"holdout": {"percent": 100, "salt": "x"}}
    story = told(VIP, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"), policy=policy)
    assert [miss.what.split(":")[0] for miss in story.rules[0].nearest] == [
        "suppressed, holdout",
        "suppressed, not_entered",
    ]


def test_a_limit_says_which() -> None:
    rule = {**CART, "per": "product_id"}
    story = told(
        rule, ("0m", "cart.item_added", {"product_id": "p1"}), ("1m", "cart.item_added", {"product_id": "p2"}), keys=1
    )
    assert "no room: the rule remembers as many instances as it may" in lines(story)
    assert story.rules[0].nearest[-1].what == "suppressed, limit: the rule has no room for it"


# ---------------------------------------------------------------- all of it


def test_every_reason_has_an_answer() -> None:
    assert set(explain_gates._ANSWERS) | set(explain_gates._SIMPLY) == set(Reason)


def test_every_kind_of_step_is_told_or_left_out_on_purpose() -> None:
    left_out = {StepKind.INSTANT, StepKind.RECORDED, StepKind.REFUSED, StepKind.MEMBERSHIP, StepKind.GATE}
    assert set(explain_steps._TELLERS) | left_out == set(StepKind)
    assert not set(explain_steps._TELLERS) & left_out


def test_only_some_rules_can_be_asked_for_and_all_events_stay() -> None:
    story = told([CART, {**CART, "id": "other"}], ADDED)
    part = only_rules(story, frozenset({"other"}))
    assert {one.rule_id for one in part.lines} == {None, "other"}
    assert [rule.rule_id for rule in part.rules] == ["other"]


def test_an_explanation_is_plain_json_for_programs() -> None:
    story = told(
        {**CART, "per": "product_id"},
        ("0m", "cart.item_added", {"product_id": 7}),
        ("1m", "order.completed", {"total": 9.99}),
    )
    data = json.loads(line(as_data(story)))
    assert data["contact_id"] == "c1"
    assert data["timeline"][1] == {
        "time": "2026-11-02T10:00:00Z",
        "kind": "armed",
        "rule_id": "cart",
        "instance": {"product_id": 7},
        "text": "armed, due 11:00",
    }
    assert data["rules"][0]["nearest"][0]["stage"] == "stopped"
    assert data["rules"][0]["nearest"][0]["time"] == "2026-11-02T10:01:00Z"


def test_the_text_groups_lines_by_day_and_instant_and_ends_with_what_did_not_fire() -> None:
    text = plain(told(CART, ADDED, ("35m", "order.completed"), until="1d"))
    assert text.splitlines() == [
        "contact c1 of account acme",
        "2 events, settled up to 2026-11-03 10:00 (UTC)",
        "",
        "Mon 2026-11-02",
        "  10:00  cart.item_added (e1)",
        "           cart: armed, due 11:00",
        "  10:35  order.completed (e2)",
        "           cart: disarmed by order.completed (e2), 25 minutes before its deadline 11:00",
        "",
        "cart did not fire (2026-11-02 10:35)",
        "    disarmed by order.completed (e2), 25 minutes before its deadline 11:00",
        "    it would have taken: no order.completed before 11:00",
    ]


def test_many_instances_are_counted_rather_than_told() -> None:
    rule = {**CART, "per": "product_id"}
    happenings = [("0m", "cart.item_added", {"product_id": i}) for i in range(13)]
    text = plain(told(rule, *happenings, ("1m", "order.completed")))
    assert "cart did not fire 8 times more, earlier; --json tells of all" in text
    assert text.count("it would have taken") == 5
