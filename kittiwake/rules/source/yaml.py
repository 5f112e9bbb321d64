"""YAML into a tree that remembers where everything stands: YAML 1.2's plain values, and no surprises.

Pure. Built from the parser's events, not its values: `on`, `yes`, `12:30`, `2026-11-01` and
`007` are texts, numbers are exact and as JSON writes them, keys are unique, aliases are
shared and counted as if written out, merge keys and tags are refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import yaml

from kittiwake.rules.errors import Code
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import Mark, Node
from kittiwake.values import has_half_a_pair

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS: Final = {word: truth for truth in (True, False) for w in (str(truth),) for word in (w, w.lower(), w.upper())}
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


def read_yaml(text: str, reading: Reading) -> Node:
    """The tree of a document.

    Raises:
        UnreadableError: it cannot be read to its end.
    """
    builder = _Builder(reading, text)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        if "maximum nesting depth" in str(error.problem):  # libyaml's own bound may be met first
            raise reading.too_deep(_mark(error.problem_mark)) from None
        raise reading.stop(*_located(error, text)) from None
    except (ValueError, OverflowError):  # of PyYAML's own parser, for an escape such as "\\UFFFFFFFF"
        raise reading.stop(Mark(1, 1), Code.SYNTAX, *_NO_CHARACTER) from None
    except yaml.YAMLError as error:
        position = int(getattr(error, "position", 0))
        before = text[:position]
        mark = Mark(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
        message = "this character is not allowed in YAML"
        raise reading.stop(mark, Code.SYNTAX, message, "Delete it, or write it as an escape in double quotes") from None
    if builder.root is None or builder.root.value is None:
        raise reading.stop(Mark(1, 1), Code.EMPTY, "the file is empty", "Write account: …, and rules: with a list")
    return builder.root


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)


def _mark_of(error: yaml.MarkedYAMLError) -> Mark:
    """Where an error stands; libyaml marks the backslash of an unknown escape, PyYAML's own parser what follows it."""
    mark = _mark(error.problem_mark)
    is_behind = str(error.problem).startswith("found unknown escape character '")
    return Mark(mark.line, mark.column - 1) if is_behind else mark


_NO_CHARACTER: Final = (
    "this escape stands for no character: half of a surrogate pair, or beyond the last one",
    'Write the character itself, or \\U and the eight digits of its number: "\\U0001F600"',
)
_HALF_A_PAIR: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?=[dD][89a-fA-F])")


def _escape_explained(problem: str) -> tuple[str, str] | None:
    """What is wrong with an escape in double quotes; None if nothing is."""
    if "invalid Unicode character escape" in problem:
        return _NO_CHARACTER
    if "unknown escape character" in problem:
        return "a backslash in double quotes starts an escape that there is not", "Write it twice, or use single quotes"
    if "hexdecimal" in problem or "hexadecimal" in problem:
        return "an escape has too few digits", 'Write two after \\x, four after \\u, eight after \\U: "\\u00e9"'
    return None


def _located(error: yaml.MarkedYAMLError, text: str) -> tuple[Mark, Code, str, str]:
    """Where a syntax error stands, and what it means to somebody who does not know the parser."""
    from kittiwake.rules.source.indentation import misplaced_line  # noqa: PLC0415 - only what is wrong needs it

    is_in_brackets = "flow" in str(error.context) or "quoted scalar" in str(error.context)
    number = error.problem_mark.line if error.problem_mark else 0
    found = None if is_in_brackets else misplaced_line(text.split("\n"), number)
    if found is not None and not _escape_explained(str(error.problem or "")):
        return Mark(found.number + 1, found.column + 1), Code.SYNTAX, found.message, found.advice
    return _mark_of(error), Code.SYNTAX, *_explained(error)


