"""From the models of a shape file to the spec of a mapping: every short form written out.

Pure. Called by `reading` with a file that was checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kittiwake.input.mapping.paths import parse_path
from kittiwake.input.mapping.spec import (
    Condition,
    ContactSource,
    Convert,
    Encoding,
    FieldPath,
    Format,
    Guests,
    IdField,
    IdSource,
    MappingSpec,
    Others,
    Pairs,
    Property,
    PropertySource,
    Records,
    Test,
    TimeSource,
    TypeSource,
    Unit,
)
from kittiwake.shape_files.models import (
    AccountValue,
    ContactObject,
    IdFieldObject,
    IdObject,
    OnlyOperators,
    PairsObject,
    PropertiesObject,
    PropertyObject,
    RecordsObject,
    ShapeFile,
    TimeObject,
    TypeObject,
)


def spec_of(written: ShapeFile, name: str) -> MappingSpec:
    """The spec of a shape file; `name` is what people call it."""
    account = written.account
    return MappingSpec(
        name=name,
        event_id=_id(written.event_id),
        contact=tuple(map(_contact, _listed(written.contact))),
        type=_type(written.type),
        time=tuple(map(_time, _listed(written.time))),
        records=_records(written.records) if written.records else Records(),
        account=account.value if isinstance(account, AccountValue) else None,
        account_paths=() if account is None or isinstance(account, AccountValue) else _paths(account),
        guests=Guests(written.guests),
        ends_visitors=written.visitors is not None,
        properties=() if written.properties is None else tuple(_properties(written.properties)),
        numbers=tuple(map(_path, written.numbers or ())),
        decimal_comma=written.decimal == ",",
        each=None if written.each is None else _path(written.each),
        only=() if written.only is None else tuple(_only(written.only.tests())),
    )


def _path(text: str) -> FieldPath:
    found = parse_path(text)
    assert found is not None, text
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _paths(written: str | list[str]) -> tuple[FieldPath, ...]:
    return tuple(map(_path, _listed(written)))


def _records(written: RecordsObject) -> Records:
    return Records(
        Format(written.format),
        () if written.at is None else _path(written.at),
        written.delimiter or ",",
        Encoding(written.encoding or Encoding.UTF_8),
        tuple(map(_path, written.json_ or ())),
        tuple(map(_pairs, written.pairs or ())),
    )


def _pairs(entry: str | PairsObject) -> Pairs:
    return Pairs(_path(entry)) if isinstance(entry, str) else Pairs(*map(_path, (entry.at, entry.key, entry.value)))


def _contact(entry: str | ContactObject) -> ContactSource:
    if isinstance(entry, str):
        return ContactSource(_paths(entry))
    return ContactSource(_paths(entry.path), entry.as_ is not None, entry.prefix or "", tuple(entry.absent or ()))


def _type(written: str | list[str] | TypeObject) -> TypeSource:
    if not isinstance(written, TypeObject):
        return TypeSource(paths=_paths(written))
    paths = () if written.path is None else _paths(written.path)
    names = tuple((written.names or {}).items())
    return TypeSource(written.value, paths, names, written.words, Others(written.others))


def _time(entry: str | TimeObject) -> TimeSource:
    if isinstance(entry, str):
        return TimeSource(_paths(entry))
    unit = None if entry.unit is None else Unit(entry.unit)
    return TimeSource(_paths(entry.path), unit, entry.format, entry.zone)


def _id(written: str | list[str | IdFieldObject] | IdObject) -> IdSource:
    if isinstance(written, IdObject):
        return IdSource(tuple(map(_id_field, written.fields_ or ())), written.digest, written.ordinal)
    return IdSource(tuple(map(_id_field, _listed(written))))


def _id_field(entry: str | IdFieldObject) -> IdField:
    return IdField(_path(entry)) if isinstance(entry, str) else IdField(_path(entry.path), entry.default)


def _properties(written: Any) -> Iterator[FieldPath | Property]:
    for entry in _listed(written):
        if isinstance(entry, PropertiesObject):
            for name, value in entry.named().items():
                yield Property(name, tuple(map(_source, _listed(value))))
        else:
            yield _path(entry)


def _source(entry: str | PropertyObject) -> PropertySource:
    if isinstance(entry, str):
        return PropertySource(_paths(entry))
    return PropertySource(
        () if entry.path is None else _paths(entry.path),
        entry.value,
        Convert(entry.as_ or ""),
        None if entry.currency is None else _path(entry.currency),
        tuple(entry.absent or ()),
    )


def _only(tests: dict[str, Any]) -> Iterator[Condition]:
    for path, test in tests.items():
        yield Condition(_path(path), tuple(_tests(test)))


def _tests(test: Any) -> Iterator[Test]:
    if isinstance(test, OnlyOperators):
        for name, info in type(test).model_fields.items():
            operand = getattr(test, name)
            if operand is not None:
                yield Test(info.key, tuple(_listed(operand)))
    else:
        yield Test("in", tuple(_listed(test)))
