"""The sinks of the streaming job: a row each. Its options, its preflight check and its graph loop over them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from kittiwake.pipelines.flags import OptionReader, OptionRow
from kittiwake.pipelines.sinks.base import JobSink
from kittiwake.pipelines.sinks.bigquery import DATASET
from kittiwake.pipelines.sinks.json_files import OUTPUT
from kittiwake.pipelines.sinks.pubsub import TRIGGER_TOPIC
from kittiwake.pipelines.sinks.spans import TRACE_ENDPOINT

SINKS: Final[tuple[OptionRow[JobSink], ...]] = (TRIGGER_TOPIC, DATASET, OUTPUT, TRACE_ENDPOINT)


def read_sinks(options: OptionReader) -> tuple[JobSink, ...]:
    """The sinks that were asked for; `check_sinks` says whether there is one."""
    found = [row.read_asked(options) for row in SINKS]
    return tuple(one for one in found if one is not None)


def check_sinks(typed: argparse.Namespace) -> Iterator[str]:
    """Error messages on flags of sinks that make no sense together."""
    if not any(row.is_asked_for(typed) for row in SINKS):
        names = ", ".join(f"{'an' if row.name[0] in 'aeiou' else 'a'} --{row.name}" for row in SINKS)
        yield f"nothing would come of it: name {names}, or several"
    for row in SINKS:
        yield from row.contradictions(typed)
