"""What a target holds, as bytes: the pointer, and a version with its files whole.

Pure. Written by `publish` and `freezing`; read through `reading`, which names what is wrong.

    TARGET/versions/20261101T093000Z-3f0c5a1b2d4e.json   {format, effective_from, ruleset_version, …, files}
    TARGET/pointer.json                                  {format, versions: [{…, file, sha256}], frozen_at, sha256}
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kittiwake.time.instants import format_instant, parse_instant
from kittiwake.values import canonical_bytes

FORMAT: Final = 1
"""Of a version. Whatever is added to a file or taken from it raises its format: a release refuses what is unknown."""
WITH_WORDS: Final = 2
"""Of a version that says who has published it and why; one that does not is still written in format 1."""
POINTER_FORMAT: Final = 2
"""Of the pointer; 1 had no digest of its own, and is read too."""
POINTER: Final = "pointer.json"
ALWAYS: Final = "always"
"""`effective_from` of a version that has been in force always."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version as the pointer names it."""

    effective_from: str
    ruleset_version: str
    file: str
    sha256: str


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which versions there are, rising, and whether they are frozen."""

    format: int
    versions: tuple[Entry, ...]
    frozen_at: str | None
    sha256: str = ""
    """Of the canonical JSON of the other fields: a damaged instant of freezing would let a stream go on. Format 1 has
    none."""


class VersionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A version: the rules files as their authors wrote them, by name."""

    format: int
    effective_from: str
    ruleset_version: str
    published_at: str
    files: dict[str, str]
    message: str = ""
    """Why it was published."""
    author: str = ""
    """Who has published it; with a message only."""
    commit: str = ""
    """Which revision of Git the files are of, if any; likewise."""


NOTHING: Final = Pointer(POINTER_FORMAT, (), None)
"""The pointer of a target into which nothing has been published."""


def start_text(effective_us: int | None) -> str:
    """`effective_from` of an instant; `always` for None."""
    return ALWAYS if effective_us is None else format_instant(effective_us)


def start_us(effective_from: str) -> int | None:
    """What `start_text` was made of.

    Raises:
        ValueError: of nothing, or it is written in another way than `start_text` does.
    """
    return None if effective_from == ALWAYS else instant_us(effective_from)


def instant_us(text: str) -> int:
    """An instant written as `format_instant` does.

    Raises:
        ValueError: it is none, or is written in another way.
    """
    try:
        found = parse_instant(text)
        if format_instant(found) == text:
            return found
    except OverflowError:
        pass
    raise ValueError(f"{text[:64]!r} is not written as 2026-11-01T09:30:00Z")


def version_name(effective_from: str, ruleset_version: str) -> str:
    """Where a version is kept.

    >>> version_name("2026-11-01T09:30:00Z", "3f0c5a1b2d4e")
    'versions/20261101T093000Z-3f0c5a1b2d4e.json'
    """
    return f"versions/{effective_from.replace('-', '').replace(':', '')}-{ruleset_version}.json"


def written(value: Pointer | VersionFile) -> bytes:
    """The bytes of a file: JSON that a person can read. A pointer is written in today's format, with its digest."""
    if isinstance(value, Pointer):
        value = replace(value, format=POINTER_FORMAT)
        value = replace(value, sha256=_digest_of(value))
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def sha256(data: bytes) -> str:
    """The digest by which the pointer knows a version's bytes."""
    return hashlib.sha256(data).hexdigest()


def pointer_in(data: bytes) -> Pointer:
    """What the bytes of a pointer say.

    Raises:
        ValueError: they are none that this release reads, or not what was written; the message says why.
    """
    pointer: Pointer = _decoded(data, Pointer, (1, POINTER_FORMAT))
    if pointer.sha256 != (_digest_of(pointer) if pointer.format == POINTER_FORMAT else ""):
        raise ValueError("it is not what was written: its own SHA-256 is another")
    return pointer


def version_in(data: bytes) -> VersionFile:
    """What the bytes of a version say.

    Raises:
        ValueError: they are none that this release reads; the message says why.
    """
    version: VersionFile = _decoded(data, VersionFile, (FORMAT, WITH_WORDS))
    if (version.format == WITH_WORDS) is not bool(version.message):
        raise ValueError(f"format {version.format} and its message do not go together")
    return version


def _decoded(data: bytes, model: Any, formats: tuple[int, ...]) -> Any:
    try:
        said = msgspec.json.decode(data, type=_Format).format
        if said not in formats:
            raise ValueError(f"it is of format {said}, and this release reads format {formats[-1]}")
        return msgspec.json.decode(data, type=model)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _digest_of(pointer: Pointer) -> str:
    return sha256(canonical_bytes(msgspec.to_builtins(replace(pointer, sha256=""))))


class _Format(msgspec.Struct, frozen=True):
    format: int
