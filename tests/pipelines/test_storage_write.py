"""The Storage Write API as far as it goes without Java: its rows, and what is said where the Java half is missing.

Where Beam's jar is in its cache, the graph is built with it, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.coders import RowCoder
from apache_beam.io.gcp import bigquery_tools
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.typehints.schemas import typing_to_runner_api

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.stream.records import encode
from kittiwake.stream.tables.rows import (
    TableRow,
    dead_letter_table_row,
    decision_table_row,
    late_event_table_row,
)
from kittiwake.stream.tables.schema import DEAD_LETTERS, DECISIONS, LATE_EVENTS, TRIGGERS, Table
from kittiwake.transforms.sinks.base import SinkInputs
from tests.stream import sample_records

storage_write = pytest.importorskip("kittiwake.pipelines.google.storage_write")
written = pytest.importorskip("kittiwake.transforms.sinks.bigquery")

ROWS: list[tuple[Table, TableRow]] = [
    (TRIGGERS, decision_table_row(sample_records.trigger(), sample_records.CLOCK_US)),
    (DECISIONS, decision_table_row(sample_records.bare(), sample_records.CLOCK_US)),
    (DEAD_LETTERS, dead_letter_table_row(sample_records.dead())),
    (LATE_EVENTS, late_event_table_row(sample_records.late())),
]


@pytest.mark.parametrize(("table", "row"), ROWS, ids=lambda value: getattr(value, "name", ""))
def test_a_row_travels_to_java_and_back_without_loss(table: Table, row: TableRow) -> None:
    """As Beam does it: by the columns as it was told of them, and by the coder that both languages share."""
    from kittiwake.transforms.sinks.bigquery_values import DATE_TYPE, json_row, typed_row

    schema = written.beam_schema(table)
    fields = bigquery_tools.get_beam_typehints_from_tableschema(schema, DATE_TYPE)
    coder = RowCoder(typing_to_runner_api(RowTypeConstraint.from_fields(fields)).row_type.schema)
    travelled = coder.decode(coder.encode(bigquery_tools.beam_row_from_dict(typed_row(row, table), schema)))
    assert json_row(travelled._asdict(), table) == row


def test_without_java_the_method_is_refused_before_the_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnusableError, match=r"storage_write needs Java, and finds none here"):
        storage_write.expansion_service()


def test_a_jar_that_is_not_there_is_refused_by_its_name(tmp_path: Path, a_java: None) -> None:
    gone = tmp_path / "gone.jar"
    with pytest.raises(UnusableError, match=f"there is no file {gone}"):
        storage_write.expansion_service(str(gone))


def test_a_jar_that_cannot_be_fetched_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a_java: None
) -> None:
    from apache_beam.utils.subprocess_server import JavaJarServer

    nobody = "http://127.0.0.1:9"  # the port of "discard": nobody listens
    monkeypatch.setattr(JavaJarServer, "JAR_CACHE", str(tmp_path))
    monkeypatch.setattr(JavaJarServer, "MAVEN_CENTRAL_REPOSITORY", nobody)
    monkeypatch.setattr(JavaJarServer, "GOOGLE_MAVEN_MIRROR", nobody)
    with pytest.raises(UnusableError) as raised:
        storage_write.expansion_service()
    assert storage_write.JAR in str(raised.value)
    assert str(raised.value).endswith("or use streaming_inserts.")


@pytest.fixture
def a_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something called java on the path, for what is asked before it is started."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(java.parent))


def cached_jar() -> str | None:
    from apache_beam.utils.subprocess_server import JavaJarServer

    jar = Path(JavaJarServer.JAR_CACHE) / storage_write.JAR
    return str(jar) if jar.exists() else None


@pytest.mark.skipif(cached_jar() is None, reason=f"{storage_write.JAR} is not in Beam's cache of jars")
def test_the_graph_is_built_with_beams_own_jar() -> None:
    service = storage_write.expansion_service(cached_jar())
    pipeline = new_pipeline(runner_named(None), [])
    empty: list[Any] = []
    made = [
        pipeline | name >> beam.Create(elements).with_output_types(bytes)
        for name, elements in (("told", [encode(sample_records.trigger())]), ("dead", empty), ("late", empty))
    ]
    step = written.WriteTables(
        Dataset("shop-1", "marketing"), method=written.Method.STORAGE_WRITE, expansion_service=service
    )
    outcome = SinkInputs(*made) | "Tables" >> step
    assert outcome.dead_letters.element_type is bytes
    urns = {transform.spec.urn for transform in pipeline.to_runner_api().components.transforms.values()}
    assert any("bigquery" in urn for urn in urns)
