"""The shape of a graph as a runner compares it before it updates a running job, and how two shapes differ.

Names, kinds and coders of all steps, those that Beam makes of ours too; of steps with state, their states and timers.
Pure, over the message in which Beam hands a graph to a runner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from apache_beam.portability.api import beam_runner_api_pb2

_PARDO: Final = "beam:transform:pardo:v1"


class StepShape(NamedTuple):
    """A step."""

    kind: str
    parts: Mapping[str, str]
    """Outputs, states, timers and side inputs, by what they are called: what each is made of."""


class Change(NamedTuple):
    """Something in which a graph is not as that of the running job."""

    step: str
    text: str
    is_new: bool = False
    """A step more, which hinders no update."""


def graph_of(data: bytes) -> Any:
    """The message in a file that Beam has staged.

    Raises:
        DecodeError: it is no such message.
    """
    return beam_runner_api_pb2.Pipeline.FromString(data)


def shape_of(graph: Any) -> dict[str, StepShape]:
    """The steps of a graph that do something, by their whole names."""
    components = graph.components
    leaves = [one for one in components.transforms.values() if not one.subtransforms and one.unique_name]
    return {
        str(one.unique_name): StepShape(_short(one.spec.urn), dict(_parts(components, one)))
        for one in sorted(leaves, key=lambda one: str(one.unique_name))
    }


def shape_lines(shape: Mapping[str, StepShape]) -> Iterator[str]:
    """A shape as text, which can be kept and compared."""
    for name, step in shape.items():
        yield f"{name} = {step.kind}"
        yield from (f"    {part}: {what}" if what else f"    {part}" for part, what in step.parts.items())


def _parts(components: Any, transform: Any) -> Iterator[tuple[str, str]]:
    for tag, name in sorted(transform.outputs.items()):
        collection = components.pcollections[name]
        coder = _coder(components, collection.coder_id)
        yield f"out {tag}", f"{coder} in {_windows(components, collection.windowing_strategy_id)}"
    if transform.spec.urn == _PARDO:
        yield from _of_state(components, beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload))


def _of_state(components: Any, payload: Any) -> Iterator[tuple[str, str]]:
    for name, spec in sorted(payload.state_specs.items()):
        kind = spec.WhichOneof("spec")
        held = getattr(spec, kind)
        coder = getattr(held, "coder_id", "") or getattr(held, "element_coder_id", "")
        yield f"state {name}", f"{kind} of {_coder(components, coder)}"
    for name, spec in sorted(payload.timer_family_specs.items()):
        coder = _coder(components, spec.timer_family_coder_id)
        yield f"timer {name}", f"{beam_runner_api_pb2.TimeDomain.Enum.Name(spec.time_domain)} of {coder}"
    for name in sorted(payload.side_inputs):
        yield f"side input {name}", ""
    if payload.restriction_coder_id:
        yield "restriction", _coder(components, payload.restriction_coder_id)


def _coder(components: Any, name: str) -> str:
    coder = components.coders[name]
    parts = ", ".join(_coder(components, one) for one in coder.component_coder_ids)
    urn = _short(coder.spec.urn)
    return f"{urn}({parts})" if parts else str(urn)


def _windows(components: Any, name: str) -> str:
    return _short(components.windowing_strategies[name].window_fn.urn)


def _short(urn: str) -> str:
    return urn.removeprefix("beam:transform:").removeprefix("beam:coder:").removeprefix("beam:window_fn:")


# ---------------------------------------------------------------- compare


def changes(running: Mapping[str, StepShape], new: Mapping[str, StepShape], renamed: Mapping[str, str]) -> list[Change]:
    """In what a graph is not as the running one; `renamed` are old names and new ones, "" of a step given up.

    A name in `renamed` may be that of a step with steps in it.
    """
    found: list[Change] = []
    names = {name: _new_name(name, renamed) for name in running}
    for name, step in running.items():
        now = names[name]
        if now == "":
            continue
        if now not in new:
            found.append(Change(name, "is not there any more, or has another name"))
        else:
            found += [Change(name, text) for text in _differences(step, new[now])]
    return found + [Change(name, "is new", is_new=True) for name in new if name not in names.values()]


def _new_name(name: str, renamed: Mapping[str, str]) -> str:
    """That of the longest part of a name that is renamed."""
    for old in sorted(renamed, key=len, reverse=True):
        if name == old or name.startswith(f"{old}/"):
            return renamed[old] and renamed[old] + name[len(old) :]
    return name


def _differences(old: StepShape, new: StepShape) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"was {old.kind}, and is {new.kind}"
    for part in sorted({*old.parts, *new.parts}):
        was, now = old.parts.get(part), new.parts.get(part)
        if was == now:
            continue
        if now is None:
            yield f"{part} is gone"
        elif was is None:
            yield f"{part} is new"
        else:
            yield f"{part} was {was}, and is {now}"
