"""A DoFn run by hand, bundle by bundle: what a runner does with it, without a pipeline's start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.windowed_value import WindowedValue

MAIN = ""


def run_bundle(fn: beam.DoFn, elements: Iterable[Any], *side_inputs: Any) -> dict[str, list[Any]]:
    """What comes out, by tag; that of the main output stands under `MAIN`."""
    found: dict[str, list[Any]] = {}

    def put(outputs: Iterable[Any] | None) -> None:
        for one in outputs or ():
            tag, value = (one.tag, one.value) if isinstance(one, TaggedOutput) else (MAIN, one)
            found.setdefault(tag or MAIN, []).append(value.value if isinstance(value, WindowedValue) else value)

    fn.setup()
    fn.start_bundle()
    for element in elements:
        put(fn.process(element, *side_inputs))
    put(fn.finish_bundle())
    return found
