"""`include`, compiled: the author's fields of a trigger.

Read by `kernel.evaluate.include`.
"""

from __future__ import annotations

import msgspec

from kittiwake.values import Path


class Include(msgspec.Struct, frozen=True):
    name: str
    path: Path
    of_contact: bool = False
