"""How far this process has come: numbers for a person who waits, and for nobody else.

One object a process, since a step cannot know who watches. Exact when the runner works in this process;
other workers' progress is not seen. Nothing depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass
class Seen:
    """What the steps of this process have done so far."""

    bytes_read: int = 0
    contacts: int = 0

    def read(self, size: int) -> None:
        """Bytes have been read from a file."""
        self.bytes_read += size

    def reset(self) -> None:
        """A new run starts."""
        self.bytes_read = self.contacts = 0


SEEN: Final = Seen()
