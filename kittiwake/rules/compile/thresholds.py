"""From `reaches` to the kernel's thresholds.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.periods import Period
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.rules.compile.match import path_of
from kittiwake.rules.model.thresholds import ReachesObject


def reaches_of(written: ReachesObject | None) -> Reaches | None:
    """The thresholds."""
    if written is None:
        return None
    period = Period(written.within) if written.within else None
    return Reaches(path_of(written.sum) if written.sum else None, tuple(written.at), period)
