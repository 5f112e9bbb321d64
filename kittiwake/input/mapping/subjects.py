"""Compiled: whose event it is, what happened, and under which id; from what a shape file says to functions of views.

Pure. Called by `mapping`. Each function raises `RefusedError` where a value cannot be what it has to be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kittiwake.input.fields import ID_CHARS_MAX, RefusedError, kind_of, wrong_type
from kittiwake.input.mapping.numbers import number_text
from kittiwake.input.mapping.paths import Get, Lookup, View, first_of, path_text
from kittiwake.input.mapping.spec import ContactSource, FieldPath, IdField, IdSource, Others, TypeSource
from kittiwake.input.plain import TYPES_MAX, is_type
from kittiwake.reasons import DeadLetterReason
from kittiwake.values import Scalar, canonical_bytes

TextOf: TypeAlias = Callable[[View], str | None]
"""From a view to a text; None: it names none, or is left out."""


def said(value: Any) -> str | None:
    """The text that says a scalar; None of anything else.

    >>> said(0), said("0"), said(True), said(["a"])
    ('0', '0', 'true', None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, (int, Decimal)) else None


def said_all(values: Iterable[Scalar]) -> frozenset[str]:
    """The texts that say scalars."""
    return frozenset(text for value in values if (text := said(value)) is not None)


def names_of(paths: Sequence[FieldPath]) -> str:
    """Paths for people."""
    return " or ".join(map(path_text, paths))


# ---------------------------------------------------------------- contact


def contact_source(source: ContactSource, lookup: Lookup) -> TextOf:
    """The function for one place at which a contact's id may stand."""
    get = first_of([lookup(path) for path in source.paths])
    name, absent, prefix = names_of(source.paths), said_all(source.absent), source.prefix
    chars_max, numbers_too = ID_CHARS_MAX - len(prefix), source.numbers_too

    def contact_id(view: View) -> str | None:
        value = get(view)
        if value is None or value == "":
            return None
        if type(value) is not str:
            text = said(value) if not isinstance(value, bool) else None
            if absent and text in absent:
                return None
            if not numbers_too or text is None:
                raise _no_text(name, value)
            value = text
        elif value in absent:
            return None
        if len(value) > chars_max:
            raise _too_long(name, value, chars_max)
        return prefix + value if prefix else value

    return contact_id


def _no_text(name: str, value: Any) -> RefusedError:
    advice = f": write {{path: {name}, as: text}}" if kind_of(value) == "a number" else ""
    refused = wrong_type(name, "a string", value)
    return RefusedError(refused.reason, refused.detail + advice)


def _too_long(name: str, text: str, chars_max: int) -> RefusedError:
    return RefusedError(DeadLetterReason.WRONG_TYPE, f"{name} has {len(text)} characters, {chars_max} are allowed")


def visitors_of(found: str, contacts: Sequence[TextOf], visitors: Sequence[TextOf], view: View) -> Iterator[str]:
    """The visitors that a record names beside its contact. What cannot be one has never been anybody."""
    named = next((at for at, contact_of in enumerate(contacts) if contact_of(view) == found), len(contacts))
    for contact_of in contacts[named + 1 :]:
        visitor = _visitor(contact_of, view) if contact_of in visitors else None
        if visitor is not None and visitor != found:
            yield visitor


def _visitor(contact_of: TextOf, view: View) -> str | None:
    try:
        return contact_of(view)
    except RefusedError:
        return None


# ---------------------------------------------------------------- type

_BETWEEN_WORDS: Final = re.compile(r"[\s.*\x00-\x1f\x7f]+")


def type_source(source: TypeSource, lookup: Lookup) -> TextOf:
    """The function for the type; None: the record is left out."""
    constant = source.value
    if constant is not None:
        return lambda _: constant
    get, name = first_of([lookup(path) for path in source.paths]), names_of(source.paths)
    named = lru_cache(TYPES_MAX)(type_names(source))

    def event_type(view: View) -> str | None:
        value = get(view)
        if type(value) is str and value:
            return named(value)
        text = said(value)
        if not text:
            if value is None or value == "":
                raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{name} is missing")
            raise wrong_type(name, "a string", value)
        return named(text)

    return event_type


def type_names(source: TypeSource) -> Callable[[str], str | None]:
    """The function from what a record calls a type to the type; None: the record is left out."""
    name, names = names_of(source.paths), dict(source.names)

    def named(text: str) -> str | None:
        if text in names:
            return names[text]
        if source.others is Others.LEAVE_OUT:
            return None
        found = in_words(text) if source.words else text
        if len(found) > ID_CHARS_MAX or not is_type(found):
            raise RefusedError(DeadLetterReason.WRONG_TYPE, f"{name} has to be dotted words, such as cart.item_added")
        return found

    return named


def in_words(name: str) -> str:
    """A name with blanks as dotted words; any other as it is.

    >>> in_words("Order Completed"), in_words("orderCompleted"), in_words("cart.item_added")
    ('order.completed', 'orderCompleted', 'cart.item_added')
    """
    words = [word for word in _BETWEEN_WORDS.split(name) if word]
    dotted = ".".join(words)
    return name if dotted == name else dotted.lower()


# ---------------------------------------------------------------- event_id


def id_source(source: IdSource, lookup: Lookup, *, has_elements: bool) -> Callable[[View, int], str]:
    """The function for the id, of a view and the position of its element."""
    gets = [_id_field(field, lookup) for field in source.fields]
    name = names_of([field.path for field in source.fields])
    digest, ordinal = source.digest, source.ordinal
    if len(gets) == 1 and not digest and not ordinal and not has_elements:
        (alone,) = gets
        return lambda view, _: _checked_id(alone(view), name)

    def event_id(view: View, at: int) -> str:
        parts = [_escaped(get(view)) for get in gets]
        text = " ".join(parts)
        if digest:
            text = hashlib.sha256(text.encode() if gets else canonical_bytes(view.whole)).hexdigest()
        if has_elements:
            text = f"{text} {at}"
        if ordinal and view.ordinal > 1:
            text = f"{text} #{view.ordinal}"
        return _checked_id(text, name)

    return event_id


def _checked_id(text: str, name: str) -> str:
    if len(text) > ID_CHARS_MAX:
        detail = f"the event_id of {name} has {len(text)} characters, {ID_CHARS_MAX} are allowed: write digest: true"
        raise RefusedError(DeadLetterReason.WRONG_TYPE, detail)
    return text


def _escaped(text: str) -> str:
    """So that fields joined by blanks are those fields only."""
    return text.replace("%", "%25").replace(" ", "%20") if " " in text or "%" in text else text


def _id_field(field: IdField, lookup: Lookup) -> Callable[[View], str]:
    get: Get = lookup(field.path)
    name, default = path_text(field.path), field.default

    def text_of(view: View) -> str:
        value = get(view)
        if type(value) is str and value:
            return value
        text = said(value)
        if text:
            return text
        if value is None or value == "":
            if default is not None:
                return default
            raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{name} is missing")
        raise wrong_type(name, "a string", value)

    return text_of
