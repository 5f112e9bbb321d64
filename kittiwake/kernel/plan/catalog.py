"""Catalogue rules, compiled: which change of an item, and whom it concerns.

Read by `kernel.run.catalog`, and by the join that brings item changes to contacts (`kernel.plan.catalog_plan`).
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.match import Comparison, Matches, Other, Predicate, leaves_of
from kittiwake.values import Path


class Catalog(msgspec.Struct, frozen=True):
    """What a catalogue rule asks."""

    change: Change
    """`path` is one of the item."""
    interest: Matches
    """Events of the contact that show interest."""
    item: Path
    """The property of theirs that names the item."""
    within_us: int
    """How long interest lasts."""
    since_interest: bool = False
    """Whether the value is compared with what it was at the newest interest, and not with what it was before."""
    shown: tuple[str, ...] = ()
    """Properties of the newest interest event that `include` needs, sorted."""
    memory: str = ""
    """What is remembered of interest, see `layouts`; filled in when the program is built."""
    where: Predicate | None = None
    """What the item's values must be after the change, and stay while it is pending or deferred; each is named by its
    dotted path, as one segment."""

    def asked_of_item(self) -> tuple[str, ...]:
        """The values of the item that `where` reads, by dotted path, sorted."""
        found: set[str] = set()
        for one in () if self.where is None else leaves_of(self.where):
            assert isinstance(one, Comparison), "no change of an attribute stands in a where"
            if not one.of_contact:
                found.update(one.path)
            if isinstance(one.operand, Other) and not one.operand.of_contact:
                found.update(one.operand.path)
        return tuple(sorted(found))
