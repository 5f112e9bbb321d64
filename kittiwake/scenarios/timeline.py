"""The timeline of a test: one line for each event, and one for each decision that the events leave.

    2026-11-02 10:00  cart.item_added {product_id: mug}   # a remark
               10:40  order.completed ago=30m
               11:00  → cart-abandonment fired reminder=0

A line has a time (its date where it changes), then an event with `id=`, `ago=`, `item=`, `by=` and its properties, or
an arrow with a rule, a decision, its reason and fields of it, or nothing: then time passes. A decision stands at the
time when it fired or was revoked, every other one at the time when it fell due.

Pure. `with_steps` makes of every timeline of a file the steps that it stands for, each where it is written, so that
whatever else reads a scenario file knows steps only. Called by `files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import Mark, Node, child
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.player import START_DAY
from kittiwake.scenarios.times import whole_instant
from kittiwake.time.instants import (
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    BadTimeError,
    format_instant,
    parse_date,
    parse_instant,
)
from kittiwake.time.zones import instant_of_local, local_date, zone_of

TIMELINE: Final = "timeline"
"""The key of a test that holds one."""

ARROWS: Final = ("→", "->")
AT_ITS_INSTANT: Final = ("fired", "entered", "exited", "revoked")
"""Decisions that stand when they were taken; the others stand when they fell due."""

_TIME: Final = re.compile(
    r"\s*(?:(?P<day>\d{4}-\d\d-\d\d)[ T]+)?"
    r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d{1,6})?))?(?=\s|$)",
    re.ASCII,
)
_COMMENT: Final = re.compile(r"(?:^|\s{2,})# .*$")
_WORD: Final = re.compile(r"\S+")
_FIELD: Final = re.compile(r"(?P<name>\w+)=")
_OPENING: Final = {"{": "}", "[": "]", '"': '"', "'": "'"}


class _Text(NamedTuple):
    """A part of a line, and where it stands."""

    text: str
    mark: Mark

    def part(self, start: int, end: int | None = None) -> _Text:
        """Some of its characters, white space around them left out."""
        found = self.text[start:end]
        left = len(found) - len(found.lstrip())
        return _Text(found.strip(), Mark(self.mark.line, self.mark.column + start + left))


class _BadLineError(Exception):
    """A line that makes no sense: where, what is wrong, and what to write."""

    def __init__(self, at: _Text, message: str, advice: str, code: Code = Code.SYNTAX) -> None:
        self.error = (at.mark, code, message, advice)
        super().__init__(message)


def with_steps(document: Node, text: str, reading: Reading) -> Node:
    """The tree of a scenario file, of which every timeline is a list of steps; errors are added to the reading.

    `text` is the file.
    """
    tests = child(document, "tests")
    if tests is None or not isinstance(tests.value, list):
        return document
    cases = [_with_steps(document, case, text.splitlines(), reading) for case in tests.value]
    return Node({**document.value, "tests": Node(cases, tests.mark)}, document.mark, document.keys)


def _with_steps(document: Node, case: Node, lines: list[str], reading: Reading) -> Node:
    written = child(case, TIMELINE)
    if written is None or not isinstance(case.value, dict):
        return case
    steps = _Days(document, case, reading).steps(list(_lines(written, lines, reading)))
    return Node({**case.value, TIMELINE: Node(steps, written.mark)}, case.mark, case.keys)


def _lines(written: Node, lines: list[str], reading: Reading) -> Iterator[_Text]:
    """The lines of a block, remarks and empty lines left out."""
    mark = written.mark
    head = lines[mark.line - 1][mark.column - 1 :] if mark.line else ""
    if not isinstance(written.value, str) or not head.startswith("|"):
        advice = "Write timeline: | and its lines below, indented"
        reading.report(mark, Code.WRONG_SHAPE, "a timeline is a block of lines", advice)
        return
    for number, line in enumerate(written.value.splitlines(), mark.line + 1):
        indented = len(lines[number - 1]) - len(line)
        kept = _COMMENT.sub("", line).rstrip()
        if kept:
            yield _Text(kept, Mark(number, indented + 1))


class _Days:
    """Reads the lines of one timeline; the date of a line holds for those below it."""

    def __init__(self, document: Node, case: Node, reading: Reading) -> None:
        self._reading = reading
        self._zone = zone_of(_inherited(document, case, "clock")) or "UTC"
        start = _inherited(document, case, "start")
        self._day = START_DAY
        try:
            if start is not None:
                self._day = local_date(self._zone, parse_instant(whole_instant(start)))
        except BadTimeError:
            pass  # said where it is read

    def steps(self, lines: Sequence[_Text]) -> list[Node]:
        """A step for each line that can be read; errors for the others."""
        found = []
        for line in lines:
            try:
                found.append(self._step(line))
            except _BadLineError as error:
                self._reading.report(*error.error)
            except UnreadableError as error:
                self._reading.errors.append(error.error)
        return found

    def _step(self, line: _Text) -> Node:
        at, rest = self._time(line)
        clock = {"at": at}
        if not rest.text:
            return _object(line, clock)
        arrow = next((arrow for arrow in ARROWS if rest.text.startswith(arrow)), None)
        if arrow is None:
            return _object(line, clock | _event(rest, self._reading.file))
        decision = rest.part(len(arrow))
        return _object(line, clock | {"expect": _decision(decision, at, self._reading.file)})

    def _time(self, line: _Text) -> tuple[Node, _Text]:
        """The instant of a line, and what stands behind it."""
        found = _TIME.match(line.text)
        if found is None:
            raise _BadLineError(line.part(0), "this line begins with no time", "Write 10:00, or 2026-11-02 10:00")
        at = line.part(0, found.end())
        if found["day"]:
            day = parse_date(found["day"])
            if day is None:
                raise _BadLineError(at, f"there is no {found['day']}", "Write 2026-11-02", Code.BAD_INSTANT)
            self._day = day
        of_day_us = (
            int(found["hour"]) * HOUR_US + int(found["minute"]) * MINUTE_US + _seconds_us(found["second"] or "0")
        )
        if of_day_us >= 24 * HOUR_US or int(found["minute"]) > 59 or float(found["second"] or 0) >= 60:
            message = "no clock shows this time"
            raise _BadLineError(at, message, "Write 00:00 to 23:59", Code.BAD_INSTANT)
        at_us = instant_of_local(self._zone, self._day, of_day_us)
        return Node(format_instant(at_us), at.mark), line.part(found.end())


def _inherited(document: Node, case: Node, key: str) -> str | None:
    """What is written under a key of the test, else of the file, if it is a text."""
    found = child(case, key) or child(document, key)
    return found.value if found is not None and isinstance(found.value, str) else None


def _seconds_us(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * SECOND_US + int(part.ljust(6, "0"))


def _object(at: _Text, entries: dict[str, Node]) -> Node:
    return Node(entries, at.part(0).mark, {key: node.mark for key, node in entries.items()})


# ---------------------------------------------------------------- what happens, and what comes of it


def _event(rest: _Text, file: str) -> dict[str, Node]:
    """The keys of a step with an event: its type, `id`, `ago`, `item` and `by`, and its properties."""
    kind, rest = _word(rest)
    fields = {}
    while rest.text and not rest.text.startswith("{"):
        name, value, rest = _field(rest)
        if name.text not in ("id", "ago", "item", "by"):
            advice = "Write id=, ago=, item=, by=, and properties in braces: {total: 5}"
            raise _BadLineError(name, f"{name.text} is no part of an event", advice)
        fields[name.text] = Node(value.text, value.mark)
    entries = {"event": Node(kind.text, kind.mark), **fields}
    return {**entries, "with": _value(rest, file)} if rest.text else entries


def _decision(rest: _Text, at: Node, file: str) -> Node:
    """A decision that is expected: a rule, a verb, a reason that may be left out, and fields."""
    if not rest.text:
        raise _BadLineError(rest, "no decision stands behind the arrow", "Write → cart-abandonment fired")
    rule, rest = _word(rest)
    verb, rest = _word(rest)
    if not verb.text or _FIELD.match(verb.text):
        raise _BadLineError(verb, f"it does not say what became of {rule.text}", f"Write → {rule.text} fired")
    entries = {verb.text: Node(rule.text, rule.mark)}
    keys = {verb.text: verb.mark}
    if rest.text and not _FIELD.match(rest.text):
        reason, rest = _word(rest)
        entries["reason"], keys["reason"] = Node(reason.text, reason.mark), reason.mark
    while rest.text:
        name, value, rest = _field(rest)
        entries[name.text], keys[name.text] = _value(value, file), name.mark
    when = "at" if verb.text in AT_ITS_INSTANT else "due"
    if when in entries:
        location = _Text(when, keys[when])
        other, says = ("due", "it fired") if when == "at" else ("at", "it fell due")
        advice = f"Delete it; {other}= gives the other time"
        raise _BadLineError(location, f"the time of the line says when {says}", advice, Code.CLAUSE)
    return Node({**entries, when: at}, rule.mark, {**keys, when: at.mark})


def _word(rest: _Text) -> tuple[_Text, _Text]:
    """The first word, and what stands behind it."""
    found = _WORD.match(rest.text)
    end = found.end() if found else 0
    return rest.part(0, end), rest.part(end)


def _field(rest: _Text) -> tuple[_Text, _Text, _Text]:
    """A name and what it is given, and what stands behind them."""
    found = _FIELD.match(rest.text)
    if found is None:
        word, _ = _word(rest)
        raise _BadLineError(word, f"{word.text} is out of place here", "Write fields as name=value")
    start = found.end()
    end = _end_of_value(rest, start)
    value = rest.part(start, end)
    if not value.text:
        raise _BadLineError(rest, f"{found['name']} has no value", f"Write {found['name']}=… without a space")
    return rest.part(0, len(found["name"])), value, rest.part(end)


def _end_of_value(rest: _Text, start: int) -> int:
    """Where a value ends: at its closing bracket or quote, else before the next space."""
    text = rest.text
    waiting: list[str] = []
    for at in range(start, len(text)):
        one = text[at]
        if waiting and one == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
        elif waiting and waiting[-1] in "\"'":
            continue
        elif one in _OPENING and (waiting or at == start):
            waiting.append(_OPENING[one])
        elif not waiting and one.isspace():
            return at
    return len(text)


def _value(written: _Text, file: str) -> Node:
    """A value as YAML, in one line."""
    reading = Reading(file)
    try:
        found = read_yaml(written.text, reading)
    except UnreadableError as error:
        raise UnreadableError(_moved(error.error, written.mark)) from None
    if reading.errors:
        raise UnreadableError(_moved(reading.errors[0], written.mark))
    return _standing(found, written.mark)


def _moved(error: RuleError, by: Mark) -> RuleError:
    return error._replace(line=by.line, column=by.column + error.column - 1)


def _standing(node: Node, by: Mark) -> Node:
    """A tree read of a part of a line, where it stands in the file."""

    def there(mark: Mark) -> Mark:
        return Mark(by.line, by.column + mark.column - 1)

    keys = {key: there(mark) for key, mark in node.keys.items()}
    if isinstance(node.value, dict):
        return Node({key: _standing(part, by) for key, part in node.value.items()}, there(node.mark), keys)
    if isinstance(node.value, list):
        return Node([_standing(part, by) for part in node.value], there(node.mark))
    return Node(node.value, there(node.mark))
