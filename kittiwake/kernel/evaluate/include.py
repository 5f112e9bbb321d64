"""The author's fields of a trigger (`include`), no heavier than a row may be (semantics.md, section 8).

Pure. A row travels to a topic and into tables, which refuse for good what is too large: so it is cut here, where every
host decides the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from kittiwake.kernel.evaluate.match import Attributes, reader
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.model import CUT, Event
from kittiwake.values import canonical, lookup

NOTHING_INCLUDED: Final = "{}"
"""Of a rule without `include`."""
UTF8_MAX: Final = 4
"""Bytes of a character."""
_LIST: Final = re.compile(rf',"{CUT}":\["[^\]]*"\]\}}$')
NULL: Final = len("null")
LISTED: Final = len(f',"{CUT}":[]')
"""What the list of names takes without any."""
NAMED: Final = len('"",')
"""What a name in it takes beside itself."""


def included(rule: RuleProgram, event: Event | None, attributes: Attributes, bytes_max: int) -> str:
    """Canonical JSON of the author's fields, taken at `event`; a missing path is null, and so is what is cut."""
    if not rule.include:
        return NOTHING_INCLUDED
    properties = {} if event is None else event.properties
    values = {one.name: _value(one, attributes if one.of_contact else properties) for one in rule.include}
    return within(values, _share_of(rule, bytes_max))


def _share_of(rule: RuleProgram, bytes_max: int) -> int:
    """The bytes of a candidate's fields: where a digest lists several, they share those of one."""
    return bytes_max if rule.digest is None else bytes_max // rule.digest.max_listed


def _value(one: Include, values: Mapping[str, Any]) -> Any:
    return lookup(values, one.path) if one.said is None else one.said


def including(rule: RuleProgram, bytes_max: int) -> Callable[[Event, Attributes], str]:
    """`included` of a rule's events, as a function."""
    fields = [(one.name, _reader(one), one.of_contact) for one in rule.include]
    bytes_max = _share_of(rule, bytes_max)

    def include(event: Event, attributes: Attributes) -> str:
        properties = event.properties
        return within({name: value_at(attributes if of else properties) for name, value_at, of in fields}, bytes_max)

    return include if fields else lambda _, __: NOTHING_INCLUDED


def _reader(one: Include) -> Callable[[Any], Any]:
    said = one.said
    return reader(one.path) if said is None else lambda _: said


def within(values: dict[str, Any], bytes_max: int) -> str:
    """Canonical JSON of fields, with the longest of them cut until it has no more than `bytes_max` bytes.

    >>> within({"a": "xxxx", "b": "yyyyyyyy"}, 100), within({"sku": "mug", "text": "y" * 60}, 50)
    ('{"a":"xxxx","b":"yyyyyyyy"}', '{"sku":"mug","text":null,"~cut":["text"]}')
    """
    text = canonical(values)
    if len(text) * UTF8_MAX <= bytes_max or _bytes_of(text) <= bytes_max:
        return text
    return _cut(values, _bytes_of(text), bytes_max) or text


def is_cut(include: str) -> bool:
    """Whether fields were cut of what `within` made: the list of them comes last, for ~ sorts after every name.

    >>> is_cut('{"text":null,"~cut":["text"]}'), is_cut('{"text":{"a":1,"~cut":["text"]}}')
    (True, False)
    """
    return _LIST.search(include) is not None


def _cut(values: dict[str, Any], whole_bytes: int, bytes_max: int) -> str | None:
    """The fields with the longest cut, of equally long ones the first by name; None: there is nothing to cut.

    Computed with what each takes: to write all of them anew after each cut would take seconds.
    """
    sizes = {name: _bytes_of(canonical(value)) for name, value in values.items() if value is not None}
    cut: list[str] = []
    bytes_left = whole_bytes + LISTED
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if bytes_left <= bytes_max:
            break
        bytes_left += NULL - sizes[name] + len(name) + (NAMED if cut else NAMED - 1)
        cut.append(name)
    return canonical({**values, **dict.fromkeys(cut), CUT: sorted(cut)}) if cut else None


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
