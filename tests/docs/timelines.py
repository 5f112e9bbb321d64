"""Timelines of the pages: a history, and the decisions it leaves.

    2026-11-02 10:00  cart.item_added {product_id: mug}   # a remark
               11:00  → cart-abandonment fired reminder=0

A line has a time (UTC; its date where it changes), then an event with its properties as YAML, or an arrow with rule,
decision, reason if there is one, and fields of the row. A decision stands at the time when it fired, or fell due if it
did not fire. A line with a time alone lets time pass to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kittiwake import testing
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical

LINE = re.compile(r"(?:(?P<day>\d{4}-\d\d-\d\d) |\s+)(?P<clock>\d\d:\d\d)(?:\s+(?P<rest>.*))?")
REMARK = re.compile(r"\s{2,}# .*$")
FIELD = re.compile(r" (\w+)=(\S+)")


class Timeline(NamedTuple):
    """What goes in, and what is to come out."""

    events: list[dict[str, Any]]
    expected: list[str]
    """Arrow lines: time, rule, decision, reason, fields."""
    until_us: int


def parse(body: str) -> Timeline:
    """The timeline that a fence holds."""
    events, expected, last = [], [], ""
    for time, rest in _lines(body):
        assert time >= last, f"{time} stands after {last}"
        last = time
        if rest.startswith("→ "):
            expected.append(f"{time} {rest.removeprefix('→ ')}")
        elif rest:
            kind, _, properties = rest.partition(" ")
            events.append({"type": kind, "time": time, "properties": _properties(properties)})
    return Timeline(events, expected, parse_instant(last) + 1)


def _lines(body: str) -> Iterator[tuple[str, str]]:
    day = ""
    for text in body.splitlines():
        found = LINE.fullmatch(REMARK.sub("", text).rstrip())
        assert found, f"no line of a timeline: {text}"
        day = found["day"] or day
        yield f"{day}T{found['clock']}:00Z", found["rest"] or ""


def _properties(text: str) -> Any:
    return plain(read_yaml(text, Reading("timeline"))) if text else {}


def decided(rules: str, timeline: Timeline) -> list[str]:
    """What comes out, as arrow lines with the fields that the expected line of the same place asks for."""
    rows = testing.run(rules, timeline.events, timeline.until_us)
    rows.sort(key=lambda row: row["fired_at"] or row["time"])
    asked = [FIELD.findall(line) for line in timeline.expected]
    asked += [[]] * (len(rows) - len(asked))
    return [_arrow(row, [name for name, _ in fields]) for row, fields in zip(rows, asked, strict=False)]


def _arrow(row: dict[str, Any], names: list[str]) -> str:
    words = [row["fired_at"] or row["time"], row["rule_id"], row["decision"], row["reason"]]
    fields = [f"{name}={row[name] if isinstance(row[name], str) else canonical(row[name])}" for name in names]
    return " ".join([*(word for word in words if word), *fields])
