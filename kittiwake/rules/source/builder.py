"""Trees under construction: what YAML and JSON have in common, and the bounds on both.

Pure. Used by `yaml_source` and `json_source`. A source stops at what it cannot read past
(`UnreadableError`) and collects what it can (`Reading.errors`).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.limits import DEPTH_MAX, NODES_MAX
from kittiwake.rules.source.tree import Mark, Node
from kittiwake.values import BadNumberError, Number, number

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_INTEGER: Final = 310
"""Characters of an integer within the range of a double, its sign included."""


class UnreadableError(Exception):
    """A document that cannot be read any further."""

    def __init__(self, error: RuleError) -> None:
        self.error: Final = error
        super().__init__(str(error))


class Reading(msgspec.Struct):
    """A document as it is read: its file and what is wrong so far."""

    file: str
    errors: list[RuleError] = []
    nodes: int = 0
    top: dict[str, Node] = {}
    """What has been read so far of the outermost mapping."""

    def error(self, mark: Mark, code: Code, message: str, advice: str) -> RuleError:
        """An error at a mark."""
        return RuleError(self.file, mark.line, mark.column, "", message, advice, code)

    def report(self, mark: Mark, code: Code, message: str, advice: str) -> None:
        """Collect an error and go on."""
        self.errors.append(self.error(mark, code, message, advice))

    def stop(self, mark: Mark, code: Code, message: str, advice: str) -> UnreadableError:
        """The end of a document at an error, to be raised."""
        return UnreadableError(self.error(mark, code, message, advice))

    def number(self, text: str, mark: Mark) -> Number | None:
        """The number a text stands for as JSON would read it; None if it is none."""
        if not _NUMBER.fullmatch(text):
            return None
        try:
            if text.lstrip("-").isdecimal():
                if len(text) > _LONGEST_INTEGER:
                    raise BadNumberError
                return int(text)
            return number(text)
        except (BadNumberError, ArithmeticError):
            message = f"the number {text[:20]} is beyond the range of a double"
            self.report(mark, Code.BAD_NUMBER, message, "Write a number between 1e-324 and 1e308")
            return 0

    def grow(self, mark: Mark, nodes: int, depth: int) -> None:
        """Count values that were added at a depth; stop at the bounds."""
        self.nodes += nodes
        if self.nodes > NODES_MAX:
            message = f"the document has more than {NODES_MAX:,} values, aliases written out"
            raise self.stop(mark, Code.TOO_LARGE, message, "Split it into several files, with fewer aliases")
        if depth > DEPTH_MAX:
            raise self.too_deep(mark)

    def too_deep(self, mark: Mark) -> UnreadableError:
        """What to raise where nesting passes the bound."""
        return self.stop(mark, Code.TOO_DEEP, f"the document is nested deeper than {DEPTH_MAX} levels", "Flatten it")

    def add(self, entries: dict[str, Node], keys: dict[str, Mark], key: tuple[str, Mark], value: Node) -> None:
        """Put an entry into a mapping; the first of two with one key stays."""
        name, mark = key
        if name in entries:
            first = keys[name]
            message = f"{name} stands here twice: first in line {first.line}"
            self.report(mark, Code.DUPLICATE_KEY, message, "Delete one of the two")
            return
        entries[name], keys[name] = value, mark
