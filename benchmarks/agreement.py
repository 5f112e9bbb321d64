"""What a tool fired, as short texts that are equal if and only if the sets are.

Run as `python -m benchmarks.agreement FOLDER`.

A program of its own, so that what it needs of memory is not that of the runner (see `benchmarks.measuring`).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.findings import Fired


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The triggers of a tool's output: `triggers.jsonl`, or the files of `triggers/`."""
    single = folder / "triggers.jsonl"
    for path in [single] if single.exists() else sorted((folder / "triggers").glob("*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)


def fired(folder: Path) -> Fired:
    """The triggers of a folder: their number, the sets of (contact, fired_at), with rule, and with all."""
    number = 0
    pairs: set[str] = set()
    wholes: set[str] = set()
    rules: set[str] = set()
    for row in rows(folder):
        number += 1
        time = datetime.fromisoformat(row["fired_at"]).astimezone(UTC).isoformat(timespec="microseconds")
        pair = f"{row['contact_id']} {time}"
        pairs.add(pair)
        rules.add(f"{pair} {row['rule_id']}")
        wholes.add(f"{pair} {row['rule_id']} {row.get('kind')} {row['trigger_id']}")
    return Fired(number, len(pairs), _digest(pairs), _digest(wholes), _digest(rules))


def _digest(texts: Iterable[str]) -> str:
    """The same for the same set, in whatever order it was written."""
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:32]


if __name__ == "__main__":
    print(json.dumps(fired(Path(sys.argv[1]))._asdict()))
