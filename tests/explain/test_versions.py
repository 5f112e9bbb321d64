"""Explanations over several versions: each line by the rules in force at its time."""

from __future__ import annotations

from typing import Any

from kittiwake.explain.explanation import explain
from kittiwake.explain.model import Explanation, RuleExplanation, Stage
from kittiwake.explain.rendering import plain
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from tests.explain.explaining import CART, START_US, Happening, events_of, lines, us


def told_of(versions: list[tuple[str, dict[str, Any]]], *happenings: Happening, until: str = "2d") -> Explanation:
    """The explanation of events under documents, each in force from so long after ten o'clock on a Monday."""
    starts = [None if after == "always" else START_US + us(after) for after, _ in versions]
    documents = [load_document({"account": "acme", **document}) for _, document in versions]
    programs = compile_versions(zip(starts, documents, strict=True), "acme")
    events = events_of(happenings)
    advanced = advance(programs, new_state("c1"), events, START_US + us(until), trace=True)
    return explain(programs, advanced.state, advanced.trace)


def story_of(explanation: Explanation, rule_id: str) -> RuleExplanation:
    return next(rule for rule in explanation.rules if rule.rule_id == rule_id)


def test_a_version_that_comes_into_force_says_what_is_new_changed_and_gone() -> None:
    before = {"rules": [CART, {**CART, "id": "gone"}, {**CART, "id": "same"}], "timezone": "UTC"}
    after = {
        "rules": [{**CART, "wait": "2h"}, {**CART, "id": "same"}, {**CART, "id": "new"}],
        "timezone": "Europe/Berlin",
        "policy": {"retention": "30d"},
    }
    explanation = told_of([("always", before), ("30m", after)], ("0m", "cart.item_added"))
    (line,) = [one.text for one in explanation.lines if one.kind == "in_force"]
    assert line == (
        "other rules come into force: new is new, cart is changed, gone is gone, the policy is changed and the "
        "account's timezone is Europe/Berlin"
    )


def test_what_a_rule_missed_is_told_by_its_text_of_that_time_and_what_it_lacks_now_by_that_of_the_end() -> None:
    given = {"id": "given", "when": "a.b", "given": {"count": "c.d", "gte": 3}}
    explanation = told_of(
        [("always", {"rules": [given]}), ("1h", {"rules": [{**given, "given": {"count": "c.d", "gte": 5}}]})],
        ("0m", "c.d"),
        ("1m", "a.b"),
        ("2h", "a.b"),
    )
    first, second = (one.text for one in explanation.lines if one.rule_id == "given")
    assert first == "given does not hold: 1 of 3 c.d"
    assert second == "given does not hold: 1 of 5 c.d"
    (miss,) = story_of(explanation, "given").nearest
    assert miss.needed == "4 more c.d"


def test_a_rule_that_is_gone_has_its_story_until_then() -> None:
    explanation = told_of(
        [("always", {"rules": [CART, {"id": "now", "when": "cart.item_added"}]}), ("30m", {"rules": []})],
        ("0m", "cart.item_added"),
    )
    assert story_of(explanation, "now").fired == 1
    (miss,) = story_of(explanation, "cart").nearest
    assert miss.stage is Stage.GATED
    assert miss.what == "cancelled, rule_removed: the rule is gone or off from 10:30"
    unseen = told_of([("always", {"rules": [CART]}), ("30m", {"rules": []})], ("0m", "a.b"))
    assert story_of(unseen, "cart").nearest[0].what == "nothing came of it while it was in force"


def test_a_rule_that_is_new_says_since_when_it_has_seen_nothing() -> None:
    explanation = told_of([("always", {"rules": []}), ("1h", {"rules": [CART]})], ("0m", "cart.item_added"))
    (miss,) = story_of(explanation, "cart").nearest
    assert miss.what == "no event of type cart.item_added seen since 2026-11-02 11:00, when the rule came into force"


