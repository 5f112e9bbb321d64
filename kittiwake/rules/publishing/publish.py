"""Add a version to a target: check everything, write the version, then move the pointer.

Until the pointer has moved nothing has happened: what a crashed publisher leaves is a version nobody reads, and a
repeat takes it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.errors import RuleError, RulesError
from kittiwake.rules.loader import load_files
from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.bounds import LEAD_MAX_US, MIN_LEAD_US, OBJECT_BYTES_MAX, VERSIONS_MAX
from kittiwake.rules.publishing.changes import Change, changes
from kittiwake.rules.publishing.errors import ExistsError, TargetError, UnchangedError
from kittiwake.rules.publishing.layout import Entry, Pointer, VersionFile
from kittiwake.rules.publishing.reading import HeldPointer, pointer_or_nothing, version_of
from kittiwake.rules.publishing.target import Target
from kittiwake.rules.ruleset import RuleSet
from kittiwake.rules.versions import RuleSetVersion
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import SECOND_US, format_instant


class Words(NamedTuple):
    """What a publisher says of a version."""

    message: str
    """Why; empty: nothing is said, by nobody."""
    author: str
    commit: str


NO_WORDS: Final = Words("", "", "")


class Publication(NamedTuple):
    """A version that has passed every check, and what it changes."""

    version: RuleSetVersion
    file: VersionFile
    name: str
    """Where in the target it is kept."""
    before: RuleSetVersion | None
    """The newest version until now; None: it is the first."""
    changes: tuple[Change, ...]
    """Against `before`, or against no rules at all."""
    held: HeldPointer
    """The pointer it was checked against."""


def publish(
    target: Target,
    files: Mapping[str, bytes],
    effective_us: int | None,
    now_us: int,
    min_lead_us: int = MIN_LEAD_US,
) -> Publication:
    """Publish rules files, name to bytes, as the version in force from `effective_us`; None: always.

    Raises:
        RulesError: with everything that is wrong with the rules, or that this release does not run.
        UnchangedError: the newest version says the same.
        ConflictError: somebody else has published meanwhile.
        TargetError: the instant is refused, or the target cannot be read or written.
    """
    prepared = prepare(target, files, effective_us, now_us, min_lead_us)
    carry_out(target, prepared)
    return prepared


def prepare(
    target: Target,
    files: Mapping[str, bytes],
    effective_us: int | None,
    now_us: int,
    min_lead_us: int = MIN_LEAD_US,
    words: Words = NO_WORDS,
) -> Publication:
    """All of `publish` but the writing; raises what it raises."""
    ruleset = checked(files)
    held = pointer_or_nothing(target)
    _check_changes(target, held.pointer, ruleset)
    _check_start(target, held.pointer, effective_us, now_us, min_lead_us)
    version = RuleSetVersion(effective_us, ruleset)
    file = _version_file(target, version, files, now_us, words)
    name = layout.version_name(file.effective_from, file.ruleset_version)
    before = version_of(target, held.pointer.versions[-1]) if held.pointer.versions else None
    changed = changes(before.ruleset if before else RuleSet(), ruleset)
    return Publication(version, file, name, before, changed, held)


def require_lead(target: Target, prepared: Publication, now_us: int, min_lead_us: int) -> None:
    """Refuse a version whose start has come too near since it was prepared.

    Raises:
        TargetError: jobs may not hear of it in time, or have decided beyond it.
    """
    _check_start(target, prepared.held.pointer, prepared.version.effective_us, now_us, min_lead_us)


def carry_out(target: Target, prepared: Publication) -> None:
    """Write what was prepared: the version, then the pointer, if it is still the one that was read.

    Raises:
        ConflictError: somebody else has published meanwhile; nothing has happened.
        TargetError: the target cannot be written.
    """
    data = layout.written(prepared.file)
    try:
        target.create(prepared.name, data)
    except ExistsError:
        data = _taken_over(target, prepared)
    entry = Entry(prepared.file.effective_from, prepared.file.ruleset_version, prepared.name, layout.sha256(data))
    pointer = replace(prepared.held.pointer, versions=(*prepared.held.pointer.versions, entry))
    target.swap(layout.POINTER, layout.written(pointer), prepared.held.generation)


def checked(files: Mapping[str, bytes]) -> RuleSet:
    """The rule set of files, every account of which this release can run.

    Raises:
        RulesError: with everything that is wrong.
    """
    ruleset = load_files(files)
    refused: set[RuleError] = set()
    for account_id in ruleset.accounts:
        try:
            compile_account(ruleset, account_id)
        except RulesError as error:
            refused.update(error.errors)
    if refused:
        raise RulesError(refused)
    return ruleset


# ---------------------------------------------------------------- what is refused


def _check_start(target: Target, pointer: Pointer, effective_us: int | None, now_us: int, min_lead_us: int) -> None:
    if effective_us is None:
        if pointer.versions:
            advice = "Write --effective-from +10m, or a time"
            raise TargetError(f"{target.location} has versions: only its first could be in force always. {advice}.")
        return
    start, now = format_instant(effective_us), format_instant(now_us)
    if effective_us < now_us + min_lead_us:
        lead, first = format_duration(min_lead_us), format_instant(_whole_second(now_us + min_lead_us))
        message = f"effective_from {start} is nearer than {lead} from now, {now}: a running job might not hear of it"
        raise TargetError(f"{message} in time. Write {first} or later.")
    if effective_us > now_us + LEAD_MAX_US:
        latest = f"Write {format_instant(now_us + LEAD_MAX_US)} or earlier"
        raise TargetError(f"effective_from {start} is more than {format_duration(LEAD_MAX_US)} from now. {latest}.")
    newest = layout.start_us(pointer.versions[-1].effective_from) if pointer.versions else None
    if newest is not None and effective_us <= newest:
        message = f"effective_from {start} is not after that of the newest version, {format_instant(newest)}"
        raise TargetError(f"{message}. Versions only rise: write a later time.")


def _whole_second(time_us: int) -> int:
    """The next whole second, which a person would rather write."""
    return -(-time_us // SECOND_US) * SECOND_US


def _check_changes(target: Target, pointer: Pointer, ruleset: RuleSet) -> None:
    if pointer.versions and pointer.versions[-1].ruleset_version == ruleset.version:
        newest = f"{ruleset.version}, effective_from {pointer.versions[-1].effective_from}"
        raise UnchangedError(f"nothing has changed: the newest version of {target.location} says the same ({newest}).")
    if len(pointer.versions) >= VERSIONS_MAX:
        message = f"{target.location} has {VERSIONS_MAX} versions, as many as a target can hold"
        raise TargetError(f"{message}. Publish into a new one with --effective-from always, and run from it.")


# ---------------------------------------------------------------- what is written


def _version_file(
    target: Target, version: RuleSetVersion, files: Mapping[str, bytes], now_us: int, words: Words
) -> VersionFile:
    """The version with the texts whole, a byte order mark included: what is loaded again is the same to a column."""
    file = VersionFile(
        layout.WITH_WORDS if words.message else layout.FORMAT,
        layout.start_text(version.effective_us),
        version.ruleset.version,
        format_instant(now_us),
        {_name(name): content.decode() for name, content in files.items()},
        *(words if words.message else NO_WORDS),
    )
    if len(layout.written(file)) > OBJECT_BYTES_MAX:
        message = f"the files make a version of more than {OBJECT_BYTES_MAX:,} bytes, too large for {target.location}"
        raise TargetError(f"{message}. Publish the accounts into several targets.")
    return file


def _name(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise TargetError(f"the name of the file {name!a} is not UTF-8. Give it another one.") from None
    return name


def _taken_over(target: Target, prepared: Publication) -> bytes:
    """The bytes of a version that a crashed publisher has left, if it says the same."""
    held = target.read(prepared.name)
    where = f"{target.location}/{prepared.name}"
    message = f"{where} has been left by a publisher that did not finish, and says something else"
    refusal = TargetError(f"{message}. Nothing refers to it: delete it, or write another --effective-from.")
    if held is None:
        raise refusal
    try:
        left = layout.version_in(held.data)
    except ValueError:
        raise refusal from None
    if replace(left, published_at=prepared.file.published_at) != prepared.file:
        raise refusal
    return held.data
