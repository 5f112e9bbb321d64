"""From the author's `repeats` to the kernel's.

Pure. Called by `compile.preparation`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.repeats import Repeats
from kittiwake.rules.compile.match import matches_of_types, path_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.repeats import RepeatsObject


def repeats_of(written: RepeatsObject) -> Repeats:
    """One entry."""
    of = matches_of_types(written.event, written.where)
    return Repeats(of, path_of(written.same), span_us(written.within))
