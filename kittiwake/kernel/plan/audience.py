"""`audience`, compiled: a tree over the rule's history conditions.

Read by `kernel.run.audience`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Leaf(msgspec.Struct, frozen=True):
    """A leaf of an audience tree: the condition at `index` of `RuleProgram.conditions`."""

    index: int


class AllHold(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class AnyHolds(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class NotHolds(msgspec.Struct, frozen=True):
    part: Tree


Tree: TypeAlias = Leaf | AllHold | AnyHolds | NotHolds


class Audience(msgspec.Struct, frozen=True):
    tree: Tree
    emits_exit: bool
