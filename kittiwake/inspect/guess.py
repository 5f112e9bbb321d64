"""Which fields are contact, type, time and id, and what else rules may read: a first shape, by names and by values.

Pure. Called with the sample's records and fields. A wrong guess shows in what comes of all records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.input.fields import RefusedError
from kittiwake.input.mapping.numbers import number_reader
from kittiwake.input.mapping.spec import FieldPath
from kittiwake.inspect.fields import Field, value_at
from kittiwake.inspect.names import (
    AMOUNT,
    CONTACTS,
    EMAILS,
    IDS,
    LINES,
    NO_TIMES,
    NOBODY,
    ORDER,
    PROPERTIES,
    TIMES,
    TYPES,
    TYPES_IF_DOTTED,
    VISITORS,
    plain,
    rank,
    snake,
)
from kittiwake.inspect.values import TimeForm, is_time_name

Fields = Mapping[FieldPath, Field]

ACCOUNT: Final = ("account_id",)
"""Only a field of this very name is taken for the account: what others call an account is a customer."""

PRESENT: Final = 0.9
"""Part of the records that have to have a time: of fewer it is the time of something else."""

NAMED_MAX: Final = 9
"""Properties that are named one by one: beyond, a shape names all fields of the record at once."""

TYPES_MAX: Final = 200
"""Values of a type: more of them are ids or names."""

_TYPE: Final = re.compile(r"[^\s.*]+([.][^\s.*]+)*")


class Contact(NamedTuple):
    """A at_rank at which a contact's id stands."""

    path: FieldPath
    as_text: bool = False
    prefix: str = ""
    absent: tuple[Any, ...] = ()


class Amount(NamedTuple):
    """A property."""

    name: str
    path: FieldPath
    is_number: bool = False
    """Whether its texts are to be read as numbers."""
    absent: tuple[str, ...] = ()


class Guess(NamedTuple):
    """A first shape; None or empty: nothing in the records says it."""

    contacts: tuple[Contact, ...]
    has_guests: bool
    type: FieldPath | None
    constant_type: str
    type_words: bool
    time: FieldPath | None
    time_form: TimeForm | None
    ids: tuple[FieldPath, ...]
    ordinal: bool
    properties: tuple[Amount, ...]
    whole: FieldPath | None
    """The object whose members are the properties; empty: the record itself; None: they are named."""
    numbers: tuple[str, ...]
    decimal_comma: bool
    pairs: tuple[FieldPath, ...] = ()
    """Lists of keys and values that are walked into."""
    json: tuple[FieldPath, ...] = ()
    """Texts of JSON that are walked into."""
    account: FieldPath | None = None
    """Where each record names its account."""

    @property
    def lacks(self) -> list[str]:
        """What no field was found for, without which there is no event."""
        return [what for what, found in (("contact", self.contacts), ("time", self.time)) if not found]


def guess(records: Sequence[Mapping[str, Any]], fields: Fields, stem: str) -> Guess:
    """A first shape for records; `stem` is what their list is called, or their file without its endings."""
    number = len(records)
    time = _time(fields, number)
    event_type = _type(fields, number)
    contacts = _contacts(fields, number)
    taken = {path for path in (ACCOUNT, time, event_type, *(one.path for one in contacts)) if path}
    ids, ordinal = _ids(records, fields, taken, (event_type,) if event_type else ())
    comma = _decimal_comma(fields)
    whole, properties = _properties(fields, taken, ids, decimal_comma=comma)
    numbers = () if whole is None else tuple(_number_names(fields, whole, decimal_comma=comma))
    return Guess(
        contacts,
        bool(contacts) and _has_guests(records, contacts),
        event_type,
        "" if event_type else _constant(fields, stem),
        event_type is not None and any(not _TYPE.fullmatch(str(value)) for value in fields[event_type].values),
        time,
        fields[time].time_form() if time else None,
        ids,
        ordinal,
        properties,
        whole,
        numbers,
        comma,
        account=ACCOUNT if ACCOUNT in fields and fields[ACCOUNT].present == number else None,
    )


def _ranked(fields: Fields, names: tuple[str, ...], *, depth: int = 3) -> list[Field]:
    """Scalar fields that are called so, the surest first; of equal names those nearest to the top."""
    found = [
        (at_rank, len(path), at, field)
        for at, (path, field) in enumerate(fields.items())
        if field.is_scalar and len(path) <= depth and (at_rank := rank(path, names)) is not None
    ]
    return [field for _, _, _, field in sorted(found, key=lambda one: one[:3])]


# ---------------------------------------------------------------- time


