"""Catalogue rules in a stream on Beam: contacts decide as in a replay, from the start and from snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage

import kittiwake
from kittiwake.beam import DecisionRecord, EvaluateRules, LoadSnapshots, ParseMessages
from kittiwake.errors import UnusableError
from kittiwake.time.instants import HOUR_US, format_instant
from tests.batch.items import BEGIN_US, RULES, lines
from tests.transforms.test_embedding import run

UNTIL_US = BEGIN_US + 60 * HOUR_US
LATENESS = "3d"
"""The local runner gives all messages in no order: each may come late by all the time there is."""


@pytest.fixture
def rules(tmp_path: Path) -> kittiwake.Rules:
    (tmp_path / "rules").mkdir()
    for account_id in ("acme", "beta"):
        (tmp_path / "rules" / f"{account_id}.yaml").write_text(RULES.format(account=account_id))
    return kittiwake.load_rules(tmp_path / "rules")


def _clock() -> int:
    return UNTIL_US


def _standing(rows: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What stands of rows: of each id the newest revision, if it is not revoked."""
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["revision"] >= newest.get(row["trigger_id"], row)["revision"]:
            newest[row["trigger_id"]] = row
    shown = ("trigger_id", "rule_id", "contact_id", "time", "decision", "reason")
    found = [tuple(row[name] for name in shown) for row in newest.values() if row["decision"] != "revoked"]
    return sorted(found, key=str)


def _replayed(rules: kittiwake.Rules, written: Sequence[bytes], folder: Path, **about: Any) -> list[dict[str, Any]]:
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(b"\n".join(written) + b"\n")
    about = {"until": format_instant(UNTIL_US), **about}
    kittiwake.replay(rules, folder / "events.jsonl", folder / "out", allowed_lateness=LATENESS, **about)
    files = (folder / "out" / "decisions").iterdir()
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def _streamed(
    rules: kittiwake.Rules,
    written: Sequence[bytes],
    wanted: list[tuple[Any, ...]],
    snapshots: str = "",
    item_shards: int = 8,
) -> None:
    """Run a stream and compare what stands of its decisions."""

    def as_replayed(records: list[DecisionRecord]) -> None:
        assert _standing(json.loads(one.row) for one in records) == wanted

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Any]]:
        states = pipeline | LoadSnapshots(snapshots, rules, item_shards=item_shards) if snapshots else None
        messages = pipeline | beam.Create([PubsubMessage(line, {}) for line in written])
        parsed = messages | ParseMessages(rules, item_shards=item_shards, clock=_clock)
        step = EvaluateRules(rules, allowed_lateness=LATENESS, initial_states=states, clock=_clock)
        return {"decisions": ((parsed | step).decisions, as_replayed)}

    run(build)


def test_a_stream_decides_catalogue_rules_as_a_replay(rules: kittiwake.Rules, tmp_path: Path, seed: int) -> None:
    written = lines(Random(f"stream {seed}"), 200)
    rows = _replayed(rules, written, tmp_path / "whole")
    assert sum(row["decision"] == "fired" for row in rows) > 5
    _streamed(rules, written, _standing(rows))


def test_a_stream_that_starts_from_snapshots_knows_items_and_interest(
    rules: kittiwake.Rules, tmp_path: Path, seed: int
) -> None:
    """What is decided from a cut on is what a replay of all events decides from there on."""
    written = lines(Random(f"snapshots {seed}"), 200)
    cut = format_instant(BEGIN_US + 12 * HOUR_US)
    before = [line for line in written if json.loads(line)["time"] < cut]
    after = [line for line in written if json.loads(line)["time"] >= cut]
    first = _replayed(rules, before, tmp_path / "before", until=cut, snapshots=True)
    decided = {row["trigger_id"] for row in first if row["decision"] != "deferred"}
    wanted = [row for row in _replayed(rules, written, tmp_path / "whole") if row["trigger_id"] not in decided]
    assert any(row["decision"] == "fired" for row in wanted)
    _streamed(rules, after, _standing(wanted), str(tmp_path / "before" / "out" / "snapshots" / "*"), item_shards=3)


def test_snapshots_whose_items_fall_into_other_shards_are_refused(rules: kittiwake.Rules, tmp_path: Path) -> None:
    """Their values would lie where no event of the item ever comes."""
    cut = format_instant(BEGIN_US + 12 * HOUR_US)
    _replayed(rules, lines(Random("shards"), 20), tmp_path / "before", until=cut, snapshots=True)
    pipeline = beam.Pipeline()
    states = pipeline | LoadSnapshots(tmp_path / "before" / "out" / "snapshots" / "*", rules, item_shards=3)
    parsed = pipeline | beam.Create([PubsubMessage(b"{}", {})]) | ParseMessages(rules, item_shards=4)
    with pytest.raises(UnusableError, match="ParseMessages was given 4, LoadSnapshots 3: give both the same"):
        _ = parsed | EvaluateRules(rules, initial_states=states)
