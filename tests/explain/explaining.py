"""Explanations of short histories, for the tests of what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kittiwake.explain.explanation import explain
from kittiwake.explain.model import Explanation, Miss
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import format_instant, parse_instant

Happening = tuple[str, str] | tuple[str, str, Mapping[str, Any]]

CART = {"id": "cart", "when": "cart.item_added", "wait": "1h", "unless": "order.completed"}
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
START_US = parse_instant("2026-11-02T10:00:00Z")
ADDED = ("0m", "cart.item_added")


def us(span: str) -> int:
    found = parse_duration(span)
    assert found is not None
    return found


def events_of(happenings: Sequence[Happening]) -> list[Event]:
    """Events of contact c1 of acme, each so long after ten o'clock on a Monday."""
    return [
        event_of("acme", "c1", {
            "event_id": f"e{i}",
            "type": happening[1],
            "time": format_instant(START_US + us(happening[0])),
            "properties": dict(happening[2]) if len(happening) > 2 else {},
        })
        for i, happening in enumerate(happenings, 1)
    ]  # fmt: skip


def explained(
    rules: Mapping[str, Any] | list[Mapping[str, Any]],
    *happenings: Happening,
    until: str = "2d",
    policy: Mapping[str, Any] | None = None,
    zone: str = "UTC",
    all_properties: bool = False,
    beside: Mapping[str, Any] | None = None,
    **limits: int,
) -> Explanation:
    """The explanation of events, each so long after ten o'clock on a Monday; `beside`: keys beside the rules."""
    document = {"account": "acme", "timezone": zone, "rules": rules if isinstance(rules, list) else [rules]}
    ruleset = load_document({**document, **({"policy": policy} if policy else {}), **(beside or {})})
    program = compile_account(ruleset, "acme", limits=DEFAULT_LIMITS._replace(**limits))
    events = events_of(happenings)
    advanced = advance(program, new_state("c1"), events, START_US + us(until), trace=True)
    return explain(program, advanced.state, advanced.trace, all_properties=all_properties)


def lines(explanation: Explanation, rule_id: str = "cart") -> list[str]:
    return [one.text for one in explanation.lines if one.rule_id == rule_id]


def only_miss(explanation: Explanation) -> Miss:
    (rule,) = explanation.rules
    (miss,) = rule.nearest
    return miss
