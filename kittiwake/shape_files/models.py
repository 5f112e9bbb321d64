"""The models of a shape file: all that its author may write (docs/reference/shapes.md).

Pure. Filled by `reading`, which says where an error stands; `checks` has what no model can say, `specs` what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.input.mapping.paths import PATH_CHARS_MAX, parse_path
from kittiwake.input.mapping.spec import Convert, Encoding, Format, Guests, Others, Unit
from kittiwake.input.mapping.times import format_problem
from kittiwake.input.plain import is_type
from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, Chosen, Field, JsonSchema, Model, Tag, chosen, problem, shape, shown
from kittiwake.rules.model.number import Flag, Orderable, ScalarValue, Word
from kittiwake.rules.model.text import AccountId, one_of
from kittiwake.rules.model.time import ZoneName

SOURCES_MAX: Final = 10
"""Places at which a value may stand, tried one after the other for every record."""
FIELDS_MAX: Final = 20
"""Fields of JSON or of pairs: each is decoded for every record."""
NAMES_MAX: Final = 1_000
"""Names of types in a table: an account has hundreds."""
PROPERTIES_MAX: Final = 200
"""Properties that are named one by one: more of them are somebody's whole table, which is named whole."""
NUMBERS_MAX: Final = 50
"""Paths of `numbers`, as of an entry of `cast`."""
CONDITIONS_MAX: Final = 20
"""Paths of `only`: each is looked up in every record."""
ABSENT_MAX: Final = 100
"""Values that stand for nothing."""

# ---------------------------------------------------------------- texts


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise problem(Code.BAD_PATH, f"{shown(value)} is no path", "Name keys with dots between: customer.email")
    if parse_path(value) is None:
        advice = "Name at most 12 keys with dots between, customer.email; a key with a dot in double quotes"
        raise problem(Code.BAD_PATH, f"{shown(value)} is no path", advice)
    return value


PathText: TypeAlias = Annotated[
    str, Checked(_path, {"type": "string", "minLength": 1, "maxLength": PATH_CHARS_MAX, "examples": ["customer.email"]})
]


def _event_type(value: object) -> str:
    if isinstance(value, str) and len(value) <= ID_CHARS_MAX and is_type(value):
        return value
    raise problem(Code.BAD_EVENT_TYPE, f"{shown(value)} is no event type", "Write dotted words: order.completed")


TypeText: TypeAlias = Annotated[
    str, Checked(_event_type, {"type": "string", "maxLength": ID_CHARS_MAX, "examples": ["order.completed"]})
]


def _format(value: object) -> str:
    if not isinstance(value, str):
        raise problem(Code.WRONG_SHAPE, f"a format is a text, not {shown(value)}", "Write %Y-%m-%d %H:%M:%S")
    found = format_problem(value)
    if found is not None:
        raise problem(Code.BAD_INSTANT, *found)
    return value


FormatText: TypeAlias = Annotated[str, Checked(_format, {"type": "string", "examples": ["%d/%m/%Y %H:%M"]})]


def _delimiter(value: object) -> str:
    if isinstance(value, str) and len(value) == 1 and value not in '"\r\n' and value.isascii():
        return value
    raise problem(Code.NOT_A_CHOICE, f"{shown(value)} is no delimiter", 'Write one character: "," ";" "|" or "\\t"')


Delimiter: TypeAlias = Annotated[str, Checked(_delimiter, {"type": "string", "minLength": 1, "maxLength": 1})]


