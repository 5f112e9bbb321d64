"""The steps, each alone on a real runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from kittiwake.model import Event
from kittiwake.replay.contacts import Subject, pack_event, pack_subject, unpack_event, unpack_subject
from kittiwake.replay.counts import Counts, Verdict
from kittiwake.replay.programs import Programs
from kittiwake.replay.rows import Mode
from kittiwake.replay.settings import RunSettings
from kittiwake.rules.loader import load
from pipelines.runner import new_pipeline, runner_named
from tests.replay.inputs import START_US, record, write_lines, write_rules
from transforms.counting import AddUp
from transforms.parsing import ParseRecords
from transforms.reading import ReadRecords, SourcedRecord
from transforms.settling import SettleContacts

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
            "none": ((nothing,) | "AddNone" >> AddUp(), [Counts()]),
            "some": ((nothing, some) | "AddSome" >> AddUp(), [Counts(records=5)]),
        }

    run(build)


def test_reading_names_places_and_what_it_could_not_read(tmp_path: Path) -> None:
    sound = str(write_lines(tmp_path / "sound.jsonl", [b"a", b"", b"b"]))
    gone = str(tmp_path / "gone.jsonl")

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        read = pipeline | "Read" >> ReadRecords((sound, gone))
        counts = Counts(files=1, unreadable={gone: f"cannot read {gone}: No such file or directory"})
        records = [SourcedRecord(f"{sound}:1", b"a", 1), SourcedRecord(f"{sound}:3", b"b", 1)]
        return {
            "records": (read.records | beam.Map(SourcedRecord._make), records),
            "counts": ((read.counts,) | AddUp(), [counts]),
        }

    run(build)


def test_parsing_loses_no_record() -> None:
    records = [SourcedRecord("a:1", record(), 1), SourcedRecord("a:2", b"{", 1)]
    item = SourcedRecord("a:3", record(contact_id=..., item_id="p1"), 1)

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        parsed = pipeline | beam.Create([*records, item]) | "Parse" >> ParseRecords(START_US)
        key = b'["acme","c1"]'
        event = b'[1793527200000000,"e1","cart.item_added",{"price":68.74,"product_id":"p1"}]'
        dead = (
            b'{"reason":"not_json","detail":"Input data was truncated","raw":"{","raw_encoding":"utf-8","raw_size":1}'
        )
        return {"events": (parsed.events, [(key, event)]), "dead letters": (parsed.dead_letters, [dead])}

    run(build)


@pytest.mark.parametrize("unreadable", [{}, {"a.gz": "torn"}])
def test_settling_decides_only_if_the_intake_allows_it(tmp_path: Path, unreadable: dict[str, str]) -> None:
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    events = [(pack_subject(CART), pack_event(CART))] * 2
    fired = Verdict("acme", "cart-abandonment", "fired", "fired", "")

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, list[Any]]]:
        intake = pipeline | "Intake" >> beam.Create([Counts(newest_us=CART.time_us + DAY_US, unreadable=unreadable)])
        settle = SettleContacts(programs, RunSettings(START_US), Mode.BACKFILL, intake)
        decided = pipeline | "Events" >> beam.Create(events) | "Settle" >> settle
        counts = Counts() if unreadable else Counts(contacts=1, duplicates=1, verdicts={fired: 1})
        number = 0 if unreadable else 1
        return {
            "decisions": (decided.decisions | "Count" >> beam.combiners.Count.Globally(), [number]),
            "triggers": (decided.triggers | "CountFired" >> beam.combiners.Count.Globally(), [number]),
            "counts": ((decided.counts,) | AddUp(), [counts]),
        }

    run(build)


@pytest.mark.parametrize(
    "subject", [Subject("a", "b"), Subject('a","b', "c"), Subject("a", 'b","c'), Subject("\x00é", "\u2028")]
)
def test_a_key_stands_for_one_contact_only(subject: Subject) -> None:
    event = Event(1, "e", "x.y", {"n": 10**40, "d": [None, True, {"é": "\x00"}]}, *subject)
    key = pack_subject(event)
    assert unpack_subject(key) == subject
    assert unpack_event(subject, pack_event(event)) == event
    assert len({pack_subject(Event(1, "e", "x.y", {}, *other)) for other in (subject, ("x", "y"))}) == 2
