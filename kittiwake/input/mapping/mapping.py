"""A mapping: compiled from a shape file once, it makes the events of every record.

Pure. Called by `events.parse_events` with one record, by `bulk` with a block. Travels as its spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kittiwake.event_types import MERGED
from kittiwake.input.events import refuse_time
from kittiwake.input.fields import ID_CHARS_MAX, NO_CONTEXT, RefusedError, RowContext, Start, text_of, wrong_type
from kittiwake.input.mapping.numbers import number_reader
from kittiwake.input.mapping.paths import View, first_of, getter, path_text
from kittiwake.input.mapping.properties import condition, properties_source
from kittiwake.input.mapping.spec import ELEMENT, FieldPath, Format, Guests, MappingSpec, Property
from kittiwake.input.mapping.subjects import contact_source, id_source, names_of, type_source, visitors_of
from kittiwake.input.mapping.times import read_as
from kittiwake.input.mapping.views import Views
from kittiwake.input.shapes.base import AccountOption, Lines
from kittiwake.model import Event
from kittiwake.reasons import DeadLetterReason

ELEMENTS_MAX: Final = 1_000
"""Elements of one record's list that become events: as many as rules derive of one."""

GUEST: Final = "guest:"
"""What the `contact_id` of a guest who stands apart begins with."""


class Head(NamedTuple):
    """An event without its properties."""

    time_us: int
    event_id: str
    type: str
    account_id: str
    contact_id: str


class RecordMapping:
    """What a shape file says, ready to run; equal to every other of the same spec."""

    lines: tuple[Lines, ...] = ()
    """None: what is derived from lists the rules say."""

    def __init__(self, spec: MappingSpec) -> None:
        self.spec = spec
        self.account = _account_option(spec)
        fields = tuple(dict.fromkeys(path[0] for path in paths_of(spec) if path and not _is_of_element(spec, path)))
        whole = any(not path for path in paths_of(spec)) or (spec.event_id.digest and not spec.event_id.fields)
        self.views = Views(spec.records, fields, whole=whole, has_element=spec.each is not None)
        seen = (*fields, ELEMENT) if spec.each is not None else fields
        self._elements = None if spec.each is None else (getter(spec.each, seen), path_text(spec.each))
        read = number_reader(decimal_comma=spec.decimal_comma)
        self._only = tuple(condition(one, seen, read) for one in spec.only)
        self.type_of = type_source(spec.type, seen)
        self._contacts = tuple(contact_source(one, seen) for one in spec.contact)
        self._visitors = tuple(
            of for of, one in zip(self._contacts, spec.contact, strict=True) if one.prefix and spec.ends_visitors
        )
        self._contact_names = names_of([path for one in spec.contact for path in one.paths])
        self.contact_of = first_of(self._contacts)
        self.id_of = id_source(spec.event_id, seen, has_elements=spec.each is not None)
        self._account_get = (
            first_of([getter(path, seen) for path in spec.account_paths]) if spec.account_paths else None
        )
        self._times = [
            (first_of([getter(path, seen) for path in one.paths]), read_as(one, path_text(one.paths[0])))
            for one in spec.time
        ]
        self._time_names = names_of([path for one in spec.time for path in one.paths])
        self.properties_of = properties_source(spec, seen) if spec.properties else _no_properties

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
            head = self.head(view, at, account_id, start)
            if head is not None:
                found.append(_event(head, self.properties_of(view)))
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

    def head(self, view: View, at: int, account_id: str | None, start: Start) -> Head | None:
        """An event without its properties; None: it is left out.

        Raises:
            RefusedError: it can be none.
        """
        for holds in self._only:
            if not holds(view):
                return None
        event_type = self.type_of(view)
        if event_type is None:
            return None
        contact_id = self.contact_of(view)
        if contact_id is None and self.spec.guests is not Guests.APART:
            if self.spec.guests is Guests.LEAVE_OUT:
                return None
            raise RefusedError(DeadLetterReason.NO_SUBJECT, f"{self._contact_names} is missing")
        event_id = self.id_of(view, at)
        account_id = self._account(view, account_id)
        time_us = self.time_of(view)
        refuse_time(time_us, self._time_names, start)
        return Head(time_us, event_id, event_type, account_id, contact_id or _guest(event_id))

    def _account(self, view: View, account_id: str | None) -> str:
        found: Any = self.spec.account
        if found is None and self._account_get is not None:
            found = self._account_get(view)
        name = names_of(self.spec.account_paths) or "account"
        if found is None or found == "":
            found = account_id
        return text_of({} if found is None else {name: found}, name)

    def time_of(self, view: View) -> int:
        """The instant, in microseconds.

        Raises:
            RefusedError: it is not there, or no instant.
        """
        for get, read in self._times:
            value = get(view)
            if value is not None and value != "":
                return read(value)
        raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{self._time_names} is missing")

    def merged(self, view: View, head: Head) -> Iterator[Event]:
        """That the visitors a record names are its contact from now on."""
        if self._visitors:
            for visitor in visitors_of(head.contact_id, self._contacts, self._visitors, view):
                yield _event(head._replace(type=MERGED, contact_id=visitor), {"into": head.contact_id})


def _event(head: Head, properties: dict[str, Any]) -> Event:
    return Event(head.time_us, head.event_id, head.type, properties, head.account_id, head.contact_id)


def _no_properties(_: View) -> dict[str, Any]:
    return {}


def _guest(event_id: str) -> str:
    if len(event_id) > ID_CHARS_MAX - len(GUEST):
        detail = f"the event_id of a guest has {len(event_id)} characters, {ID_CHARS_MAX - len(GUEST)} are allowed"
        raise RefusedError(DeadLetterReason.WRONG_TYPE, f"{detail}: write digest: true")
    return GUEST + event_id


def _account_option(spec: MappingSpec) -> AccountOption:
    if spec.account is not None:
        return AccountOption.REFUSED
    return AccountOption.ALLOWED if spec.account_paths else AccountOption.NEEDED


# ---------------------------------------------------------------- what a mapping reads


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
