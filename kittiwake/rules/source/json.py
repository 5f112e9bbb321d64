"""JSON into a tree that remembers where everything stands.

Pure. The standard parser keeps no lines and columns, and a YAML parser reads JSON's escapes its own way.
"""

from __future__ import annotations

import json.decoder
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

from kittiwake.rules.errors import Code
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import Mark, Node
from kittiwake.values import has_half_a_pair

_scan_string: Final[Callable[[str, int, bool], tuple[str, int]]] = vars(json.decoder)["scanstring"]
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_BARE: Final = re.compile(r"[-+.0-9A-Za-z_]+")
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


def read_json(text: str, reading: Reading) -> Node:
    """The tree of a document.

    Raises:
        UnreadableError: it cannot be read to its end.
    """
    return _Parser(text, reading).document()


class _Parser:
    def __init__(self, text: str, reading: Reading) -> None:
        self.text = text
        self.reading = reading
        self.at = 0
        self.depth = 0
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def mark(self, at: int | None = None) -> Mark:
        at = self.at if at is None else at
        line = bisect_right(self.line_starts, at)
        return Mark(line, at - self.line_starts[line - 1] + 1)

    def wrong(self, message: str, advice: str) -> UnreadableError:
        return self.reading.stop(self.mark(), Code.SYNTAX, message, advice)

    def document(self) -> Node:
        if not self.peek():
            advice = 'Write {"account": …, "rules": […]}'
            raise self.reading.stop(Mark(1, 1), Code.EMPTY, "the file is empty", advice)
        root = self.value()
        if self.peek():
            raise self.wrong("something stands after the end of the document", "Delete it, or check the brackets")
        return root

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        match = _SPACE.match(self.text, self.at)
        assert match
        self.at = match.end()
        return self.text[self.at : self.at + 1]

    def value(self) -> Node:
        first, mark = self.peek(), self.mark()
        self.reading.grow(mark, 1, self.depth)
        if first == "{":
            return self.mapping(mark)
        if first == "[":
            return self.sequence(mark)
        if first == '"':
            return Node(self.string(), mark)
        bare = _BARE.match(self.text, self.at)
        word = bare.group() if bare else first
        value = _WORDS[word] if word in _WORDS else self.reading.number(word, mark)
        if value is None and word != "null":
            advice = "Write true, false, a number, a list, an object, or a text in double quotes"
            raise self.wrong(f"{word or 'the end of the file'} is no JSON value", advice)
        self.at += len(word)
        return Node(value, mark)

    def string(self) -> str:
        try:
            text, self.at = _scan_string(self.text, self.at + 1, True)
        except ValueError:
            raise self.wrong("this text is not closed, or has an escape that JSON does not know", "Mend it") from None
        if has_half_a_pair(text):
            raise self.wrong("this text has half a surrogate pair", "Write both halves, or the character itself")
        return text

    def open(self, mark: Mark) -> None:
        self.at += 1
        self.depth += 1
        self.reading.grow(mark, 0, self.depth)

    def close(self) -> None:
        self.at += 1
        self.depth -= 1

    def next_entry(self, closing: str) -> bool:
        """Past the comma before a further entry, or past the closing bracket."""
        found = self.peek()
        if found not in (closing, ","):
            raise self.wrong(f"a comma or {closing} is missing here", f"Write , or {closing}")
        if found == ",":
            self.at += 1
            if self.peek() != closing:
                return True
            raise self.wrong("a comma stands before the closing bracket", "Delete the comma")
        return False

    def sequence(self, mark: Mark) -> Node:
        self.open(mark)
        entries: list[Node] = []
        more = self.peek() != "]"
        while more:
            entries.append(self.value())
            more = self.next_entry("]")
        self.close()
        return Node(entries, mark)

    def mapping(self, mark: Mark) -> Node:
        self.open(mark)
        entries: dict[str, Node] = {}
        if self.depth == 1:
            self.reading.top = entries
        keys: dict[str, Mark] = {}
        more = self.peek() != "}"
        while more:
            if self.peek() != '"':
                raise self.wrong("a key in double quotes is missing here", 'Write "key": value')
            key = self.mark()
            name = self.string()
            if self.peek() != ":":
                raise self.wrong("a colon is missing after the key", 'Write "key": value')
            self.at += 1
            self.reading.add(entries, keys, (name, key), self.value())
            more = self.next_entry("}")
        self.close()
        return Node(entries, mark, keys)
