"""Views of records that are as expected: objects where paths walk, decoded by C and walked by C.

Pure. Called by `bulk`, for a whole block at once. A record that is otherwise (a text where a path walks on, null in
place of an object) is no such view: it is left to `views`, by which every record can be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec

from kittiwake.input.bulk import NOTHING
from kittiwake.input.mapping.paths import Get, View, walk
from kittiwake.input.mapping.spec import FieldPath
from kittiwake.values import literal_number

NUMBERS_KEPT: Final = 10_000
"""Numbers remembered by their texts: prices come again and again. 2 MB."""

_number: Final = lru_cache(NUMBERS_KEPT)(literal_number)

_ABSENT: Final = msgspec.Raw(NOTHING)
"""What stands at the raw path of a record that has nothing there."""


class ExpectedViews:
    """The decoder for paths, and how each is walked."""

    def __init__(self, paths: Iterable[FieldPath], raw: FieldPath | None) -> None:
        """At `raw`, which is one of the paths, a view has the JSON as it stands."""
        self._attributes: dict[FieldPath, str] = {}
        self.raw = raw
        kind = self._struct(frozenset(paths), (), "")
        self.decode = msgspec.json.Decoder(kind, float_hook=_number).decode

    def _struct(self, paths: frozenset[FieldPath], at: FieldPath, attribute: str) -> Any:
        """The type of an object at `at`, of which `paths` walk on."""
        fields: list[Any] = []
        names: dict[str, str] = {}
        for number_of, key in enumerate(dict.fromkeys(path[0] for path in sorted(paths))):
            name, here = f"f{number_of}", (*at, key)
            names[name] = key
            self._attributes[here] = f"{attribute}.{name}" if attribute else name
            rest = frozenset(path[1:] for path in paths if path[0] == key)
            fields.append((name, *self._field(rest, here, self._attributes[here])))
        return msgspec.defstruct("Expected", fields, rename=names, gc=False)

    def _field(self, rest: frozenset[FieldPath], here: FieldPath, attribute: str) -> tuple[Any, Any]:
        if here == self.raw and rest == {()}:
            return msgspec.Raw, _ABSENT
        if () in rest or any(path[0].isdecimal() for path in rest):
            return Any, None
        inner = self._struct(rest, here, attribute)
        return inner, msgspec.field(default_factory=inner)

    def lookup(self, path: FieldPath) -> Get:
        """The function for a path in such views."""
        at = next(end for end in range(len(path), 0, -1) if path[:end] in self._attributes)
        head: Get = attrgetter(self._attributes[path[:at]])
        rest = path[at:]
        if not rest:
            return head

        def get(view: View) -> Any:
            return walk(head(view), rest)

        return get
