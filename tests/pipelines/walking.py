"""A graph, walked: its steps, and which collections are read. Called by the tests of graphs."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor


class Walk(PipelineVisitor):
    """Collects every step and every collection that is read."""

    def __init__(self) -> None:
        self.steps: list[AppliedPTransform] = []
        self.read: set[object] = set()

    def enter_composite_transform(self, transform_node: AppliedPTransform) -> None:
        self.visit_transform(transform_node)

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        self.steps.append(transform_node)
        self.read.update(transform_node.inputs)
        self.read.update(view.pvalue for view in transform_node.side_inputs)


def walked(pipeline: beam.Pipeline) -> Walk:
    """The walk through a pipeline."""
    found = Walk()
    pipeline.visit(found)
    return found
