"""What a plain record is: the canonical fields of a contact's event, no field more, each of its type and length.

Pure but for its memory of types. The two fast decoders share it: `bulk` (a block of lines) and `single` (one message).
Whatever is not plain they leave to `events.parse_events`, which alone says what is wrong. Their `properties` differ on
purpose: `bulk` passes over them and keeps the text, since most records of a batch are never asked for theirs, and
`single` decodes them, since every event of a message is evaluated. So each bounds nesting and numbers in its own way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final, TypeAlias

import msgspec

from kittiwake.input.events import TYPE
from kittiwake.input.fields import ID_CHARS_MAX

TYPES_MAX: Final = 10_000
"""Event types remembered as well formed: an account has hundreds."""

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARS_MAX)]
"""An id or a type."""


class PlainRecord(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The fields of a plain record; each decoder adds `properties` as it wants them."""

    event_id: Id
    account_id: Id
    contact_id: Id
    type: Id
    time: str


NOT_DECODED: Final = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)
"""What a decoder raises on a record that is not plain."""


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(TYPES_MAX)
def is_type(name: str) -> bool:
    """Whether a text is an event type: dotted words."""
    return TYPE.fullmatch(name) is not None
