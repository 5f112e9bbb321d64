"""Inputs for hosts: records of every sort, rules, and what a run has written, read back as sets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import parse_instant

OF_THE_STREAM = {
    DeadLetterReason.TOO_OLD,
    DeadLetterReason.RULE_FAILED,
    DeadLetterReason.STATE_UNREADABLE,
    DeadLetterReason.ITEM_TOO_LATE,
    DeadLetterReason.INTEREST_FORGOTTEN,
    DeadLetterReason.ROW_REFUSED,
    DeadLetterReason.SNAPSHOT_REFUSED,
    DeadLetterReason.MESSAGE_REFUSED,
}
"""Reasons that no record in a file has."""

START = "2026-11-22T00:00:00Z"
START_US = parse_instant(START)

RULES = """
account: acme
timezone: America/Toronto
policy:
  frequency: [{max: 1, per: day}]
  quiet_hours: {from: "21:00", to: "08:00"}
rules:
  - id: cart-abandonment
    when: cart.item_added
    wait: 1h
    unless: order.completed
    include: {product: product_id}
  - id: loyalty
    when: order.completed
    reaches: {sum: total, at: [250, 500.5]}
"""

GOOD: dict[str, Any] = {
    "event_id": "e1",
    "account_id": "acme",
    "contact_id": "c1",
    "type": "cart.item_added",
    "time": "2026-11-01T10:00:00Z",
    "properties": {"product_id": "p1", "price": 68.74},
}


def record(**changes: Any) -> bytes:
    """A record that is an event but for `changes`; ... leaves a field out."""
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return json.dumps(fields).encode()


# One record for every reason, and the word that names it.
DEAD: dict[str, bytes] = {
    "not_utf8": b'{"event_id": "\xff"}',
    "not_json": b'{"event_id": "e1',
    "not_an_object": b'["e1"]',
    "missing_field": record(account_id=...),
    "wrong_type": record(properties=["price", 12]),
    "bad_time": record(time="1 November"),
    "no_offset": record(time="2026-11-01T10:00:00"),
    "bad_number": b'{"event_id": "e1", "properties": {"price": 1e999}}',
    "no_subject": record(contact_id=...),
    "two_subjects": record(item_id="p1"),
    "oversize": record(properties={"note": "x" * 300_000}),
    "too_deep": b'{"properties": {"a": ' + b"[" * 63 + b"]" * 63 + b"}}",
    "time_in_future": record(time="2026-11-22T00:10:01Z"),
}


def write_lines(path: Path, lines: Iterable[bytes], *, end: bytes = b"\n") -> Path:
    """A file of lines, gzip if its name says so."""
    content = b"".join(line + end for line in lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_rules(path: Path, text: str = RULES) -> Path:
    """A rules file."""
    path.write_text(text, encoding="utf-8")
    return path


def rows(folder: Path) -> list[dict[str, Any]]:
    """All rows of a folder of parts."""
    parts = sorted(folder.glob("*.jsonl"))
    assert parts, f"{folder} has no part"
    return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]


def as_sets(output: Path, without: Sequence[str] = ()) -> dict[str, set[str]]:
    """The rows of an output's folders as sets, but for fields named in `without`."""
    return {
        name: {
            json.dumps({key: value for key, value in row.items() if key not in without}, sort_keys=True)
            for row in rows(output / name)
        }
        for name in ("triggers", "decisions", "dead_letters")
    }