def _time(fields: Fields, number: int) -> FieldPath | None:
    found: list[tuple[Any, ...]] = []
    for at, (path, field) in enumerate(fields.items()):
        form = field.time_form() if len(path) <= 3 else None
        if form is None or field.present < PRESENT * number:
            continue
        at_rank = rank(path, TIMES)
        if at_rank is None and not is_time_name(path[-1]) and not form.has_clock:
            continue
        is_other = NO_TIMES.search(path[-1]) is not None
        found.append((is_other, at_rank is None, not form.has_clock, at_rank or 0, len(path), at, path))
    return min(found)[-1] if found else None


# ---------------------------------------------------------------- contact


def _contacts(fields: Fields, number: int) -> tuple[Contact, ...]:
    known = [field for field in _ranked(fields, CONTACTS) if field.time_form() is None][:1]
    found = [_contact(field, "") for field in known]
    if not known or known[0].present < number or found[0].absent:
        for names, prefix in ((EMAILS, "email:"), (VISITORS, "anonymous:")):
            others = [field for field in _ranked(fields, names) if field not in known][:1]
            found += [_contact(field, prefix if known or prefix == "anonymous:" else "") for field in others]
    return tuple(found)


def _contact(field: Field, prefix: str) -> Contact:
    absent = tuple(value for value in field.values if str(value).strip().lower() in NOBODY)
    return Contact(field.path, bool(field.numbers), prefix, absent)


def _has_guests(records: Iterable[Mapping[str, Any]], contacts: tuple[Contact, ...]) -> bool:
    return any(all(_is_nobody(value_at(record, one.path), one) for one in contacts) for record in records)


def _is_nobody(value: Any, contact: Contact) -> bool:
    return value is None or value in contact.absent


# ---------------------------------------------------------------- type


