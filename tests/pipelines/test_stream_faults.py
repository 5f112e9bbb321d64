"""What goes wrong around a running job: what it loses, and what it does not. Emulators, and Beam's local runner."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command import kittiwake
from tests.pipelines.streaming import StreamJob, StreamResources, running
from tests.services.emulators.pubsub import PubsubService

RULES = """account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1s
    unless: order.completed
"""
SEATS = """  - {id: seat, when: seat.held, wait: 1s, unless: paid}
policy: {feeds: {paid: {every: 10m, mode: hold}}}
"""
SECONDS_TO_EVALUATE = 60


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules" / "acme.yaml"
    path.parent.mkdir()
    path.write_text(RULES)
    return path


def publish(resources: StreamResources, contacts: Iterable[str], attributes: Mapping[str, str] | None = None) -> None:
    """A cart of each, now."""
    resources.topics.publish(resources.events.topic, [(cart(contact), attributes or {}) for contact in contacts])


def cart(contact: str, at: datetime | None = None, kind: str = "cart.item_added") -> bytes:
    time = (at or datetime.now(UTC)).isoformat()
    record = {"event_id": f"{contact}-{kind}", "account_id": "acme", "contact_id": contact, "type": kind, "time": time}
    return json.dumps(record).encode()


def fired_contacts(resources: StreamResources, table: str = "triggers_latest") -> set[str]:
    """Who got something."""
    return {row["contact_id"] for row in resources.written(table) if row["decision"] == "fired"}


def fires_for(job: StreamJob, resources: StreamResources, contacts: Iterable[str]) -> bool:
    return job.wait_for(lambda: set(contacts) <= fired_contacts(resources), SECONDS_TO_EVALUATE)


def test_a_row_that_a_table_refuses_is_a_dead_letter_and_its_trigger_is_sent(
    resources: StreamResources, tmp_path: Path, rules: Path
) -> None:
    with running([*resources.flags, "--rules", str(rules), "--settle_delay", "1s"], tmp_path / "log", resources) as job:
        resources.tables.query(f"ALTER TABLE `{resources.dataset}.decisions` DROP COLUMN mode")
        publish(resources, ["a"])
        assert job.wait_for(lambda: bool(resources.written("dead_letters")), SECONDS_TO_EVALUATE), job.said()
        assert fires_for(job, resources, "a")
        job.send(signal.SIGTERM)
        assert job.wait(30) == 0
    (dead_letter,) = resources.written("dead_letters")
    assert (dead_letter["stage"], dead_letter["reason"]) == ("write", "row_refused")
    assert json.loads(dead_letter["raw"])["contact_id"] == "a"
    assert [
        json.loads(each.data)["contact_id"] for each in resources.topics.pull(resources.triggers.subscription, 1)
    ] == ["a"]
    assert "ended as you asked" in job.said()


def test_rules_that_break_under_a_job_leave_it_the_last_good_ones(
    resources: StreamResources, tmp_path: Path, rules: Path
) -> None:
    target = tmp_path / "published"
    assert kittiwake("publish", rules.parent, target, "--effective-from", "always").code == 0
    flags = ["--rules", str(target), "--settle_delay", "1s", "--poll_interval", "1s", "--min_lead", "3m"]
    pointer = target / "pointer.json"
    good = pointer.read_bytes()
    with running([*resources.flags, *flags], tmp_path / "log", resources) as job:
        pointer.write_bytes(b"{")
        assert job.wait_for(lambda: '"rules_unreadable"' in job.said(), SECONDS_TO_EVALUATE), job.said()
        publish(resources, ["a"])
        assert fires_for(job, resources, "a"), job.said()
        read = job.said().count('"rules_read"')
        pointer.write_bytes(good)
        assert job.wait_for(lambda: job.said().count('"rules_read"') > read, SECONDS_TO_EVALUATE), job.said()
        publish(resources, ["b"])
        assert fires_for(job, resources, "ab"), job.said()


def test_a_timestamp_attribute_that_is_no_time_costs_nothing_on_the_local_runner(
    resources: StreamResources, tmp_path: Path, rules: Path
) -> None:
    flags = ["--rules", str(rules), "--settle_delay", "1s", "--timestamp_attribute", "at"]
    with running([*resources.flags, *flags], tmp_path / "log", resources) as job:
        publish(resources, ["a"], {"at": "yesterday"})
        publish(resources, ["b"])
        publish(resources, ["c"], {"at": "2020-01-01T00:00:00Z"})
        assert fires_for(job, resources, "abc"), job.said()


def test_without_its_subscription_a_job_of_this_process_ends_and_the_next_goes_on(
    resources: StreamResources, tmp_path: Path, rules: Path, pubsub_service: PubsubService
) -> None:
    flags = [*resources.flags, "--rules", str(rules), "--settle_delay", "1s"]
    with running(flags, tmp_path / "log", resources) as job:
        publish(resources, ["a"])
        assert fires_for(job, resources, "a"), job.said()
        pubsub_service.restart()
        assert job.wait(SECONDS_TO_EVALUATE) == 3
    assert "failed: 404 Subscription does not exist" in job.said()
    resources.topics.recreate(resources.events)
    resources.topics.recreate(resources.triggers)
    with running(flags, tmp_path / "log2", resources) as job:
        publish(resources, ["b"])
        assert fires_for(job, resources, "ab"), job.said()
        assert job.end() == 0


def test_a_job_that_starts_from_snapshots_knows_what_was_pending(
    resources: StreamResources, tmp_path: Path, rules: Path
) -> None:
    """And that a feed had fallen silent before: what relies on it is held."""
    rules.write_text(RULES + SEATS)
    before = datetime.now(UTC) - timedelta(hours=1)
    archive, backfilled = tmp_path / "archive.jsonl", tmp_path / "backfilled"
    payment, seat = cart("crowd", before - timedelta(minutes=30), "paid"), cart("seated", before, "seat.held")
    archive.write_bytes(b"\n".join([payment, seat, *(cart(contact, before) for contact in ("silent", "buyer"))]))
    until = (before + timedelta(milliseconds=100)).isoformat()
    same = ["--rules", str(rules), "--input", str(archive), "--output", str(backfilled)]
    assert kittiwake("replay", *same, "--until", until, "--snapshots").code == 0
    bought = cart("buyer", before + timedelta(milliseconds=500), "order.completed")
    resources.topics.publish(resources.events.topic, [(bought, {})])
    flags = ["--rules", str(rules), "--settle_delay", "1s", "--snapshots", str(backfilled / "snapshots" / "*.jsonl")]
    with running([*resources.flags, *flags], tmp_path / "log", resources) as job:
        assert fires_for(job, resources, ["silent"]), job.said()
        publish(resources, ["later"])
        assert fires_for(job, resources, ["later"]), job.said()
    assert fired_contacts(resources) == {"silent", "later"}
