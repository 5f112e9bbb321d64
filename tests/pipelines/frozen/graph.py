"""The shape of the streaming job as a runner compares it before it updates a running job, as lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from kittiwake.pipelines.graphs.stream import build_stream
from kittiwake.pipelines.options.stream import parse_stream_options
from kittiwake.pipelines.preflight.graph_shape import shape_lines, shape_of
from kittiwake.stream.rules_source.source import rules_source

OPTIONS: Final = (
    *("--subscription", "projects/shop-1/subscriptions/events", "--rules", "r", "--runner", "DataflowRunner"),
    *("--trigger_topic", "projects/shop-1/topics/triggers", "--dataset", "shop-1.marketing"),
)
RULES: Final = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n"


def shape_of_the_job(folder: Path) -> list[str]:
    """The shape of the whole job, as Dataflow gets it; the rules file is written into a folder."""
    path = folder / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    options, problems = parse_stream_options(OPTIONS)
    assert problems == ()
    pipeline = beam.Pipeline(options=PipelineOptions(["--streaming"]))
    build_stream(pipeline, options, rules_source(path, allowed_lateness_us=options.allowed_lateness_us))
    return list(shape_lines(shape_of(pipeline.to_runner_api())))
