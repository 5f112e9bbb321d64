"""No decision can stop a running job, however much its author and its events put into it. Emulators, local runner."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.pipelines.streaming import Places, running

FIELDS = 49
TEXT_CHARS = 240_000
INCLUDE = ", ".join(f"f{number:02}: description" for number in range(FIELDS))
RULES = f"""account: acme
rules:
  - id: heavy
    when: cart.item_added
    wait: 1s
    include: {{sku: sku, {INCLUDE}}}
"""
SECONDS_TO_SETTLE = 60


def cart(contact: str, description: str) -> bytes:
    record = {
        "event_id": f"{contact}-1",
        "account_id": "acme",
        "contact_id": contact,
        "type": "cart.item_added",
        "time": datetime.now(UTC).isoformat(),
        "properties": {"sku": "m-1", "description": description},
    }
    return json.dumps(record).encode()


def test_a_trigger_of_twelve_megabytes_is_cut_and_sent_and_the_job_goes_on(places: Places, tmp_path: Path) -> None:
    rules = tmp_path / "acme.yaml"
    rules.write_text(RULES)
    with running([*places.flags, "--rules", str(rules), "--settle_delay", "1s"], tmp_path / "log", places) as job:
        for contact, size in (("heavy", TEXT_CHARS), ("light", 10)):
            places.topics.publish(places.events.topic, [(cart(contact, "x" * size), {})])
            told = {"heavy": {"heavy"}, "light": {"heavy", "light"}}[contact]
            is_told = job.wait_for(
                lambda told=told: told <= {row["contact_id"] for row in places.written("triggers")}, SECONDS_TO_SETTLE
            )
            assert is_told, job.said()
        assert job.end() == 0
    sent = [json.loads(message.data) for message in places.topics.pull_all(places.triggers.subscription)]
    names = [f"f{number:02}" for number in range(FIELDS)]
    assert {row["contact_id"]: row["include"] for row in sent} == {
        "heavy": {"sku": "m-1", **dict.fromkeys(names), "~cut": names},
        "light": {"sku": "m-1", **dict.fromkeys(names, "x" * 10)},
    }
    assert places.written("dead_letters") == []