def _prefix(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= ID_CHARS_MAX // 2:
        return value
    raise problem(Code.BAD_NAME, f"{shown(value)} is no prefix of ids", 'Write, say, "anonymous:"')


Prefix: TypeAlias = Annotated[
    str,
    Checked(_prefix, {"type": "string", "minLength": 1, "maxLength": ID_CHARS_MAX // 2, "examples": ["anonymous:"]}),
]


def _listed(maximum: int) -> Any:
    return Field(json_schema_extra={"minItems": 1, "maxItems": maximum})


def _text_or_list(value: Any) -> str | None:
    return shape(value) if isinstance(value, (str, list)) else None


def _any(message: str, advice: str, choose: Callable[[Any], str | None] = shape) -> Chosen:
    return chosen(choose, message, advice)


Paths: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[list[PathText], Tag("|list"), _listed(SOURCES_MAX)],
    _any("a path or a list of them is needed here", "Write customer.id or [customer.id, email]", _text_or_list),
]
Absent: TypeAlias = Annotated[list[ScalarValue], Field(json_schema_extra={"minItems": 1, "maxItems": ABSENT_MAX})]

# ---------------------------------------------------------------- records


class PairsObject(Model):
    """A list of keys and values."""

    at: PathText = Field(description="the list", examples=["meta_data"])
    key: PathText = Field("key", description="what holds the key in each of its elements")
    value: PathText = Field("value", description="what holds the value in each of its elements")


PairsEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[PairsObject, Tag("|object")],
    _any("a path or an object is needed here", "Write event_params, or {at: meta_data, key: key, value: value}"),
]


class RecordsObject(Model):
    """Where records lie and how they are written."""

    format: Annotated[str, *one_of(*Format)] = Field(Format.JSON_LINES.value, description="how files are written")
    at: PathText | None = Field(None, description="of json: the list of records in each document", examples=["data"])
    delimiter: Delimiter | None = Field(None, description="of csv: what stands between cells; left out: a comma")
    encoding: Annotated[str, *one_of(*Encoding)] | None = Field(
        None, description="of csv: how characters are written; left out: utf-8, or UTF-16 by its byte order mark"
    )
    json_: Annotated[list[PathText], _listed(FIELDS_MAX)] | None = Field(
        None, alias="json", description="fields whose text is JSON"
    )
    pairs: Annotated[list[PairsEntry], _listed(FIELDS_MAX)] | None = Field(
        None, description="fields that are lists of keys and values"
    )


# ---------------------------------------------------------------- subjects


class AccountValue(Model):
    """The account of all records."""

    value: AccountId = Field(description="the account")


Account: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[PathText], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[AccountValue, Tag("|object")],
    _any("a path or {value: …} is needed here", "Write shop.id, or {value: acme}"),
]


class ContactObject(Model):
    """Where a contact's id stands."""

    path: Paths = Field(description="where the id stands")
    as_: Annotated[str, *one_of("text")] | None = Field(
        None, alias="as", description="text: a number is taken as the text that says it"
    )
    prefix: Prefix | None = Field(None, description="what stands before the id")
    absent: Absent | None = Field(None, description="values that stand for nobody", examples=[[0, "guest"]])


ContactEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[ContactObject, Tag("|object")],
    _any("a path or an object is needed here", "Write customer.id, or {path: customer.id, as: text}"),
]
Contact: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[ContactEntry], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[ContactObject, Tag("|object")],
    _any("a path, a list or an object is needed here", "Write customer.id, or {path: customer.id, as: text}"),
]


class TypeObject(Model):
    """Where the type stands, and what its values are called."""

    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": ["path"]}, {"required": ["value"]}]}

    path: Paths | None = Field(None, description="where the name stands")
    value: TypeText | None = Field(None, description="instead of a path: the type of all events")
    names: Annotated[dict[Word, TypeText], Field(json_schema_extra={"maxProperties": NAMES_MAX})] | None = Field(
        None, description="what a name is called as a type", examples=[{"purchase": "order.completed"}]
    )
    words: Flag = Field(False, description="whether a name with blanks becomes dotted words: Order Completed")
    others: Annotated[str, *one_of(*Others)] = Field(Others.KEEP.value, description="what becomes of other names")


Type: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[PathText], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[TypeObject, Tag("|object")],
    _any("a path or an object is needed here", "Write event, or {value: order.completed}"),
]


class TimeObject(Model):
    """Where a time stands, and how it is written."""

    path: Paths = Field(description="where it stands")
    unit: Annotated[str, *one_of(*Unit)] | None = Field(None, description="of a number since 1970: in what it counts")
    format: FormatText | None = Field(None, description="how a text is written")
    zone: ZoneName | None = Field(None, description="the zone of a text without offset")


TimeEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[TimeObject, Tag("|object")],
    _any("a path or an object is needed here", "Write created_at, or {path: created, unit: seconds}"),
]
Time: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[TimeEntry], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[TimeObject, Tag("|object")],
    _any("a path, a list or an object is needed here", "Write created_at, or {path: created, unit: seconds}"),
]


class IdFieldObject(Model):
    """A field of an id, and what stands for it where it is absent."""

    path: PathText = Field(description="where it stands")
    default: Word = Field(description="what stands for it where it is absent", examples=["-"])


IdFieldEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[IdFieldObject, Tag("|object")],
    _any("a path or an object is needed here", 'Write order_id, or {path: variant_id, default: "-"}'),
]
IdFields: TypeAlias = Annotated[list[IdFieldEntry], _listed(SOURCES_MAX)]


class IdObject(Model):
    """Of what an event's id is made."""

    fields_: IdFields | None = Field(None, alias="fields", description="its fields, joined")
    digest: Flag = Field(False, description="whether the SHA-256 of the fields, or of the whole record, is the id")
    ordinal: Flag = Field(False, description="whether equal records of one file are distinguished by their number")


EventId: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[IdFields, Tag("|list")] | Annotated[IdObject, Tag("|object")],
    _any(
        "a path, a list or an object is needed here", "Write id, [order_id, sku] or {fields: [order_id], ordinal: true}"
    ),
]

