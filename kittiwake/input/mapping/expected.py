"""Views of records that are as expected: objects where paths walk, decoded by C and walked by C.

Pure. Called by `bulk`, for a whole block at once. A record that is otherwise (a text where a path walks on, null in
place of an object) is no such view: it is left to `views`, by which every record can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec

from kittiwake.input.bulk import NOTHING
from kittiwake.input.mapping.paths import Get, View, walk
from kittiwake.input.mapping.spec import FieldPath
from kittiwake.input.plain import Id
from kittiwake.values import literal_number

NUMBERS_KEPT: Final = 20_000
"""Numbers remembered by their texts: prices come again and again, and this many there are below 200.00. 4 MB."""

_number: Final = lru_cache(NUMBERS_KEPT)(literal_number)

_ABSENT: Final = msgspec.Raw(NOTHING)
"""What stands at the raw path of a record that has nothing there."""


class ExpectedViews:
    """The decoders for paths, and how each is walked."""

    def __init__(self, paths: Iterable[FieldPath], raw: FieldPath | None, ids: Iterable[FieldPath] = ()) -> None:
        """At `raw`, which is one of the paths, a view has the JSON as it stands; at `ids` most records have texts."""
        asked = frozenset(paths)
        self.raw = raw
        self._attributes: dict[FieldPath, str] = {}
        self._checked: frozenset[FieldPath] = frozenset()
        self.decode = self._decoder(asked)
        self._checked = frozenset(path for path in ids if self._ends(path, asked))
        self.decode_checked = self._decoder(asked) if self._checked.issuperset(ids) else None
        """The same, which refuses records that have no text at one of `ids`, or one too long for an id; None: it would
        have to look into lists, or at what other paths walk through."""

    def _ends(self, path: FieldPath, asked: frozenset[FieldPath]) -> bool:
        """Whether a path walks objects only, and no other walks on."""
        return path in self._attributes and sum(one[: len(path)] == path for one in asked) == 1

    def _decoder(self, paths: frozenset[FieldPath]) -> Callable[[bytes], View]:
        kind = self._struct(paths, (), "")
        return msgspec.json.Decoder(kind, float_hook=_number).decode

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
        return msgspec.defstruct("Expected", fields, rename=names, gc=False, kw_only=True)

    def _field(self, rest: frozenset[FieldPath], here: FieldPath, attribute: str) -> tuple[Any, ...]:
        if here == self.raw and rest == {()}:
            return msgspec.Raw, _ABSENT
        if here in self._checked:
            return (Id,)
        if () in rest or any(path[0].isdecimal() for path in rest):
            return Any, None
        inner = self._struct(rest, here, attribute)
        is_asked = any(path[: len(here)] == here for path in self._checked)
        return (inner,) if is_asked else (inner, msgspec.field(default_factory=inner))

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
