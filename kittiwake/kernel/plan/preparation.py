"""The preparation of events: what becomes of each before the rules see it, of one version of an account.

Made by `rules.compile.preparation`, what "*" says first; part of a program's `Routes`, read by `run.preparation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from kittiwake.kernel.plan.cast import Cast
from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.repeats import Repeats


class Preparation(msgspec.Struct, frozen=True):
    """In the order in which it is done; each part in the order in which it is written."""

    casts: tuple[Cast, ...] = ()
    repeats: tuple[Repeats, ...] = ()
    derivations: tuple[Derivation, ...] = ()

    def named(self) -> frozenset[str]:
        """The types that it names, those of derived events included."""
        derived = frozenset(one.event for one in self.derivations)
        types = [*(one.types for one in self.casts), *(match.types for match in self._matches())]
        return derived.union(*types)

    def needed(self, is_needed: Callable[[str], bool]) -> Preparation:
        """Without the derivations of types that nobody needs."""
        kept = tuple(one for one in self.derivations if is_needed(one.event))
        return self if len(kept) == len(self.derivations) else msgspec.structs.replace(self, derivations=kept)

    def parents(self) -> Iterator[Match]:
        """The matches of the events that others are derived from."""
        for one in self.derivations:
            yield from one.parents

    def reads(self, event_type: str) -> bool:
        """Whether it reads the properties of events of this type, to drop them or to derive from them."""
        return any(match.covers(event_type) for match in self._matches())

    def _matches(self) -> Iterator[Match]:
        for one in self.repeats:
            yield from one.of
        yield from self.parents()


UNPREPARED: Final = Preparation()
"""Every event is seen as it came in."""
