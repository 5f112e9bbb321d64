"""The whole history of a target, and the one entry for hosts that take either a target or rules files."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from kittiwake.rules.by_account import load_by_account, read_by_account
from kittiwake.rules.loader import load, load_files
from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import Entry, Pointer, VersionFile
from kittiwake.rules.publishing.opening import is_target, open_target
from kittiwake.rules.publishing.reading import file_of, pointer_of, version_in, version_of
from kittiwake.rules.publishing.revisions import is_revision, read_revision
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion, always


def load_rules(*paths: Path | str, by_account: bool = False) -> RuleSetHistory:
    """What `paths` say is in force when: a target, named alone, its versions; files and folders, one that is always.

    `TARGET@VERSION`, by its `ruleset_version`, is one version of a target, and `REVISION:PATH` what stands in a
    revision of Git: each in force always, and named alone.
    `by_account`: what is wrong with the rules of one account keeps nobody else's from being run
    (`RuleSetVersion.refused`). A bucket is given as text: a `Path` makes one slash of two.

    Raises:
        RulesError: with everything that is wrong with the rules.
        TargetError: the target, version or revision cannot be read, or something else is named beside it.
    """
    alone = [text for path in paths if is_target(text := str(path)) or is_version(text) or is_revision(text)]
    if not alone:
        return always(*load_by_account(*paths)) if by_account else always(load(*paths))
    if len(paths) > 1:
        what = "names a revision, which stands" if is_revision(alone[0]) else "has published versions, which stand"
        raise TargetError(f"{alone[0]} {what} alone. Name no other rules beside it.")
    if is_target(alone[0]):
        return load_history(open_target(alone[0]), by_account=by_account)
    if is_version(alone[0]):
        return _load_version(*alone[0].rsplit("@", 1), by_account=by_account)
    contents = read_revision(alone[0])
    return always(*read_by_account(contents)) if by_account else always(load_files(contents))


def is_version(text: str) -> bool:
    """Whether a text names one version of a target."""
    location, at, version = text.rpartition("@")
    return bool(location and at and version) and is_target(location) and not Path(text).exists()


def _load_version(location: str, version: str, *, by_account: bool) -> RuleSetHistory:
    """A version of a target, as one that has been in force always.

    Raises:
        TargetError: there is none of that name.
    """
    versions = load_history(open_target(location), by_account=by_account).versions
    found = [one for one in versions if one.ruleset.version == version]
    if not found:
        known = ", ".join(dict.fromkeys(one.ruleset.version for one in versions))
        raise TargetError(f"{location} has no version {version}. It has: {known}.")
    return RuleSetHistory((replace(found[-1], effective_us=None),))


def load_history(target: Target, *, by_account: bool = False) -> RuleSetHistory:
    """Every version of a target, each checked against what the pointer says of it.

    Raises:
        TargetError: the pointer or a version is missing, altered, or not what this release can read.
        RulesError: this release refuses the rules of a version; its file is named in front of theirs.
            With `by_account` only if that concerns every account.
    """
    return read_anew(target, NOTHING_READ, by_account=by_account).history


class Published(NamedTuple):
    """All that stands in a target."""

    history: RuleSetHistory
    files: tuple[VersionFile, ...]
    """Of each version, what its publisher said of it."""


def load_published(target: Target) -> Published:
    """As `load_history`, with the files of the versions, each of which is read once.

    Raises:
        TargetError: as there.
        RulesError: likewise.
    """
    pointer = pointer_of(target).pointer
    files = tuple(file_of(target, entry) for entry in pointer.versions)
    versions = tuple(version_in(file, target, entry) for file, entry in zip(files, pointer.versions, strict=True))
    return Published(RuleSetHistory(versions, _frozen_at_us(pointer)), files)


def _frozen_at_us(pointer: Pointer) -> int | None:
    return None if pointer.frozen_at is None else layout.instant_us(pointer.frozen_at)


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
    return Reading(pointer.versions, (*before.versions, *coming), _frozen_at_us(pointer))
