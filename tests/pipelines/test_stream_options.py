"""What a person types to launch the streaming job, and everything that is refused of it at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.pipelines.options.stream import StreamOptions, parse_stream_options
from kittiwake.pipelines.runner import DATAFLOW, IN_PROCESS, STREAMING
from kittiwake.pipelines.sinks.bigquery import TablesSink
from kittiwake.pipelines.sinks.pubsub import TopicSink
from kittiwake.pipelines.sources.subscription import SubscriptionSource
from kittiwake.pipelines.stream import main
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.tables.schema import RecordedDecisions
from kittiwake.transforms.sinks.bigquery import Method

SUBSCRIPTION = "projects/shop-1/subscriptions/events"
TOPIC = "projects/shop-1/topics/triggers"
BASE = ("--subscription", SUBSCRIPTION, "--rules", "rules.yaml")
TO_TOPIC = (*BASE, "--trigger_topic", TOPIC)
TO_TABLES = (*BASE, "--dataset", "shop-1.marketing")
S = 1_000_000


def problems(*argv: str) -> tuple[str, ...]:
    return parse_stream_options(argv).problems


def test_without_more_the_settings_are_the_defaults() -> None:
    asked = parse_stream_options(TO_TOPIC)
    assert asked.problems == ()
    of_topic = StreamOptions((SubscriptionSource(SUBSCRIPTION),), ("rules.yaml",), (TopicSink(TOPIC),))
    assert asked.options == replace(of_topic, max_age_us=400 * 86_400 * S)
    options = asked.options
    assert (options.runner, options.timers, options.allowed_lateness_us) == (
        STREAMING,
        TimerSettings(10 * S, S),
        3_600 * S,
    )
    (tables,) = parse_stream_options(TO_TABLES).options.sinks
    assert tables == TablesSink(
        Dataset("shop-1", "marketing"), RecordedDecisions.ALL, Method.STREAMING_INSERTS, create=False, expiry_days=None
    )


def test_everything_can_be_said() -> None:
    flags = (
        "--trigger_topic", TOPIC, "--dataset", "shop-1:marketing", "--decisions", "fired", "--create_tables",
        "--bigquery_method", "storage_write", "--expansion_jar", "a.jar", "--timestamp_attribute", "at",
        "--id_label", "event_id", "--settle_delay", "30s", "--allowed_lateness", "2h", "--max_age", "7d",
        "--grid", "PT0.5S", "--poll_interval", "10s", "--min_lead", "60s", "--table_expiry", "30d",
        "--input_shape", "segment", "--input_account", "acme", "--snapshots", "gs://b/s/*.jsonl", "--check",
        "--runner", "DataflowRunner", "--region=europe-west4",
    )  # fmt: skip
    asked = parse_stream_options(("--subscription", SUBSCRIPTION, "--rules", "gs://b/published", *flags))
    assert asked.problems == ()
    assert asked.options == StreamOptions(
        (SubscriptionSource(SUBSCRIPTION, timestamp_attribute="at", id_label="event_id"),),
        ("gs://b/published",),
        (
            TopicSink(TOPIC),
            TablesSink(
                Dataset("shop-1", "marketing"),
                RecordedDecisions.FIRED,
                Method.STORAGE_WRITE,
                expansion_jar="a.jar",
                create=True,
                expiry_days=30,
            ),
        ),
        timers=TimerSettings(30 * S, S // 2),
        allowed_lateness_us=7_200 * S,
        max_age_us=7 * 86_400 * S,
        poll_interval_us=10 * S,
        min_lead_us=60 * S,
        shape=InputShape(Shape.SEGMENT, "acme"),
        snapshots=("gs://b/s/*.jsonl",),
        check=True,
        runner=DATAFLOW,
        beam_flags=("--region=europe-west4",),
    )


def test_what_may_come_from_a_subscription_is_never_of_any_age_unless_one_says_a_very_long_one() -> None:
    """Else a contact that was forgotten would be kept for ever, for an event of it that never comes."""
    ages = {(): 400, ("--allowed_lateness", "500d"): 500, ("--max_age", "36500d"): 36_500}
    found = {flags: parse_stream_options((*TO_TOPIC, *flags)).options.max_age_us for flags in ages}
    assert found == {flags: days * 86_400 * S for flags, days in ages.items()}
    recorded = ("--events", "a.jsonl", "--rules", "r", "--output", "out")
    assert parse_stream_options(recorded).options.max_age_us is None


REFUSED = {
    ("--subscription", "events", "--rules", "r", "--trigger_topic", TOPIC): "--subscription events: write the whole "
    "name, projects/PROJECT/subscriptions/NAME",
    (*BASE, "--trigger_topic", SUBSCRIPTION): f"--trigger_topic {SUBSCRIPTION}: write the whole name, "
    "projects/PROJECT/topics/NAME",
    (*BASE, "--trigger_topic", "", "--output", "o"): "--trigger_topic : write the whole name",
    ("--subscription", "", "--rules", "r", "--trigger_topic", TOPIC): "--subscription : write the whole name",
    (*BASE, "--dataset", "marketing"): "--dataset marketing: write PROJECT.DATASET",
    BASE: "nothing would come of it: name a --trigger_topic, a --dataset, an --output, "
    "a --trace_endpoint, or several",
    (*TO_TOPIC, "--decisions", "all"): "--decisions is about tables: name their --dataset",
    (*TO_TOPIC, "--bigquery_method", "streaming_inserts"): "--bigquery_method is about tables: name their --dataset",
    (*TO_TOPIC, "--create_tables"): "--create_tables is about tables: name their --dataset",
    (*TO_TABLES, "--table_expiry", "30d"): "--table_expiry is given to tables when they are created: say",
    (*TO_TABLES, "--create_tables", "--table_expiry", "0"): "--table_expiry 0: write whole days, such as 400d",
    (*TO_TABLES, "--create_tables", "--table_expiry", "2w"): "--table_expiry 2w: write whole days, such as 400d",
    (*TO_TABLES, "--expansion_jar", "a.jar"): "--expansion_jar is for --bigquery_method storage_write only",
    (*TO_TABLES, "--bigquery_method", "storage_write"): "--bigquery_method storage_write needs Java",
    (*TO_TOPIC, "--id_label", "event_id"): "--id_label: only Dataflow drops duplicates by an attribute",
    (*TO_TOPIC, "--timestamp_attribute", " "): "--timestamp_attribute: name an attribute of the messages",
    (*TO_TOPIC, "--settle_delay", "soon"): "--settle_delay soon: write 90s",
    (*TO_TOPIC, "--allowed_lateness=-1s"): "--allowed_lateness -1s: write 90s",
    (*TO_TOPIC, "--max_age", "10m"): "--max_age 10m is less than --allowed_lateness 1h",
    (*TO_TOPIC, "--grid", "0s"): "--grid 0s: it has to be longer than nothing",
    (*TO_TOPIC, "--grid", "PT0.0005S"): "--grid PT0.0005S: write whole milliseconds, up to 1h",
    (*TO_TOPIC, "--grid", "2h"): "--grid 2h: write whole milliseconds, up to 1h",
    (*TO_TOPIC, "--poll_interval", "1m"): "--poll_interval is about a target, and --rules names files",
    (*TO_TOPIC, "--min_lead", "2m"): "--min_lead is about a target, and --rules names files",
    (*TO_TOPIC, "--input_shape", "carrier"): "--input_shape: 'carrier' is no shape",
    (*TO_TOPIC, "--input_shape", "segment"): "--input_account: Segment's records name no account",
    (*TO_TOPIC, "--runner", "FlinkRunner"): "--runner FlinkRunner: Beam reads Pub/Sub on DataflowRunner, or in this",
    (*TO_TOPIC, "--trace_endpoint", "collector:4318"): "--trace_endpoint collector:4318: write the whole address",
    (*TO_TOPIC, "--trace_endpoint", "http://c:4318"): "--trace_endpoint http://c:4318: write the whole address",
    (*TO_TOPIC, "--trace_endpoint", "http://c/v1/traces", "--trace_share", "0"): "--trace_share 0: write a number over",
    (*TO_TOPIC, "--trace_share", "0.1"): "--trace_share is about spans: name their --trace_endpoint",
    (*TO_TOPIC, "--no_such_thing=1"): "unknown option --no_such_thing=1: see --help",
    (*TO_TOPIC, "--num_workers=many"): "argument --num_workers: invalid int value: 'many'",
}  # fmt: skip


@pytest.mark.parametrize(("argv", "said"), REFUSED.items(), ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_no_such_thing_or_contradicts_another_is_refused(argv: tuple[str, ...], said: str) -> None:
    (problem,) = problems(*argv)
    assert problem.startswith(said)


def test_a_target_needs_a_lead_longer_than_a_look(tmp_path: Path) -> None:
    target = ("--subscription", SUBSCRIPTION, "--rules", "gs://b/published", "--trigger_topic", TOPIC)
    assert problems(*target, "--poll_interval", "60s", "--min_lead", "91s") == ()
    (problem,) = problems(*target, "--poll_interval", "60s", "--min_lead", "90s")
    assert problem.startswith("--min_lead 90s is too short: it has to be more than 90s")


def test_everything_is_refused_at_once_and_nothing_is_asked_of_google(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = ("--subscription", "events", "--rules", str(tmp_path / "none.yaml"), "--grid", "1us", "--id_label", "i")
    assert main([*wrong, "--decisions", "off", "--max_age", "1s", "--no_such_thing"]) == 2
    errors = [line.removeprefix("stream: error: ") for line in capsys.readouterr().err.splitlines()]
    assert [line.split(":")[0].split(" ")[0] for line in errors] == [
        "--grid", "unknown", "--subscription", "nothing", "--decisions", "--id_label", "--max_age",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [None, "DirectRunner", "BundleBasedDirectRunner", STREAMING, IN_PROCESS])
def test_without_a_service_the_job_runs_in_this_process(name: str | None) -> None:
    argv = TO_TOPIC if name is None else (*TO_TOPIC, "--runner", name)
    assert parse_stream_options(argv).options.runner == STREAMING


@pytest.mark.parametrize("name", ["DataflowRunner", "dataflow", "apache_beam.runners.dataflow.DataflowRunner"])
def test_dataflow_goes_by_any_of_its_names(name: str) -> None:
    assert parse_stream_options((*TO_TOPIC, "--runner", name)).options.runner == DATAFLOW
