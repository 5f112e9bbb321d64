"""A guess as the text of a shape file (docs/reference/shapes.md), with what has to be checked in comments.

Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kittiwake.input.mapping.paths import path_text
from kittiwake.input.mapping.spec import Encoding, FieldPath, Format, Pairs
from kittiwake.inspect.guess import Amount, Contact, Guess
from kittiwake.inspect.layout import Layout
from kittiwake.inspect.values import TimeForm

_PLAIN: Final = re.compile(r"[A-Za-z_][\w./-]*( [\w./-]+)*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
"""What YAML takes for something else than a text."""


def shape_text(guess: Guess, layout: Layout, account_id: str) -> str:
    """A shape file that says what was guessed."""
    lines = [
        *_records(guess, layout),
        _account(guess, account_id),
        _contact(guess.contacts),
        *(["guests: leave_out   # records without a contact are no events"] if guess.has_guests else []),
        _type(guess),
        _time(guess.time or (), guess.time_form or TimeForm()),
        _event_id(guess),
        *_properties(guess),
    ]
    return "\n".join(lines) + "\n"


def records_text(layout: Layout, json_fields: Iterable[FieldPath] = (), pairs: Iterable[Pairs] = ()) -> str | None:
    """The line that says how a file is written; None: it is as a shape takes it by itself."""
    said: dict[str, str] = {}
    if layout.format is not Format.JSON_LINES:
        said["format"] = str(layout.format)
    if layout.at:
        said["at"] = value_text(path_text(layout.at))
    if layout.delimiter != ",":
        said["delimiter"] = json.dumps(layout.delimiter)
    if layout.encoding is not Encoding.UTF_8:
        said["encoding"] = str(layout.encoding)
    for key, texts in (("json", [_path(path) for path in json_fields]), ("pairs", [_pairs(one) for one in pairs])):
        if texts:
            said[key] = f"[{', '.join(texts)}]"
    return f"records: {{{', '.join(f'{key}: {text}' for key, text in said.items())}}}" if said else None


def _path(path: FieldPath) -> str:
    return value_text(path_text(path))


def _pairs(pairs: Pairs) -> str:
    if pairs == Pairs(pairs.path):
        return _path(pairs.path)
    return f"{{at: {_path(pairs.path)}, key: {_path(pairs.key)}, value: {_path(pairs.value)}}}"


def _records(guess: Guess, layout: Layout) -> Iterator[str]:
    line = records_text(layout, guess.json, map(Pairs, guess.pairs))
    if line is not None:
        yield line


def _account(guess: Guess, account_id: str) -> str:
    if guess.account is not None:
        return f"account: {_path(guess.account)}"
    return f"account: {{value: {value_text(account_id)}}}   # the account of your rules"


def _contact(contacts: tuple[Contact, ...]) -> str:
    if len(contacts) == 1:
        return f"contact: {_one_contact(contacts[0])}"
    return "\n".join(["contact:", *(f"  - {_one_contact(one)}" for one in contacts)])


def _one_contact(contact: Contact) -> str:
    path = value_text(path_text(contact.path))
    more = [
        *(["as: text"] if contact.as_text else []),
        *([f"prefix: {json.dumps(contact.prefix)}"] if contact.prefix else []),
        *([f"absent: [{', '.join(map(value_text, contact.absent))}]"] if contact.absent else []),
    ]
    return f"{{path: {', '.join([path, *more])}}}" if more else path


def _type(guess: Guess) -> str:
    if guess.type is None:
        return f"type: {{value: {guess.constant_type}}}   # of every record: name it as your rules do"
    path = value_text(path_text(guess.type))
    return f"type: {{path: {path}, words: true}}" if guess.type_words else f"type: {path}"


def _time(path: FieldPath, form: TimeForm) -> str:
    more = [
        *([f"unit: {form.unit}"] if form.unit else []),
        *([f"format: {json.dumps(form.format)}"] if form.format else []),
        *([] if form.has_zone else [f"zone: {_zone(path)}"]),
    ]
    text = value_text(path_text(path))
    if not more:
        return f"time: {text}"
    note = "" if form.has_zone or says_utc(path) else "   # the zone in which the file's times are written: check it"
    return f"time: {{path: {', '.join([text, *more])}}}{note}"


def _zone(_: FieldPath) -> str:
    return "UTC"


def says_utc(path: FieldPath) -> bool:
    """Whether the name of a time says that it is in UTC."""
    return bool(path) and re.search(r"gmt|utc", path[-1], re.IGNORECASE) is not None


def _event_id(guess: Guess) -> str:
    ordinal = ", ordinal: true" if guess.ordinal else ""
    if not guess.ids:
        return "event_id: {digest: true, ordinal: true}   # of the whole record: no field of it is an id"
    texts = [value_text(path_text(path)) for path in guess.ids]
    if len(texts) == 1 and not ordinal:
        return f"event_id: {texts[0]}"
    return f"event_id: {{fields: [{', '.join(texts)}]{ordinal}}}"


# ---------------------------------------------------------------- properties


def _properties(guess: Guess) -> Iterator[str]:
    if guess.whole is not None:
        yield f"properties: {value_text(path_text(guess.whole))}"
        if guess.numbers:
            yield f"numbers: [{', '.join(map(value_text, guess.numbers[:50]))}]"
    elif guess.properties:
        yield "properties:"
        yield from (f"  {value_text(one.name)}: {_property(one)}" for one in guess.properties)
    if guess.decimal_comma and (guess.numbers or any(one.is_number for one in guess.properties)):
        yield 'decimal: ","'


def _property(one: Amount) -> str:
    path = value_text(path_text(one.path))
    if not one.is_number:
        return path
    absent = f", absent: [{', '.join(map(json.dumps, one.absent))}]" if one.absent else ""
    return f"{{path: {path}, as: number{absent}}}"


def value_text(value: Any) -> str:
    """A value in YAML, in quotes where it would be something else without."""
    if not isinstance(value, str):
        return str(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)
