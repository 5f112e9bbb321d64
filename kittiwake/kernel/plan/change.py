"""A change of an attribute of the contact, compiled.

Read by `kernel.evaluate.change`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kittiwake.values import Path, Scalar


class ChangeKind(StrEnum):
    """How a value changes."""

    DROPS_BY = "drops_by"
    RISES_BY = "rises_by"
    DROPS_BELOW = "drops_below"
    RISES_ABOVE = "rises_above"
    BECOMES = "becomes"
    CHANGES = "changes"


class Change(msgspec.Struct, frozen=True):
    """How an attribute differs from what it was before the `contact.updated` that is asked about, which names it."""

    path: Path
    kind: ChangeKind
    operand: Scalar
    """By how much, which bound, or to which value; CHANGES: true."""
    percent: bool = False
    """Whether it changes by so many hundredths of what it was."""
    before: tuple[Scalar, ...] = ()
    """One of these it has to have been; none: anything."""
