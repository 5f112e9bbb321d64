"""The benchmark of catalogue rules: what it draws makes every contact fire once for each item that it watches."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.item_shards import Shards, steps
from benchmarks.items import RULES, START_US, Shape, lines, naive
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import DAY_US

SHAPES = (Shape("hot item", 30, 1, 1), Shape("busy contact", 1, 30, 30), Shape("catalogue", 6, 10, 5, 2))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.name)
def test_every_contact_is_given_every_change_and_fires_once_an_item(tmp_path: Path, shape: Shape) -> None:
    rules, events = tmp_path / "rules.yaml", tmp_path / "events.jsonl"
    rules.write_text(RULES)
    events.write_bytes(b"".join(lines(shape)))
    summary = replay(Programs(load(rules)), [str(events)], tmp_path / "out", RunSettings(START_US + DAY_US))
    assert (summary.counts.item_changes, summary.triggers) == (shape.matches, 30)
    assert shape.matches == 30 * shape.changes


@pytest.mark.parametrize("shards", [1, 8])
def test_a_stream_gives_contacts_as_many_changes_as_a_batch(shards: int) -> None:
    store, catalogue = Shards(), SHAPES[2]
    first, interest, change = steps(catalogue, shards, store)
    assert [first.records, interest.records, change.records] == [10 * shards, 30, 20 * shards]
    assert interest.given + change.given == catalogue.matches
    assert sum(map(len, store.interests.values())) == 30


def test_the_naive_join_decides_the_same(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "events.jsonl").write_bytes(b"".join(lines(Shape("hot item", 5, 1, 1))))
    argv = [f"--{name}={tmp_path / path}" for name, path in NAMED.items()]
    assert naive(argv) == 0
    assert (tmp_path / "naive" / "fired").read_text() == "5"


NAMED = {"rules": "rules.yaml", "input": "events.jsonl", "output": "naive"}
