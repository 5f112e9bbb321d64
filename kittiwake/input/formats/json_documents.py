"""JSON documents one after another, in any layout: from bytes to their records, each as it came.

Pure. A document is a record, or a list of them, or holds a list of them under a key. Brackets are counted and strings
passed over, nothing is decoded: what stands between two brackets is judged where a record is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kittiwake.input.errors import UnsoundError
from kittiwake.input.events import NESTING_MAX, RAW_BYTES_MAX
from kittiwake.input.lines import Block
from kittiwake.input.mapping.spec import FieldPath
from kittiwake.values import parse_json

RECORDS_MAX: Final = 2_048
"""Records of a block."""
BLOCK_BYTES: Final = 256 * 1024

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s"\[\]{},:]+', re.DOTALL)
_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_OPENING: Final = b"[{"


def blocks_of_records(blocks: Iterator[bytes], at: FieldPath) -> Iterator[Block]:
    """The records of documents, numbered from 1.

    Raises:
        UnsoundError: the bytes are no JSON documents, or end within one.
    """
    number, size = 1, 0
    lines: list[bytes] = []
    for raw, true_size in _Scanner(blocks, at).records():
        if true_size > len(raw):
            if lines:
                yield Block(number, lines, size + len(lines) - 1)
            yield Block(number + len(lines), [raw], true_size)
            number, lines, size = number + len(lines) + 1, [], 0
            continue
        lines.append(raw)
        size += len(raw)
        if len(lines) == RECORDS_MAX or size > BLOCK_BYTES:
            yield Block(number, lines, size + len(lines) - 1)
            number, lines, size = number + len(lines), [], 0
    if lines:
        yield Block(number, lines, size + len(lines) - 1)


class _Scanner:
    """Reads on as it needs more; forgets what lies behind."""

    def __init__(self, blocks: Iterator[bytes], at: FieldPath) -> None:
        self._blocks, self._path = blocks, at
        self._text, self._at, self._passed = b"", 0, 0

    def records(self) -> Iterator[tuple[bytes, int]]:
        while (token := self._next()) is not None:
            yield from self._value(token, self._path, 0)

    def _value(self, token: bytes, path: FieldPath, depth: int) -> Iterator[tuple[bytes, int]]:
        """The records in a value of which the first token was read, as far as they lie at a path below it."""
        if depth > NESTING_MAX:
            raise _too_deep()
        if token == b"[":
            yield from self._elements(path, depth + 1)
        elif not path:
            yield self._record(token)
        elif token == b"{":
            yield from self._members(path, depth + 1)
        else:
            self._record(token)  # the path does not lead here

    def _elements(self, path: FieldPath, depth: int) -> Iterator[tuple[bytes, int]]:
        token = self._needed()
        while token != b"]":
            if path:
                yield from self._value(token, path, depth)
            else:
                yield self._record(token)
            token = self._needed()
            if token == b",":
                token = self._needed()
            elif token != b"]":
                raise self._broken()

    def _members(self, path: FieldPath, depth: int) -> Iterator[tuple[bytes, int]]:
        token = self._needed()
        while token != b"}":
            if not token.startswith(b'"') or self._needed() != b":":
                raise self._broken()
            name, value = _name(token), self._needed()
            if name == path[0]:
                yield from self._value(value, path[1:], depth)
            else:
                self._record(value)
            token = self._needed()
            if token == b",":
                token = self._needed()
            elif token != b"}":
                raise self._broken()

    def _record(self, token: bytes) -> tuple[bytes, int]:
        """A value as it stands, or its beginning, and how long it is; its first token was read."""
        if token not in (b"{", b"["):
            if token in (b"]", b"}", b",", b":"):
                raise self._broken()
            return token[:RAW_BYTES_MAX], len(token)
        parts, kept, size, depth = [token], 1, 1, 1
        while depth:
            begin = self._at
            depth, whole = self._upto_end(depth)
            piece = self._text[begin : self._at]
            size += len(piece)
            if kept < RAW_BYTES_MAX:
                parts.append(piece[: RAW_BYTES_MAX - kept])
                kept += len(parts[-1])
            if not whole and not self._more():
                raise UnsoundError("it ends within a JSON document")
        return b"".join(parts), size

    def _upto_end(self, depth: int) -> tuple[int, bool]:
        """Move to the end of the value that is open, or as far as strings are whole; how deep it still is."""
        text, end = self._text, self._at
        for found in _BRACKET.finditer(text, self._at):
            first = text[found.start()]
            if first == 0x22:
                end = found.end()
                continue
            if _string_began(text, end, found.start()):
                break
            end = found.end()
            depth += 1 if first in _OPENING else -1
            if not depth:
                self._at = end
                return 0, True
        quote = text.find(b'"', end)
        self._at = len(text) if quote < 0 else quote
        return depth, False

    # ------------------------------------------------------------ tokens

    def _needed(self) -> bytes:
        token = self._next()
        if token is None:
            raise UnsoundError("it ends within a JSON document")
        return token

    def _next(self) -> bytes | None:
        """The next token; None at the end. What touches the end of what was read may go on."""
        while True:
            found = _TOKEN.search(self._text, self._at)
            is_whole = found is not None and (found.end() < len(self._text) or found[0][:1] in b'"[]{},:')
            if found is not None and is_whole and not _string_began(self._text, self._at, found.start()):
                self._at = found.end()
                return found[0]
            if not self._more():
                if found is None and not self._text[self._at :].strip():
                    return None
                if found is None or _string_began(self._text, self._at, found.start()):
                    raise UnsoundError("it ends within a JSON document")
                self._at = found.end()
                return found[0]

    def _more(self) -> bool:
        block = next(self._blocks, b"")
        self._passed += self._at
        self._text, self._at = self._text[self._at :] + block, 0
        if len(self._text) > 2 * RAW_BYTES_MAX:
            raise UnsoundError(f"a text in it has more than {RAW_BYTES_MAX} bytes")
        return bool(block)

    def _broken(self) -> UnsoundError:
        return UnsoundError(f"it is no JSON at byte {self._passed + self._at}")


def _too_deep() -> UnsoundError:
    return UnsoundError(f"a JSON document nests deeper than {NESTING_MAX} objects and lists")


def _string_began(text: bytes, begin: int, end: int) -> bool:
    """Whether a string begins between two tokens: then it is not whole yet."""
    return text.find(b'"', begin, end) >= 0


def _name(token: bytes) -> str:
    try:
        return str(parse_json(token))
    except ValueError:
        return ""
