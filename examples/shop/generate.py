"""Write the shop's clickstream: `python -m examples.shop.generate --output DIR --contacts N --seed S`.

The same arguments give the same bytes, and more contacts leave those of the others as they were. As from a real
tracker, lines are out of order by up to half a minute, one in a hundred comes twice, and a few are no events at all.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from examples.shop.diary import Diary, Record, diary
from examples.shop.shelves import START, changes

JITTER: Final = timedelta(seconds=30)
COPIES: Final = 0.01
ACCOUNTS: Final = ("acme", "globex")
GLOBEX: Final = 5
"""Every so-manieth contact is one of the second account, whose contacts have ids of the first's."""

_VIEW: Final[dict[str, object]] = {
    "account_id": "acme",
    "contact_id": "c-00001",
    "type": "product.viewed",
    "time": "2025-02-01T10:00:00Z",
}
_MISTAKES: Final[tuple[dict[str, object], ...]] = (
    {"type": None},
    {"time": "2025-02-01T10:00:00"},
    {"time": "1 February, ten o'clock"},
    {"contact_id": None},
    {"item_id": "beans-house"},
    {"time": "2999-01-01T00:00:00Z"},
    {"properties": ["price", 12]},
)
BROKEN: Final = (
    b'{"event_id": "broken-json", "account_id": "acme", "contact_id": "c-000',
    b'["an event", "in a list"]',
    b'{"event_id": "broken-latin-1", "contact_id": "Zo\xeb"}',
    b'{"event_id": "broken-number", "properties": {"total": 1e999}}',
    *(json.dumps({"event_id": f"broken-{i}"} | _VIEW | mistake).encode() for i, mistake in enumerate(_MISTAKES)),
)
"""Lines that become dead letters, each for another reason."""


def diary_of(number: int, seed: int, days: int) -> Diary:
    """The life of the contact of this number."""
    account = "globex" if number % GLOBEX == GLOBEX - 1 else "acme"
    contact = f"c-{number // GLOBEX if account == 'globex' else number - number // GLOBEX:05d}"
    return diary(account, contact, seed, days)


def lines(contacts: int, seed: int, days: int) -> list[bytes]:
    """The file's lines in the order they arrived: jittered, some twice, the broken ones among them."""
    records = [record for number in range(contacts) for record in diary_of(number, seed, days).records]
    records += [record for account in ACCOUNTS for record in changes(account, seed, days)]
    arrived = [
        (at, json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())
        for record in records
        for at in _arrivals(record, seed)
    ]
    rng = random.Random(f"{seed}/broken")
    arrived += [(START + rng.random() * timedelta(days=days), line) for line in BROKEN]
    return [line for _, line in sorted(arrived)]


def _arrivals(record: Record, seed: int) -> Iterator[datetime]:
    """When the record reaches the file: once a little late, and now and then again, up to a day later."""
    rng = random.Random(f"{seed}/{record['account_id']}/{record['event_id']}")
    at = datetime.fromisoformat(record["time"]).astimezone(UTC) + rng.random() * JITTER
    yield at
    if rng.random() < COPIES:
        yield at + rng.random() * timedelta(days=1)


def write(output: Path, contacts: int, seed: int, days: int) -> Path:
    """The clickstream, in `output`/events.jsonl."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / "events.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines(contacts, seed, days)))
    return path


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write events.jsonl to")
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    path = write(options.output, options.contacts, options.seed, options.days)
    with path.open("rb") as written:
        print(f"{path}: {sum(1 for _ in written):,} lines of {options.contacts:,} contacts, seed {options.seed}")


if __name__ == "__main__":
    main()
