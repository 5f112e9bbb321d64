"""Peer (a): plain Python for this one rule. Read, decode, filter, drop copies, group, sort, loop."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import orjson

WANTED = ADDED, _ = ("cart.item_added", "order.completed")
WAIT = timedelta(hours=1)


def read(path: str) -> dict[tuple[str, str], list[tuple[datetime, str, bool]]]:
    """By account and contact: when, which event, and whether something was put into the cart."""
    contacts: dict[tuple[str, str], list[tuple[datetime, str, bool]]] = {}
    seen: set[str] = set()
    with open(path, "rb") as lines:
        for line in lines:
            event = orjson.loads(line)
            kind = event["type"]
            if kind not in WANTED:
                continue
            event_id = event["event_id"]
            if event_id in seen:
                continue
            seen.add(event_id)
            row = (datetime.fromisoformat(event["time"]), event_id, kind == ADDED)
            contacts.setdefault((event["account_id"], event["contact_id"]), []).append(row)
    return contacts


def abandoned(rows: list[tuple[datetime, str, bool]], until: datetime) -> Iterator[datetime]:
    """When the carts of one contact are given up."""
    due = None
    for time, _, added in sorted(rows):
        if due is not None and due <= time:
            yield due
        due = time + WAIT if added else None
    if due is not None and due <= until:
        yield due


def main(source: str, output: str, until: datetime) -> None:
    """Write the triggers of one file."""
    with (Path(output) / "triggers.jsonl").open("wb") as lines:
        for (account_id, contact_id), rows in sorted(read(source).items()):
            for fired_at in abandoned(rows, until):
                fired = fired_at.isoformat()
                trigger = {
                    "trigger_id": hashlib.sha256(f"{account_id}|{contact_id}|cart|{fired}".encode()).hexdigest(),
                    "account_id": account_id,
                    "contact_id": contact_id,
                    "rule_id": "cart-abandonment",
                    "fired_at": fired,
                }
                lines.write(orjson.dumps(trigger) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]))
