"""What a worker of Dask runs: the steps of a stage on one part of their input, as one bundle.

Every function here is a task: it gets and gives lists of windowed values, and is run again when its worker is lost.
So none draws or counts anything that another run of it would not.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.coders import FastPrimitivesCoder
from apache_beam.internal import pickler
from apache_beam.runners.common import DoFnRunner, DoFnState, Receiver
from apache_beam.transforms.core import Windowing
from apache_beam.transforms.sideinputs import SideInputMap
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.counters import CounterFactory
from apache_beam.utils.windowed_value import WindowedValue

Elements: TypeAlias = list[WindowedValue]

SOURCE: Final = 0
"""The number of the collection that a stage reads."""


class Step(NamedTuple):
    """A `ParDo`. Collections of a stage are numbered."""

    label: str
    fn: beam.DoFn
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    windowing: Windowing
    views: tuple[tuple[type, Mapping[str, Any]], ...]
    """How each of its side inputs is seen: Beam's class, and its options."""
    reads: int
    writes: Mapping[str | None, int]
    """By tag; the main output has none."""


class Stage(NamedTuple):
    """Steps that run in one bundle, each after the one whose output it reads."""

    steps: tuple[Step, ...]
    kept: frozenset[int]
    """Collections that leave the stage."""


def encoded(found: object) -> bytes:
    """Anything of a graph, as it travels to workers."""
    data: bytes = pickler.dumps(found)
    return data


def decoded(data: bytes) -> Any:
    """What was `encoded`."""
    return pickler.loads(data)


def run_stage(data: bytes, elements: Elements, side_inputs: Sequence[Sequence[Elements]]) -> dict[int, Elements]:
    """The collections that leave an encoded stage; `side_inputs` are those of each step, in its order of views."""
    stage: Stage = decoded(data)
    kept: dict[int, Elements] = {number: [] for number in stage.kept}
    readers: defaultdict[int, list[DoFnRunner]] = defaultdict(list)
    runners = []
    for step, of_step in zip(reversed(stage.steps), reversed(side_inputs), strict=True):
        outputs = {tag: _Output(kept.get(number), tuple(readers[number])) for tag, number in step.writes.items()}
        runners.append(_runner(step, of_step, outputs))
        readers[step.reads].append(runners[-1])
    with _begun(runners):
        for element in elements:
            for reader in readers[SOURCE]:
                reader.process(element)
        for runner in reversed(runners):
            runner.finish()
    return kept


@contextmanager
def _begun(runners: Sequence[DoFnRunner]) -> Iterator[None]:
    begun = []
    try:
        for runner in runners:
            runner.setup()
            begun.append(runner)
        for runner in runners:
            runner.start()
        yield
    finally:
        for runner in begun:
            runner.teardown()


def _runner(step: Step, side_inputs: Sequence[Elements], outputs: Mapping[str | None, _Output]) -> DoFnRunner:
    seen = [SideInputMap(*view, elements) for view, elements in zip(step.views, side_inputs, strict=True)]
    state = DoFnState(CounterFactory())
    return DoFnRunner(
        step.fn, step.args, step.kwargs, seen, step.windowing, _Outputs(outputs), step_name=step.label, state=state
    )


class _Output(Receiver):
    """Passes what a step emits on to the steps that read it, and keeps it if it leaves the stage."""

    def __init__(self, kept: Elements | None, readers: tuple[DoFnRunner, ...]) -> None:
        self._kept, self._readers = kept, readers

    def receive(self, windowed_value: WindowedValue) -> None:
        if self._kept is not None:
            self._kept.append(windowed_value)
        for reader in self._readers:
            reader.process(windowed_value)


class _Outputs(dict[str | None, _Output]):
    """By tag. Nobody reads what leaves by another."""

    def __missing__(self, tag: str | None) -> _Output:
        return _Output(None, ())


# ---------------------------------------------------------------- between stages


def split_evenly(elements: Elements, parts: int, part: int) -> list[Elements]:
    """Elements of part number `part`, dealt out to so many parts."""
    first = part % parts
    return [elements[(at - first) % parts :: parts] for at in range(parts)]


def split_by_key(elements: Elements, parts: int) -> list[Elements]:
    """Pairs, by their keys: a key is always in the same part, in whatever process and run."""
    found: list[Elements] = [[] for _ in range(parts)]
    for element in elements:
        found[zlib.crc32(_encoded_key(element.value[0])) % parts].append(element)
    return found


def joined(parts: Iterable[Elements]) -> Elements:
    """All elements of several parts."""
    return list(chain.from_iterable(parts))


def grouped(parts: Iterable[Elements]) -> Elements:
    """Pairs of a key and all values that stand beside it."""
    found: dict[bytes, tuple[Any, list[Any]]] = {}
    for element in chain.from_iterable(parts):
        key, value = element.value
        found.setdefault(_encoded_key(key), (key, []))[1].append(value)
    return [GlobalWindows.windowed_value(pair) for pair in found.values()]


_encoded_key: Final = FastPrimitivesCoder().as_deterministic_coder("GroupByKey").encode
