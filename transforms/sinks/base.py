"""The contract of a sink: what the evaluation of a stream hands to it. Subclass nothing; write a PTransform.

A sink is one file beside this one. It is of one of two kinds:

- `SinkKind.DECISIONS`: its PTransform takes the decisions, and returns dead letters of what it could not send.
- `SinkKind.RECORDS`: its PTransform takes `SinkInputs`, which hold the dead letters of the first kind, too.

A sink never drops a record silently: what it refuses becomes a dead letter, or is counted and logged. A bundle that is
tried again writes its records again, so each write has to be idempotent or to carry an id by which readers deduplicate.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple, Protocol

import apache_beam as beam
from apache_beam.pvalue import PCollection


class SinkInputs(NamedTuple):
    """All records of a stream, encoded by `kittiwake.stream.records.encode`, in no order, at least once."""

    decisions: PCollection[bytes]
    """`DecisionRecord`: every decision, whatever its outcome, and every correction of one."""
    dead_letters: PCollection[bytes]
    """`DeadLetterRecord`."""
    late_events: PCollection[bytes]
    """`LateEventRecord`."""


class SinkKind(Enum):
    """What a sink takes."""

    DECISIONS = auto()
    RECORDS = auto()


class Sink(Protocol):
    """A sink with its settings, as a graph attaches it."""

    @property
    def kind(self) -> SinkKind:
        """What its step takes."""

    @property
    def label(self) -> str:
        """Of its step. It never changes: a runner updates a running job by it."""

    def step(self) -> beam.PTransform:
        """The step itself.

        Raises:
            UnusableError: something that the step needs on this machine is missing.
        """
