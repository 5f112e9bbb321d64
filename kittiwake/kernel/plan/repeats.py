"""`repeats`, compiled: which events are dropped that come again under a value of one that counted.

Read by `kernel.run.repeats`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.match import Matches
from kittiwake.values import Path


class Repeats(msgspec.Struct, frozen=True):
    """Events of a match that bring a value again. Its matches ask nothing of the contact."""

    of: Matches
    same: Path
    within_us: int
    memory: str = ""
    """What a state remembers of it, see `layouts`; filled in when the program is built."""
