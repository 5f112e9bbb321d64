"""Fields of a record: which have to be there, and the words for what is wrong with them.

Pure. Called by `events`, which makes an event of canonical fields, and by the adapters of `shapes`,
which make canonical fields of others. Words name fields, never their values: those are personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.reasons import DeadLetterReason

ID_CHARS_MAX: Final = 128
"""Characters of an id or a type: a UUID or a hashed address twice over. They are repeated in every row and state."""

Record: TypeAlias = dict[str, Any]
"""The top level of a record, its values exact."""


class RowContext(NamedTuple):
    """What a file says of a record beside its bytes."""

    header: tuple[str, ...] = ()
    """The names of its cells, if it is a row of cells."""
    ordinal: int = 1
    """Which of the records of its file that are equal to it byte for byte it is, if anybody asked."""


NO_CONTEXT: Final = RowContext()
"""What a message says, and a file whose records stand alone."""


class Start(msgspec.Struct, frozen=True):
    """The start of a run, beyond which no event lies."""

    time_us: int
    name: str
    """What a person calls it."""


class Fields(NamedTuple):
    """A record under the canonical names of its fields."""

    values: Record
    """By canonical name; what the record lacks is lacking here."""
    names: Mapping[str, str]
    """What the record's author calls them, by canonical name; those left out are called so."""


class RefusedError(Exception):
    """Why a record is no event; `events.parse_events` makes a dead letter of it."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def renamed(record: Record, names: Mapping[str, str]) -> Record:
    """What a record says under `names`, by canonical name."""
    return {field: record[name] for field, name in names.items() if name in record}


OWN_NAMES: Final[Mapping[str, str]] = {}
"""The author's names where they are those by which a field is asked for."""


def text_of(values: Record, field: str, names: Mapping[str, str] = OWN_NAMES, chars_max: int = ID_CHARS_MAX) -> str:
    """The id or type in a field.

    Raises:
        RefusedError: it is not there, no string, or too long.
    """
    value = values.get(field)
    if isinstance(value, str) and 0 < len(value) <= chars_max:
        return value
    name = names.get(field, field)
    if is_absent(value):
        raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{name} is {absence(values, field)}")
    if not isinstance(value, str):
        raise wrong_type(name, "a string", value)
    detail = f"{name} has {len(value)} characters, {chars_max} are allowed"
    raise RefusedError(DeadLetterReason.WRONG_TYPE, detail)


def is_absent(value: object) -> bool:
    """Whether a field's value counts as no value where one is needed."""
    return value is None or value == ""


# ---------------------------------------------------------------- words


_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a bool",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def wrong_type(name: str, wanted: str, value: object) -> RefusedError:
    """The refusal of a value of another type."""
    return RefusedError(DeadLetterReason.WRONG_TYPE, f"{name} has to be {wanted} and is {kind_of(value)}")


def kind_of(value: object) -> str:
    """What sort of JSON a value is."""
    return _KINDS.get(type(value), "a number")


def absence(values: Record, field: str) -> str:
    """How a field is not there."""
    if field not in values:
        return "missing"
    return "null" if values[field] is None else "empty"
