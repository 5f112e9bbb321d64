"""A pipeline as tasks of Dask, in the place of Beam's own translation, which loses elements (docs/how-to/runners.md).

Every collection is kept apart, by its step and its tag, in parts; a part is one task's. A side input is fetched by the
launcher and sent out with the steps that see it, as a value: a worker that is lost takes nothing of it along, and
what a step did once for all others (the folder of a sink) is not done again beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

import apache_beam as beam
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.pvalue import AsSideInput, PCollection
from apache_beam.runners.common import DoFnSignature
from apache_beam.runners.dask.overrides import _Create, _Flatten, _GroupByKeyOnly, _Reshuffle
from apache_beam.transforms.window import GlobalWindows
from distributed import Client, Future, as_completed

from kittiwake.errors import UnusableError
from kittiwake.pipelines.on_dask import bundles
from kittiwake.pipelines.on_dask.bundles import SOURCE, Elements, Stage, Step

Parts = list[Future]


def run(pipeline: beam.Pipeline, client: Client, parts: int) -> None:
    """Run a pipeline to its end; `parts` are how many a collection has behind a shuffle.

    Raises:
        UnusableError: it has a step that Dask cannot run.
        Exception: what a step raised; or Dask gave it up, since its worker was lost with it again and again.
    """
    found = _Nodes()
    pipeline.visit(found)
    _Translation(client, parts, found.nodes).run()


class _Nodes(PipelineVisitor):
    def __init__(self) -> None:
        self.nodes: list[AppliedPTransform] = []

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        self.nodes.append(transform_node)


class _OpenStage:
    """Steps of a stage that has not been sent out: a step that reads an output of theirs can join them."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.steps: list[Step] = []
        self.side_inputs: list[Parts] = []
        """Of each step."""
        self.numbers: dict[PCollection[Any], int] = {}


