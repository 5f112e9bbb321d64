"""What a pipeline of a test puts out, in lists of this process: the runners of the tests run in it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from kittiwake.stream.records import header_of

COLLECTED: dict[str, list[Any]] = defaultdict(list)


class Collect(beam.DoFn):
    """Puts elements into `COLLECTED[name]`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def process(self, element: Any) -> None:
        COLLECTED[self._name].append(element)


def timestamped(element: tuple[bytes, bytes]) -> TimestampedValue:
    """A key and an arrival at the time of its event, in the whole milliseconds of a queue."""
    return TimestampedValue(element, Timestamp(micros=header_of(element[1]).time_us // 1_000 * 1_000))
