"""What becomes of events before the rules see them, where a timeline cannot say it."""

from __future__ import annotations

import pickle
from typing import Any

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.run.sweep import sweep_plan_of
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, HOUR_US

T = 1_793_577_600_000_000
DERIVE = {"derive": [{"event": "bought", "from": "paid", "each": "lines"}]}
REPEATS = {"repeats": [{"event": "paid", "same": "order", "within": "30d"}]}


def program(*rules: dict[str, Any], limits: dict[str, int] | None = None, **beside: Any) -> Program:
    document = {"account": "acme", "rules": list(rules), **beside}
    return compile_account(load_document(document), "acme", limits=DEFAULT_LIMITS._replace(**(limits or {})))


RULE = "{id: r, when: bought, reaches: {count: true, at: [2000]}}"
BOUGHT = {"id": "r", "when": "bought", "reentry": "once"}
PAID = {"id": "r", "when": "paid"}


def test_a_list_of_more_than_a_thousand_leaves_one_row_and_its_first_thousand_count() -> None:
    counted = {"id": "r", "when": "bought", "reaches": {"count": True, "at": [1_000]}}
    rules = program(counted, {**counted, "id": "more", "reaches": {"count": True, "at": [1_001]}}, **DERIVE)
    decided = decide_history(rules, "c", [Event(T, "o", "paid", {"lines": [{}] * 1_002})], T + 1).decisions
    told = [(one.rule_id, one.instance, one.decision, one.reason) for one in decided]
    assert told == [("derive:bought", '{"each":"lines"}', "suppressed", "limit"), ("r", "{}", "fired", None)]
    assert decided[0].events is not None
    assert decided[0].events.first == "o"


def test_a_list_of_which_every_account_and_this_one_derive_alike_leaves_one_row_all_the_same() -> None:
    derive = "derive: [{event: bought, from: paid, each: lines}]"
    texts = {"all.yaml": f"account: '*'\n{derive}\nrules: []", "own.yaml": f"account: acme\n{derive}\nrules: [{RULE}]"}
    rules = compile_account(load_files({name: text.encode() for name, text in texts.items()}), "acme")
    event = Event(T, "o", "paid", {"lines": [{}] * 1_001})
    decided = decide_history(rules, "c", [event], T + 1).decisions
    assert [(one.rule_id, one.threshold) for one in decided] == [("derive:bought", None), ("r", 2_000)]


def test_only_what_rules_need_is_derived_and_makes_its_parent_needed() -> None:
    assert program(BOUGHT, **DERIVE).wants("paid")
    assert program(BOUGHT, **DERIVE).reads("paid")
    unneeded = program({"id": "r", "when": "viewed"}, **DERIVE)
    assert not unneeded.wants("paid")
    assert not unneeded.routes.preparation.derivations
    assert program({"id": "r", "when": "*"}, **DERIVE).reads("paid")
    starred = program(BOUGHT, derive=[{"event": "bought", "from": "*", "each": "lines"}])
    assert starred.wanted() is None
    assert not program(PAID, **REPEATS).wants("bought")


def test_what_is_kept_is_looked_up_only_where_rules_read_it_and_a_trace_shows_all() -> None:
    keeping = [{"event": "bought", "from": "paid", "each": "lines", "keep": ["shop", "coupon"]}]
    rule = {"id": "r", "when": {"event": "bought", "where": {"shop": "a"}}, "include": {"sku": "sku"}}
    rules = program(rule, derive=keeping)
    assert rules.routes.names_read("bought") == {"shop", "sku"}
    paid = [Event(T, "o", "paid", {"shop": "a", "coupon": "x", "lines": [{"sku": 1}, {"sku": 2, "shop": "b"}]})]
    decided = decide_history(rules, "c", paid, T + 1).decisions
    assert [one.include for one in decided] == ['{"sku":1}']
    traced = advance(rules, new_state("c"), paid, T + 1, trace=True)
    assert tuple(decided) == traced.decisions
    shown = [step.details["properties"] for step in traced.trace if step.kind is StepKind.EVENT]
    assert shown[1:] == [{"shop": "a", "coupon": "x", "sku": 1}, {"shop": "b", "coupon": "x", "sku": 2}]


def test_a_program_travels_with_what_it_prepares() -> None:
    rules = program(BOUGHT, **DERIVE, **REPEATS, cast=[{"event": "bought", "number": "price"}])
    came = pickle.loads(pickle.dumps(rules))
    assert came.routes.preparation == rules.routes.preparation
    assert (came.attributes, came.measured, came.wanted()) == (rules.attributes, rules.measured, rules.wanted())


def test_rules_that_prepare_nothing_are_walked_and_swept_as_ever() -> None:
    plain = {"id": "r", "when": "paid", "wait": "1h"}
    assert sweep_plan_of(program(plain)) is not None
    for beside in (DERIVE, REPEATS, {"cast": [{"event": "paid", "number": "total"}]}):
        named = program(plain, {**BOUGHT, "id": "b", "reentry": "always", "wait": "1h"}, **beside)
        assert sweep_plan_of(named) is None, beside


def test_repeats_are_counted_traced_and_remembered_in_the_state() -> None:
    rules = program(PAID, **REPEATS)
    first = advance(rules, new_state("c"), [Event(T, "1", "paid", {"order": "o" * 257})], T + 1)
    state = decode(encode(first.state))
    assert isinstance(state, State)
    ((remembered,),) = [list(state.repeated.values())]
    assert remembered.values[0].startswith("#")
    again = advance(rules, state, [Event(T + DAY_US, "2", "paid", {"order": "o" * 257})], T + 2 * DAY_US, trace=True)
    assert (again.repeats, again.decisions) == (1, ())
    steps = [(step.kind, step.details) for step in again.trace]
    assert steps == [(StepKind.REPEAT, {"event_id": "2", "type": "paid"})]
    late = advance(rules, again.state, [], T + 31 * DAY_US)
    assert not late.state.repeated, "what has had its time is not kept"


def test_values_that_make_room_are_counted() -> None:
    rules = program(PAID, limits={"repeats": 2}, **REPEATS)
    events = [Event(T + i * HOUR_US, str(i), "paid", {"order": i}) for i in range(5)]
    decided = decide_history(rules, "c", events, T + DAY_US)
    assert (decided.repeats, decided.repeats_forgotten, len(decided.decisions)) == (0, 3, 5)


def test_what_is_revoked_may_come_again_while_its_parent_may() -> None:
    rules = program({"id": "r", "when": "bought", "wait": "10m", "unless": "stop"}, **DERIVE)
    state = advance(rules, new_state("c"), [Event(T, "0", "seen", {})], T + 1).state
    events = [Event(T + HOUR_US, "o", "paid", {"lines": [{}]})]
    fired = advance(rules, state, events, T + HOUR_US + HOUR_US // 2)
    stopped = advance(rules, fired.state, [Event(T + HOUR_US + 1, "s", "stop")], T + HOUR_US + HOUR_US // 2 + 1)
    assert [one.decision for one in stopped.decisions] == ["revoked"]
    assert stopped.state.since is not None
    moved = advance(rules, stopped.state, [], T + HOUR_US + HOUR_US // 2 + 2)
    assert moved.state.since is not None
    assert [one.decision.trigger_id for one in moved.state.since.revoked] == [stopped.decisions[0].trigger_id]
