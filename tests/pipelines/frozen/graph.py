"""The shape of the streaming job as a runner compares it before it updates a running job, as lines of text.

Names, kinds and coders of all steps, those that Beam makes of ours too; of steps with state, their states and timers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2

from kittiwake.pipelines.graphs.stream import build_stream
from kittiwake.pipelines.options.stream import parse_stream_options
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
    return list(_shape(pipeline.to_runner_api().components))


def _shape(components: Any) -> Iterator[str]:
    leaves = [one for one in components.transforms.values() if not one.subtransforms and one.unique_name]
    for transform in sorted(leaves, key=lambda one: str(one.unique_name)):
        yield f"{transform.unique_name} = {_short(transform.spec.urn)}"
        for tag, name in sorted(transform.outputs.items()):
            collection = components.pcollections[name]
            coder = _coder(components, collection.coder_id)
            yield f"    out {tag}: {coder} in {_windows(components, collection.windowing_strategy_id)}"
        if transform.spec.urn == "beam:transform:pardo:v1":
            yield from _of_state(components, beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload))


def _of_state(components: Any, payload: Any) -> Iterator[str]:
    for name, spec in sorted(payload.state_specs.items()):
        kind = spec.WhichOneof("spec")
        held = getattr(spec, kind)
        coder = getattr(held, "coder_id", "") or getattr(held, "element_coder_id", "")
        yield f"    state {name}: {kind} of {_coder(components, coder)}"
    for name, spec in sorted(payload.timer_family_specs.items()):
        coder = _coder(components, spec.timer_family_coder_id)
        yield f"    timer {name}: {beam_runner_api_pb2.TimeDomain.Enum.Name(spec.time_domain)} of {coder}"
    for name in sorted(payload.side_inputs):
        yield f"    side input {name}"
    if payload.restriction_coder_id:
        yield f"    restriction: {_coder(components, payload.restriction_coder_id)}"


def _coder(components: Any, name: str) -> str:
    coder = components.coders[name]
    parts = ", ".join(_coder(components, one) for one in coder.component_coder_ids)
    urn = _short(coder.spec.urn)
    return f"{urn}({parts})" if parts else str(urn)


def _windows(components: Any, name: str) -> str:
    return _short(components.windowing_strategies[name].window_fn.urn)


def _short(urn: str) -> str:
    return urn.removeprefix("beam:transform:").removeprefix("beam:coder:").removeprefix("beam:window_fn:")
