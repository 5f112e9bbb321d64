"""Dashboard, alerts and the log-based metric are those of the registry, and messages that the services read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from google.cloud.logging_v2.types import LogMetric
from google.cloud.monitoring_dashboard_v1 import Dashboard
from google.cloud.monitoring_v3 import AlertPolicy
from google.protobuf import json_format

from kittiwake.stream.logs import LOG_EVENTS, line_of
from kittiwake.stream.metrics import METRICS, MetricKind
from templates.monitoring.alerts import ALERTS, Alert
from templates.monitoring.dashboard import dashboard
from templates.monitoring.files import MODULE, monitoring_files
from templates.monitoring.policies import RUNBOOK, log_metric, policies
from templates.monitoring.registry import EVERYTHING, EXPORTED, SERVICE_METRICS
from tests.repo import pages, sources

NAMES = re.compile(r'__name__="([^"]+)"')
OF_JOB = re.compile(r'metric_name=~?"([^"]+)"')
USER_COUNTER = "dataflow.googleapis.com/job/user_counter"
CUSTOM_METRICS_MAX = 100
"""Names that Dataflow also writes as custom metrics of a project, before it stops doing so."""

EACH = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def asked_for(query: str) -> set[str]:
    """The metrics that a query asks for, by name."""
    services = set(NAMES.findall(query)) - {USER_COUNTER}
    return services | {name for found in OF_JOB.findall(query) for name in found.split("|")}


def parsed_as(message: Any, value: dict[str, Any]) -> Any:
    """The message that the service would read; a field that it does not know raises."""
    return message(json_format.ParseDict(value, message.pb(message())))


def widgets() -> Iterator[dict[str, Any]]:
    for tile in dashboard()["mosaicLayout"]["tiles"]:
        yield tile["widget"]


def shown() -> list[str]:
    return [one["timeSeriesQuery"]["prometheusQuery"] for chart in widgets() for one in chart["xyChart"]["dataSets"]]


def test_the_files_are_those_of_the_registry() -> None:
    for path, written in monitoring_files().items():
        assert path.read_text(encoding="utf-8") == written, f"{path.name}: run make metadata"


def test_the_services_read_what_is_written() -> None:
    board = parsed_as(Dashboard, dashboard())
    assert all(tile.x_pos + tile.width <= board.mosaic_layout.columns for tile in board.mosaic_layout.tiles)
    assert len({(tile.x_pos, tile.y_pos) for tile in board.mosaic_layout.tiles}) == len(board.mosaic_layout.tiles)
    for name, policy in policies().items():
        found = parsed_as(AlertPolicy, policy)
        (condition,) = found.conditions
        assert condition.condition_prometheus_query_language.duration.seconds % 30 == 0, "what the service takes"
        assert found.user_labels["alert"] == name
    metric = parsed_as(LogMetric, log_metric())
    assert set(metric.label_extractors) == {label.key for label in metric.metric_descriptor.labels}


@pytest.mark.parametrize("query", [*(alert.query for alert in ALERTS), *shown()])
def test_every_query_is_promql_of_metrics_that_exist(query: str) -> None:
    promql_parser.parse(query)
    exported = {one.name + ending for one in METRICS for ending in EXPORTED[one.kind]}
    assert asked_for(query) <= exported | {one.name for one in SERVICE_METRICS}


def test_a_query_of_a_metric_that_is_no_more_is_found() -> None:
    assert asked_for('{__name__="dataflow.googleapis.com/job/user_counter",metric_name=~"frozen|wakes"}') == {
        "frozen",
        "wakes",
    }
    assert asked_for(f'{{__name__="{SERVICE_METRICS[0].name}"}}') == {SERVICE_METRICS[0].name}
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        promql_parser.parse("sum by (")


@EACH
def test_an_alert_asks_for_what_it_says_and_names_a_section_of_the_runbook(alert: Alert) -> None:
    assert asked_for(alert.query) == {one.name for one in (*alert.metrics, *alert.beside)}
    assert all(one in EVERYTHING for one in alert.metrics)
    assert alert.section in pages.anchors((sources.ROOT / RUNBOOK).read_text(encoding="utf-8"))
    assert f"${{runbook}}#{alert.section}\n" in policies()[alert.name]["documentation"]["content"]


def test_names_of_alerts_are_names_once() -> None:
    assert [name for name, number in Counter(alert.name for alert in ALERTS).items() if number > 1] == []


def test_every_metric_is_shown_in_one_panel() -> None:
    names = Counter(name for query in shown() for name in asked_for(query))
    counters = {one.name for one in METRICS if one.kind is MetricKind.COUNTER} | {one.name for one in SERVICE_METRICS}
    assert {name: names[name] for name in counters if names[name] != 1} == {}
    distributions = [one for one in METRICS if one.kind is MetricKind.DISTRIBUTION]
    assert [one.name for one in distributions if names[f"{one.name}_MEAN"] != 1] == []


def test_dataflow_has_room_for_the_names() -> None:
    assert sum(len(EXPORTED[one.kind]) for one in METRICS) <= CUSTOM_METRICS_MAX


def test_the_log_metric_counts_our_lines_by_event_and_no_others() -> None:
    metric = log_metric()
    (condition,) = re.findall(r'jsonPayload.message=~"(.*)"$', metric["filter"])
    (extractor,) = re.findall(r'REGEXP_EXTRACT\(jsonPayload.message, "(.*)"\)', metric["labelExtractors"]["event"])
    condition, extractor = json.loads(f'"{condition}"'), json.loads(f'"{extractor}"')
    for event in LOG_EVENTS:
        line = line_of(event, dict.fromkeys(event.fields, "x"))
        assert re.search(condition, line)
        assert re.findall(extractor, line) == [event.name]
    assert not re.search(condition, '{"message": "no event of ours", "event": "other"}')


def test_terraform_gives_on_every_field_of_what_is_written() -> None:
    text = (MODULE / "main.tf").read_text()
    policy = next(iter(policies().values()))
    for field in (*policy, *(f"documentation.{one}" for one in policy["documentation"])):
        assert re.search(rf"local\.alerts\[each\.key\]\.{field}\b", text), field
    for field in policy["conditions"][0]["conditionPrometheusQueryLanguage"]:
        assert f"conditionPrometheusQueryLanguage.{field}" in text, field
    for field in set(log_metric()) - {"metricDescriptor"}:
        assert f"local.log_metric.{field}" in text, field
    written = "".join(path.read_text() for path in MODULE.glob("*.json"))
    names = set(re.findall(r"^    (\w+) += var\.", text, re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)\}", written)) == names
    assert not re.search(r"\$\{(?!\w+\})|%\{", written), "Terraform would read more than names"
