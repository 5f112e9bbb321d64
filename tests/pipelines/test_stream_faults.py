"""What goes wrong around a running job: what it loses, and what it does not. Emulators, and Beam's local runner."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command import kittiwake
from tests.pipelines.streaming import Places, StreamJob, running
from tests.services.emulators.pubsub import PubsubService

RULES = """account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1s
    unless: order.completed
"""
SECONDS_TO_SETTLE = 60


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules" / "acme.yaml"
    path.parent.mkdir()
    path.write_text(RULES)
    return path


def publish(places: Places, contacts: Iterable[str], attributes: Mapping[str, str] | None = None) -> None:
    """A cart of each, now."""
    places.topics.publish(places.events.topic, [(cart(contact), attributes or {}) for contact in contacts])


def cart(contact: str, at: datetime | None = None, kind: str = "cart.item_added") -> bytes:
    time = (at or datetime.now(UTC)).isoformat()
    record = {"event_id": f"{contact}-{kind}", "account_id": "acme", "contact_id": contact, "type": kind, "time": time}
    return json.dumps(record).encode()


def told(places: Places, table: str = "triggers_latest") -> set[str]:
    """Who got something."""
    return {row["contact_id"] for row in places.written(table) if row["decision"] == "fired"}


def settles(job: StreamJob, places: Places, contacts: Iterable[str]) -> bool:
    return job.wait_for(lambda: set(contacts) <= told(places), SECONDS_TO_SETTLE)


def test_a_row_that_a_table_refuses_is_a_dead_letter_and_its_trigger_is_sent(
    places: Places, tmp_path: Path, rules: Path
) -> None:
    with running([*places.flags, "--rules", str(rules), "--settle_delay", "1s"], tmp_path / "log", places) as job:
        places.tables.query(f"ALTER TABLE `{places.dataset}.decisions` DROP COLUMN mode")
        publish(places, ["a"])
        assert job.wait_for(lambda: bool(places.written("dead_letters")), SECONDS_TO_SETTLE), job.said()
        assert settles(job, places, "a")
        job.send(signal.SIGTERM)
        assert job.wait(30) == 0
    (letter,) = places.written("dead_letters")
    assert (letter["stage"], letter["reason"]) == ("write", "row_refused")
    assert json.loads(letter["raw"])["contact_id"] == "a"
    assert [json.loads(each.data)["contact_id"] for each in places.topics.pull(places.triggers.subscription, 1)] == [
        "a"
    ]
    assert "ended as you asked" in job.said()


def test_rules_that_break_under_a_job_leave_it_the_last_good_ones(places: Places, tmp_path: Path, rules: Path) -> None:
    target = tmp_path / "published"
    assert kittiwake("publish", rules.parent, target, "--effective-from", "always").code == 0
    flags = ["--rules", str(target), "--settle_delay", "1s", "--poll_interval", "1s", "--min_lead", "3m"]
    pointer = target / "pointer.json"
    good = pointer.read_bytes()
    with running([*places.flags, *flags], tmp_path / "log", places) as job:
        pointer.write_bytes(b"{")
        assert job.wait_for(lambda: '"rules_unreadable"' in job.said(), SECONDS_TO_SETTLE), job.said()
        publish(places, ["a"])
        assert settles(job, places, "a"), job.said()
        read = job.said().count('"rules_read"')
        pointer.write_bytes(good)
        assert job.wait_for(lambda: job.said().count('"rules_read"') > read, SECONDS_TO_SETTLE), job.said()
        publish(places, ["b"])
        assert settles(job, places, "ab"), job.said()


def test_a_timestamp_attribute_that_is_no_time_costs_nothing_on_the_local_runner(
    places: Places, tmp_path: Path, rules: Path
) -> None:
    flags = ["--rules", str(rules), "--settle_delay", "1s", "--timestamp_attribute", "at"]
    with running([*places.flags, *flags], tmp_path / "log", places) as job:
        publish(places, ["a"], {"at": "yesterday"})
        publish(places, ["b"])
        publish(places, ["c"], {"at": "2020-01-01T00:00:00Z"})
        assert settles(job, places, "abc"), job.said()


def test_without_its_subscription_a_job_of_this_process_ends_and_the_next_goes_on(
    places: Places, tmp_path: Path, rules: Path, pubsub_service: PubsubService
) -> None:
    flags = [*places.flags, "--rules", str(rules), "--settle_delay", "1s"]
    with running(flags, tmp_path / "log", places) as job:
        publish(places, ["a"])
        assert settles(job, places, "a"), job.said()
        pubsub_service.restart()
        assert job.wait(SECONDS_TO_SETTLE) == 3
    assert "failed: 404 Subscription does not exist" in job.said()
    places.topics.recreate(places.events)
    places.topics.recreate(places.triggers)
    with running(flags, tmp_path / "log2", places) as job:
        publish(places, ["b"])
        assert settles(job, places, "ab"), job.said()
        assert job.end() == 0


def test_a_job_that_starts_from_snapshots_knows_what_was_pending(places: Places, tmp_path: Path, rules: Path) -> None:
    before = datetime.now(UTC) - timedelta(hours=1)
    archive, backfilled = tmp_path / "archive.jsonl", tmp_path / "backfilled"
    archive.write_bytes(b"\n".join(cart(contact, before) for contact in ("silent", "buyer")))
    until = (before + timedelta(milliseconds=100)).isoformat()
    same = ["--rules", str(rules), "--input", str(archive), "--output", str(backfilled)]
    assert kittiwake("replay", *same, "--until", until, "--snapshots").code == 0
    bought = cart("buyer", before + timedelta(milliseconds=500), "order.completed")
    places.topics.publish(places.events.topic, [(bought, {})])
    flags = ["--rules", str(rules), "--settle_delay", "1s", "--snapshots", str(backfilled / "snapshots" / "*.jsonl")]
    with running([*places.flags, *flags], tmp_path / "log", places) as job:
        assert settles(job, places, ["silent"]), job.said()
        publish(places, ["later"])
        assert settles(job, places, ["later"]), job.said()
    assert told(places) == {"silent", "later"}