def test_what_a_later_version_remembers_is_told_once_it_is_in_force() -> None:
    chain = {"id": "chain", "when": {"sequence": ["a.b", "c.d"], "within": "9h"}}
    explanation = told_of(
        [("always", {"rules": [CART]}), ("1h", {"rules": [CART, chain]})], ("0m", "a.b"), ("0m", "x.y"), until="2h"
    )
    assert not lines(explanation, "chain")
    (miss,) = story_of(explanation, "chain").nearest
    assert miss.what.startswith("step 1 of 2")
    assert miss.needed == "c.d before 19:00"


def test_an_audience_is_told_by_the_tree_in_force_at_the_end_over_all_that_was_before() -> None:
    def vip(bound: int) -> dict[str, Any]:
        return {"id": "vip", "audience": {"sum": "total", "of": "order.completed", "within": "90d", "gte": bound}}

    explanation = told_of(
        [("always", {"rules": [vip(500)]}), ("1h", {"rules": [vip(300)]})], ("0m", "order.completed", {"total": 250})
    )
    (miss,) = story_of(explanation, "vip").nearest
    assert miss.needed.startswith("50 more of total in order.completed")


def test_a_contact_that_is_forgotten_is_told_so_and_nothing_of_before_counts() -> None:
    twice = {"id": "twice", "when": "a.b", "given": {"count": "a.b", "gte": 2}, "wait": "9d"}
    explanation = told_of(
        [("always", {"rules": [twice, {**CART, "wait": "9d"}], "policy": {"retention": "1d"}})],
        ("0m", "a.b"),
        ("1m", "cart.item_added"),
        ("3d", "a.b"),
        until="4d",
    )
    assert "no event for 1d: what the contact did is forgotten (retention)" in plain(explanation)
    (miss,) = story_of(explanation, "cart").nearest
    assert miss.what.endswith("forgotten: no event for 1d, after which a contact is forgotten (retention)")
    assert lines(explanation, "twice")[-1] == "given does not hold: 1 of 2 a.b"


def test_what_stays_of_a_forgotten_contact_is_known_to_its_story_until_its_profile_ends() -> None:
    birthday = {"id": "birthday", "when": "contact.updated", "wait": {"until": "contact.day", "repeat": "daily"}}
    policy = {"retention": "1d", "profile_retention": "3d", "consent": {"purpose": "news"}}
    explanation = told_of(
        [("always", {"rules": [birthday, {"id": "now", "when": "a.b"}], "policy": policy})],
        ("0m", "contact.updated", {"day": "2026-11-03", "timezone": "Asia/Tokyo"}),
        ("1m", "consent.withdrawn"),
        ("50h", "a.b"),
        until="20d",
    )
    text = plain(explanation)
    assert "no event for 1d: what the contact did is forgotten (retention)" in text
    assert "no event for 3d: the contact is forgotten (profile_retention)" in text
    assert "no_consent: purpose news withdrawn at" in story_of(explanation, "now").nearest[0].what
    ended = "forgotten: no event for 3d, after which a contact is forgotten (profile_retention)"
    assert lines(explanation, "birthday")[-1].endswith(ended)


def test_an_update_that_there_is_no_room_for_changes_nothing_in_the_story_either() -> None:
    gold = {"id": "gold", "when": {"event": "a.b", "where": {"contact": {"tier": "gold"}}}}
    explanation = told_of(
        [("always", {"rules": [gold]})],
        ("0m", "contact.updated", {"tier": "silver"}),
        ("1m", "contact.updated", {"tier": "gold", "timezone": "x" * 65_536}),
        ("2m", "a.b"),
    )
    assert "no room: the attributes that rules read would be too many, or too long: none is changed" in plain(
        explanation
    )
    assert [line.text for line in explanation.lines if line.rule_id == "contact:attributes"] == [
        "suppressed, limit: more attributes that rules read than there is room for, so the update sets none"
    ]
    (miss,) = story_of(explanation, "gold").nearest
    assert "silver" in miss.what
