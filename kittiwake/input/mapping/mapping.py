"""A mapping: compiled from a shape file once, it makes the events of every record.

Pure. Called by `events.parse_events` with one record, by `bulk` with a block. Travels as its spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from kittiwake.event_types import MERGED
from kittiwake.input.fields import NO_CONTEXT, RefusedError, RowContext, Start, wrong_type
from kittiwake.input.mapping.parts import Head, Parts
from kittiwake.input.mapping.paths import View, lookup_in, path_text
from kittiwake.input.mapping.spec import ELEMENT, FieldPath, Format, MappingSpec, Property
from kittiwake.input.mapping.subjects import visitors_of
from kittiwake.input.mapping.views import Views
from kittiwake.input.shapes.base import AccountOption, Lines
from kittiwake.model import Event
from kittiwake.reasons import DeadLetterReason

ELEMENTS_MAX: Final = 1_000
"""Elements of one record's list that become events: as many as rules derive of one."""


class RecordMapping:
    """What a shape file says, ready to run; equal to every other of the same spec."""

    lines: tuple[Lines, ...] = ()
    """None: what is derived from lists the rules say."""

    def __init__(self, spec: MappingSpec) -> None:
        self.spec = spec
        self.account = _account_option(spec)
        fields = fields_of(spec)
        self.views = Views(spec.records, fields, whole=reads_whole(spec), has_element=spec.each is not None)
        lookup = lookup_in((*fields, ELEMENT) if spec.each is not None else fields)
        self._elements = None if spec.each is None else (lookup(spec.each), path_text(spec.each))
        self.parts = Parts(spec, lookup)

    @property
    def has_ordinals(self) -> bool:
        """Whether records that are equal byte for byte are distinguished, which only files can."""
        return self.spec.event_id.ordinal

    @property
    def is_of_messages(self) -> bool:
        """Whether its records are JSON objects, one a message."""
        return self.spec.records.format in (Format.JSON_LINES, Format.JSON)

    @property
    def is_of_columns(self) -> bool:
        """Whether its records are rows of Parquet files."""
        return self.spec.records.format is Format.PARQUET

    def __reduce__(self) -> tuple[Callable[[MappingSpec], RecordMapping], tuple[MappingSpec]]:
        return compiled, (self.spec,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordMapping) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __str__(self) -> str:
        return self.spec.name

    # ------------------------------------------------------------ one record

    def events(
        self, raw: bytes, size: int, account_id: str | None, start: Start, context: RowContext = NO_CONTEXT
    ) -> tuple[Event, ...]:
        """The events of a record; none: it is left out.

        Raises:
            RefusedError: it can be none, or one of its events cannot.
        """
        view = self.views.of(raw, size, context)
        found: list[Event] = []
        for at in self.elements(view):
            head = self.parts.head(view, at, account_id, start)
            if head is not None:
                found.append(_event(head, self.parts.properties_of(view)))
                found.extend(self.merged(view, head))
        return tuple(found)

    def elements(self, view: View) -> Iterator[int]:
        """The position of each element, while the view shows it; 0 alone if a record is one event."""
        if self._elements is None:
            yield 0
            return
        get, name = self._elements
        elements = get(view)
        if elements is None or elements == "":
            return
        if not isinstance(elements, list):
            raise wrong_type(name, "a list", elements)
        if len(elements) > ELEMENTS_MAX:
            detail = f"{name} has {len(elements)} elements, {ELEMENTS_MAX} are allowed"
            raise RefusedError(DeadLetterReason.OVERSIZE, detail)
        for at, element in enumerate(elements):
            setattr(view, self.views.element, element)
            yield at

    def merged(self, view: View, head: Head) -> Iterator[Event]:
        """That the visitors a record names are its contact from now on."""
        if self.parts.visitors:
            for visitor in visitors_of(head.contact_id, self.parts.contacts, self.parts.visitors, view):
                yield _event(head._replace(type=MERGED, contact_id=visitor), {"into": head.contact_id})


def _event(head: Head, properties: dict[str, Any]) -> Event:
    return Event(head.time_us, head.event_id, head.type, properties, head.account_id, head.contact_id)


def _account_option(spec: MappingSpec) -> AccountOption:
    if spec.account is not None:
        return AccountOption.REFUSED
    return AccountOption.ALLOWED if spec.account_paths else AccountOption.NEEDED


# ---------------------------------------------------------------- what a mapping reads


def fields_of(spec: MappingSpec) -> tuple[str, ...]:
    """The fields of a record that paths begin with."""
    return tuple(dict.fromkeys(path[0] for path in paths_of(spec) if path and not _is_of_element(spec, path)))


def reads_whole(spec: MappingSpec) -> bool:
    """Whether the record itself is read, with fields that no path begins with."""
    return any(not path for path in paths_of(spec)) or (spec.event_id.digest and not spec.event_id.fields)


def _is_of_element(spec: MappingSpec, path: FieldPath) -> bool:
    return spec.each is not None and path[0] == ELEMENT


def paths_of(spec: MappingSpec) -> Iterator[FieldPath]:
    """Every path that is walked in a record."""
    yield from spec.records.json
    yield from (pairs.path for pairs in spec.records.pairs)
    yield from spec.account_paths
    sources: Iterable[Any] = (*spec.contact, spec.type, *spec.time)
    for source in sources:
        yield from source.paths
    yield from (field.path for field in spec.event_id.fields)
    for part in spec.properties:
        if isinstance(part, Property):
            for source in part.sources:
                yield from source.paths
                yield from [source.currency] if source.currency else []
        else:
            yield part
    yield from [spec.each] if spec.each else []
    yield from (one.path for one in spec.only)


@lru_cache(64)
def compiled(spec: MappingSpec) -> RecordMapping:
    """The mapping of a spec, compiled once in a process."""
    return RecordMapping(spec)
