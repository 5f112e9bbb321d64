"""Peer: a Bytewax flow with hand-written state, in batches wherever Bytewax has them.

A contact's time passes with the contact's own events: on a live stream this would fire when the contact comes back,
which is too late for a reminder. On a file it decides the same as the others, and is the cheapest form there is.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path

import bytewax.operators as op
import orjson
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.testing import run_main

WANTED = ADDED, _ = ("cart.item_added", "order.completed")
WAIT = timedelta(hours=1)
JITTER = timedelta(seconds=30)
Row = tuple[datetime, str, bool]


class Cart(StatefulBatchLogic):
    """One contact: what may still be overtaken, the last event taken, and when the cart is given up."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.waiting: list[Row] = []
        self.newest: datetime | None = None
        self.taken: Row | None = None
        self.due: datetime | None = None

    def on_batch(self, values: list[Row]) -> tuple[Iterable[str], bool]:
        """Take what is older than the jitter allows to come."""
        fired: list[str] = []
        for row in values:
            heappush(self.waiting, row)
            if self.newest is None or row[0] > self.newest:
                self.newest = row[0]
            while self.waiting[0][0] < self.newest - JITTER:
                self.take(heappop(self.waiting), fired)
        return fired, False

    def on_eof(self) -> tuple[Iterable[str], bool]:
        """Take the rest, and let time pass to the end."""
        fired: list[str] = []
        while self.waiting:
            self.take(heappop(self.waiting), fired)
        if self.due is not None and self.due <= self.until:
            fired.append(self.due.isoformat())
        return fired, True

    def take(self, row: Row, fired: list[str]) -> None:
        """Let one event happen; a copy stands beside its original."""
        if row == self.taken:
            return
        self.taken = row
        if self.due is not None and self.due <= row[0]:
            fired.append(self.due.isoformat())
        self.due = row[0] + WAIT if row[2] else None

    def snapshot(self) -> None:
        """Nothing is recovered here."""


def rows(lines: list[str]) -> Iterable[tuple[str, Row]]:
    """The rows of a batch of lines, each under its contact."""
    for line in lines:
        event = orjson.loads(line)
        kind = event["type"]
        if kind not in WANTED:
            continue
        row = (datetime.fromisoformat(event["time"]), event["event_id"], kind == ADDED)
        yield f"{event['account_id']}|{event['contact_id']}", row


def triggers(batch: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The lines of what fired."""
    for key, fired in batch:
        account_id, _, contact_id = key.partition("|")
        trigger = {
            "trigger_id": hashlib.sha256(f"{key}|cart|{fired}".encode()).hexdigest(),
            "account_id": account_id,
            "contact_id": contact_id,
            "rule_id": "cart-abandonment",
            "fired_at": fired,
        }
        yield key, orjson.dumps(trigger).decode()


def main(source: str, output: str, until: datetime) -> None:
    """Write the triggers of one file."""
    flow = Dataflow("carts")
    lines = op.input("read", flow, FileSource(source))
    keyed = op.flat_map_batch("rows", lines, rows)
    fired = op.stateful_batch("carts", keyed, lambda _: Cart(until))
    op.output("write", op.flat_map_batch("triggers", fired, triggers), FileSink(Path(output) / "triggers.jsonl"))
    run_main(flow)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]))
