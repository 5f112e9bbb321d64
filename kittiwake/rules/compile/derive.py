"""From the author's `derive` to the kernel's.

Pure. Called by `compile.preparation`; its input has been checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.match import Match
from kittiwake.rules.compile.match import matches_of, path_of
from kittiwake.rules.model.derive import DeriveObject

if TYPE_CHECKING:
    from kittiwake.input.shapes.base import Lines


def derivation_of_lines(lines: Lines) -> Derivation:
    """What an input's shape derives by itself."""
    return Derivation(lines.event, (Match(frozenset({lines.parent})),), (lines.each,), lines.keep)


def derivation_of(written: DeriveObject) -> Derivation:
    """One entry."""
    return Derivation(
        written.event, matches_of(written.from_), path_of(written.each), tuple(written.keep or ()), written.as_
    )
