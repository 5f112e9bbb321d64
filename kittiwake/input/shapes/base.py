"""The table of input shapes: how records of each are read, and who names their account. A shape is a row of `Shape`.

To add a shape, write its adapter in a file of its own beside this one, and add its row. Pure. What a person names is
read here for every host; `events.parse_events` asks for a record's canonical fields.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Final, NamedTuple, Self, TypeAlias

from kittiwake.errors import UnusableError
from kittiwake.input.fields import ID_CHARS_MAX, OWN_NAMES, Fields, Record
from kittiwake.input.shapes.cloudevents import cloudevents
from kittiwake.input.shapes.segment import KEPT, LINES, PRODUCTS, segment
from kittiwake.values import has_half_a_pair

Adapter: TypeAlias = Callable[[Record, str | None], tuple[Fields, ...]]
"""From a record, and the account of records that name none, to the canonical fields of its event, and of those that it
brings beside it; raises `RefusedError`."""


class AccountOption(Enum):
    """Whether a person says of which account the records are."""

    REFUSED = "every record names its own"
    NEEDED = "no record names one"
    ALLOWED = "a record may name its own"


class Lines(NamedTuple):
    """A list in events of a type, of whose elements rules may use each as an event."""

    parent: str
    each: str
    """The property that is the list."""
    event: str
    """The type of the event of an element."""
    keep: tuple[str, ...]
    """Properties of the whole event that the event of an element has."""


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
    SEGMENT = (
        "segment",
        segment,
        AccountOption.NEEDED,
        tuple(Lines(parent, PRODUCTS, event, KEPT) for parent, event in LINES.items()),
    )
    """Calls of the Segment Spec."""
    CLOUDEVENTS = "cloudevents", cloudevents, AccountOption.ALLOWED
    """CloudEvents 1.0 in their JSON format."""


def shape_names() -> str:
    """The names that a person may type, for help texts and errors: `canonical, segment or cloudevents`."""
    *others, last = Shape
    return f"{', '.join(others)} or {last}"


def account_words() -> str:
    """For which shapes a person may say the account, for help texts."""
    needed, allowed = (
        ", ".join(shape for shape in Shape if shape.account is option)
        for option in (AccountOption.NEEDED, AccountOption.ALLOWED)
    )
    return f"needed for {needed}, allowed for {allowed}"


class InputShape(NamedTuple):
    """How the records of an input are to be read."""

    shape: Shape = Shape.CANONICAL
    account_id: str | None = None
    """The account of records that name none; None: every record has to name its own."""


CANONICAL: Final = InputShape()
"""Records as `docs/reference/events.md` says, each naming its account."""


def fields_of(record: Record, shape: InputShape) -> tuple[Fields, ...]:
    """The canonical fields of a record's event, and then of those that it brings beside it.

    Raises:
        RefusedError: it can be none of this shape, or says nothing that could become an event.
    """
    return shape.shape.adapter(record, shape.account_id)


def input_shape(name: str, account_id: str | None, options: tuple[str, str]) -> InputShape:
    """What a person has said with two options, which `options` names as they are typed.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
    """
    by_shape, by_account = options
    if name not in list(Shape):
        raise UnusableError(f"{by_shape}: {name!r} is no shape: write {shape_names()}")
    shape = Shape(name)  # type: ignore[call-arg]
    if account_id is None:
        if shape.account is AccountOption.NEEDED:
            advice = f"say whose they are, such as {by_account} acme"
            raise UnusableError(f"{by_account}: {shape.capitalize()}'s records name no account: {advice}")
    elif shape.account is AccountOption.REFUSED:
        raise UnusableError(f"{by_account}: {shape} records name their account_id themselves: leave it out")
    elif not 0 < len(account_id) <= ID_CHARS_MAX:
        raise UnusableError(f"{by_account}: an account has 1 to {ID_CHARS_MAX} characters")
    if account_id is not None and has_half_a_pair(account_id):  # what the shell makes of bytes that are no UTF-8
        raise UnusableError(f"{by_account}: an account has to be UTF-8")
    return InputShape(shape, account_id)
