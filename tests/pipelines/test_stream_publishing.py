"""Versions are published again and again while a job runs: each event is decided by the version in force at its time.

Emulators, and Beam's local runner.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pipelines.streaming import StreamResources, running
from tests.pipelines.test_stream_faults import cart
from tests.pipelines.test_stream_run import kittiwake, newest, rows_of

VERSIONS = 12
SECONDS_A_VERSION = 3
LEAD = "35s"
LEAD_S = 35
SECONDS_TO_EVALUATE = 240


def rules(folder: Path, number: int) -> Path:
    """A version whose triggers name it."""
    path = folder / f"v{number}" / "acme.yaml"
    path.parent.mkdir()
    rule = f"{{id: cart, when: cart.item_added, wait: 1s, include: {{v{number}: nothing}}}}"
    path.write_text(f"account: acme\nrules:\n  - {rule}\n")
    return path.parent


@pytest.mark.nightly
def test_what_is_published_while_a_job_runs_decides_from_its_time_on(
    resources: StreamResources, tmp_path: Path
) -> None:
    target, archive = tmp_path / "published", tmp_path / "events.jsonl"
    kittiwake("publish", rules(tmp_path, 0), target, "--effective-from", "always")
    flags = ["--rules", str(target), "--settle_delay", "1s", "--poll_interval", "1s", "--min_lead", LEAD]
    sent: list[bytes] = []

    def send(seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            sent.append(cart(f"c{len(sent)}"))
            resources.topics.publish(resources.events.topic, [(sent[-1], {})])
            time.sleep(0.5)

    with running([*resources.flags, *flags], tmp_path / "log", resources) as job:
        for number in range(1, VERSIONS):
            at = datetime.now(UTC) + timedelta(seconds=LEAD_S + 5)
            start = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            again = [str(rules(tmp_path, number)), str(target), "--effective-from", start, "--min-lead", LEAD]
            kittiwake("publish", *again)
            send(SECONDS_A_VERSION)
        send(LEAD_S + 5 + 2 * SECONDS_A_VERSION)
        archive.write_bytes(b"".join(line + b"\n" for line in sent))
        until = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        kittiwake("replay", "--rules", target, "--input", archive, "--output", tmp_path / "replayed", "--until", until)
        wanted = {row["trigger_id"]: row["include"] for row in rows_of(tmp_path / "replayed" / "triggers")}
        done = job.wait_for(lambda: len(resources.written("triggers_latest")) >= len(sent), SECONDS_TO_EVALUATE)
        assert done, f"{len(resources.written('triggers_latest'))} of {len(sent)}\n{job.said()}"
        assert "rules_too_soon" not in job.said()
    published = [json.loads(message.data) for message in resources.topics.pull_all(resources.triggers.subscription)]
    assert {decision for _, decision in newest(published).values()} == {"fired"}
    assert {row["trigger_id"]: row["include"] for row in published} == wanted
    assert len({json.dumps(include) for include in wanted.values()}) == VERSIONS
