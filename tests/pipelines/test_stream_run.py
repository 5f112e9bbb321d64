"""The streaming job as a whole, between real emulators: what comes out of it is what a replay of the same events says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from examples.shop.diary import START
from examples.shop.generate import lines

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Pair, Topics

pytest.importorskip("google.cloud.bigquery")
pytest.importorskip("google.pubsub_v1")

from tests.pipelines.streaming import running  # noqa: E402 - wants Google's clients

CONTACTS, DAYS = 60, 2
FOREIGN = (b"", b"\x00\xff no event", b'{"severity": "INFO", "textPayload": "somebody else\'s"}', b"[1, 2]")


class Places(NamedTuple):
    """What a job reads from and writes to."""

    events: Pair
    triggers: Pair
    dataset: str

    @property
    def flags(self) -> list[str]:
        names = ["--subscription", self.events.subscription, "--trigger_topic", self.triggers.topic]
        return [*names, "--dataset", self.dataset, "--create_tables"]


@pytest.fixture
def places(topics: Topics, tables: Tables) -> Places:
    return Places(topics.create("events"), topics.create("triggers"), tables.create_dataset())


def kittiwake(*arguments: str | Path) -> None:
    command = [Path(sys.executable).parent / "kittiwake", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def of_late(records: Iterable[bytes], now: datetime) -> list[bytes]:
    """The shop's lines, by whole days, so that the last of them has happened within the last day."""
    shift = timedelta(days=(now - START).days - DAYS)
    return [_moved(line, shift) for line in records]


def _moved(line: bytes, shift: timedelta) -> bytes:
    try:
        record = json.loads(line)
        moved = datetime.fromisoformat(record["time"]) + shift
    except (ValueError, KeyError, TypeError, OverflowError):
        return line
    return line if moved.tzinfo is None else json.dumps({**record, "time": moved.isoformat()}).encode()


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def newest(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    """By id: the newest revision and what it says."""
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        found[row["trigger_id"]] = max(found.get(row["trigger_id"], (-1, "")), (row["revision"], row["decision"]))
    return found


def fired(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {trigger_id for trigger_id, (_, decision) in newest(rows).items() if decision == "fired"}


def test_what_comes_out_of_the_job_is_what_a_replay_says(
    topics: Topics, tables: Tables, places: Places, tmp_path: Path, root: Path, seed: int
) -> None:
    now = datetime.now(UTC)
    records = of_late(lines(CONTACTS, seed, DAYS), now)
    archive, target, frozen = tmp_path / "events.jsonl", tmp_path / "published", text_of(now)
    archive.write_bytes(b"".join(line + b"\n" for line in (*records, *FOREIGN[1:])))
    rules = sorted(root.glob("examples/shop/rules/*[!t].yaml"))
    own = tmp_path / "rules"
    own.mkdir()
    for path in rules:
        if not path.name.endswith(".test.yaml"):
            (own / path.name).write_bytes(path.read_bytes())
    kittiwake("publish", own, target, "--effective-from", "always")
    kittiwake("freeze", target, "--at", frozen)
    once = ["--rules", target, "--input", archive, "--allowed-lateness", "5d", "--max-dead-letter-ratio", "1"]
    kittiwake("replay", *once, "--until", frozen, "--output", tmp_path / "replayed")
    replayed = tmp_path / "replayed"
    wanted, refused = fired(rows_of(replayed / "triggers")), rows_of(replayed / "dead_letters")

    def written(table: str) -> list[dict[str, Any]]:
        return tables.query(f"SELECT * FROM `{places.dataset}.{table}`")

    job_flags = [*places.flags, "--rules", str(target), "--allowed_lateness", "5d", "--settle_delay", "1s"]
    with running(job_flags, tmp_path / "job.log", topics, places.events.topic) as job:
        half = len(records) // 2
        trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        for part in (records[:half], FOREIGN[1:], records[half:]):
            topics.publish(places.events.topic, [(line, trace) for line in part])
        is_done = lambda: fired(written("triggers_latest")) == wanted and len(written("dead_letters")) >= len(refused)
        job.wait_for(is_done, within_s=90)
        assert job.end() == 0
    assert "ended as you asked" in job.said()
    assert wanted
    assert fired(written("triggers_latest")) == wanted
    messages = topics.pull_all(places.triggers.subscription)
    sent = [json.loads(message.data) for message in messages]
    assert newest(sent) == newest(row for row in written("triggers") if not row["stale"])
    assert Counter((row["reason"], row["raw"]) for row in written("dead_letters")) == Counter(
        (row["reason"], row["raw"].encode()) for row in refused
    )
    assert {message.attributes["traceparent"] for message in messages} == set(trace.values())
    print(len(records), len(wanted), len(sent), Counter(r["decision"] for r in written("triggers")), Counter(r["stale"] for r in written("triggers")), len(refused), len(written("late_events")))
