"""`sequence`, compiled.

Read by `kernel.run.sequence`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.match import Matches


class Sequence(msgspec.Struct, frozen=True):
    """An in-order chain; an event less than `within_us` after the first completes it."""

    steps: tuple[Matches, ...]
    within_us: int
