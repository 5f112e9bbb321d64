"""The versions of a rule set over time: which rules are in force at an instant.

Pure, immutable, picklable. Made by the loader of targets (`publishing.loading`) and by `always`; read by hosts
(section 11 of semantics.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import msgspec

from kittiwake.rules.errors import RuleError
from kittiwake.rules.ruleset import RuleSet

NOBODY: Final[Mapping[str, tuple[RuleError, ...]]] = {}


class RuleSetVersion(msgspec.Struct, frozen=True):
    """A rule set, and the instant from which it is in force."""

    effective_us: int | None
    """At the beginning of this instant it comes into force. None: it has been in force always."""
    ruleset: RuleSet
    refused: dict[str, tuple[RuleError, ...]] = {}
    """Accounts whose rules in it cannot be run, and why: the version before stays in force for them."""

    def begins_by(self, time_us: int) -> bool:
        """Whether it has come into force at an instant."""
        return self.effective_us is None or self.effective_us <= time_us


class RuleSetHistory(msgspec.Struct, frozen=True):
    """At least one version, rising by when they come into force; only the first can have been there always.

    Raises:
        ValueError: the versions are no such list, which is a bug of whoever made it.
    """

    versions: tuple[RuleSetVersion, ...]
    frozen_at_us: int | None = None
    """Nothing is decided beyond this instant. None: the rule set is not frozen."""

    def __post_init__(self) -> None:
        if not self.versions:
            raise ValueError("a history of a rule set has at least one version")
        starts = [version.effective_us for version in self.versions]
        if None in starts[1:]:
            raise ValueError("only the first version of a rule set can have been in force always")
        known = [start for start in starts if start is not None]
        if any(later <= earlier for earlier, later in pairwise(known)):
            raise ValueError("each version of a rule set comes into force after the one before")

    def in_force(self, time_us: int) -> RuleSetVersion | None:
        """The version in force at an instant: the newest that has begun. None: before the first."""
        return next((version for version in reversed(self.versions) if version.begins_by(time_us)), None)

    @property
    def newest(self) -> RuleSetVersion:
        """The version published last; it may not be in force yet."""
        return self.versions[-1]


def always(ruleset: RuleSet, refused: Mapping[str, tuple[RuleError, ...]] = NOBODY) -> RuleSetHistory:
    """The history of rules that are run without versions: one version, in force always, never frozen."""
    return RuleSetHistory((RuleSetVersion(None, ruleset, dict(refused)),))
