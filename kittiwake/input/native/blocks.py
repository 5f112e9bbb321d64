"""The accelerator: ordinary records of a block read by compiled code, where the wheel `kittiwake-native` is installed.

Pure but for looking once whether it is there. It takes what it is sure of and leaves all else to `bulk` and `events`,
which define what a record is; without it they read everything. What holds both together:
`docs/explanation/adr/0030-an-accelerator-that-may-say-not-me.md`. `KITTIWAKE_NATIVE=0` turns it off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from kittiwake.input.bulk import ParsedBlock, ParsedBlocks, Table, Wants, new_table, read_tables
from kittiwake.input.lines import TextLines
from kittiwake.time.instants import BEFORE_ALL_US

MODULE: Final = "kittiwake_native"
FORM: Final = 9
"""The form of its answers that is understood here: a wheel of another release may answer otherwise."""

SWITCH: Final = "KITTIWAKE_NATIVE"
OFF: Final = ("0", "false", "no", "off")
"""What turns it off, capitals or not: whoever is in haste writes any of these."""

Columns: TypeAlias = tuple[list[Any], list[Any], list[Any], list[Any], list[Any], list[Any]]
"""Those of a table."""

Found: TypeAlias = tuple[Columns, int, int, list[int], list[tuple[str, str]], int]
"""Columns; how many records were taken; the newest's time; which lines are left; accounts with types; how many of the
wanted events are in no column, as they are kept."""


class ReadsLines(Protocol):
    """The accelerator itself, or what keeps events in it."""

    def read_lines(self, lines: Sequence[bytes], earliest_us: int, latest_us: int, wants: Wants) -> Found:
        """What it is sure of."""

    def read_text(self, text: bytes, earliest_us: int, latest_us: int, wants: Wants) -> Found:
        """As `read_lines`, of the lines of a text."""


class ReadsRows(Protocol):
    """As `ReadsLines`, of rows of columns."""

    def read_rows(self, columns: Any, earliest_us: int, latest_us: int, wants: Wants) -> Found:
        """What it is sure of; `columns` are those of `rows`."""


class KeepsEvents(ReadsLines, ReadsRows, Protocol):
    """What keeps events in the accelerator."""

    def take_zones(self) -> list[bytes]:
        """Properties of kept events that may set a time zone: of those that came since this was asked."""


class Accelerator(msgspec.Struct, frozen=True):
    """What is installed, and whether it is used."""

    version: str
    why_not: str
    """Why it is not used; empty: it is."""
    module: Any


@cache
def installed() -> Accelerator | None:
    """The accelerator of this Python; None: there is none."""
    try:
        module = import_module(MODULE)
    except ImportError:
        return None
    return Accelerator(module.__version__, _why_not(module.FORM), module)


def _why_not(form: int) -> str:
    switch = os.environ.get(SWITCH, "").strip().lower()
    if switch in OFF:
        return f"off by {SWITCH}={switch}"
    return "" if form == FORM else f"not used: it answers in form {form}, and this release reads form {FORM}"


def described() -> str:
    """The accelerator for people, who ask for a version; empty: there is none."""
    found = installed()
    if found is None:
        return ""
    return f"{MODULE.replace('_', '-')} {found.version}" + (f", {found.why_not}" if found.why_not else "")


def in_use() -> Any:
    """The accelerator's module; None: there is none, or it is not used."""
    found = installed()
    return None if found is None or found.why_not else found.module


def read_blocks(
    lines: Sequence[bytes],
    earliest_us: int,
    latest_us: int,
    wants: Wants,
    wants_of_items: Wants,
    keeping: ReadsLines | None = None,
) -> ParsedBlocks:
    """As `bulk.read_tables`, of whose work the accelerator does what it can; `keeping` may keep events."""
    reading: ReadsLines | None = keeping or in_use()
    if reading is None:
        return read_tables(lines, earliest_us, latest_us, wants, wants_of_items)
    if isinstance(lines, TextLines):
        found = reading.read_text(lines.text, earliest_us, latest_us, wants)
        _, taken, _, left, *_ = found
        lines.note_number(taken + len(left))
    else:
        found = reading.read_lines(lines, earliest_us, latest_us, wants)
    return with_rest(
        found, lambda left: read_tables([lines[at] for at in left], earliest_us, latest_us, wants, wants_of_items)
    )


def with_rest(found: Found, read: Callable[[list[int]], ParsedBlocks]) -> ParsedBlocks:
    """What the accelerator has found of a block; `read` reads what is left, by index from 0."""
    columns, taken, newest_us, left, pairs, kept = found
    own = _parsed(Table(*columns), taken, newest_us, pairs)._replace(kept=kept)
    if not left:
        return ParsedBlocks(own, _parsed(new_table(), 0, BEFORE_ALL_US, []))
    rest = read(left)
    return ParsedBlocks(_joined(own, rest.contacts, left), _numbered(rest.items, left))


def _parsed(table: Table, taken: int, newest_us: int, pairs: list[tuple[str, str]]) -> ParsedBlock:
    accounts, types = frozenset({one for one, _ in pairs}), frozenset({one for _, one in pairs})
    return ParsedBlock(table, taken, newest_us, [], accounts, types, lambda: pairs)


def _joined(own: ParsedBlock, rest: ParsedBlock, indexes: Sequence[int]) -> ParsedBlock:
    """What both have read of one block, `rest` of the lines with these indexes."""
    ours: Sequence[list[Any]] = own.table
    theirs: Sequence[list[Any]] = rest.table
    for column, more in zip(ours, theirs, strict=True):
        column.extend(more)
    return ParsedBlock(
        own.table,
        own.taken + rest.taken,
        max(own.newest_us, rest.newest_us),
        _numbered(rest, indexes).left,
        own.account_ids | rest.account_ids,
        own.types | rest.types,
        lambda: [*own.pairs(), *rest.pairs()],
        own.kept,
    )


def _numbered(parsed: ParsedBlock, indexes: Sequence[int]) -> ParsedBlock:
    """With the lines that are left counted as those of the whole block."""
    return parsed._replace(left=[indexes[at] for at in parsed.left])
