"""The dashboard, as the service's `Dashboard` has it in JSON: one chart for each panel of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kittiwake.stream.metrics import METRICS, MetricKind, Panel
from templates.monitoring.queries import counted, exported, grown, newest, series
from templates.monitoring.registry import SERVICE_METRICS, ServiceMetric, ServicePanel

COLUMNS: Final = 48
"""Of the service's grid."""
_WIDTH: Final = 24
_HEIGHT: Final = 16
_WINDOW: Final = "5m"


def dashboard() -> dict[str, Any]:
    """Charts side by side, two in a row."""
    charts = [*map(_service_chart, ServicePanel), *(one for panel in Panel for one in _charts(panel))]
    tiles = [
        {
            "xPos": number % 2 * _WIDTH,
            "yPos": number // 2 * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
            "widget": chart,
        }
        for number, chart in enumerate(charts)
    ]
    return {"displayName": "${job}", "mosaicLayout": {"columns": COLUMNS, "tiles": tiles}}


def _charts(panel: Panel) -> Iterator[dict[str, Any]]:
    """One of the counters; and one of each unit of distributions, which would hide one another."""
    of_panel = [one for one in METRICS if one.panel is panel]
    counters = [one for one in of_panel if one.kind is MetricKind.COUNTER]
    distributions = [one for one in of_panel if one.kind is MetricKind.DISTRIBUTION]
    yield _chart(f"{panel}, in {_WINDOW}", [grown(_WINDOW, *counters, by="metric_name")])
    for unit in dict.fromkeys(one.unit for one in distributions):
        of_unit = [exported(one, "_MAX", "_MEAN") for one in distributions if one.unit == unit]
        yield _chart(f"{panel}: {unit}, since the job began", [f"max by (metric_name) ({one})" for one in of_unit])


def _service_chart(panel: ServicePanel) -> dict[str, Any]:
    return _chart(panel.value, [_service_query(one) for one in SERVICE_METRICS if one.panel is panel])


def _service_query(metric: ServiceMetric) -> str:
    if metric.is_by_rule:
        return f"topk(20, {newest(metric)})"
    return counted(metric, _WINDOW, by=metric.label) if metric.label else f"max ({series(metric)})"


def _chart(title: str, queries: Sequence[str]) -> dict[str, Any]:
    """A chart of lines."""
    sets = [{"timeSeriesQuery": {"prometheusQuery": one}, "plotType": "LINE"} for one in queries]
    return {"title": title, "xyChart": {"dataSets": sets}}
