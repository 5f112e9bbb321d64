"""Compiled: properties named one by one as JSON, written at once from a view, without an object between.

Pure. Called by `bulk`, for events that are wanted. Says what `properties` says, whose own function is asked where a
value is not what it mostly is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from kittiwake.input.mapping.paths import Get, View
from kittiwake.input.mapping.properties import PropertiesOf
from kittiwake.values import canonical_bytes

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode

_EMPTY: Final = b'""'
_ESCAPED: Final = re.compile(r'["\\]')


def can_be_written(names: Sequence[str]) -> bool:
    """Whether `property_texts` takes such names: each once, without what JSON escapes."""
    return len(set(names)) == len(names) and all(name.isprintable() and not _ESCAPED.search(name) for name in names)


def property_texts(gets: Sequence[tuple[str, Get]], properties_of: PropertiesOf) -> Callable[[View], bytes]:
    """The function for properties by name; what is None or an empty text is none, as in `properties_of`."""
    gets = sorted(gets, key=lambda one: one[0])
    fields = [(f"p{at}", Any, None) for at in range(len(gets))]
    names = {f"p{at}": name for at, (name, _) in enumerate(gets)}
    kind = msgspec.defstruct("Properties", fields, rename=names, omit_defaults=True, gc=False)
    values = [get for _, get in gets]

    def text(view: View) -> bytes:
        try:
            written = _encode(kind(*[get(view) for get in values]))
        except OverflowError:  # an integer beyond 64 bits
            return canonical_bytes(properties_of(view))
        return written if _EMPTY not in written else canonical_bytes(properties_of(view))

    return text
