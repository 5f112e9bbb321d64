"""The timeline of an explanation, and an explanation as a whole."""

from __future__ import annotations

import json

from kittiwake.explain import gates, steps
from kittiwake.explain.explanation import explain
from kittiwake.explain.model import as_data, only_rules
from kittiwake.explain.rendering import plain
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.output.rows import line
from kittiwake.reasons import Reason
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from tests.explain.explaining import ADDED, CART, START_US, explained, lines, us

# ---------------------------------------------------------------- the timeline


def test_the_timeline_tells_events_arming_deadline_gates_and_decision_in_order() -> None:
    explanation = explained(CART, ("0m", "cart.item_added", {"product_id": "p1"}))
    assert [one.text.split(" trigger ")[0] for one in explanation.lines] == [
        "cart.item_added (e1)",
        "armed, due 11:00",
        "deadline reached without order.completed",
        "FIRED",
    ]
    assert explanation.rules[0].fired == 1
    assert explanation.rules[0].nearest == ()


def test_a_restart_and_a_later_match_that_only_counts_are_told() -> None:
    again = ("20m", "cart.item_added")
    assert "restarted (2 events so far), due 11:20" in lines(explained(CART, ADDED, again))
    assert "counted (2 events so far), the deadline stands" in lines(
        explained({**CART, "restart": False}, ADDED, again)
    )


def test_every_event_is_told_even_one_that_no_rule_reads() -> None:
    explanation = explained(CART, ("0m", "shop.entered"))
    assert [one.text for one in explanation.lines] == ["shop.entered (e1)"]
    assert explanation.events == 1


def test_a_copy_is_told_as_dropped() -> None:
    ruleset = load_document({"account": "acme", "rules": [CART]})
    program = compile_account(ruleset, "acme")
    raw = {"event_id": "e1", "type": "cart.item_added", "time": "2026-11-02T10:00:00Z"}
    copies = [event_of("acme", "c1", raw), event_of("acme", "c1", {**raw, "time": "2026-11-02T10:05:00Z"})]
    advanced = advance(program, new_state("c1"), copies, START_US + us("1d"), trace=True)
    explanation = explain(program, advanced.state, advanced.trace)
    assert "cart.item_added (e1): a copy, dropped" in [one.text for one in explanation.lines]
    assert explanation.events == 1


def test_a_late_event_is_told_as_changing_nothing() -> None:
    program = compile_account(load_document({"account": "acme", "rules": [CART]}), "acme")
    step = Step(START_US, StepKind.LATE, None, None, {"event_id": "e9", "type": "order.completed"})
    explanation = explain(program, new_state("c1"), [step])
    assert [one.text for one in explanation.lines] == ["order.completed (e9): too late, changes nothing"]


def test_times_are_told_in_the_contacts_zone() -> None:
    zone = ("0m", "contact.updated", {"timezone": "America/Toronto"})
    explanation = explained(CART, zone, ADDED)
    assert explanation.zone == "America/Toronto"
    assert "armed, due 06:00" in lines(explanation)


def test_a_deadline_on_another_day_is_told_with_its_date() -> None:
    assert "armed, due 2026-11-03 10:00 and 2026-11-04 10:00" in lines(
        explained({**CART, "wait": ["24h", "48h"]}, ADDED)
    )


def test_a_moved_date_is_told() -> None:
    rule = {"id": "cart", "when": "contact.updated", "wait": {"until": "contact.birthday"}}
    explanation = explained(
        rule,
        ("0m", "contact.updated", {"birthday": "2026-11-05"}),
        ("1h", "contact.updated", {"birthday": "2026-11-06"}),
    )
    assert "deadline moved to 2026-11-06 09:00" in lines(explanation)


# ---------------------------------------------------------------- all of it


def test_every_reason_has_an_answer() -> None:
    assert set(gates.ANSWERS) | set(gates.PLAIN_ANSWERS) == set(Reason)


def test_every_kind_of_step_has_words_or_is_left_out_on_purpose() -> None:
    left_out = {StepKind.INSTANT, StepKind.RECORDED, StepKind.MEMBERSHIP, StepKind.STILL, StepKind.GATE}
    assert set(steps.DESCRIPTIONS) | left_out == set(StepKind)
    assert not set(steps.DESCRIPTIONS) & left_out


def test_only_some_rules_can_be_asked_for_and_all_events_stay() -> None:
    explanation = explained([CART, {**CART, "id": "other"}], ADDED)
    part = only_rules(explanation, frozenset({"other"}))
    assert {one.rule_id for one in part.lines} == {None, "other"}
    assert [rule.rule_id for rule in part.rules] == ["other"]


def test_an_explanation_is_plain_json_for_programs() -> None:
    explanation = explained(
        {**CART, "per": "product_id"},
        ("0m", "cart.item_added", {"product_id": 7}),
        ("1m", "order.completed", {"total": 9.99}),
    )
    data = json.loads(line(as_data(explanation)))
    assert data["contact_id"] == "c1"
    assert data["timeline"][1] == {
        "time": "2026-11-02T10:00:00Z",
        "kind": "armed",
        "rule_id": "cart",
        "instance": {"product_id": 7},
        "text": "armed, due 11:00",
        "timezone": "UTC",
    }
    assert data["rules"][0]["nearest"][0]["stage"] == "stopped"
    assert data["rules"][0]["nearest"][0]["time"] == "2026-11-02T10:01:00Z"


def test_the_text_groups_lines_by_day_and_instant_and_ends_with_what_did_not_fire() -> None:
    text = plain(explained(CART, ADDED, ("35m", "order.completed"), until="1d"))
    assert text.splitlines() == [
        "contact c1 of account acme",
        "2 events, decided up to 2026-11-03 10:00 (UTC)",
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


def test_many_instances_are_counted_rather_than_listed() -> None:
    rule = {**CART, "per": "product_id"}
    happenings = [("0m", "cart.item_added", {"product_id": i}) for i in range(13)]
    text = plain(explained(rule, *happenings, ("1m", "order.completed")))
    assert "cart did not fire 8 times more, earlier; --json has them all" in text
    assert text.count("it would have taken") == 5


def test_what_a_rule_says_of_itself_stands_before_what_became_of_it() -> None:
    about = {"description": "Reminds of\na cart.", "owner": "mara", "tags": ["cart", "mail"]}
    explanation = explained({**CART, **about}, ADDED)
    assert "cart: Reminds of a cart.; owner mara; tags cart, mail" in plain(explanation)
    assert as_data(explanation)["rules"][0].items() >= about.items()
    assert "owner" not in as_data(explained(CART, ADDED))["rules"][0]
