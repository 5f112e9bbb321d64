"""Which shapes of records there are, and which adapter reads which.

Pure. What a person names is read here for both hosts; `events.parse_events` asks for a record's canonical fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from kittiwake.errors import UnusableError
from kittiwake.input.fields import ID_CHARS_MAX, OWN_NAMES, Fields, Record
from kittiwake.input.shapes.cloudevents import cloudevents
from kittiwake.input.shapes.segment import segment
from kittiwake.values import has_half_a_pair


class Shape(StrEnum):
    """How the records of an input are written."""

    CANONICAL = "canonical"
    """As `docs/reference/events.md` says."""
    SEGMENT = "segment"
    """Calls of the Segment Spec."""
    CLOUDEVENTS = "cloudevents"
    """CloudEvents 1.0 in their JSON format."""


class InputShape(NamedTuple):
    """How the records of an input are to be read."""

    shape: Shape = Shape.CANONICAL
    account_id: str | None = None
    """The account of records that name none; None: every record has to name its own."""


CANONICAL: Final = InputShape()
"""Records as `docs/reference/events.md` says, each naming its account."""

Adapter: TypeAlias = Callable[[Record, str | None], tuple[Fields, ...]]
"""From a record, and the account of records that name none, to the canonical fields of its event, and of those that it
brings beside it; raises `RefusedError`."""

ADAPTERS: Final[Mapping[Shape, Adapter]] = {Shape.SEGMENT: segment, Shape.CLOUDEVENTS: cloudevents}


def fields_of(record: Record, shape: InputShape) -> tuple[Fields, ...]:
    """The canonical fields of a record's event, and then of those that it brings beside it.

    Raises:
        RefusedError: it can be none of this shape, or says nothing that could become an event.
    """
    adapter = ADAPTERS.get(shape.shape)
    return (Fields(record, OWN_NAMES),) if adapter is None else adapter(record, shape.account_id)


def input_shape(name: str, account_id: str | None, options: tuple[str, str]) -> InputShape:
    """What a person has said with two options, which `options` names as they are typed.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
    """
    by_shape, by_account = options
    if name not in list(Shape):
        raise UnusableError(f"{by_shape}: {name!r} is no shape: write canonical, segment or cloudevents")
    shape = Shape(name)
    if account_id is None:
        if shape is Shape.SEGMENT:
            advice = f"say whose they are, such as {by_account} acme"
            raise UnusableError(f"{by_account}: Segment's records name no account: {advice}")
    elif shape is Shape.CANONICAL:
        raise UnusableError(f"{by_account}: canonical records name their account_id themselves: leave it out")
    elif not 0 < len(account_id) <= ID_CHARS_MAX:
        raise UnusableError(f"{by_account}: an account has 1 to {ID_CHARS_MAX} characters")
    if account_id is not None and has_half_a_pair(account_id):  # what the shell makes of bytes that are no UTF-8
        raise UnusableError(f"{by_account}: an account has to be UTF-8")
    return InputShape(shape, account_id)
