"""The table of input shapes: how records of each are read, and who names their account. A shape is a row of `Shape`.

To add a shape, write its adapter in a file of its own beside this one, and add its row. Pure. What a person names is
read here for every host; `events.parse_events` asks for a record's canonical fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, StrEnum
from typing import Final, NamedTuple, Protocol, Self, TypeAlias

import msgspec

from kittiwake.errors import UnusableError
from kittiwake.input.fields import ID_CHARS_MAX, OWN_NAMES, Fields, Record, RowContext, Start
from kittiwake.input.shapes.cloudevents import cloudevents
from kittiwake.input.shapes.segment import KEPT, LINES, PRODUCTS, segment, segment_no_zone
from kittiwake.model import Event
from kittiwake.values import has_half_a_pair

Adapter: TypeAlias = Callable[[Record, str | None], tuple[Fields, ...]]
"""From a record, and the account of records that name none, to the canonical fields of its event, and of those that it
brings beside it; raises `RefusedError`."""


class AccountOption(Enum):
    """Whether a person says of which account the records are."""

    REFUSED = "every record names its own"
    NEEDED = "no record names one"
    ALLOWED = "a record may name its own"


class Lines(msgspec.Struct, frozen=True):
    """A list in events of a type, of whose elements rules may use each as an event."""

    parent: str
    each: str
    """The property that is the list."""
    event: str
    """The type of the event of an element."""
    keep: tuple[str, ...]
    """Properties of the whole event that the event of an element has."""


_SEGMENT_LINES: Final = tuple(Lines(parent, PRODUCTS, event, KEPT) for parent, event in LINES.items())


def canonical(record: Record, _: str | None) -> tuple[Fields, ...]:
    """The fields of a record that has them already."""
    return (Fields(record, OWN_NAMES),)


class Shape(StrEnum):
    """How the records of an input are written: the name that a person types, the adapter, the account's option, and the
    lists that are derived from beside those that `derive` names.
    """

    adapter: Adapter
    account: AccountOption
    lines: tuple[Lines, ...]

    def __new__(cls, name: str, adapter: Adapter, account: AccountOption, lines: tuple[Lines, ...] = ()) -> Self:
        """A row of the table, which is equal to its name."""
        row = str.__new__(cls, name)
        row._value_, row.adapter, row.account, row.lines = name, adapter, account, lines
        return row

    CANONICAL = "canonical", canonical, AccountOption.REFUSED
    """As `docs/reference/events.md` says."""
    SEGMENT = "segment", segment, AccountOption.NEEDED, _SEGMENT_LINES
    """Calls of the Segment Spec."""
    SEGMENT_NO_ZONE = "segment-no-zone", segment_no_zone, AccountOption.NEEDED, _SEGMENT_LINES
    """The same without the zone of a call's context."""
    CLOUDEVENTS = "cloudevents", cloudevents, AccountOption.ALLOWED
    """CloudEvents 1.0 in their JSON format."""


def shape_names() -> str:
    """The names that a person may type, for help texts and errors: `canonical, segment or cloudevents`."""
    *others, last = Shape
    return f"{', '.join(others)} or {last}"


class Mapped(Protocol):
    """A shape that a file says (`kittiwake.input.mapping`)."""

    @property
    def account(self) -> AccountOption: ...
    @property
    def lines(self) -> tuple[Lines, ...]: ...
    @property
    def has_ordinals(self) -> bool:
        """Whether records that are equal byte for byte are distinguished, which only files can."""

    @property
    def is_of_messages(self) -> bool:
        """Whether its records are JSON objects, one a message."""

    @property
    def is_of_columns(self) -> bool:
        """Whether its records are rows of Parquet files."""

    def events(
        self, raw: bytes, size: int, account_id: str | None, start: Start, context: RowContext
    ) -> tuple[Event, ...]:
        """The events of a record; raises `RefusedError`."""


class InputShape(NamedTuple):
    """How the records of an input are to be read."""

    shape: Shape | Mapped = Shape.CANONICAL
    account_id: str | None = None
    """The account of records that name none; None: every record has to name its own."""


CANONICAL: Final = InputShape()
"""Records as `docs/reference/events.md` says, each naming its account."""


def shape_of_rules(shapes: Sequence[InputShape]) -> InputShape:
    """Of the shapes of several inputs that by which rules are compiled: the first that derives events by itself."""
    return next((one for one in shapes if one.shape.lines), shapes[0])


def fields_of(record: Record, shape: Shape, account_id: str | None) -> tuple[Fields, ...]:
    """The canonical fields of a record's event, and then of those that it brings beside it.

    Raises:
        RefusedError: it can be none of this shape, or says nothing that could become an event.
    """
    return shape.adapter(record, account_id)


def input_shape(name: str, account_id: str | None, options: tuple[str, str]) -> InputShape:
    """What a person has said with two options, which `options` names as they are typed; the name is one of `Shape`.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
    """
    by_shape, by_account = options
    if name not in list(Shape):
        raise UnusableError(f"{by_shape}: {name!r} is no shape: write {shape_names()}")
    return with_account(Shape(name), account_id, by_account)  # type: ignore[call-arg]


def with_account(shape: Shape | Mapped, account_id: str | None, by_account: str) -> InputShape:
    """A shape, and the account that a person has said with an option, which is typed as `by_account`.

    Raises:
        UnusableError: the account is lacking, out of place, or none.
    """
    name = shape.capitalize() if isinstance(shape, Shape) else str(shape)
    if account_id is None:
        if shape.account is AccountOption.NEEDED:
            advice = f"say whose they are, such as {by_account} acme"
            raise UnusableError(f"{by_account}: {name}'s records name no account: {advice}")
    elif shape.account is AccountOption.REFUSED:
        if isinstance(shape, Shape):
            raise UnusableError(f"{by_account}: {shape} records name their account_id themselves: leave it out")
        raise UnusableError(f"{by_account}: {name} says the account itself: leave it out")
    elif not 0 < len(account_id) <= ID_CHARS_MAX:
        raise UnusableError(f"{by_account}: an account has 1 to {ID_CHARS_MAX} characters")
    if account_id is not None and has_half_a_pair(account_id):  # what the shell makes of bytes that are no UTF-8
        raise UnusableError(f"{by_account}: an account has to be UTF-8")
    return InputShape(shape, account_id)
