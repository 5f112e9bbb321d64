"""Trees of conditions, compiled: what `given`, `still` and `audience` ask of a contact.

Read by `kernel.evaluate.conditions` and, for what events are needed, by `plan.build`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from kittiwake.kernel.plan.match import Predicate


class Leaf(msgspec.Struct, frozen=True):
    """A question about the contact's history: the condition at `index` of `RuleProgram.conditions`."""

    index: int


class OfContact(msgspec.Struct, frozen=True, weakref=True):
    """A question about the contact's attributes at that instant; every comparison in it is `of_contact`."""

    where: Predicate


class AllHold(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class AnyHolds(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class NotHolds(msgspec.Struct, frozen=True):
    part: Tree


Question: TypeAlias = Leaf | OfContact
Tree: TypeAlias = Leaf | OfContact | AllHold | AnyHolds | NotHolds


def questions(tree: Tree | None) -> Iterator[Question]:
    """The questions of a tree, in its order."""
    match tree:
        case Leaf() | OfContact():
            yield tree
        case AllHold(parts) | AnyHolds(parts):
            for part in parts:
                yield from questions(part)
        case NotHolds(part):
            yield from questions(part)


def of_history(tree: Tree | None) -> list[int]:
    """The indices of the questions about history."""
    return [one.index for one in questions(tree) if isinstance(one, Leaf)]


def of_contact(tree: Tree | None) -> list[OfContact]:
    """The questions about attributes."""
    return [one for one in questions(tree) if isinstance(one, OfContact)]


def is_list_of_history(tree: Tree) -> bool:
    """Whether it says no more than that each of some history conditions has to hold."""
    parts = tree.parts if isinstance(tree, AllHold) else (tree,)
    return all(isinstance(part, Leaf) for part in parts)