class _Translation:
    def __init__(self, client: Client, parts: int, nodes: Sequence[AppliedPTransform]) -> None:
        self._client, self._parts, self._nodes = client, parts, nodes
        self._readers = Counter(one for node in nodes for one in _read_by(node))
        """Of each collection, those that have not been translated yet."""
        self._open: dict[PCollection[Any], _OpenStage] = {}
        self._ready: dict[PCollection[Any], Parts] = {}
        self._seen: dict[PCollection[Any], Future] = {}
        """Side inputs, each as a value."""
        self._last: Parts = []
        """Tasks whose results nobody reads."""

    def run(self) -> None:
        for node in self._nodes:
            translate = _TRANSLATIONS.get(type(node.transform), _Translation._pardo)
            translate(self, node)
        for stage in {id(one): one for one in self._open.values()}.values():
            self._send(stage)
        for _ in as_completed(self._last, with_results=True):
            pass

    # ------------------------------------------------------------ steps

    def _create(self, node: AppliedPTransform) -> None:
        values = [b""] if isinstance(node.transform, beam.Impulse) else node.transform.values
        elements = [GlobalWindows.windowed_value(value) for value in values]
        self._ready[node.outputs[None]] = [self._value(elements)]

    def _pardo(self, node: AppliedPTransform) -> None:
        transform, main = _runnable(node), node.inputs[0]
        side_inputs = [self._side_input(view) for view in node.side_inputs]
        stage = self._open.get(main) or _OpenStage(self._read(main))
        reads = stage.numbers.get(main, SOURCE)
        first = len(stage.numbers) + 1
        writes = {tag: number for number, tag in enumerate(node.outputs, first)}
        stage.numbers.update({output: writes[tag] for tag, output in node.outputs.items()})
        self._open.update(dict.fromkeys(node.outputs.values(), stage))
        args, kwargs = getattr(transform, "args", ()), getattr(transform, "kwargs", {})
        views = tuple((type(view), view._view_options()) for view in node.side_inputs)
        step = Step(node.full_label, transform.fn, args, kwargs, main.windowing, views, reads, writes)
        stage.steps.append(step)
        stage.side_inputs.append(side_inputs)
        self._readers[main] -= main in self._open

    def _flatten(self, node: AppliedPTransform) -> None:
        self._ready[node.outputs[None]] = [part for one in node.inputs for part in self._read(one)]

    def _reshuffle(self, node: AppliedPTransform) -> None:
        dealt = [
            self._task(bundles.split_evenly, part, self._parts, at)
            for at, part in enumerate(self._read(node.inputs[0]))
        ]
        self._ready[node.outputs[None]] = self._regrouped(dealt, bundles.joined)

    def _group(self, node: AppliedPTransform) -> None:
        dealt = [self._task(bundles.split_by_key, part, self._parts) for part in self._read(node.inputs[0])]
        self._ready[node.outputs[None]] = self._regrouped(dealt, bundles.grouped)

    def _regrouped(self, dealt: Parts, join: Callable[..., Elements]) -> Parts:
        """Parts of everything that was dealt to them."""
        of_part = [[self._task(itemgetter(at), one) for one in dealt] for at in range(self._parts)]
        return [self._task(join, parts) for parts in of_part]

    # ------------------------------------------------------------ collections

    def _read(self, collection: PCollection[Any]) -> Parts:
        """The parts of a collection, for one of its readers; the last one leaves Dask free to forget them."""
        if collection in self._open:
            self._send(self._open[collection])
        self._readers[collection] -= 1
        return self._ready[collection] if self._readers[collection] else self._ready.pop(collection)

    def _side_input(self, view: AsSideInput) -> Future:
        """All elements of a side input, as one value, when they are there."""
        collection = view.pvalue
        if collection in self._seen:
            self._readers[collection] -= 1
        else:
            self._seen[collection] = self._value(bundles.joined(self._client.gather(self._read(collection))))
        return self._seen[collection]

    def _send(self, stage: _OpenStage) -> None:
        """Send out a stage; what of its output is still to be read is kept."""
        kept = {one: number for one, number in stage.numbers.items() if self._readers[one]}
        for one in stage.numbers:
            del self._open[one]
        code = self._task(_same, bundles.encoded(Stage(tuple(stage.steps), frozenset(kept.values()))))
        ran = [self._task(bundles.run_stage, code, part, stage.side_inputs) for part in stage.parts]
        for one, number in kept.items():
            self._ready[one] = [self._task(itemgetter(number), part) for part in ran]
        self._last.extend([] if kept else ran)

    def _value(self, elements: Elements) -> Future:
        """Elements as a task: what is lost with a worker, Dask can make again."""
        return self._task(bundles.decoded, bundles.encoded(elements))

    def _task(self, function: Callable[..., Any], *arguments: Any) -> Future:
        return self._client.submit(function, *arguments, pure=False)


def _same(data: bytes) -> bytes:
    return data


def _read_by(node: AppliedPTransform) -> Sequence[PCollection[Any]]:
    return [*node.inputs, *(view.pvalue for view in node.side_inputs)]


def _runnable(node: AppliedPTransform) -> beam.ParDo:
    """The step of a node, if it is one that Dask can run."""
    transform = node.transform
    if not isinstance(transform, beam.ParDo):
        raise UnusableError(f"{_REFUSED}{node.full_label} is a {type(transform).__name__}")
    signature = DoFnSignature(transform.fn)
    if signature.is_stateful_dofn() or signature.is_splittable_dofn():
        kind = "keeps state" if signature.is_stateful_dofn() else "is a splittable source"
        raise UnusableError(f"{_REFUSED}{node.full_label} {kind}")
    return transform


_REFUSED: Final = "--runner DaskRunner runs the backfill, and no stream: "
_TRANSLATIONS: Final[dict[type, Callable[[_Translation, AppliedPTransform], None]]] = {
    _Create: _Translation._create,
    beam.Impulse: _Translation._create,
    _Flatten: _Translation._flatten,
    _Reshuffle: _Translation._reshuffle,
    _GroupByKeyOnly: _Translation._group,
}
