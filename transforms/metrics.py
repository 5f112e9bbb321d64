"""The registry's metrics (`kittiwake.stream.metrics`) as the runner's. Every step counts through here.

So no metric has a name that the registry does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from apache_beam.metrics.metric import Metrics

from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.logs import MESSAGES_REFUSED
from kittiwake.stream.metrics import DEAD_LETTERS, DEAD_LETTERS_BY_REASON, Metric, MetricKind
from kittiwake.stream.records import Stage
from kittiwake.transforms.logs import log

NAMESPACE: Final = "kittiwake"


@cache
def _of(metric: Metric) -> Any:
    makers = {MetricKind.COUNTER: Metrics.counter, MetricKind.DISTRIBUTION: Metrics.distribution}
    return makers[metric.kind](NAMESPACE, metric.name)


def count(metric: Metric, number: int = 1) -> None:
    """Add to a counter; nothing if nothing is to be added."""
    if number:
        _of(metric).inc(number)


def observe(metric: Metric, value: int) -> None:
    """A value of a distribution."""
    _of(metric).update(value)


def count_dead_letters(stage: Stage, refused: Mapping[DeadLetterReason, int]) -> None:
    """Count and log what a bundle has refused: all of it, and by reason. Nothing if nothing was refused."""
    count(DEAD_LETTERS, sum(refused.values()))
    for reason, number in sorted(refused.items()):
        count(DEAD_LETTERS_BY_REASON[reason], number)
        log(MESSAGES_REFUSED, stage=stage, reason=reason, number=number)
