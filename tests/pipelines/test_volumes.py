"""Triggers are counted on BigQuery's emulator, and points come to a server that reads them as Google's messages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

pytest.importorskip("google.cloud.bigquery")

from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.pipelines import volumes
from kittiwake.pipelines.decisions.recalling import revocation_of
from kittiwake.stream.tables.schema import TRIGGERS
from kittiwake.stream.volumes import LAST_DAY, RECALLED_DAY, USUAL_DAY
from kittiwake.terminal.exit_codes import Exit
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.tables import Tables

NOW = datetime.fromisoformat("2026-11-30T12:00:00+00:00")
METHOD = "/google.monitoring.v3.MetricService/CreateTimeSeries"


class Service:
    """What has come, as the service's own messages."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.refuses = False

    def take(self, request: Any, context: grpc.ServicerContext) -> bytes:
        if self.refuses:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Permission monitoring.timeSeries.create denied")
        self.requests.append(request)
        return b""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    found = Service()
    read = monitoring_v3.CreateTimeSeriesRequest.deserialize
    handler = grpc.unary_unary_rpc_method_handler(found.take, request_deserializer=read)
    handlers = grpc.method_handlers_generic_handler("google.monitoring.v3.MetricService", {"CreateTimeSeries": handler})
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads, handlers=[handlers])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        transport = MetricServiceGrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"))
        monkeypatch.setattr(
            volumes, "monitoring_client", lambda: monitoring_v3.MetricServiceClient(transport=transport)
        )
        monkeypatch.setattr(volumes, "now_us", lambda: int(NOW.timestamp() * 1_000_000))
        yield found
        server.stop(None).wait()


def recalled(rule_id: str, number: int, fired_before: timedelta, before: timedelta) -> list[dict[str, object]]:
    """What a recall marks of triggers that were written earlier."""
    sent = fired(rule_id, number, fired_before)
    return [{**revocation_of(row), "written_at": (NOW - before).isoformat()} for row in sent]


def fired(rule_id: str, number: int, before: timedelta, **changes: object) -> list[dict[str, object]]:
    """Rows of triggers written so long before now; ids are of the rule, the time and the number."""
    from kittiwake.stream.tables.rows import decision_table_row

    row = decision_table_row(sample_records.trigger(), sample_records.CLOCK_US)
    about = {"rule_id": rule_id, "written_at": (NOW - before).isoformat(), "revision": 0, **changes}
    return [{**row, **about, "trigger_id": f"{rule_id}-{before}-{each}"} for each in range(number)]


@pytest.fixture
def dataset(tables: Tables) -> Dataset:
    """Of `cart` a usual 20, 80 now and 30 recalled, of `win-back` a usual 120 and none now, of `old` 2 recalled.

    And rows that do not count."""
    found = dataset_of(tables.create_dataset())
    assert found
    tables.create(found, TRIGGERS)
    week, hour = timedelta(days=7), timedelta(hours=1)
    rows = [
        *fired("cart", 80, hour),
        *fired("cart", 80, hour),  # written twice
        *fired("cart", 500, timedelta(hours=25)),
        *fired("cart", 20, week),
        *fired("cart", 21, 2 * week + 23 * hour),
        *fired("win-back", 120, week + hour),
        *fired("win-back", 5, hour, decision="revoked", revision=1),
        *fired("win-back", 5, 2 * hour, mode="backfill"),
        *(again := recalled("cart", 30, week, hour)),
        *again,
        *recalled("old", 2, 3 * week, hour),
        *recalled("old", 7, 3 * week, timedelta(hours=25)),
        *recalled("older", 7, 3 * week, week + hour),
    ]
    assert tables.client.insert_rows_json(found.table("triggers"), rows) == []
    return found


def test_each_rule_is_counted_beside_its_usual_day_and_its_numbers_come_to_cloud_monitoring(
    dataset: Dataset, service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kittiwake.pipelines.google.rule_volumes.SERIES_MAX", 3)
    code = volumes.main(["--dataset", dataset.path, "--project", "shop-1", "--job_name", "blue"])
    said = capsys.readouterr()
    assert (code, said.err) == (Exit.FINDINGS, "")
    assert said.out == (
        "1 of 3 rules are unusual in the day up to 2026-11-30T12:00:00Z\n"
        "  acme  win-back          0  usually       120\n"
        "32 recalled by hand in that day\n"
        "  acme  cart         30\n"
        "  acme  old           2\n"
    )
    assert [len(one.time_series) for one in service.requests] == [3, 3, 1], "no request is larger than may be"
    assert {one.name for one in service.requests} == {"projects/shop-1"}
    series = [one for request in service.requests for one in request.time_series]
    points = {(one.metric.type, one.metric.labels["rule_id"]): one.points[0].value.double_value for one in series}
    assert points == {
        (LAST_DAY, "cart"): 80,
        (USUAL_DAY, "cart"): 20.5,
        (LAST_DAY, "win-back"): 0,
        (USUAL_DAY, "win-back"): 120,
        (RECALLED_DAY, "cart"): 30,
        (RECALLED_DAY, "old"): 2,
        (LAST_DAY, "old"): 0,
    }
    assert {(one.metric.labels["job_name"], one.metric.labels["account_id"]) for one in series} == {("blue", "acme")}
    assert {one.points[0].interval.end_time for one in series} == {NOW}
    service.refuses = True
    assert volumes.main(["--dataset", dataset.path, "--project", "shop-1"]) == Exit.UNUSABLE
    assert "It takes roles/monitoring.metricWriter" in capsys.readouterr().err
    assert volumes.main(["--dataset", dataset.path, "--until", "2026-01-01T00:00:00Z"]) == Exit.FINDINGS
    assert capsys.readouterr().out == "EMPTY: no rule has fired in four weeks\n"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--dataset", "marketing"], "write project.dataset"),
        (["--dataset", "shop-1.marketing", "--until", "noon"], "write a time with offset"),
        (
            ["--dataset", "shop-1.marketing", "--project", "p", "--until", "2026-01-01T00:00:00Z"],
            "takes numbers of now only",
        ),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    argv: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert volumes.main(argv) == Exit.UNUSABLE
    assert why in capsys.readouterr().err
