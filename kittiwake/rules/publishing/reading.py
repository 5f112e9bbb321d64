"""The pointer and the versions of a target, read and checked; what is wrong with them has a name and a remedy.

Called by `loading`, `publish` and `freezing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from kittiwake.rules.by_account import ByAccount, read_by_account
from kittiwake.rules.errors import REFUSED_LATER, RuleError, RulesError
from kittiwake.rules.loader import load_files
from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.bounds import VERSIONS_MAX
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.layout import Entry, Pointer, VersionFile
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.versions import RuleSetVersion


class HeldPointer(NamedTuple):
    """The pointer as it was read."""

    pointer: Pointer
    generation: str | None
    """None: there was none."""


def pointer_or_nothing(target: Target) -> HeldPointer:
    """The pointer of a target; `NOTHING` if nothing has been published into it.

    Raises:
        TargetError: it is none that this release can read, or what it says cannot be.
    """
    held = target.read(layout.POINTER)
    if held is None:
        return HeldPointer(layout.NOTHING, None)
    try:
        pointer = layout.pointer_in(held.data)
        _check(pointer)
    except ValueError as error:
        advice = "Bring back an earlier generation of it, or publish into a new target"
        raise TargetError(f"{target.location}/{layout.POINTER} cannot be read: {error}. {advice}.") from None
    return HeldPointer(pointer, held.generation)


def pointer_of(target: Target) -> HeldPointer:
    """The pointer of a target that has one.

    Raises:
        TargetError: there is none, or it cannot be read.
    """
    found = pointer_or_nothing(target)
    if found.generation is None:
        advice = f"Check its name, or begin with: kittiwake publish DIR {target.location} --effective-from always"
        raise TargetError(f"{target.location} has no {layout.POINTER}: nothing has been published into it. {advice}.")
    return found


def _check(pointer: Pointer) -> None:
    """Refuses, as a ValueError, what no publishing leaves behind."""
    if not 1 <= len(pointer.versions) <= VERSIONS_MAX:
        raise ValueError(f"it names {len(pointer.versions)} versions, and a target has 1 to {VERSIONS_MAX}")
    if pointer.frozen_at is not None:
        layout.instant_us(pointer.frozen_at)
    before: int | None = None
    for number, entry in enumerate(pointer.versions):
        start = layout.start_us(entry.effective_from)
        if number and (start is None or (before is not None and start <= before)):
            raise ValueError(f"its versions do not rise: {entry.effective_from} comes after a version as late")
        if entry.file != layout.version_name(entry.effective_from, entry.ruleset_version):
            raise ValueError(f"{entry.file[:128]!r} is not where that version is kept")
        before = start


# ---------------------------------------------------------------- a version


def version_of(target: Target, entry: Entry, *, by_account: bool = False) -> RuleSetVersion:
    """The version that an entry of the pointer names.

    Raises:
        TargetError: it is not there, not as it was published, or this release makes other rules of it.
        RulesError: this release refuses the rules in it; with `by_account` only if that concerns every account.
    """
    return version_in(file_of(target, entry), target, entry, by_account=by_account)


def version_in(file: VersionFile, target: Target, entry: Entry, *, by_account: bool = False) -> RuleSetVersion:
    """The version of a file that was read.

    Raises:
        TargetError: this release makes other rules of it.
        RulesError: as of `version_of`.
    """
    where = f"{target.location}/{entry.file}"
    return RuleSetVersion(layout.start_us(entry.effective_from), *_rules(where, file, entry, by_account))


def file_of(target: Target, entry: Entry) -> VersionFile:
    """The file of a version: its texts, and what its publisher said of it.

    Raises:
        TargetError: it is not there, or not as it was published.
    """
    where = f"{target.location}/{entry.file}"
    held = target.read(entry.file)
    if held is None:
        raise TargetError(f"{where} is missing, and the pointer names it. Bring it back from a copy of the target.")
    if layout.sha256(held.data) != entry.sha256:
        advice = "Bring it back from a copy of the target: a version never changes, publish a new one instead"
        raise TargetError(f"{where} is not what was published: its SHA-256 is another. {advice}.")
    try:
        return layout.version_in(held.data)
    except ValueError as error:
        raise TargetError(f"{where} cannot be read: {error}. Read it with the release that wrote it.") from None


def _rules(where: str, file: VersionFile, entry: Entry, by_account: bool) -> ByAccount:
    try:
        files = contents(file.files)
        if by_account:
            ruleset, refused = read_by_account(files, forgiven=REFUSED_LATER)
        else:
            ruleset, refused = load_files(files, forgiven=REFUSED_LATER), {}
    except RulesError as error:
        raise RulesError(_placed(where, error.errors)) from None
    refused = {account_id: _placed(where, errors) for account_id, errors in refused.items()}
    if (file.effective_from, file.ruleset_version) != (entry.effective_from, entry.ruleset_version):
        raise TargetError(f"{where} holds another version than the pointer says. Bring both back from one copy.")
    if refused:  # what is left of the version goes by its name
        return ByAccount(replace(ruleset, version=entry.ruleset_version), refused)
    if ruleset.version != entry.ruleset_version:
        advice = "Run the release that published it, or publish its files into a new target with this one"
        raise TargetError(f"{where} has the ruleset_version {ruleset.version} in this release. {advice}.")
    return ByAccount(ruleset, refused)


def _placed(where: str, errors: Iterable[RuleError]) -> tuple[RuleError, ...]:
    return tuple(one._replace(file=f"{where}/{one.file}") for one in errors)


def contents(files: dict[str, str]) -> dict[str, bytes]:
    """Files as the loader takes them."""
    return {name: text.encode() for name, text in files.items()}
