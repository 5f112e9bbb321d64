"""`digest`, compiled: how many instances one trigger lists, and which of them first.

Read by `kernel.evaluate.digest`.
"""

from __future__ import annotations

import msgspec


class Digest(msgspec.Struct, frozen=True):
    """What a rule has due for a contact at one release leaves together."""

    max_listed: int
    field: str | None = None
    """The number among the fields of `include` by which the best is found; None: the newest stand first."""
    is_highest_best: bool = True
