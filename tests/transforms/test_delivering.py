"""Triggers reach a topic; what is stale and what is no trigger does not. On the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.reasons import Outcome, Reason
from kittiwake.stream.records import dead_letter_of, encode
from kittiwake.stream.tables.rows import RAW_KEPT_BYTES
from kittiwake.stream.tables.schema import TABLES
from kittiwake.stream.trigger_message import trigger_message
from kittiwake.transforms.sinks.base import SinkInputs
from kittiwake.transforms.sinks.bigquery import WriteTables
from kittiwake.values import canonical
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics

pytest.importorskip("google.pubsub_v1")

ONE, TWO, THREE, FOUR, FIVE = (digit * 32 for digit in "12345")


def test_a_topic_gets_every_trigger_and_what_takes_one_back_and_nothing_else(topics: Topics) -> None:
    from kittiwake.transforms.sinks.pubsub import PublishTriggers

    revoked = {"decision": Outcome.REVOKED, "reason": Reason.LATE_EVENT, "fired_at_us": None, "revision": 1}
    sent = [
        sample_records.trigger(ONE, sample_records.TRACE),
        sample_records.trigger(TWO),
        sample_records.trigger(TWO, **revoked),
        sample_records.trigger(FIVE, include='{"name":"Zoë"}', account_id="é" * 128, rule_id="r" * 64),
    ]
    kept_back = [sample_records.trigger(THREE, stale=True), sample_records.bare(FOUR)]
    pair = topics.create()
    pipeline = new_pipeline(runner_named(None), [])
    told = pipeline | beam.Create([encode(one) for one in (*kept_back, *sent)]).with_output_types(bytes)
    _ = told | PublishTriggers(pair.topic)
    pipeline.run().wait_until_finish()
    pulled = topics.pull(pair.subscription, len(sent))
    assert sorted((m.data, sorted(m.attributes.items())) for m in [*pulled, *topics.pull_all(pair.subscription)]) == (
        sorted((m.data, sorted(m.attributes.items())) for m in map(trigger_message, sent))
    )


def test_a_row_that_no_topic_takes_becomes_a_dead_letter_and_the_others_are_sent(topics: Topics) -> None:
    """Beam raises over it, and a runner would try its bundle again for ever."""
    from kittiwake.transforms.sinks.pubsub import PublishTriggers

    heavy = sample_records.trigger(TWO, include=canonical({"p": "x" * 12_000_000}))
    wide = sample_records.trigger(THREE, traceparent="\N{ROCKET}" * 1_000)
    sent = [sample_records.trigger(ONE), sample_records.trigger(FOUR)]
    pair = topics.create()
    pipeline = new_pipeline(runner_named(None), [])
    rows = [encode(one) for one in (sent[0], heavy, wide, sent[1])]
    told = pipeline | beam.Create(rows).with_output_types(bytes)
    dead = (
        told
        | PublishTriggers(pair.topic, sample_records.clock)
        | beam.Map(_said).with_output_types(tuple[str, str, str])
    )
    assert_that(dead, equal_to([("publish", "message_refused", TWO), ("publish", "message_refused", THREE)]))
    result = pipeline.run()
    result.wait_until_finish()
    assert sorted(m.attributes["trigger_id"] for m in topics.pull(pair.subscription, len(sent))) == [ONE, FOUR]
    counted = {one.key.metric.name: one.committed for one in result.metrics().query()["counters"]}
    refused = ("triggers_refused", "dead_letters", "dead_letters_message_refused")
    assert [counted[name] for name in ("triggers_sent", *refused)] == [2, 2, 2, 2]


def _said(element: bytes) -> tuple[str, str, str]:
    dead = dead_letter_of(element)
    return str(dead.stage), str(dead.reason), dead.attributes["trigger_id"]


def test_a_trigger_of_twelve_megabytes_is_found_among_the_dead_letters_and_the_others_stand(
    topics: Topics, tables: Tables
) -> None:
    """As a job writes what it tells: the topic and both tables refuse it, and each says so in a row of its own."""
    from kittiwake.transforms.sinks.pubsub import PublishTriggers

    dataset = dataset_of(tables.create_dataset())
    assert dataset
    tables.create(dataset, *TABLES)
    heavy, light = sample_records.trigger(TWO, include=canonical({"p": "x" * 12_000_000})), sample_records.trigger(ONE)
    pair = topics.create()
    pipeline = new_pipeline(runner_named(None), [])
    told = pipeline | beam.Create([encode(heavy), encode(light)], reshuffle=False).with_output_types(bytes)
    dead = told | "Publish" >> PublishTriggers(pair.topic, sample_records.clock)
    late = pipeline | "late" >> beam.Create([], reshuffle=False).with_output_types(bytes)
    _ = SinkInputs(told, dead, late) | "Tables" >> WriteTables(dataset, clock=sample_records.clock)
    pipeline.run().wait_until_finish()
    letters = tables.query(f"SELECT * FROM `{dataset.table('dead_letters')}`")
    said = {
        (row["reason"], json.loads(row["attributes"]).get("table")): json.loads(row["attributes"]) for row in letters
    }
    assert said.keys() == {("message_refused", None), ("row_refused", "triggers"), ("row_refused", "decisions")}
    assert said["message_refused", None]["trigger_id"] == TWO
    assert {said["row_refused", table]["row_id"] for table in ("triggers", "decisions")} == {f"{TWO}-0"}
    assert {len(row["raw"]) for row in letters} == {RAW_KEPT_BYTES}
    for table in ("triggers", "decisions"):
        assert [row["trigger_id"] for row in tables.query(f"SELECT * FROM `{dataset.table(table)}`")] == [ONE]
    assert [message.attributes["trigger_id"] for message in topics.pull(pair.subscription, 1)] == [ONE]
