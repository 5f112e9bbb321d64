r"""Foreign text made safe to show: ids, names and values come from outside, and a terminal obeys what it is sent.

Pure. Everything that is printed or logged goes through here: for people every character that does not show itself
becomes a visible escape, so that nothing moves a cursor, turns a line around, hides, or begins a line; for programs
the same characters become JSON's own escapes, which mean the same value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_BLANK: Final = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Characters and marks that Unicode counts as printable and that show nothing."""
_ASTRAL: Final = 0x10000
_ODD: Final = re.compile(r"[^ -~]")


def visible(text: str) -> str:
    r"""One line in which every character shows itself; all others are written as escapes, line ends too.

    >>> visible("a\x1b[2J\nb\u202e\u2028é\ud800")
    'a\\x1b[2J\\nb\\u202e\\u2028é\\ud800'
    """
    if text.isascii() and text.isprintable():
        return text
    return _ODD.sub(_shown, text)


def visible_lines(lines: Iterable[str]) -> str:
    """Lines of ours, each with its end; what is foreign in one of them begins no other."""
    return "".join(visible(line) + "\n" for line in lines)


def _shown(found: re.Match[str]) -> str:
    char = found.group()
    if char.isprintable() and char not in _BLANK:
        return char
    if char in _BLANK:
        return f"\\u{ord(char):04x}"
    return repr(char)[1:-1]


def plain_json(text: str) -> str:
    r"""A JSON text that means the same, in which every character shows itself but for its own line ends.

    >>> plain_json('{"a": "\x9b\u202e\x7fé\U000e0041"}')
    '{"a": "\\u009b\\u202e\\u007fé\\udb40\\udc41"}'
    """
    return text if text.isascii() and "\x7f" not in text else _ODD.sub(_as_json, text)


def _as_json(found: re.Match[str]) -> str:
    char, code = found.group(), ord(found.group())
    if char == "\n" or (char.isprintable() and char not in _BLANK):
        return char
    if code < _ASTRAL:
        return f"\\u{code:04x}"
    return "".join(f"\\u{int.from_bytes(pair):04x}" for pair in _halves(char))


def _halves(char: str) -> tuple[bytes, bytes]:
    pair = char.encode("utf-16-be")
    return pair[:2], pair[2:]
