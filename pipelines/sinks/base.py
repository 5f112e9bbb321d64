"""The contract of a sink of the job: the sink of the graph, with its preflight question and what it makes ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.transforms.sinks.base import Sink


class JobSink(Sink, Protocol):
    """A sink with its settings, as the options ask for it. Values are frozen and equal by content."""

    def prepare(self, report: Callable[[str], None]) -> None:
        """At a launch, before the check: make what is missing, and report each thing made.

        Raises:
            UnusableError: it cannot be made; one line a problem.
        """

    def check(self, findings: Findings) -> None:
        """The preflight question: find out, and report, whether it can be written to. Nothing is changed."""
