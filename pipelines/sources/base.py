"""The contract of a source: where a streaming job's messages come from, with its settings read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import apache_beam as beam

from kittiwake.pipelines.flags import JobSettings
from kittiwake.pipelines.preflight.findings import Findings


class Source(Protocol):
    """A source with its settings. Values are frozen and equal by content."""

    def step(self, job: JobSettings) -> beam.PTransform:
        """The step that brings messages, as Beam's `PubsubMessage`.

        Raises:
            UnusableError: it cannot be read.
        """

    def check(self, findings: Findings) -> None:
        """The preflight question: find out, and report, whether it can be read. Nothing is taken from it."""

    def notes(self, job: JobSettings) -> Iterable[str]:
        """What a person should know before the launch."""

    @property
    def watermark_clock(self) -> str:
        """By which time the watermark moves, in words."""

    @property
    def stop_message(self) -> str:
        """What a person reads who has stopped a job that ran in this process, or from it."""
