"""The preparation of events: what becomes of each before the rules see it, of one version of an account.

Made by `rules.compile.preparation`, what "*" says first; part of a program's `Routes`, read by `run.preparation`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kittiwake.kernel.plan.cast import Cast


class Preparation(msgspec.Struct, frozen=True):
    """Casts, in the order in which they are made."""

    casts: tuple[Cast, ...] = ()

    def named(self) -> frozenset[str]:
        """The types that it names."""
        return frozenset[str]().union(*(one.types for one in self.casts))


UNPREPARED: Final = Preparation()
"""Every event is seen as it came in."""
