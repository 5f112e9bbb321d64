"""PromQL over what Cloud Monitoring has of a job, in the part of the language that Prometheus 2 reads too.

Dataflow gives each counter as a gauge that grows for as long as the job lives, with the job's id and the step as
labels. A series begins with its first count: so growth is the sum now less the sum before, where no sum before is
nothing. `increase` would miss the first count, which is the one that wakes somebody up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kittiwake.stream.metrics import Metric, MetricKind
from templates.monitoring.registry import ServiceMetric

USER_COUNTER: Final = "dataflow.googleapis.com/job/user_counter"


def counters(*metrics: Metric) -> str:
    """The series of counters of the job."""
    assert all(one.kind is MetricKind.COUNTER for one in metrics), "only a counter grows"
    return _user_counter("|".join(one.name for one in metrics))


def exported(metric: Metric, *endings: str) -> str:
    """Series of a distribution of the job, by what Dataflow adds to its name."""
    assert metric.kind is MetricKind.DISTRIBUTION
    return _user_counter("|".join(metric.name + ending for ending in endings))


def _user_counter(names: str) -> str:
    sign = "=~" if "|" in names else "="
    return f'{{__name__="{USER_COUNTER}",job_name="${{job}}",metric_name{sign}"{names}"}}'


def series(metric: ServiceMetric, *more: str) -> str:
    """The series of a service's metric."""
    return f'{{__name__="{metric.name}",{",".join((metric.matchers, *more))}}}'


def newest(metric: ServiceMetric) -> str:
    """The newest value of each series of a metric that is written once an hour; one hour may be left out."""
    return f"last_over_time({series(metric)}[150m])"


def grown(window: str, *metrics: Metric, by: str = "") -> str:
    """By how much counters of the job have grown in a time: all together, or each value of a label by itself."""
    one, labels = counters(*metrics), ",".join(filter(None, ("job_id", by)))
    now, before = f"sum by ({labels}) ({one})", f"sum by ({labels}) ({one} offset {window})"
    total = f"sum by ({by})" if by else "sum"
    return f"{total} ({now} - ({before} or 0 * {now}))"


def share(window: str, part: Sequence[Metric], whole: Sequence[Metric], by: str = "") -> str:
    """What part of the growth of `whole` the growth of `part` is; nothing where nothing grows."""
    among = " / on () group_left () " if by else " / "
    return f"{grown(window, *part, by=by)}{among}({grown(window, *whole)} > 0)"


def counted(metric: ServiceMetric, window: str, *more: str, by: str = "") -> str:
    """How many a service has counted in a time."""
    return f"{f'sum by ({by})' if by else 'sum'} (increase({series(metric, *more)}[{window}]))"
