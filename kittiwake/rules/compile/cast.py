"""From the author's `cast` to the kernel's.

Pure. Called by `compile.preparation`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.kernel.plan.cast import Cast, Epoch
from kittiwake.rules.compile.match import path_of, paths_of, types_of
from kittiwake.rules.model.cast import CastObject


def casts_of(written: CastObject) -> list[Cast]:
    """One cast for `"*"`, and one for the named types it does not cover."""
    types = types_of(written.event)
    counted = written.instant.counted() if written.instant is not None else {}
    numbers, instants = paths_of(written.number), tuple((path_of(k), Epoch(v)) for k, v in counted.items())
    named = frozenset(name for name in types if "*" not in types or name.startswith(UNMATCHED_BY_ANY))
    found = [Cast(frozenset(), numbers, instants)] if "*" in types else []
    return [*found, Cast(named, numbers, instants)] if named else found
