"""Shipped recipes work on Segment's archives as they are: orders carry their lines, and numbers may be text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kittiwake
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.rules import load_files
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.versions import always
from kittiwake.stream.rules_source.view import StaticRules, shaped
from kittiwake.time.instants import HOUR_US

RULES = """
account: acme
rules:
  - {use: replenish}
  - {use: loyalty-milestone}
"""
SEGMENT = InputShape(Shape.SEGMENT, "acme")
LINES = [
    {"product_id": "house", "category": "coffee", "supply_days": 14, "price": "9.90"},
    {"product_id": "mug", "category": "tableware"},
]


def order(message_id: str, time: str, **properties: Any) -> str:
    call = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": message_id, "timestamp": time}
    return json.dumps({**call, "properties": properties})


def test_recipes_find_the_lines_of_orders_and_their_totals(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    calls = [
        order("1", "2026-09-02T10:00:00Z", order_id="o-7", total="255.00", products=LINES),
        order("2", "2026-09-30T10:00:00Z", order_id="o-8", total=5, products=[]),
    ]
    (tmp_path / "calls.jsonl").write_text("\n".join(calls) + "\n")
    rules = kittiwake.load_rules(tmp_path / "rules.yaml")
    kittiwake.replay(rules, tmp_path / "calls.jsonl", tmp_path / "out", shape="segment", account_id="acme")
    rows = [json.loads(line) for line in next((tmp_path / "out" / "triggers").glob("*.jsonl")).read_text().splitlines()]
    assert sorted((row["rule_id"], row["time"], row["events"]["first"]) for row in rows) == [
        ("loyalty-milestone", "2026-09-02T10:00:00Z", "1"),
        ("replenish", "2026-09-16T10:00:00Z", "1/order.completed/order.item_purchased/0"),
    ]
    explained = kittiwake.explain_contact(
        rules, tmp_path / "calls.jsonl", "u1", shape="segment", shape_account_id="acme", until="2026-09-17T00:00:00Z"
    )
    assert any("derived from 1" in line.text for line in explained.lines)


def test_a_derive_of_the_rules_stands_in_place_of_that_of_the_shape() -> None:
    own = "derive: [{event: order.item_purchased, from: order.completed, each: lines}]\n"
    for text, lists in ((RULES, ["products"]), (RULES + own, ["lines"])):
        programs = Programs(load_files({"a.yaml": text.encode()}), shape=SEGMENT)
        derived = programs.of("acme").newest.routes.preparation.derivations
        assert [".".join(one.each) for one in derived] == lists
    assert not Programs(load_files({"a.yaml": RULES.encode()})).of("acme").newest.routes.preparation.derivations


def test_a_stream_of_calls_has_the_programs_of_its_shape() -> None:
    rules = StaticRules(always(load_files({"a.yaml": RULES.encode()})), HOUR_US)
    assert shaped(rules, InputShape()) is rules
    of_calls = shaped(rules, SEGMENT).view(0).programs.of("acme")
    assert of_calls.newest.wants("order.completed")
    assert [one.event for one in of_calls.newest.routes.preparation.derivations] == ["order.item_purchased"]


QUIET = """
account: acme
policy: {quiet_hours: {from: "21:00", to: "08:00"}}
rules:
  - {id: thanks, when: order.completed}
"""


def _released(tmp_path: Path, shape: str) -> list[str]:
    """When a trigger of seven in the evening, UTC, goes out."""
    identify = {"type": "identify", "userId": "u1", "messageId": "0", "timestamp": "2026-09-02T10:00:00Z"}
    elsewhere = json.loads(order("1", "2026-09-02T19:00:00Z")) | {"context": {"timezone": "America/New_York"}}
    calls = [json.dumps({**identify, "context": {"timezone": "Asia/Tokyo"}}), json.dumps(elsewhere)]
    calls.append(json.dumps(identify | {"messageId": "2", "timestamp": "2026-09-04T10:00:00Z"}))
    (tmp_path / "calls.jsonl").write_text("\n".join(calls) + "\n")
    (tmp_path / "rules.yaml").write_text(QUIET)
    rules = kittiwake.load_rules(tmp_path / "rules.yaml")
    out = tmp_path / shape
    kittiwake.replay(rules, tmp_path / "calls.jsonl", out, shape=shape, account_id="acme")
    return [
        json.loads(line)["fired_at"] for file in (out / "triggers").glob("*") for line in file.read_text().splitlines()
    ]


def test_quiet_hours_go_by_the_zone_of_the_last_identify_unless_it_is_left_out(tmp_path: Path) -> None:
    assert _released(tmp_path, "segment") == ["2026-09-02T23:00:00Z"]
    assert _released(tmp_path, "segment-no-zone") == ["2026-09-02T19:00:00Z"]
