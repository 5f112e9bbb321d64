"""`reaches`, compiled.

Read by `kernel.run.thresholds`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.periods import Period
from kittiwake.values import Number, Path


class Reaches(msgspec.Struct, frozen=True):
    """Thresholds of the number of matches (`path` None) or of the sum of `path`, rising."""

    path: Path | None
    at: tuple[Number, ...]
    period: Period | None = None
    """The total counts anew in each of these; None: over all time."""
