"""From the author's `derive` to the kernel's.

Pure. Called by `compile.preparation`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.derive import Derivation
from kittiwake.rules.compile.match import matches_of, path_of
from kittiwake.rules.model.derive import DeriveObject


def derivation_of(written: DeriveObject) -> Derivation:
    """One entry."""
    return Derivation(
        written.event, matches_of(written.from_), path_of(written.each), tuple(written.keep or ()), written.as_
    )