# ---------------------------------------------------------------- properties


class PropertyObject(Model):
    """Where a property stands, and what becomes of it."""

    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": ["path"]}, {"required": ["value"]}]}

    path: Paths | None = Field(None, description="where it stands")
    value: ScalarValue | None = Field(None, description="instead of a path: a constant")
    as_: Annotated[str, *one_of(*(one for one in Convert if one))] | None = Field(
        None, alias="as", description="what it becomes: a number, a text, an amount"
    )
    currency: PathText | None = Field(None, description="of minor_units: where the currency's code stands")
    absent: Absent | None = Field(None, description="values that stand for nothing", examples=[["N/A"]])


PropertyEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[PropertyObject, Tag("|object")],
    _any("a path or an object is needed here", "Write total_price, or {path: total_price, as: number}"),
]
PropertyValue: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[PropertyEntry], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[PropertyObject, Tag("|object")],
    _any("a path, a list or an object is needed here", "Write total_price, or {path: total_price, as: number}"),
]


class PropertiesObject(Model):
    """Properties by name."""

    SCHEMA: ClassVar[JsonSchema] = {
        "minProperties": 1,
        "propertyNames": {"pattern": r"^[^.]+$"},
        "maxProperties": PROPERTIES_MAX,
    }
    own_keys: dict[str, PropertyValue]
    EXAMPLE = "{order_id: id, total: {path: total_price, as: number}}"

    def named(self) -> dict[str, PropertyValue]:
        """Where each property stands."""
        return self.own_keys


PropertiesEntry: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[PropertiesObject, Tag("|object")],
    _any("a path or an object is needed here", "Write payload, or {order_id: id}"),
]
Properties: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")]
    | Annotated[list[PropertiesEntry], Tag("|list"), _listed(SOURCES_MAX)]
    | Annotated[PropertiesObject, Tag("|object")],
    _any("a path, an object or a list is needed here", "Write payload, or {order_id: id}"),
]

# ---------------------------------------------------------------- only


class OnlyOperators(Model):
    """Comparisons of one field; all of them have to hold."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1}

    eq: ScalarValue | None = Field(None, description="equals")
    ne: ScalarValue | None = Field(None, description="does not equal, or is absent")
    in_: list[ScalarValue] | None = Field(None, alias="in", description="is one of")
    not_in: list[ScalarValue] | None = Field(None, description="is none of, or is absent")
    gt: Orderable | None = Field(None, description="is greater than")
    gte: Orderable | None = Field(None, description="is greater than or equal to")
    lt: Orderable | None = Field(None, description="is less than")
    lte: Orderable | None = Field(None, description="is less than or equal to")
    exists: Flag | None = Field(None, description="is there")


def _test_tag(value: Any) -> str:
    found = shape(value)
    return "|value" if found in (None, "|text") else str(found)


FieldTest: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("|value")]
    | Annotated[list[ScalarValue], Tag("|list")]
    | Annotated[OnlyOperators, Tag("|object")],
    _any("a value, a list or operators are needed here", "Write paid, [paid, sent] or {gt: 0}", _test_tag),
]


class OnlyObject(Model):
    """Fields and what they must be; all of them have to hold."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "maxProperties": CONDITIONS_MAX}
    own_keys: dict[str, FieldTest]
    EXAMPLE = "{status: paid}"

    def tests(self) -> dict[str, FieldTest]:
        """What each field must be."""
        return self.own_keys


# ---------------------------------------------------------------- the file


class ShapeFile(Model):
    """A shape file."""

    records: RecordsObject | None = Field(None, description="where records lie; left out: JSON lines")
    account: Account | None = Field(None, description="the account; left out: that of --input-account")
    contact: Contact = Field(description="whose event it is")
    guests: Annotated[str, *one_of(*Guests)] = Field(Guests.REFUSE.value, description="records without a contact")
    visitors: Annotated[str, *one_of("end")] | None = Field(
        None, description="end: a record that names a contact and a visitor ends the visitor"
    )
    type: Type = Field(description="what happened")
    time: Time = Field(description="when it happened")
    event_id: EventId = Field(description="the identity of the event")
    properties: Properties | None = Field(None, description="what rules read")
    numbers: Annotated[list[Word], _listed(NUMBERS_MAX)] | None = Field(
        None, description="properties whose texts are read as numbers; * is every element of a list"
    )
    decimal: Annotated[str, *one_of(".", ",")] = Field(".", description="the decimal sign of numbers in texts")
    each: PathText | None = Field(None, description="a list of which each element is an event")
    only: OnlyObject | None = Field(None, description="which records are meant")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of shape files, for editors."""
    from kittiwake.rules.schema_parts import schema_of  # noqa: PLC0415 - only editors ask for it

    found = schema_of(ShapeFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Kittiwake shape file"}
