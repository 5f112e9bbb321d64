"""Beam's own reading and writing of Pub/Sub and BigQuery against the emulators, as far as other tests rely on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.io.gcp.bigquery_tools import RetryStrategy
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to
from google.cloud import bigquery

from tests.services.emulators.bigquery import PROJECT, BigqueryService
from tests.services.heartbeat import beating
from tests.services.tables import Tables
from tests.services.topics import Pair, Pulled, Topics

FNAPI = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
BUNDLES = "apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"
ROWS = [{"id": "a", "revision": 0}, {"id": "b", "revision": "many"}, {"id": "c", "revision": 1}]
SCHEMA = [bigquery.SchemaField("id", "STRING", mode="REQUIRED"), bigquery.SchemaField("revision", "INTEGER")]


@pytest.fixture
def table(tables: Tables) -> str:
    """`project:dataset.table` of an empty table."""
    dataset = tables.create_dataset()
    tables.client.create_table(bigquery.Table(f"{dataset}.rows", SCHEMA))
    return f"{dataset.replace('.', ':')}.rows"


def _write(table: str, rows: Iterable[dict[str, object]], *, runner: str = FNAPI) -> None:
    """Writes as the job does, and expects the row with a revision of `many` to be told as failed."""
    with beam.Pipeline(runner=runner, options=PipelineOptions(project=PROJECT)) as pipeline:
        written = (
            pipeline
            | beam.Create(list(rows))
            | beam.io.WriteToBigQuery(
                table,
                method=beam.io.WriteToBigQuery.Method.STREAMING_INSERTS,
                create_disposition=beam.io.BigQueryDisposition.CREATE_NEVER,
                insert_retry_strategy=RetryStrategy.RETRY_ON_TRANSIENT_ERROR,
            )
        )
        failed = written.failed_rows_with_errors | beam.Map(lambda failure: (failure[1]["id"], failure[2][0]["reason"]))
        assert_that(failed, equal_to([("b", "invalid")]))


def test_rows_are_inserted_and_a_bad_one_is_told_with_its_reason(tables: Tables, table: str) -> None:
    _write(table, ROWS)
    assert sorted(map(str, tables.query(f"SELECT * FROM `{table.replace(':', '.')}`"))) == [
        "{'id': 'a', 'revision': 0}",
        "{'id': 'c', 'revision': 1}",
    ]


def test_a_table_is_read_through_storage_read(tables: Tables, table: str) -> None:
    assert tables.client.insert_rows_json(table.replace(":", "."), [ROWS[0], ROWS[2]]) == []
    with beam.Pipeline(runner=FNAPI, options=PipelineOptions(project=PROJECT)) as pipeline:
        read = pipeline | beam.io.ReadFromBigQuery(table=table, method=beam.io.ReadFromBigQuery.Method.DIRECT_READ)
        assert_that(read, equal_to([ROWS[0], ROWS[2]]))


def test_a_module_in_a_process_of_its_own_writes_to_the_emulator_by_environment_alone(
    bigquery_service: BigqueryService, tables: Tables, table: str, root: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.services.emulators.emulated", "tests.services.written", table, json.dumps(ROWS)],
        cwd=root, env={**os.environ, **bigquery_service.environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert len(tables.query(f"SELECT * FROM `{table.replace(':', '.')}`")) == 2


def _stream(source: Pair, target: Pair, topics: Topics, count: int) -> list[Pulled]:
    """What arrives at the target while a streaming job copies from the source."""
    options = PipelineOptions(streaming=True, project=PROJECT)
    pipeline = beam.Pipeline(runner=BUNDLES, options=options)
    _ = (
        pipeline
        | beam.io.ReadFromPubSub(subscription=source.subscription, with_attributes=True)
        | beam.io.WriteToPubSub(target.topic, with_attributes=True)
    )
    with beating(topics, source.topic):
        running = pipeline.run()
        try:
            return topics.pull(target.subscription, count)
        finally:
            running.cancel()


def test_a_streaming_job_copies_from_a_subscription_to_a_topic(topics: Topics) -> None:
    source, target = topics.create("in"), topics.create("out")
    sent = {(b"%d" % index, (("n", str(index)),)) for index in range(20)}
    topics.publish(source.topic, [(data, dict(attributes)) for data, attributes in sent])
    pulled = {(each.data, tuple(sorted(each.attributes.items()))) for each in _stream(source, target, topics, 21)}
    assert pulled >= sent
