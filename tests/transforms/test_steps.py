"""The steps, each alone on a real runner."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.util import assert_that, equal_to

from kittiwake.batch.contacts import decide_at_once
from kittiwake.batch.counts import Counts, SourceLine, Verdict
from kittiwake.batch.event_rows import Groups, group
from kittiwake.batch.partitions import HELD_BYTES
from kittiwake.batch.record_batches import PARTITIONS_MIN, RecordBatcher, partition_of, read_batch
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.lines import Block
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_line
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.transforms.batch.counts import SumCounts
from kittiwake.transforms.batch.evaluate import LINES_AN_ELEMENT, EvaluateHistories
from kittiwake.transforms.batch.parse import ParseRecords
from kittiwake.transforms.batch.read import ReadRecords, SourcedBlock
from kittiwake.transforms.input_files import InputFile
from kittiwake.values import canonical
from tests.input.inputs import START_US, record, write_lines, write_rules

CART = Event(1_793_527_200_000_000, "e1", "cart.item_added", {"product_id": "p1"}, "acme", "c1")
DAY_US = 86_400_000_000


def run(build: Callable[[beam.Pipeline], dict[str, tuple[Any, list[Any]]]]) -> None:
    """Run a pipeline and compare collections, by name, with what they should hold."""
    pipeline = new_pipeline(runner_named(None), [])
    for name, (found, expected) in build(pipeline).items():
        assert_that(found, equal_to(expected), label=f"Check {name}")
    pipeline.run().wait_until_finish()


def test_counts_of_nothing_add_up_to_nothing() -> None:
    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        nothing = pipeline | "None" >> beam.Create([])
        some = pipeline | "Some" >> beam.Create([Counts(records=2), Counts(records=3)])
        return {
            "none": ((nothing,) | "AddNone" >> SumCounts(), [Counts()]),
            "some": ((nothing, some) | "AddSome" >> SumCounts(), [Counts(records=5)]),
        }

    run(build)


def test_reading_names_places_and_what_it_could_not_read(tmp_path: Path) -> None:
    sound = str(write_lines(tmp_path / "sound.jsonl", [b"a", b"", b"b"]))
    gone = str(tmp_path / "gone.jsonl")

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        read = pipeline | "Read" >> ReadRecords((InputFile(sound, 5), InputFile(gone, 5)))
        counts = Counts(files=1, unreadable={gone: f"cannot read {gone}: No such file or directory"})
        blocks = [SourcedBlock(sound, Block(1, [b"a", b"", b"b"], 4))]
        return {
            "blocks": (read.blocks | beam.Map(SourcedBlock._make), blocks),
            "counts": ((read.counts,) | SumCounts(), [counts]),
        }

    run(build)


def test_a_file_that_has_shrunk_since_the_job_started_is_one_that_could_not_be_read(tmp_path: Path) -> None:
    name = str(write_lines(tmp_path / "events.jsonl", [b"a"]))
    advice = "give a file that nobody writes any more, such as the copy that its rotation made"

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        read = pipeline | "Read" >> ReadRecords((InputFile(name, 9),))
        why = f"{name} shrank from 9 to 2 bytes while it was read: {advice}"
        return {
            "blocks": (read.blocks | beam.Map(SourcedBlock._make), [SourcedBlock(name, Block(1, [b"a"], 1))]),
            "counts": ((read.counts,) | SumCounts(), [Counts(unreadable={name: why})]),
        }

    run(build)


def test_reading_refuses_parquet_in_another_shape_whatever_its_name(tmp_path: Path) -> None:
    name = str(tmp_path / "events")
    pq.write_table(pa.table({"event_id": ["e1"], "account_id": ["a"], "type": ["b"], "time": ["c"]}), name)
    shape = InputShape(Shape.SEGMENT, "acme")
    why = f"cannot read {name} as segment: Parquet is read in the canonical shape only"

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        read = pipeline | "Read" >> ReadRecords((InputFile(name, 5),), shape=shape)
        return {
            "blocks": (read.blocks, []),
            "counts": ((read.counts,) | SumCounts(), [Counts(unreadable={name: why})]),
        }

    run(build)


def test_parsing_loses_no_record_and_keeps_what_is_needed(tmp_path: Path) -> None:
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    item = record(contact_id=..., item_id="p1")
    lines = [record(), b"{", item, record(event_id="e2"), record(event_id="e3", type="page.viewed")]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        blocks = pipeline | beam.Create([SourcedBlock("a", Block(1, lines, 1_000))])
        parsed = blocks | "Parse" >> ParseRecords(RunSettings(START_US), programs, PARTITIONS_MIN)
        rows = [
            ("acme", "c1", 1793527200000000, name, "cart.item_added", {"price": 68.74, "product_id": "p1"})
            for name in ("e1", "e2")
        ]
        dead = (
            b'{"reason":"not_json","detail":"Input data was truncated","raw":"{","raw_encoding":"utf-8","raw_size":1}'
        )
        counts = Counts(records=5, events=4, catalogue=1, newest_us=rows[0][2], unneeded=1)
        counts.dead_letters, counts.examples = (
            {"not_json": 1},
            {"not_json": [SourceLine("a:2", "Input data was truncated", remedy="write one whole JSON object a line")]},
        )
        counts.types, counts.other_types = {"acme": {"cart.item_added"}}, {"page.viewed"}
        return {
            "packs": (parsed.record_batches | beam.Map(told), [(partition_of(("acme", "c1"), PARTITIONS_MIN), rows)]),
            "dead letters": (parsed.dead_letters, [dead]),
            "counts": ((parsed.counts,) | SumCounts(), [counts]),
        }

    run(build)


def told(element: tuple[int, bytes]) -> tuple[int, list[Any]]:
    bucket, pack = element
    *fields, texts = read_batch(pack)
    return bucket, sorted(zip(*fields, map(json.loads, texts), strict=True), key=str)


@pytest.mark.parametrize("unreadable", [{}, {"a.gz": "torn"}])
def test_settling_decides_only_if_the_intake_allows_it(tmp_path: Path, unreadable: dict[str, str]) -> None:
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    packs = packed(Table(["acme"], ["c1"], [CART.time_us], [CART.event_id], [CART.type], [b"{}"]), PARTITIONS_MIN) * 2
    fired = Verdict("acme", "cart-abandonment", "fired", "fired", "")

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        intake = pipeline | "Intake" >> beam.Create([Counts(newest_us=CART.time_us + DAY_US, unreadable=unreadable)])
        decide_at_once = EvaluateHistories(programs, RunSettings(START_US), Mode.BACKFILL, intake)
        decided = pipeline | "Packs" >> beam.Create(packs) | "Settle" >> decide_at_once
        counts = Counts() if unreadable else Counts(contacts=1, duplicates=1, verdicts={fired: 1})
        number = 0 if unreadable else 1
        return {
            "decisions": (decided.decisions | "Count" >> beam.combiners.Count.Globally(), [number]),
            "triggers": (decided.triggers | "CountFired" >> beam.combiners.Count.Globally(), [number]),
            "counts": ((decided.counts,) | SumCounts(), [counts]),
        }

    run(build)


@pytest.mark.parametrize("held_bytes", [0, 20_000, HELD_BYTES])
def test_a_bucket_that_goes_to_disk_is_decided_as_one_that_fits(tmp_path: Path, held_bytes: int) -> None:
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    until_us = CART.time_us + 400 * DAY_US
    sizes = {"c1": 1, "c2": 20, "c3": LINES_AN_ELEMENT + 50}
    packs = [*packed(carts(sizes), 1), *packed(carts({"c2": 20}), 1)]
    counts, lines = Counts(), list[bytes]()
    groups: Groups = {}
    group(groups, carts(sizes))
    group(groups, carts({"c2": 20}))
    for (_, contact_id), rows in groups.items():
        decisions = decide_at_once(programs.plan("acme"), contact_id, rows, until_us, counts)
        lines += [decision_line(one, Mode.BACKFILL) for one in decisions]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        intake = pipeline | "Intake" >> beam.Create([Counts()])
        settings = RunSettings(START_US, until_us)
        step = EvaluateHistories(programs, settings, Mode.BACKFILL, intake, held_bytes)
        decided = pipeline | "Packs" >> beam.Create(packs) | "Settle" >> step
        return {
            "decisions": (decided.decisions | "Lines" >> beam.FlatMap(bytes.splitlines), lines),
            "elements": (decided.decisions | beam.combiners.Count.Globally(), [2]),
            "counts": ((decided.counts,) | SumCounts(), [counts]),
        }

    run(build)
    assert counts.duplicates == 20


def carts(sizes: dict[str, int]) -> Table:
    rows = [
        ("acme", contact_id, CART.time_us + day * DAY_US, f"e{day}", CART.type, b"{}")
        for contact_id, size in sizes.items()
        for day in range(size)
    ]
    return Table(*map(list, zip(*rows, strict=True)))  # type: ignore[arg-type]


def packed(table: Table, buckets: int) -> list[tuple[int, bytes]]:
    batcher = RecordBatcher(buckets)
    batcher.add(table)
    packs = list(batcher.batches())
    assert list(batcher.batches()) == []
    return packs


def test_packs_keep_contacts_apart_and_events_whole() -> None:
    subjects = [("a", "b"), ('a","b', "c"), ("a", 'b","c'), ("ab", "c"), ("\x00é", "\u2028")] * 2
    accounts, contacts = map(list, zip(*subjects, strict=True))
    texts = [canonical({"n": 10**40, "d": [None, True, {"é": "\x00"}]}).encode(), *[b"{}"] * 9]
    times_us = [-(10**15), *range(9)]
    table = Table(accounts, contacts, times_us, [f"e{n}" for n in range(10)], ["x.y"] * 10, texts)
    packs = packed(table, 2)
    assert len(packs) == 2
    rows = [row for _, pack in packs for row in zip(*read_batch(pack), strict=True)]
    assert sorted(rows) == sorted(zip(*table, strict=True))
    for bucket, pack in packs:
        assert {partition_of(subject, 2) for subject in zip(*read_batch(pack)[:2], strict=True)} == {bucket}


def test_a_contact_has_the_same_bucket_on_every_worker() -> None:
    assert [partition_of(("acme", f"c{number}"), 64) for number in range(4)] == [28, 10, 48, 38]
