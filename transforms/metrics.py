"""The registry's metrics (`kittiwake.stream.metrics`) as the runner's. Every step counts through here.

So no metric has a name that the registry does not know.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from apache_beam.metrics.metric import Metrics

from kittiwake.stream.metrics import Metric, MetricKind

NAMESPACE: Final = "kittiwake"


@cache
def _of(metric: Metric) -> Any:
    makers = {
        MetricKind.COUNTER: Metrics.counter,
        MetricKind.DISTRIBUTION: Metrics.distribution,
        MetricKind.GAUGE: Metrics.gauge,
    }
    return makers[metric.kind](NAMESPACE, metric.name)


def count(metric: Metric, number: int = 1) -> None:
    """Add to a counter; nothing if nothing is to be added."""
    if number:
        _of(metric).inc(number)


def observe(metric: Metric, value: int) -> None:
    """A value of a distribution."""
    _of(metric).update(value)


def show(metric: Metric, value: int) -> None:
    """What a gauge stands at."""
    _of(metric).set(value)
