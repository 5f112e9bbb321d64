"""The whole history of a target, and the one entry for hosts that take either a target or rules files."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from kittiwake.rules.by_account import load_by_account
from kittiwake.rules.loader import load
from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import Entry
from kittiwake.rules.publishing.opening import is_target, open_target
from kittiwake.rules.publishing.reading import pointer_of, version_of
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion, always


def load_rules(*paths: Path | str, by_account: bool = False) -> RuleSetHistory:
    """What `paths` say is in force when: a target, named alone, its versions; files and folders, one that is always.

    `by_account`: what is wrong with the rules of one account keeps nobody else's from being run
    (`RuleSetVersion.refused`). A bucket is given as text: a `Path` makes one slash of two.

    Raises:
        RulesError: with everything that is wrong with the rules.
        TargetError: the target cannot be read, or something else is named beside it.
    """
    targets = [str(path) for path in paths if is_target(str(path))]
    if not targets:
        return always(*load_by_account(*paths)) if by_account else always(load(*paths))
    if len(paths) > 1:
        raise TargetError(f"{targets[0]} has published versions, which stand alone. Name no other rules beside it.")
    return load_history(open_target(targets[0]), by_account=by_account)


def load_history(target: Target, *, by_account: bool = False) -> RuleSetHistory:
    """Every version of a target, each checked against what the pointer says of it.

    Raises:
        TargetError: the pointer or a version is missing, altered, or not what this release can read.
        RulesError: this release refuses the rules of a version; its file is named in front of theirs.
            With `by_account` only if that concerns every account.
    """
    return read_anew(target, NOTHING_READ, by_account=by_account).history


class Reading(NamedTuple):
    """A target as it was read: what its pointer named, and what that is."""

    entries: tuple[Entry, ...]
    versions: tuple[RuleSetVersion, ...]
    frozen_at_us: int | None

    @property
    def history(self) -> RuleSetHistory:
        """For hosts."""
        return RuleSetHistory(self.versions, self.frozen_at_us)


NOTHING_READ: Final = Reading((), (), None)


def read_anew(target: Target, before: Reading, *, by_account: bool = False) -> Reading:
    """The target by now. Versions that `before` has, by name and SHA-256, are not read again.

    Raises:
        TargetError: as `load_history`; or the pointer does not name, in front, what it named before.
        RulesError: as `load_history`.
    """
    pointer, had = pointer_of(target).pointer, len(before.entries)
    if pointer.versions[:had] != before.entries:
        message = f"{target.location}/{layout.POINTER} does not name all versions any more that it named before"
        raise TargetError(f"{message}. Bring back its newest generation: what is published never changes.")
    coming = tuple(version_of(target, entry, by_account=by_account) for entry in pointer.versions[had:])
    frozen_at_us = None if pointer.frozen_at is None else layout.instant_us(pointer.frozen_at)
    return Reading(pointer.versions, (*before.versions, *coming), frozen_at_us)
