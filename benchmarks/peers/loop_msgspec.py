"""Peer: the plain loop of `loop_orjson.py` with msgspec, which decodes the five fields of need and skips the rest."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

WANTED = ADDED, _ = ("cart.item_added", "order.completed")
WAIT = timedelta(hours=1)


class Event(msgspec.Struct, gc=False):
    """What the rule looks at."""

    event_id: str
    account_id: str
    contact_id: str
    type: str
    time: str


class Trigger(msgspec.Struct, gc=False):
    """What fired."""

    trigger_id: str
    account_id: str
    contact_id: str
    rule_id: str
    fired_at: str


def read(path: str) -> dict[tuple[str, str], list[tuple[datetime, str, bool]]]:
    """By account and contact: when, which event, and whether something was put into the cart."""
    contacts: dict[tuple[str, str], list[tuple[datetime, str, bool]]] = {}
    seen: set[str] = set()
    decode = msgspec.json.Decoder(Event).decode
    with open(path, "rb") as lines:
        for line in lines:
            event = decode(line)
            kind = event.type
            if kind not in WANTED or event.event_id in seen:
                continue
            seen.add(event.event_id)
            row = (datetime.fromisoformat(event.time), event.event_id, kind == ADDED)
            contacts.setdefault((event.account_id, event.contact_id), []).append(row)
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
    encode = msgspec.json.Encoder().encode
    with (Path(output) / "triggers.jsonl").open("wb") as lines:
        for (account_id, contact_id), rows in sorted(read(source).items()):
            for fired_at in abandoned(rows, until):
                fired = fired_at.isoformat()
                trigger_id = hashlib.sha256(f"{account_id}|{contact_id}|cart|{fired}".encode()).hexdigest()
                lines.write(encode(Trigger(trigger_id, account_id, contact_id, "cart-abandonment", fired)) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]))
