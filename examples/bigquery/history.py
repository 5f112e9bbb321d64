"""What the demo's shop has in BigQuery: the generated diaries, moved so that they end last midnight. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from examples.shop.diary import Record
from examples.shop.generate import ACCOUNTS, diary_of
from examples.shop.shelves import START, changes

DAYS: Final = 120
STREAMED_DAYS: Final = 7
SEEK_BACK: Final = timedelta(hours=1)
"""So much of what the snapshots have seen the stream is given again: it changes nothing."""
SEED: Final = 1


class Span(NamedTuple):
    """The demo's time: the backfill knows begin … end, the stream is given what is left from `cut` on."""

    begin: datetime
    cut: datetime
    end: datetime


def span_before(now: datetime) -> Span:
    """The days up to the midnight (UTC) before `now`."""
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(end - timedelta(days=DAYS), end - timedelta(days=STREAMED_DAYS), end)


def records(contacts: int, span: Span) -> list[Record]:
    """The events of the shop within the span, by time; dates in properties move along, birthdays do not."""
    moved = span.begin - START
    found = [record for number in range(contacts) for record in diary_of(number, SEED, DAYS).records]
    found += [record for account in ACCOUNTS for record in changes(account, SEED, DAYS)]
    return sorted((_moved(record, moved) for record in found), key=instant)


def _moved(record: Record, by: timedelta) -> Record:
    at = instant(record) + by
    dates = {
        name: (datetime.fromisoformat(value) + by).date().isoformat()
        for name, value in record["properties"].items()
        if name in ("expires_at", "member_since")
    }
    shown = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**record, "time": shown, "properties": {**record["properties"], **dates}}


def instant(record: Record) -> datetime:
    """When the event happened."""
    return datetime.fromisoformat(record["time"])


def streamed(some: Iterable[Record], span: Span) -> list[Record]:
    """What the stream is given: all since the cut, and the hour before, which its snapshots have seen."""
    return [record for record in some if instant(record) >= span.cut - SEEK_BACK]


def table_lines(some: Iterable[Record]) -> bytes:
    """Rows for a load job: JSON lines, whose column `properties` is JSON."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in some)


def typed(command: Sequence[str]) -> str:
    """A command as a person types it: on lines of their own its options, if it is long."""
    words = [shlex.quote(word) for word in command]
    if len(line := " ".join(words)) <= 110:
        return line
    return "".join((" \\\n      " if "--" in word[:3] else " ") + word for word in words)[1:]


def rfc3339(at: datetime) -> str:
    """`2026-11-30T00:00:00Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def in_columns(rows: Sequence[dict[str, Any]], at_most: int) -> list[str]:
    """The first rows of an answer of SQL, in columns; an empty answer says so."""
    if not rows:
        return ["(no rows)"]
    cells = [list(rows[0]), *([("" if one is None else str(one)) for one in row.values()] for row in rows[:at_most])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return lines + ([f"… {len(rows) - at_most} more"] if len(rows) > at_most else [])