def _explained(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = str(error.problem or "")
    escape = _escape_explained(problem)
    if escape:
        return escape
    if "mapping values are not allowed" in problem:
        return "a second colon stands in one line", 'Put the value in quotes: "a: b", or indent the next key'
    if "cannot start any token" in problem:
        return "a value cannot start with this character", "Put the value in quotes"
    if "quoted scalar" in str(error.context):
        return "a quote is opened and not closed", "Close it"
    if "flow" in str(error.context):
        return "a bracket is opened and not closed, or a comma is missing", "Close it, or separate entries by commas"
    return "this is no YAML: the line does not fit those above it", "Check its indentation, colons and hyphens"


def _mark_of_half(event: Any, text: str) -> Mark:
    """Where the digits of the first half of a pair stand in a scalar, as libyaml says it."""
    found = _HALF_A_PAIR.search(text, event.start_mark.index, event.end_mark.index)
    at = found.end() if found else event.start_mark.index
    return Mark(text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1)


class _Frame(msgspec.Struct):
    """A list or mapping whose end has not come yet."""

    value: list[Node] | dict[str, Node]
    mark: Mark
    anchor: str | None
    start: int
    """How many values the document had before it."""
    keys: dict[str, Mark] = {}
    key: tuple[str, Mark] | None = None
    refused: bool = False
    """The key has been reported as wrong: its value goes nowhere."""
    deepest: int = 0
    """Levels of what is in it."""


class _Anchored(msgspec.Struct, frozen=True):
    node: Node
    nodes: int
    depth: int


class _Builder:
    """Takes the events of one document."""

    def __init__(self, reading: Reading, text: str) -> None:
        self.reading = reading
        self.text = text
        self.root: Node | None = None
        self.documents = 0
        self.frames: list[_Frame] = []
        self.anchors: dict[str, _Anchored] = {}

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        mark = _mark(event.start_mark)
        if isinstance(event, yaml.ScalarEvent) and has_half_a_pair(event.value):  # libyaml has refused it itself
            raise self.reading.stop(_mark_of_half(event, self.text), Code.SYNTAX, *_NO_CHARACTER)
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, mark)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, mark)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._open(event, mark)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._close()

    def _start_document(self, mark: Mark) -> None:
        self.documents += 1
        if self.documents > 1:
            advice = "Put each into a file of its own, without ---"
            raise self.reading.stop(mark, Code.SEVERAL_DOCUMENTS, "a second document starts here", advice)

    def _open(self, event: Any, mark: Mark) -> None:
        self._refuse_tag(event, mark)
        if self._wants_key():
            raise self.reading.stop(mark, Code.BAD_KEY, "a key must be a text", "Write key: value")
        self.reading.grow(mark, 1, len(self.frames) + 1)
        value: list[Node] | dict[str, Node] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        if not self.frames and isinstance(value, dict):
            self.reading.top = value
        self.frames.append(_Frame(value, mark, event.anchor, self.reading.nodes))

    def _close(self) -> None:
        frame = self.frames.pop()
        node = Node(frame.value, frame.mark, frame.keys)
        if frame.anchor:
            size = self.reading.nodes - frame.start + 1
            self.anchors[frame.anchor] = _Anchored(node, size, frame.deepest + 1)
        self._location(node, frame.deepest + 1)

    def _scalar(self, event: Any, mark: Mark) -> None:
        self._refuse_tag(event, mark)
        plain = event.implicit[0] and event.tag is None
        if self._wants_key():
            self._key(event.value, plain, mark)
            return
        self.reading.grow(mark, 1, len(self.frames))
        node = Node(self._resolved(event.value, mark) if plain else event.value, mark)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
        self._location(node, 0)

    def _resolved(self, text: str, mark: Mark) -> Any:
        if text in _NULLS:
            return None
        if text in _TRUTHS:
            return _TRUTHS[text]
        number = self.reading.number(text, mark)
        return text if number is None else number

    def _alias(self, event: Any, mark: Mark) -> None:
        if self._wants_key():
            raise self.reading.stop(mark, Code.BAD_KEY, "a key cannot be an alias", "Write the key out")
        found = self.anchors.get(event.anchor)
        if found is None:
            inside = any(frame.anchor == event.anchor for frame in self.frames)
            message = f"*{event.anchor} contains itself" if inside else f"there is no &{event.anchor} above this line"
            raise self.reading.stop(mark, Code.ALIAS, message, "Write the value out")
        self.reading.grow(mark, found.nodes, len(self.frames) + found.depth)
        self._location(Node(found.node.value, mark, found.node.keys), found.depth)

    def _wants_key(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].value, dict) and self.frames[-1].key is None

    def _key(self, text: str, plain: bool, mark: Mark) -> None:
        frame = self.frames[-1]
        frame.key = (text, mark)
        is_merge = plain and text == "<<"
        frame.refused = text == "" or is_merge or (plain and text in _NULLS)
        if is_merge:
            advice = "Repeat the keys, or alias a whole value: unless: *bought"
            self.reading.report(mark, Code.MERGE_KEY, "merge keys (<<) are not read", advice)
        elif frame.refused:
            self.reading.report(mark, Code.BAD_KEY, "a key is missing before this colon", "Write key: value")

    def _location(self, node: Node, depth: int) -> None:
        """Put a finished value where it belongs."""
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.deepest = max(frame.deepest, depth)
        if isinstance(frame.value, list):
            frame.value.append(node)
            return
        assert frame.key is not None
        if not frame.refused:
            self.reading.add(frame.value, frame.keys, frame.key, node)
        frame.key = None

    def _refuse_tag(self, event: Any, mark: Mark) -> None:
        if event.tag is not None and event.tag != _TEXT_TAG:
            message = f"tags such as {event.tag[:40]} are not read"
            self.reading.report(mark, Code.TAG, message, "Delete the tag; put a text in quotes")
