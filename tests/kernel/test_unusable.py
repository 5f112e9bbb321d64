"""What rules could not use of events is counted, by clause, path and what was there; the same however it is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.time.instants import format_instant, parse_instant
from tests.explain.test_worlds import prepared
from tests.oracle.worlds import CONTACT, world

START_US = parse_instant("2026-11-02T10:00:00Z")
DAY_US = 86_400_000_000

Row = tuple[str, str, str, int]
"""Clause, path, what was found, how often."""


def program_of(*rules: Mapping[str, Any]) -> Program:
    return compile_account(load_document({"account": "acme", "rules": list(rules)}), "acme")


def events_of(*happenings: tuple[str, Mapping[str, Any]]) -> list[Event]:
    return [
        event_of("acme", "c1", {
            "event_id": f"e{i}",
            "type": event_type,
            "time": format_instant(START_US + i * 60_000_000),
            "properties": dict(properties),
        })
        for i, (event_type, properties) in enumerate(happenings)
    ]  # fmt: skip


def counted(rule: Mapping[str, Any], *happenings: tuple[str, Mapping[str, Any]]) -> list[Row]:
    whole = decide_history(program_of(rule), "c1", events_of(*happenings), START_US + DAY_US)
    return sorted((str(one.clause), one.path, str(one.found), number) for one, number in whole.unusable.items())


def where(**wanted: Any) -> dict[str, Any]:
    return {"id": "r", "when": {"event": "a.b", "where": wanted}, "wait": "1h"}


def given(**condition: Any) -> dict[str, Any]:
    return {"id": "r", "when": "c.d", "given": {**condition, "of": "a.b"}}


LINES = ("when", "lines.q", "number_as_text")
GIVEN = {"id": "r", "when": "a.b", "wait": "1h"}


@pytest.mark.parametrize(
    ("rule", "properties", "found"),
    [
        (where(price={"gte": 20}), {"price": "25"}, ("when", "price", "number_as_text")),
        (where(price={"gte": 20}), {"price": "dear"}, ("when", "price", "text")),
        (where(price={"lt": 20, "gt": 1}), {"price": True}, ("when", "price", "bool")),
        (where(price={"gte": 20}), {"price": 19}, None),
        (where(price={"gte": 20}), {}, None),
        (where(price=5), {"price": "5"}, ("when", "price", "number_as_text")),
        (where(sku="5"), {"sku": 5}, ("when", "sku", "number")),
        (where(sku=["5", 6]), {"sku": 7}, None),
        (where(sku=["5", "6"]), {"sku": ["5"]}, ("when", "sku", "list")),
        (where(tags={"contains": "x"}), {"tags": {"x": 1}}, ("when", "tags", "object")),
        (where(tags={"contains": "x"}), {"tags": ["y"]}, None),
        (where(tags={"contains": 5}), {"tags": "y5"}, ("when", "tags", "text")),
        (where(name={"starts_with": "x"}), {"name": 5}, ("when", "name", "number")),
        (where(name={"exists": True}), {}, None),
        (where(cart={"empty": True}), {"cart": 0}, ("when", "cart", "number")),
        (where(cart={"empty": True}), {"cart": [1]}, None),
        (where(cart={"empty": True}), {}, None),
        (where(lines={"contains": {"q": {"gte": 2}}}), {"lines": {"q": 2}}, ("when", "lines", "object")),
        (where(lines={"contains": {"q": {"gte": 2}}}), {"lines": [{"q": "2"}, {"q": 1}]}, LINES),
        (where(lines={"contains": {"q": {"gte": 2}}}), {"lines": [{"q": "2"}, {"q": "3"}]}, LINES),
        (where(lines={"contains": {"q": {"gte": 2}}}), {"lines": [{"q": "2"}, {"q": 2}]}, None),
        (where(lines={"contains": {"q": {"gte": 2}}}), {"lines": ["2", {}]}, None),
        (where(price={"lt": {"path": "was"}}), {"price": 5, "was": "9"}, ("when", "was", "number_as_text")),
        (where(price={"lt": {"path": "was"}}), {"price": "5", "was": 9}, ("when", "price", "number_as_text")),
        (where(price={"lt": {"path": "was"}}), {"price": True, "was": 9}, ("when", "price", "bool")),
        (where(price={"lt": {"path": "was"}}), {"price": 5, "was": [9]}, ("when", "was", "list")),
        (where(price={"eq": {"path": "was"}}), {"price": 5, "was": True}, ("when", "price", "number")),
        (where(price={"eq": {"path": "was"}}), {"price": 5, "was": 6}, None),
        (where(price={"lt": {"path": "was"}}), {"price": 5}, None),
        (where(**{"items.sku": "a"}), {"items": [{"sku": "a"}]}, ("when", "items.sku", "in_list")),
        (where(**{"item.sku": "a"}), {"item": "x"}, ("when", "item.sku", "in_value")),
        (where(**{"not": {"price": {"lt": 20}}}), {"price": 5}, None),
        (where(contact={"points": {"gt": 5}}), {}, None),
        ({**GIVEN, "per": "sku"}, {}, ("per", "sku", "missing")),
        ({**GIVEN, "per": "sku"}, {"sku": {"id": 1}}, ("per", "sku", "object")),
        ({**GIVEN, "unless": {"event": "c.d", "same": "sku"}}, {"sku": []}, ("same", "sku", "list")),
        (
            {"id": "r", "when": {"sequence": ["a.b", "c.d"], "within": "1h"}, "per": "sku"},
            {},
            ("per", "sku", "missing"),
        ),
        (
            {"id": "r", "when": {"sequence": [{"event": "a.b", "where": {"n": 1}}, "c.d"], "within": "1h"}},
            {"n": "1"},
            ("when", "n", "number_as_text"),
        ),
        (given(avg="n", gt=1), {"n": "5"}, ("given", "n", "number_as_text")),
        (given(min="n", gt=1), {"n": True}, ("given", "n", "bool")),
        (given(max="n", gt=1, between=["2d", "1d"]), {}, ("given", "n", "missing")),
        (given(last="n", eq="pro"), {"n": 5}, ("given", "n", "number")),
        (given(last="n", eq="pro"), {"n": "free"}, None),
        (given(last="n", gt=1, within="today"), {"n": "5"}, ("given", "n", "number_as_text")),
        (given(last="n", **{"in": ["pro", 1]}), {"n": 5}, None),
        (given(last="n", **{"in": ["pro", 1]}), {"n": True}, ("given", "n", "bool")),
        ({**GIVEN, "wait": {"field": "n", "unit": "days"}}, {}, ("wait", "n", "missing")),
        ({**GIVEN, "wait": {"field": "n", "unit": "days"}}, {"n": -1}, ("wait", "n", "negative")),
        ({**GIVEN, "wait": {"field": "n", "unit": "days"}}, {"n": "3"}, ("wait", "n", "number_as_text")),
        (
            {**GIVEN, "wait": {"field": "n", "unit": "days", "default": "2h"}},
            {"n": "3"},
            ("wait", "n", "number_as_text"),
        ),
        ({**GIVEN, "wait": {"field": "n", "unit": "days", "default": "2h"}}, {}, None),
        ({**GIVEN, "wait": {"field": "n", "unit": "days", "default": "2h"}}, {"n": 0}, None),
        ({**GIVEN, "wait": {"until": "at"}}, {"at": "2026-11-09T10:00:00"}, ("wait", "at", "no_offset")),
        ({**GIVEN, "wait": {"until": "at"}}, {"at": "30"}, ("wait", "at", "number_as_text")),
        ({**GIVEN, "wait": {"until": "at"}}, {"at": "soon"}, ("wait", "at", "no_date")),
        ({**GIVEN, "wait": {"until": "at"}}, {"at": 1794218400}, ("wait", "at", "number")),
        ({**GIVEN, "wait": {"until": "at"}}, {"at": "2020-01-01"}, None),
        (
            {**GIVEN, "wait": {"until": "at", "repeat": "yearly"}},
            {"at": "0001-01-01T00:00:00Z"},
            ("wait", "at", "far_year"),
        ),
        ({**GIVEN, "wait": {"until": "contact.born"}}, {}, ("wait", "contact.born", "missing")),
        (
            {**GIVEN, "given": {"sum": "total", "of": "a.b", "gte": 5}},
            {"total": "9"},
            ("given", "total", "number_as_text"),
        ),
        ({**GIVEN, "given": {"distinct": "sku", "of": "a.b", "gte": 5}}, {"sku": ["a"]}, ("given", "sku", "list")),
        ({**GIVEN, "given": {"count": "x.y", "same": "sku", "gte": 5}}, {}, ("same", "sku", "missing")),
        (
            {**GIVEN, "given": {"count": {"event": "a.b", "where": {"n": 1}}, "within": "1d", "gte": 1}},
            {"n": "1"},
            ("given", "n", "number_as_text"),
        ),
        (
            {"id": "r", "audience": {"sum": "total", "of": "a.b", "within": "90d", "gte": 5}},
            {"total": None},
            ("audience", "total", "missing"),
        ),
        (
            {"id": "r", "when": "a.b", "reaches": {"sum": "total", "at": [5]}},
            {"total": "9.5"},
            ("reaches", "total", "number_as_text"),
        ),
    ],
)
def test_what_a_rule_cannot_use_is_counted_by_what_was_there(
    rule: Mapping[str, Any], properties: Mapping[str, Any], found: tuple[str, str, str] | None
) -> None:
    rows = counted(rule, ("a.b", properties), ("x.z", {}), ("a.b", properties))
    assert rows == ([] if found is None else [(*found, 2)])


def test_an_attribute_that_a_comparison_cannot_use_is_named_as_the_contacts() -> None:
    rule = where(contact={"points": {"gt": 5}})
    assert counted(rule, ("contact.updated", {"points": "7"}), ("a.b", {})) == [
        ("when", "contact.points", "number_as_text", 1)
    ]


def test_slices_of_a_history_count_what_the_whole_of_it_counts() -> None:
    """Over random worlds: in one call, sliced, watched, and as a batch host asks."""
    total: Counter[str] = Counter()
    for seed in range(150):
        program, events, until_us = prepared(world(seed))
        at_once = advance(program, new_state(CONTACT), events, until_us)
        watched = advance(program, new_state(CONTACT), events, until_us, trace=True)
        whole = decide_history(program, CONTACT, events, until_us)
        assert at_once.unusable == watched.unusable == whole.unusable, seed
        sliced: Counter[Any] = Counter()
        state, times_us = new_state(CONTACT), sorted({one.time_us for one in events if one.time_us < until_us})
        for upto_us in [*times_us[1::3], until_us]:
            due = [event for event in events if state.evaluated_to_us is None or event.time_us >= state.evaluated_to_us]
            advanced = advance(program, state, [event for event in due if event.time_us < upto_us], upto_us)
            sliced.update(advanced.unusable)
            state = advanced.state
        assert dict(sliced) == dict(whole.unusable), seed
        total.update(str(one.clause) for one in whole.unusable)
    assert len(total) >= 4, total
