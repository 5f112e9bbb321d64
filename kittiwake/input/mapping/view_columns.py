"""Columns of views: what a mapping says of many views at once, a list a field.

Pure. Called by `bulk`. A call costs a tenth of what a record costs there, so values are checked in bulk: where all are
what they mostly are, nothing is asked of each. Where one is not, the mapping is asked of each, which alone knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.bounded_cache import BoundedCache
from kittiwake.input.event_times import Form, instants, microseconds, span_us, usual_form
from kittiwake.input.fields import ID_CHARS_MAX, RefusedError
from kittiwake.input.mapping.parts import Parts
from kittiwake.input.mapping.paths import Lookup, View
from kittiwake.input.mapping.spec import ContactSource, FieldPath, IdField, IdSource, MappingSpec, TimeSource
from kittiwake.input.mapping.subjects import type_names
from kittiwake.input.plain import TYPES_MAX

REFUSED: Final[Any] = object()
"""In place of a value that cannot be what it has to be."""


class Column(NamedTuple):
    """A value of each view."""

    values: list[Any]
    """None: the record is left out, or is of a guest; `REFUSED`."""
    is_whole: bool
    """Whether no value is None or refused."""


class TypeColumn(NamedTuple):
    """The types of views."""

    names: list[Any]
    """What records call them."""
    known: Mapping[Any, Any] | None
    """From a name to the type, None, or `REFUSED`; no mapping: names are types."""
    is_whole: bool

    def types(self) -> list[Any]:
        """The type of each view."""
        return self.types_of(self.names)

    def types_of(self, names: list[Any]) -> list[Any]:
        """The types that names stand for."""
        return names if self.known is None else list(map(self.known.__getitem__, names))


class TimeColumn(NamedTuple):
    """The times of views."""

    values: list[Any]
    """Microseconds, or texts of one form; `REFUSED`."""
    form: Form | None
    is_whole: bool

    def span_us(self) -> tuple[int, int]:
        """The earliest and the latest, of a column that is whole."""
        return (min(self.values), max(self.values)) if self.form is None else span_us(self.form)

    def microseconds(self) -> list[Any]:
        """The time of each view, or `REFUSED`."""
        return self.microseconds_of(self.values)

    def microseconds_of(self, values: list[Any]) -> list[Any]:
        """The microseconds that values stand for."""
        return values if self.form is None else microseconds(values, self.form)


Views: TypeAlias = tuple[Sequence[View], bool]
"""Views, and whether the decoder has found texts that may be ids at each of `plain_paths`."""
Columns: TypeAlias = Callable[[Views], Column]


def asked(function: Callable[[View], Any], views: Sequence[View]) -> Column:
    """What a function says of each view."""
    try:
        values = list(map(function, views))
    except RefusedError:
        return Column([attempt(function, view) for view in views], is_whole=False)
    return Column(values, None not in values)


def attempt(function: Callable[[Any], Any], value: Any) -> Any:
    """What a function says of a value; `REFUSED` where it refuses it."""
    try:
        return function(value)
    except RefusedError:
        return REFUSED


def _are_ids(values: list[Any]) -> bool:
    """Whether all values are texts that may be ids."""
    if set(map(type, values)) != {str}:
        return False
    return all(values) and max(map(len, values)) <= ID_CHARS_MAX


# ---------------------------------------------------------------- ids


def plain_paths(spec: MappingSpec) -> list[FieldPath]:
    """Where ids, a type or a time stand as they are."""
    accounts = spec.account_paths[0] if len(spec.account_paths) == 1 else None
    found = (_contact_path(spec), _id_path(spec), accounts, _type_path(spec), _time_path(spec))
    return [path for path in found if path is not None]


def _contact_path(spec: MappingSpec) -> FieldPath | None:
    source = spec.contact[0]
    is_plain = spec.contact == (ContactSource(source.paths),) and len(source.paths) == 1
    return source.paths[0] if is_plain else None


def _id_path(spec: MappingSpec) -> FieldPath | None:
    fields = spec.event_id.fields
    is_plain = len(fields) == 1 and spec.event_id == IdSource((IdField(fields[0].path),))
    return fields[0].path if is_plain else None


def contacts_of(spec: MappingSpec, lookup: Lookup, parts: Parts) -> Columns:
    """The function for contacts; None: a guest."""
    return _texts(_contact_path(spec), lookup, parts.contact_of)


def ids_of(spec: MappingSpec, lookup: Lookup, parts: Parts) -> Columns:
    """The function for ids of events."""
    return _texts(_id_path(spec), lookup, lambda view: parts.id_of(view, 0))


def accounts_of(spec: MappingSpec, lookup: Lookup, parts: Parts) -> Callable[[Views, str | None], Column]:
    """The function for accounts, of views and the account of records that name none."""
    path = spec.account_paths[0] if len(spec.account_paths) == 1 else None

    def column(views: Views, account_id: str | None) -> Column:
        constant = spec.account or account_id
        if not spec.account_paths:
            return Column([constant or REFUSED] * len(views[0]), bool(constant))
        return _texts(path, lookup, lambda view: parts.account_of(view, account_id))(views)

    return column


def _texts(path: FieldPath | None, lookup: Lookup, function: Callable[[View], Any]) -> Columns:
    """Ids that stand at a path as they are; where a value is none, what the function says of each view."""
    if path is None:
        return lambda views: asked(function, views[0])
    get = lookup(path)

    def column(views: Views) -> Column:
        values = list(map(get, views[0]))
        return Column(values, is_whole=True) if views[1] or _are_ids(values) else asked(function, views[0])

    return column


# ---------------------------------------------------------------- types, times


def _type_path(spec: MappingSpec) -> FieldPath | None:
    return spec.type.paths[0] if len(spec.type.paths) == 1 else None


def types_of(spec: MappingSpec, lookup: Lookup, parts: Parts) -> Callable[[Views], TypeColumn]:
    """The function for types."""
    path = _type_path(spec)
    if path is None:
        return lambda views: _types_asked(parts, views)
    get, named = lookup(path), type_names(spec.type)
    cache = BoundedCache[str, Any](TYPES_MAX, lambda name: attempt(named, name))

    def column(views: Views) -> TypeColumn:
        names = list(map(get, views[0]))
        try:
            distinct = set(names)
        except TypeError:  # a list, or an object
            return _types_asked(parts, views)
        if not _are_ids(list(distinct)):
            return _types_asked(parts, views)
        known = cache.of(distinct)
        found = {known[name] for name in distinct}
        return TypeColumn(names, known, None not in found and REFUSED not in found)

    return column


def _types_asked(parts: Parts, views: Views) -> TypeColumn:
    values, is_whole = asked(parts.type_of, views[0])
    return TypeColumn(values, None, is_whole)


def _time_path(spec: MappingSpec) -> FieldPath | None:
    source = spec.time[0]
    is_plain = len(spec.time) == 1 and source == TimeSource(source.paths) and len(source.paths) == 1
    return source.paths[0] if is_plain else None


def times_of(spec: MappingSpec, lookup: Lookup, parts: Parts) -> Callable[[Views], TimeColumn]:
    """The function for times."""
    path = _time_path(spec)
    if path is None:
        return lambda views: _times_asked(parts, views)
    get = lookup(path)

    def column(views: Views) -> TimeColumn:
        values = list(map(get, views[0]))
        if not views[1] and set(map(type, values)) != {str}:
            return _times_asked(parts, views)
        form = usual_form(values)
        return TimeColumn(instants(values) if form is None else values, form, is_whole=True)

    return column


def _times_asked(parts: Parts, views: Views) -> TimeColumn:
    values, is_whole = asked(parts.time_of, views[0])
    return TimeColumn(values, None, is_whole)
