"""The streaming job between real emulators: what comes out of it is what a replay of the same events says."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.shop.diary import START
from examples.shop.generate import lines
from tests.pipelines.streaming import StreamResources, running

CONTACTS, FEW, DAYS = 30, 12, 2
FOREIGN = (b"\x00\xff no event", b'{"severity": "INFO", "textPayload": "somebody else\'s"}', b"[1, 2]")
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
LATENESS = "5d"
"""The local runner's watermark is the clock: whatever comes later than its contact's first event is a late one."""
SECONDS_TO_EVALUATE = 600
"""20 s on a machine of one's own, minutes where ten processes share two cores."""


@pytest.mark.parametrize("contacts", [FEW, pytest.param(CONTACTS, marks=pytest.mark.nightly)])
def test_what_comes_out_of_the_job_is_what_a_replay_says(
    resources: StreamResources, tmp_path: Path, root: Path, seed: int, contacts: int
) -> None:
    now = datetime.now(UTC)
    records = of_late(lines(contacts, seed, DAYS), now)
    half = len(records) // 2
    records[half:half] = FOREIGN
    frozen = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    target = published(root, tmp_path, frozen)
    replayed = replay(target, records, frozen, tmp_path)
    wanted, refused = fired(rows_of(replayed / "triggers")), dead_letters_of(rows_of(replayed / "dead_letters"))
    assert wanted
    assert len(refused) > len(FOREIGN)

    def is_done() -> bool:
        fired_rows = fired(resources.written("triggers_latest"))
        return fired_rows == wanted and len(resources.written("dead_letters")) >= len(refused)

    flags = ["--rules", str(target), "--allowed_lateness", LATENESS, "--settle_delay", "1s"]
    with running([*resources.flags, *flags], tmp_path / "job.log", resources) as job:
        resources.topics.publish(resources.events.topic, [(line, TRACE) for line in records])
        job.wait_for(is_done, SECONDS_TO_EVALUATE)
        assert job.end() == 0
    assert fired(resources.written("triggers_latest")) == wanted
    sent = resources.topics.pull_all(resources.triggers.subscription)
    stood = [row for row in resources.written("triggers") if not row["stale"]]
    assert newest(json.loads(message.data) for message in sent) == newest(stood)
    assert {message.attributes["traceparent"] for message in sent} == set(TRACE.values())
    assert sorted((row["reason"], row["raw"]) for row in resources.written("dead_letters")) == refused
    assert resources.written("late_events") == []


# ---------------------------------------------------------------- the shop, of late


def of_late(records: Iterable[bytes], now: datetime) -> list[bytes]:
    """The shop's lines moved by whole days, so that the last of them has happened within the last day."""
    shift = timedelta(days=(now - START).days - DAYS)
    return [_moved(line, shift) for line in records]


def _moved(line: bytes, shift: timedelta) -> bytes:
    """A line that is no event stays as it is."""
    try:
        record = json.loads(line)
        moved = datetime.fromisoformat(record["time"]) + shift
    except (ValueError, KeyError, TypeError, OverflowError):
        return line
    return line if moved.tzinfo is None else json.dumps({**record, "time": moved.isoformat()}).encode()


def published(root: Path, folder: Path, frozen: str) -> Path:
    """A target with the shop's rules, frozen: nothing beyond is settled, whatever the clock says meanwhile."""
    rules, target = folder / "rules", folder / "published"
    rules.mkdir()
    for name in ("acme.yaml", "globex.yaml"):
        shutil.copy(root / "examples/shop/rules" / name, rules)
    kittiwake("publish", rules, target, "--effective-from", "always")
    kittiwake("freeze", target, "--at", frozen)
    return target


def replay(target: Path, records: Iterable[bytes], until: str, folder: Path) -> Path:
    """The output of a replay of the same records, settled to the same instant."""
    archive, output = folder / "events.jsonl", folder / "replayed"
    archive.write_bytes(b"".join(line + b"\n" for line in records))
    same = ["--rules", target, "--input", archive, "--until", until, "--allowed-lateness", LATENESS]
    kittiwake("replay", "--allow-empty", *same, "--max-dead-letter-ratio", "1", "--output", output)
    return output


def kittiwake(*arguments: str | Path) -> None:
    command = [Path(sys.executable).parent / "kittiwake", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


# ---------------------------------------------------------------- rows


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def dead_letters_of(rows: Iterable[dict[str, Any]]) -> list[tuple[str, bytes]]:
    """Reason and bytes of a replay's dead letters."""
    read = {"utf-8": str.encode, "base64": base64.b64decode}
    return sorted((row["reason"], read[row["raw_encoding"]](row["raw"])) for row in rows)


def newest(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    """By id: the newest revision and what it says."""
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        found[row["trigger_id"]] = max(found.get(row["trigger_id"], (-1, "")), (row["revision"], row["decision"]))
    return found


def fired(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {trigger_id for trigger_id, (_, decision) in newest(rows).items() if decision == "fired"}
