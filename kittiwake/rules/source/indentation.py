"""Indentation: what a line of YAML is indented with, and what it should be, where the parser's words mislead.

Pure. Called by `yaml` for texts that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

LINES_BACK_MAX: Final = 3
"""Lines before the one at which a parser stopped that may be the cause: it stops where it cannot go on."""

_ENTRY: Final = re.compile(r"(?P<before> *(?:- +)*)(?P<key>[\w.\"'*-]+) *:(?: (?P<value>.*))?$")


class Misplaced(NamedTuple):
    """A line that stands where no line can."""

    number: int
    """From 0."""
    column: int
    """From 0: where it begins."""
    message: str
    advice: str


def misplaced_line(lines: Sequence[str], number: int) -> Misplaced | None:
    """The line at fault where a parser stopped at a line, for its indentation; None: that is not what is wrong."""
    for at in range(number, max(number - LINES_BACK_MAX, -1), -1):
        if at < len(lines) and lines[at].lstrip(" ").startswith("\t"):
            return Misplaced(at, 0, "this line is indented with a tab", "Indent with spaces")
    entry = _ENTRY.fullmatch(lines[number].rstrip()) if number < len(lines) else None
    above = _key_above(lines, number)
    if entry is None or above is None or entry["before"].strip():
        return None
    own, key_column = len(entry["before"]), len(above["before"])
    if own == key_column or (own > key_column and not (above["value"] or "").strip()):
        return None
    message = f"this line is indented with {own} spaces, and {above['key']} above it with {key_column}"
    return Misplaced(number, own, message, f"Indent it with {key_column}, or as the key that it belongs to")


def _key_above(lines: Sequence[str], number: int) -> re.Match[str] | None:
    """The nearest line above that begins with a key."""
    for line in reversed(lines[:number]):
        if line.strip() and not line.lstrip().startswith("#"):
            return _ENTRY.fullmatch(line.rstrip())
    return None
