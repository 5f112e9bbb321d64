"""Settings to be tried: `wait=30m..12h` is a path into a rule, or into the policy, and the values it is to have.

Pure. Called by `tuning` and by the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.source.tree import Location, Node, child, node_of
from kittiwake.time.durations import format_duration, parse_duration
from kittiwake.values import as_number, is_number
from kittiwake.values import number as number_of

POINTS_MAX: Final = 24
"""Combinations: each decides the whole history anew."""
STEPS_MAX: Final = 10
"""Values of a range of numbers: so many a person compares in a table."""

_SETTING: Final = re.compile(r"(?P<path>[a-z_]+(?:\.\w+)*)=(?P<values>[^=]+)")
_KEYS: Final = ("wait", "given", "still", "reaches", "reentry", "expires", "priority", "when", "audience", "policy")
"""What a path may begin with."""

Point = tuple[Any, ...]
"""A value of each setting."""


class Setting(NamedTuple):
    """Where values are to stand, and which."""

    path: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """As it is written."""
        return ".".join(self.path)


def is_setting(text: str) -> bool:
    """Whether a word of the command is a setting, and no file."""
    found = _SETTING.fullmatch(text)
    return found is not None and found["path"].split(".")[0] in _KEYS


def setting_of(text: str) -> Setting:
    """What a word says.

    Raises:
        UnusableError: its values are none.

    >>> setting_of("wait=30m..12h")
    Setting(path=('wait',), values=('30m', '1h', '2h', '4h', '8h', '12h'))
    >>> setting_of("policy.frequency.max=1..4").values
    (1, 2, 3, 4)
    """
    found = _SETTING.fullmatch(text)
    assert found is not None, "it was asked before"
    low, dots, high = found["values"].partition("..")
    values = tuple(_range(text, low, high)) if dots else tuple(map(_value, found["values"].split(",")))
    if len(set(values)) < 2:
        raise UnusableError(f"{text} is one value only: write two or more, as in wait=30m..12h or wait=1h,6h")
    return Setting(tuple(found["path"].split(".")), values)


def points_of(settings: Sequence[Setting]) -> list[Point]:
    """Every combination of their values.

    Raises:
        UnusableError: there are too many, or a setting is given twice.
    """
    names = [one.name for one in settings]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UnusableError(f"{twice} is given twice: write all its values at once, as in wait=1h,2h,6h")
    points = list(product(*(one.values for one in settings)))
    if len(points) > POINTS_MAX:
        raise UnusableError(
            f"{len(points)} combinations are more than {POINTS_MAX}, each of which decides all anew: try fewer"
        )
    return points


def _range(text: str, low: str, high: str) -> Iterator[Any]:
    ends = [parse_duration(low), parse_duration(high)]
    if None not in ends:
        at_us, end_us = (one for one in ends if one is not None)
        if 0 < at_us < end_us:
            while at_us < end_us:
                yield format_duration(at_us)
                at_us *= 2
            yield format_duration(end_us)
            return
    numbers = [as_number(one) for one in (low, high)]
    if all(map(is_number, numbers)) and numbers[0] < numbers[1]:
        yield from _numbers(*numbers)
        return
    raise UnusableError(f"{text}: {low}..{high} is no range: write durations that rise, 30m..12h, or numbers, 1..5")


def _numbers(low: Any, high: Any) -> Iterator[Any]:
    """From one to the other, whole steps if they are whole, else with one more digit behind the point than they have.

    >>> [str(one) for one in _numbers(Decimal("0.1"), Decimal("0.3"))]
    ['0.1', '0.12', '0.14', '0.17', '0.19', '0.21', '0.23', '0.26', '0.28', '0.3']
    """
    steps = min(STEPS_MAX - 1, int(high - low)) if high - low >= 1 else STEPS_MAX - 1
    is_whole = low == int(low) and high == int(high)
    for number in range(steps + 1):
        value = Decimal(low) + (high - low) * Decimal(number) / steps
        yield round(value) if is_whole else number_of(str(round(value, 1 + max(map(_digits, (low, high))))))


def _digits(value: Any) -> int:
    """How many digits stand behind the point."""
    return len(str(value).partition(".")[2])


def _value(text: str) -> Any:
    found = as_number(text.strip())
    return found if is_number(found) else text.strip()


# ---------------------------------------------------------------- into the documents


def with_values(
    locations: Sequence[Location], account_id: str, rule_id: str, settings: Sequence[Setting], point: Point
) -> list[Location]:
    """Documents of rules with other values in a rule, or in the policy that holds for it.

    Raises:
        UnusableError: a path leads to nothing.
    """
    found = list(locations)
    for setting, value in zip(settings, point, strict=True):
        found = _with_value(found, account_id, rule_id, setting, value)
    return found


def _with_value(
    locations: list[Location], account_id: str, rule_id: str, setting: Setting, value: Any
) -> list[Location]:
    is_policy = setting.path[0] == "policy"
    for wanted in (account_id, EVERY_ACCOUNT):
        for at, location in enumerate(locations):
            if _text(child(location.node, "account")) != wanted:
                continue
            node = location.node
            if is_policy and child(node, "policy") is not None:
                changed = _put(node, setting.path, value, setting)
            elif not is_policy and (index := _index(node, rule_id)) is not None:
                changed = _put(node, ("rules", str(index), *setting.path), value, setting)
            else:
                continue
            return [*locations[:at], Location(location.file, changed), *locations[at + 1 :]]
    what = "account has no policy" if is_policy else f"rule {rule_id} stands in no file"
    raise UnusableError(f"{setting.name}: the {what}")


def _index(document: Node, rule_id: str) -> int | None:
    rules = child(document, "rules")
    for index, node in enumerate(rules.value if rules is not None and isinstance(rules.value, list) else ()):
        if (_text(child(node, "id")) or _text(child(node, "use"))) == rule_id:
            return index
    return None


def _text(node: Node | None) -> str:
    return "" if node is None else str(node.value)


def _several(entries: Sequence[Node]) -> str:
    return f"there are {len(entries)} of them: say which by its number, from 0"


def _put(node: Node, path: Sequence[str], value: Any, setting: Setting) -> Node:
    """A tree with another value at a path; of a list with one entry the entry need not be named."""
    if not path:
        if isinstance(node.value, list) and len(node.value) > 1:
            raise UnusableError(f"{setting.name}: {_several(node.value)}")
        return node_of([value] if isinstance(node.value, list) else value, node.mark)
    name, rest = path[0], path[1:]
    if isinstance(node.value, list):
        at = int(name) if name.isdecimal() else 0
        inner = rest if name.isdecimal() else path
        if at >= len(node.value) or (not name.isdecimal() and len(node.value) != 1):
            raise UnusableError(f"{setting.name}: {_several(node.value)}")
        return Node(
            [_put(one, inner, value, setting) if i == at else one for i, one in enumerate(node.value)], node.mark
        )
    if not isinstance(node.value, dict) or (rest and name not in node.value):
        raise UnusableError(f"{setting.name}: the rules as they are have no {name} there: write it into them first")
    before = node.value.get(name, Node(None, node.mark))
    entries = {**node.value, name: _put(before, rest, value, setting)}
    return Node(entries, node.mark, {key: node.keys.get(key, node.mark) for key in entries})
