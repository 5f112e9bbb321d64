"""The load generator, Pub/Sub's emulator and the streaming job, live: what the job decides is what `replay` says.

Visitors of three shops come at a set rate, in bursts, out of order and twice, and some messages are no events. Rules
wait for seconds, so that triggers fall due while the load runs. Then the target is frozen, as who is on call does it.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from kittiwake.reasons import Outcome, Reason
from tests.cli.command import kittiwake
from tests.examples.running import Ran, python
from tests.pipelines.streaming import StreamResources, running
from tests.stream.generated_cases import standing

Row = dict[str, Any]

RULES: Final = """account: {account}
policy:
  frequency: [{{max: 1, per: 1h}}]
rules:
  - {{id: cart, when: cart.item_added, wait: 4s, unless: order.completed, reentry: 10s}}
  - {{id: viewed, when: product.viewed, given: {{count: product.viewed, within: 1m, gte: 2}}, wait: 2s, reentry: 20s}}
  - {{id: spent, when: order.completed, reaches: {{sum: total, at: [100, 400]}}}}
"""
SHOPS: Final = ("shop-0", "shop-1", "shop-2")
LOAD: Final = (
    "--rate=25", "--accounts=3", "--loud=2", "--contacts=30", "--session=20s", "--disorder=2s", "--late=0.05",
    "--late_by=20s", "--duplicates=0.1", "--poison=0.05", "--burst=4", "--burst_lasts=1s", "--burst_every=4s",
)  # fmt: skip
JOB: Final = ("--settle_delay=1s", "--poll_interval=1s")
FROZEN_AFTER_S: Final = 10
"""The job polls before that, and the waits of most visitors are over."""
SECONDS_TO_EVALUATE: Final = 600
"""A minute on a machine of one's own, seven where others work too: Beam's local runner is at it for 0.1 s a message."""


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("events", [200, 1_000])
def test_a_live_load_is_decided_as_a_replay_of_its_lines_decides(
    resources: StreamResources, tmp_path: Path, events: int, seed: int
) -> None:
    target, lines = published(tmp_path), tmp_path / "sent.jsonl"
    with running([*resources.flags, "--rules", str(target), *JOB], tmp_path / "job.log", resources) as job:
        achieved = load(resources.events.topic, lines, events, seed)
        replayed = replay_until_frozen(target, lines, tmp_path)
        wanted, refused = facts(replayed.rows("decisions")), dead_letters(replayed.rows("dead_letters"))

        def is_done() -> bool:
            rows = resources.written("dead_letters")
            return len(rows) >= refused.total() and facts(resources.written("decisions_latest")) == wanted

        job.wait_for(is_done, SECONDS_TO_EVALUATE)
        assert job.end() == 0
    assert facts(resources.written("decisions_latest")) == wanted
    assert dead_letters(resources.written("dead_letters")) == refused
    assert resources.written("late_events") == []
    sent = facts(json.loads(one.data) for one in resources.topics.pull_all(resources.triggers.subscription))
    assert fired(sent) == fired(wanted), "what was sent and corrected since then says so"
    assert achieved["poison"] == refused.total() > 0
    assert {one.reason for one in wanted} >= {None, Reason.FREQUENCY_CAP}
    assert {one.account_id for one in wanted} == set(SHOPS)


def published(folder: Path) -> Path:
    """A target with the rules of each shop."""
    rules, target = folder / "rules", folder / "published"
    rules.mkdir()
    for shop in SHOPS:
        (rules / f"{shop}.yaml").write_text(RULES.format(account=shop))
    assert kittiwake("publish", rules, target, "--effective-from", "always").code == 0
    return target


def load(topic: str, lines: Path, events: int, seed: int) -> Row:
    """What the generator says it has sent; the messages are the lines of a file too."""
    where = ("--topic", topic, "--output", lines)
    said = python("-m", "benchmarks.load", *where, "--events", str(events), "--seed", str(seed), *LOAD)
    achieved: Row = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert achieved["published"] == achieved["messages"] == events
    return achieved


def replay_until_frozen(target: Path, lines: Path, folder: Path) -> Ran:
    """The target, frozen some seconds from now, and a replay of the lines until then."""
    at = (datetime.now(UTC) + timedelta(seconds=FROZEN_AFTER_S)).isoformat()
    assert kittiwake("freeze", target, "--at", at).code == 0
    same = ("--rules", target, "--input", lines, "--until", at, "--max-dead-letter-ratio", "1")
    ran = kittiwake("replay", "--allow-empty", *same, "--output", folder / "replayed")
    assert ran.code == 0, ran.err
    return Ran(folder / "replayed", ran.out)


class Fact(NamedTuple):
    """What a decision says, whoever made it."""

    trigger_id: str
    account_id: str
    contact_id: str
    rule_id: str
    kind: str
    decision: str
    reason: str | None
    time: datetime
    fired_at: datetime | None


def facts(rows: Iterable[Row]) -> set[Fact]:
    """What stands, of files, tables and messages alike. A stream has no end, so what is deferred is none of it."""
    found = (Fact(*(_plain(name, row[name]) for name in Fact._fields)) for row in standing(rows))
    return {one for one in found if one.decision != Outcome.DEFERRED}


def fired(of: Iterable[Fact]) -> set[Fact]:
    return {one for one in of if one.decision == Outcome.FIRED}


def _plain(name: str, value: Any) -> Any:
    """Files and messages have text where a table has instants."""
    return datetime.fromisoformat(value) if name in ("time", "fired_at") and isinstance(value, str) else value


def dead_letters(rows: Iterable[Row]) -> Counter[tuple[str, bytes]]:
    """Reason and bytes."""
    return Counter((row["reason"], _raw(row)) for row in rows)


def _raw(row: Row) -> bytes:
    encoding, raw = row.get("raw_encoding"), row["raw"]
    if encoding is None:
        return bytes(raw)
    return raw.encode() if encoding == "utf-8" else base64.b64decode(raw)
