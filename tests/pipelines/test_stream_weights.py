"""No decision can stop a running job, however much its author and its events put into it. Emulators, local runner."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pipelines.streaming import StreamResources, running

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
SECONDS_TO_EVALUATE = 60


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


@pytest.mark.nightly
def test_a_trigger_of_twelve_megabytes_is_cut_and_sent_and_the_job_goes_on(
    resources: StreamResources, tmp_path: Path
) -> None:
    rules = tmp_path / "acme.yaml"
    rules.write_text(RULES)
    with running([*resources.flags, "--rules", str(rules), "--settle_delay", "1s"], tmp_path / "log", resources) as job:
        for contact, size in (("heavy", TEXT_CHARS), ("light", 10)):
            resources.topics.publish(resources.events.topic, [(cart(contact, "x" * size), {})])
            expected = {"heavy": {"heavy"}, "light": {"heavy", "light"}}[contact]
            is_written = job.wait_for(
                lambda expected=expected: expected <= {row["contact_id"] for row in resources.written("triggers")},
                SECONDS_TO_EVALUATE,
            )
            assert is_written, job.said()
        assert job.end() == 0
    sent = [json.loads(message.data) for message in resources.topics.pull_all(resources.triggers.subscription)]
    names = [f"f{number:02}" for number in range(FIELDS)]
    assert {row["contact_id"]: row["include"] for row in sent} == {
        "heavy": {"sku": "m-1", **dict.fromkeys(names), "~cut": names},
        "light": {"sku": "m-1", **dict.fromkeys(names, "x" * 10)},
    }
    assert resources.written("dead_letters") == []
