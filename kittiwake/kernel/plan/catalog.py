"""Catalogue rules, compiled: which change of an item, and whom it concerns.

Read by `kernel.run.catalog`, and by the join that brings item changes to contacts (`kernel.plan.catalog_plan`).
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.match import Matches
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
