"""How far the job has come: numbers for a person who waits, and for nobody else.

One object a process, since a step cannot know who watches: whoever started the job and looks (`pipelines.progress`).
For workers elsewhere the same numbers are counters of the runner. Nothing depends on either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apache_beam.metrics.metric import Metrics

NAMESPACE: Final = "kittiwake"
"""Of the counters, which are called as the fields of `ProgressCounters`."""


@dataclass
class ProgressCounters:
    """What the steps of this process have done so far."""

    bytes_read: int = 0
    contacts: int = 0
    """Decided."""
    buckets: int = 0
    """Of contacts, all of them decided."""

    def read(self, size: int) -> None:
        """Bytes have been read from a file."""
        self.bytes_read += size
        _BYTES_READ.inc(size)

    def decided(self, contacts: int) -> None:
        """All contacts of a bucket have been decided."""
        self.contacts += contacts
        self.buckets += 1
        _CONTACTS.inc(contacts)
        _BUCKETS.inc()

    def reset(self) -> None:
        """A new run starts."""
        self.bytes_read = self.contacts = self.buckets = 0


_BYTES_READ: Final = Metrics.counter(NAMESPACE, "bytes_read")
_CONTACTS: Final = Metrics.counter(NAMESPACE, "contacts")
_BUCKETS: Final = Metrics.counter(NAMESPACE, "buckets")
PROGRESS: Final = ProgressCounters()
