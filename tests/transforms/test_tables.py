"""What a job tells stands in its tables, or in `dead_letters`, or is counted as lost; on the emulator."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import pytest
from apache_beam.coders import BytesCoder
from apache_beam.testing.util import assert_that, equal_to

from kittiwake import __version__
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.reasons import Outcome, Reason
from kittiwake.stream.records import DeadLetterRecord, DecisionRecord, LateEventRecord, encode
from kittiwake.stream.tables.rows import dead_letter_table_row, decision_table_row
from kittiwake.stream.tables.schema import DECISIONS, TABLES, TRIGGERS, RecordedDecisions
from kittiwake.transforms.metrics import NAMESPACE
from kittiwake.transforms.sinks.base import SinkInputs
from kittiwake.transforms.sinks.bigquery import PAYLOAD_BYTES_MAX, WriteTables
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.tables import Tables

creating = pytest.importorskip("kittiwake.pipelines.google.bigquery_tables")

ONE, TWO, THREE = ("1" * 32, "2" * 32, "3" * 32)
PERSONAL = "ann@example.com"


@pytest.fixture
def dataset(tables: Tables) -> Dataset:
    """A new dataset with all tables of a stream."""
    found = dataset_of(tables.create_dataset())
    assert found
    tables.create(found, *TABLES)
    return found


class Ran:
    """A pipeline that has run: its counters."""

    def __init__(self, result: Any) -> None:
        counters = result.metrics().query()["counters"]
        ours = [one for one in counters if one.key.metric.namespace == NAMESPACE]
        self.counters = {one.key.metric.name: one.committed for one in ours}


def write(
    dataset: Dataset,
    told: Iterable[DecisionRecord] = (),
    dead: Iterable[DeadLetterRecord] = (),
    late: Iterable[LateEventRecord] = (),
    refused: list[str] | None = None,
    lost: int = 0,
    recorded: RecordedDecisions = RecordedDecisions.ALL,
) -> Ran:
    """Writes all of it; `refused` are the details of the dead letters that come of it."""
    pipeline = new_pipeline(runner_named(None), [])
    made = [
        pipeline | name >> beam.Create([encode(one) for one in elements], reshuffle=False).with_output_types(bytes)
        for name, elements in (("told", told), ("dead", dead), ("late", late))
    ]
    step = WriteTables(dataset, recorded, clock=sample_records.clock)
    outcome = SinkInputs(*made) | "Tables" >> step
    details = outcome.dead_letters | beam.Map(sample_records.detail_of)
    assert_that(details, equal_to(refused or []), label="refused")
    assert_that(outcome.lost | beam.combiners.Count.Globally(), equal_to([lost]), label="lost")
    result = pipeline.run()
    result.wait_until_finish()
    return Ran(result)


def at(time_us: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us)


def test_rows_come_back_from_their_tables_exactly(tables: Tables, dataset: Dataset) -> None:
    told = [sample_records.trigger(ONE), sample_records.bare(TWO)]
    write(dataset, told, [sample_records.dead()], [sample_records.late()])
    found = {row["trigger_id"]: row for row in tables.query(f"SELECT * FROM `{dataset.table('decisions')}`")}
    expected = decision_table_row(told[0], sample_records.CLOCK_US)
    times = {name: at(sample_records.AT_US) for name in ("time", "fired_at")} | {
        "written_at": at(sample_records.CLOCK_US)
    }
    times |= {"first_event_time": at(sample_records.AT_US - 3_600_000_000), "last_event_time": at(sample_records.AT_US)}
    occurrence = {"occurrence": sample_records.decision().occurrence}
    assert found[ONE] == {**expected, **times, **occurrence}
    nulls = {name for name, value in found[TWO].items() if value is None}
    assert nulls == {
        *("fired_at", "threshold", "reminder", "occurrence", "first_event_id", "last_event_id", "event_count"),
        *("first_event_time", "last_event_time", "outranked_by", "variant", "channel"),
        *("digest", "digest_id", "run_id"),
    }
    assert [row["trigger_id"] for row in tables.query(f"SELECT * FROM `{dataset.table('triggers')}`")] == [ONE]
    (dead,) = tables.query(f"SELECT * FROM `{dataset.table('dead_letters')}`")
    assert dead["raw"] == sample_records.dead().raw
    assert json.loads(dead["attributes"]) == sample_records.dead().attributes
    assert dead["published_at"] == at(sample_records.CLOCK_US - 1_000_000)
    (late,) = tables.query(f"SELECT * FROM `{dataset.table('late_events')}`")
    assert (late["raw"], late["settled_until"]) == (sample_records.late().raw, at(sample_records.AT_US + 1))


def test_the_views_hold_one_row_an_id_after_duplicates_and_revisions(tables: Tables, dataset: Dataset) -> None:
    assert creating.create_tables(tables.client, dataset).problems == []
    revoked = sample_records.trigger(
        TWO, decision=Outcome.REVOKED, reason=Reason.LATE_EVENT, fired_at_us=None, revision=1
    )
    again = sample_records.trigger(TWO, revision=2, time_us=sample_records.AT_US + 86_400_000_000, late=True)
    first = [sample_records.trigger(ONE), sample_records.trigger(TWO), sample_records.bare(THREE)]
    write(dataset, [*first, revoked, again], [sample_records.dead()], [sample_records.late()])
    write(dataset, [again, revoked, *first], [sample_records.dead()], [sample_records.late()])
    for view, expected in (
        ("triggers_latest", [(ONE, 0, "fired"), (TWO, 2, "fired")]),
        ("decisions_latest", [(ONE, 0, "fired"), (TWO, 2, "fired"), (THREE, 0, "suppressed")]),
    ):
        rows = tables.query(f"SELECT * FROM `{dataset.table(view)}` ORDER BY trigger_id")
        assert [(row["trigger_id"], row["revision"], row["decision"]) for row in rows] == expected
    assert len(tables.query(f"SELECT * FROM `{dataset.table('triggers')}`")) == 8
    for name in ("dead_letters", "late_events"):
        assert len(tables.query(f"SELECT * FROM `{dataset.table(name)}`")) == 2
        assert len(tables.query(f"SELECT * FROM `{dataset.table(f'{name}_latest')}`")) == 1
    stats = tables.query(f"SELECT * FROM `{dataset.table('rule_stats')}` ORDER BY day, decision")
    assert [(str(row["day"]), row["decision"], row["reason"], row["number"]) for row in stats] == [
        ("2026-11-03", "fired", None, 1),
        ("2026-11-03", "suppressed", "no_consent", 1),
        ("2026-11-04", "fired", None, 1),
    ]
    assert {(row["account_id"], row["rule_id"], row["kind"]) for row in stats} == {("acme", "cart", "fired")}


def test_decisions_are_recorded_as_asked_and_triggers_always(tables: Tables, dataset: Dataset) -> None:
    for recorded in RecordedDecisions:
        told = [sample_records.trigger(ONE, rule_id=recorded), sample_records.bare(TWO, rule_id=recorded)]
        write(dataset, told, recorded=recorded)
    found = {
        name: {(row["rule_id"], row["trigger_id"]) for row in tables.query(f"SELECT * FROM `{dataset.table(name)}`")}
        for name in ("decisions", "triggers")
    }
    assert found["decisions"] == {("all", ONE), ("all", TWO), ("fired", ONE)}
    assert found["triggers"] == {(recorded.value, ONE) for recorded in RecordedDecisions}


def without_column(tables: Tables, dataset: Dataset, table: str, column: str) -> None:
    """A table somebody has meddled with."""
    tables.query(f"ALTER TABLE `{dataset.table(table)}` DROP COLUMN {column}")


def test_a_refused_row_becomes_a_row_of_dead_letters_and_the_others_stand(
    tables: Tables, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    path = dataset.table("triggers")
    tables.client.delete_table(path)
    types = {"contact_id": "INT64", "replaces": "ARRAY<STRING>"}
    columns = ", ".join(f"{column.name} {types.get(column.name, column.type)}" for column in TRIGGERS.columns)
    tables.query(f"CREATE TABLE `{path}` ({columns})")
    good, bad = sample_records.trigger(ONE, contact_id="7"), sample_records.trigger(TWO, contact_id=PERSONAL)
    detail = "table triggers refused it: invalid (contact_id)"
    ran = write(dataset, [good, bad], refused=[detail])
    assert [row["trigger_id"] for row in tables.query(f"SELECT * FROM `{path}`")] == [ONE]
    assert len(tables.query(f"SELECT * FROM `{dataset.table('decisions')}`")) == 2
    (dead,) = tables.query(f"SELECT * FROM `{dataset.table('dead_letters')}`")
    assert (dead["stage"], dead["reason"], dead["detail"]) == ("write", "row_refused", detail)
    assert (dead["ruleset_version"], dead["release"]) == ("3349aaec3651", __version__)
    row = decision_table_row(bad, sample_records.CLOCK_US)
    assert json.loads(dead["raw"]) == {name: row[name] for name in row if name != "written_at"}
    names = ("rows_refused", "dead_letters", "dead_letters_row_refused")
    assert [ran.counters[name] for name in names] == [1, 1, 1]
    assert "There were errors inserting to BigQuery" in caplog.text
    assert PERSONAL not in caplog.text


def test_a_table_that_is_gone_costs_no_row(tables: Tables, dataset: Dataset) -> None:
    tables.client.delete_table(dataset.table("triggers"))
    detail = "table triggers refused it: Not Found"
    write(dataset, [sample_records.trigger(ONE), sample_records.trigger(TWO)], refused=[detail] * 2)
    rows = tables.query(f"SELECT raw FROM `{dataset.table('dead_letters')}`")
    assert {json.loads(row["raw"])["trigger_id"] for row in rows} == {ONE, TWO}


def test_a_refused_dead_letter_is_counted_and_told_without_what_is_in_it(
    tables: Tables, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    without_column(tables, dataset, "dead_letters", "release")
    dead = sample_records.dead(PERSONAL.encode(), attributes={"mail": PERSONAL})
    ran = write(dataset, dead=[dead], lost=1)
    assert ran.counters["rows_lost"] == 1
    (line,) = [record.getMessage() for record in caplog.records if record.name == "kittiwake"]
    row_id = dead_letter_table_row(dead)["row_id"]
    said = json.loads(line)
    assert (said["event"], said["row_id"], said["causes"]) == ("row_lost", row_id, ["invalid (release)"])
    assert PERSONAL not in caplog.text
    assert base64.b64encode(PERSONAL.encode()).decode() not in caplog.text


def test_dead_letters_are_not_lost_while_their_table_is_out_of_reach(tables: Tables, dataset: Dataset) -> None:
    tables.client.delete_table(dataset.table("dead_letters"))
    with pytest.raises(Exception, match="table dead_letters cannot be written to: Not Found"):
        write(dataset, dead=[sample_records.dead()])


def test_a_row_that_is_too_large_for_a_request_is_refused_and_not_repeated_for_ever(
    tables: Tables, dataset: Dataset
) -> None:
    large = sample_records.trigger(ONE, include=json.dumps({"text": "x" * PAYLOAD_BYTES_MAX}))
    details = [f"table {name} refused it: too_large" for name in ("triggers", "decisions")]
    write(dataset, [large, sample_records.trigger(TWO)], refused=details)
    (row,) = tables.query(f"SELECT trigger_id FROM `{dataset.table('triggers')}`")
    assert row["trigger_id"] == TWO
    rows = tables.query(f"SELECT raw_size, LENGTH(raw) AS kept FROM `{dataset.table('dead_letters')}`")
    assert all(row["raw_size"] > PAYLOAD_BYTES_MAX > row["kept"] == 1 << 20 for row in rows)


def test_the_largest_dead_letter_fits_into_a_request(tables: Tables, dataset: Dataset) -> None:
    """10 MB of message, and the 100 attributes of 1 KiB that Pub/Sub allows, in characters that take most memory."""
    attributes = {f"{number:03}" + "k" * 253: "\U0001f426" * 256 for number in range(100)}
    write(dataset, dead=[sample_records.dead(b"\xff" * 10_000_000, attributes=attributes)])
    (row,) = tables.query(f"SELECT raw_size, attributes FROM `{dataset.table('dead_letters')}`")
    assert row["raw_size"] == 10_000_000
    assert json.loads(row["attributes"]) == attributes


def test_triggers_and_decisions_have_one_shape() -> None:
    assert TRIGGERS.columns is DECISIONS.columns


def test_the_streaming_runner_writes_too(tables: Tables, dataset: Dataset) -> None:
    from apache_beam.testing.test_stream import TestStream

    tables.query(f"ALTER TABLE `{dataset.table('triggers')}` DROP COLUMN include")
    runner = "apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"
    pipeline = new_pipeline(runner, ["--streaming", "--allow_unsafe_triggers"])
    stream = TestStream(coder=BytesCoder()).add_elements(
        [encode(sample_records.trigger(ONE)), encode(sample_records.bare(TWO))]
    )
    told = pipeline | stream.advance_watermark_to_infinity()
    dead, late = (told | f"No {name}" >> beam.Filter(sample_records.never) for name in ("dead", "late"))
    SinkInputs(told, dead, late) | WriteTables(dataset, clock=sample_records.clock)
    pipeline.run().wait_until_finish()
    rows = tables.query(f"SELECT trigger_id FROM `{dataset.table('decisions')}` ORDER BY trigger_id")
    assert [row["trigger_id"] for row in rows] == [ONE, TWO]
    (letter,) = tables.query(f"SELECT * FROM `{dataset.table('dead_letters')}`")
    assert letter["detail"] == "table triggers refused it: invalid (include)"