def _type(fields: Fields, number: int) -> FieldPath | None:
    dotted = [field for field in _ranked(fields, TYPES_IF_DOTTED, depth=2) if all(map(_is_dotted, field.values))]
    for field in (*_ranked(fields, TYPES, depth=2), *dotted):
        is_whole = field.present >= PRESENT * number and not field.numbers
        few = len(field.values) <= min(TYPES_MAX, max(20, number // 2))
        if is_whole and few and all(len(value) <= 100 and not is_date(value) for value in field.values):
            return field.path
    return None


def _is_dotted(value: object) -> bool:
    return isinstance(value, str) and "." in value and _TYPE.fullmatch(value) is not None


def is_date(value: str) -> bool:
    """Whether a text begins as a date does, and so is no type."""
    return re.match(r"\d{4}-\d\d", value) is not None


def _constant(fields: Fields, stem: str) -> str:
    if ORDER.search(stem) or any(ORDER.search(path[-1]) for path in fields):
        return "order.completed"
    return f"{snake(stem) or 'record'}.recorded"


# ---------------------------------------------------------------- id


def _ids(
    records: Sequence[Mapping[str, Any]], fields: Fields, taken: set[FieldPath], beside: tuple[FieldPath, ...]
) -> tuple[tuple[FieldPath, ...], bool]:
    """The fields that make an id, with what is part of it anyway, and whether equal rows are kept apart by number."""
    candidates = [field for field in _ranked(fields, IDS) if field.path not in taken]
    candidates += [field for field in fields.values() if _may_be_id(field, taken) and field not in candidates]
    different = {repr(record) for record in records}
    for field in candidates:
        if field.present == len(records) and _is_key(records, (field.path, *beside), len(different)):
            return (field.path,), False
    orders = [field for field in candidates if field.present == len(records)][:3]
    lines = [field for field in _ranked(fields, LINES) if field.present == len(records)][:3]
    for order in orders:
        for line in lines:
            if _is_key(records, (order.path, line.path, *beside), len(different)):
                return (order.path, line.path), len(different) < len(records)
    return (), True


def _may_be_id(field: Field, taken: set[FieldPath]) -> bool:
    is_named = re.search(r"(id|guid|nr|no|number|key)$", plain(field.name)) is not None
    is_another = rank(field.path, (*CONTACTS, *VISITORS, *EMAILS, *LINES)) is not None
    return field.is_scalar and is_named and not is_another and field.path not in taken


def _is_key(records: Sequence[Mapping[str, Any]], paths: tuple[FieldPath, ...], different: int) -> bool:
    """Whether records that differ differ in these fields."""
    return len({tuple(str(value_at(record, path)) for path in paths) for record in records}) == different


# ---------------------------------------------------------------- properties


def _properties(
    fields: Fields, taken: set[FieldPath], ids: tuple[FieldPath, ...], *, decimal_comma: bool
) -> tuple[FieldPath | None, tuple[Amount, ...]]:
    """The object that holds them, or those that are named."""
    tops = {path[0] for path in fields if len(path) > 1}
    whole = next((name for name in PROPERTIES if name in tops), None)
    if whole is not None:
        return (whole,), ()
    left = [field for path, field in fields.items() if path not in taken and (path not in ids or _is_reference(field))]
    if len(left) > NAMED_MAX or any(len(field.path) > 1 for field in left):
        return (), ()
    names = [snake(field.name) or field.name for field in left]
    if len(set(names)) < len(names) or any("." in name for name in names):
        return (), ()
    return None, tuple(_property(field, name, decimal_comma) for field, name in zip(left, names, strict=True))


def _is_reference(field: Field) -> bool:
    """Whether rules may ask for an id: which order, which product."""
    return rank(field.path, IDS) is None or ORDER.search(field.name) is not None or rank(field.path, LINES) is not None


def _property(field: Field, name: str, decimal_comma: bool) -> Amount:
    if not AMOUNT.search(field.name) or not field.texts:
        return Amount(name, field.path)
    wrong = _no_numbers(field, decimal_comma=decimal_comma)
    if len(wrong) > 5 or len(wrong) == len(field.values):
        return Amount(name, field.path)
    return Amount(name, field.path, is_number=True, absent=tuple(wrong))


def _number_names(fields: Fields, whole: FieldPath, *, decimal_comma: bool) -> Iterable[str]:
    """Paths of the properties whose texts are amounts, all of which are numbers."""
    for path, field in fields.items():
        inside = path[len(whole) :] if path[: len(whole)] == whole else ()
        if inside and field.texts and AMOUNT.search(path[-1]) and not _no_numbers(field, decimal_comma=decimal_comma):
            yield ".".join(f'"{key}"' if "." in key else key for key in inside)
        for name in _number_names_in(field, decimal_comma=decimal_comma) if inside and field.lists else ():
            yield f"{'.'.join(inside)}.*.{name}"


def _number_names_in(field: Field, *, decimal_comma: bool) -> Iterable[str]:
    """Names of amounts in the objects of a list, whose texts are all numbers."""
    inner = [element for elements in field.lists for element in elements if isinstance(element, dict)]
    for name in dict.fromkeys(name for element in inner for name in element):
        texts = [element[name] for element in inner if isinstance(element.get(name), str) and element[name]]
        if texts and AMOUNT.search(name) and not _refused(texts, decimal_comma=decimal_comma):
            yield name


def _no_numbers(field: Field, *, decimal_comma: bool) -> list[str]:
    return _refused([value for value in field.values if isinstance(value, str)], decimal_comma=decimal_comma)


def _refused(texts: Iterable[str], *, decimal_comma: bool) -> list[str]:
    """Texts that are no numbers to a shape."""
    read, found = number_reader(decimal_comma=decimal_comma), []
    for text in texts:
        try:
            is_none = read(text) is None
        except (RefusedError, ValueError):
            is_none = True
        if is_none:
            found.append(text)
    return found


def _decimal_comma(fields: Fields) -> bool:
    """Whether amounts are written with a decimal comma, as `9,90` and `1.234,50` are."""
    texts = [
        value
        for path, field in fields.items()
        if AMOUNT.search(path[-1])
        for value in field.values
        if isinstance(value, str)
    ]
    commas = sum(re.fullmatch(r"-?[\d.]*\d,\d{1,2}", text.strip()) is not None for text in texts)
    points = sum(re.fullmatch(r"-?[\d,]*\d?\.\d{1,2}", text.strip()) is not None for text in texts)
    return commas > points


# ---------------------------------------------------------------- what stands inside


def pair_fields(fields: Fields) -> tuple[FieldPath, ...]:
    """Fields that are lists of keys and values."""
    return tuple(path for path, field in fields.items() if _are_pairs(field))


def _are_pairs(field: Field) -> bool:
    inner = [element for elements in field.lists for element in elements]
    return bool(inner) and all(isinstance(one, dict) and "key" in one and "value" in one for one in inner)


def json_fields(fields: Fields) -> tuple[FieldPath, ...]:
    """Fields whose texts hold JSON objects or lists of them."""
    return tuple(path for path, field in fields.items() if _is_json(field))


def _is_json(field: Field) -> bool:
    texts = [value.strip() for value in field.values if isinstance(value, str)]
    return bool(texts) and field.texts == field.present and all(text.startswith(("{", "[{")) for text in texts)
