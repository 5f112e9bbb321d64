"""Progress of the job: numbers for a person who waits, on which nothing else depends.

One object a process, since a step cannot know who watches; `kittiwake.pipelines.progress` polls it. For workers
elsewhere the same numbers are counters of the runner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apache_beam.metrics.metric import Metrics

NAMESPACE: Final = "kittiwake"
"""Of the counters, whose names are the fields of `ProgressCounters`."""


@dataclass
class ProgressCounters:
    """The work of this process so far."""

    bytes_read: int = 0
    contacts: int = 0
    """Decided."""
    buckets: int = 0
    """Partitions of contacts whose contacts have all been decided."""

    def read(self, size: int) -> None:
        """Count bytes that have been read from a file."""
        self.bytes_read += size
        _BYTES_READ.inc(size)

    def decided(self, contacts: int) -> None:
        """Count a partition whose contacts have all been decided."""
        self.contacts += contacts
        self.buckets += 1
        _CONTACTS.inc(contacts)
        _BUCKETS.inc()

    def reset(self) -> None:
        """Start a new run."""
        self.bytes_read = self.contacts = self.buckets = 0


_BYTES_READ: Final = Metrics.counter(NAMESPACE, "bytes_read")
_CONTACTS: Final = Metrics.counter(NAMESPACE, "contacts")
_BUCKETS: Final = Metrics.counter(NAMESPACE, "buckets")
PROGRESS: Final = ProgressCounters()
