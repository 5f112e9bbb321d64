"""The parts of a mapping: its keys compiled for views of one kind, and an event's head made of them.

Pure. Called by `mapping`, with views of any values, and by `bulk`, with views of the values that its decoder expects.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from kittiwake.input.events import refuse_time
from kittiwake.input.fields import ID_CHARS_MAX, RefusedError, Start, text_of
from kittiwake.input.mapping.numbers import number_reader
from kittiwake.input.mapping.paths import Lookup, View, first_of, path_text
from kittiwake.input.mapping.properties import condition, properties_source
from kittiwake.input.mapping.spec import Guests, MappingSpec
from kittiwake.input.mapping.subjects import contact_source, id_source, names_of, type_source
from kittiwake.input.mapping.times import read_as
from kittiwake.reasons import DeadLetterReason

GUEST: Final = "guest:"
"""What the `contact_id` of a guest who stands apart begins with."""


class Head(NamedTuple):
    """An event without its properties."""

    time_us: int
    event_id: str
    type: str
    account_id: str
    contact_id: str


class Parts:
    """The compiled keys of a shape file."""

    def __init__(self, spec: MappingSpec, lookup: Lookup) -> None:
        self._spec = spec
        read = number_reader(decimal_comma=spec.decimal_comma)
        self.only = tuple(condition(one, lookup, read) for one in spec.only)
        self.type_of = type_source(spec.type, lookup)
        self.contacts = tuple(contact_source(one, lookup) for one in spec.contact)
        self.visitors = tuple(
            of for of, one in zip(self.contacts, spec.contact, strict=True) if one.prefix and spec.ends_visitors
        )
        self._contact_names = names_of([path for one in spec.contact for path in one.paths])
        self._first_contact = first_of(self.contacts)
        self.id_of = id_source(spec.event_id, lookup, has_elements=spec.each is not None)
        self._account_name = names_of(spec.account_paths) or "account"
        self._account_get = first_of([lookup(path) for path in spec.account_paths]) if spec.account_paths else None
        self._times = [
            (first_of([lookup(path) for path in one.paths]), read_as(one, path_text(one.paths[0]))) for one in spec.time
        ]
        self.time_names = names_of([path for one in spec.time for path in one.paths])
        self.properties_of = properties_source(spec, lookup) if spec.properties else _no_properties

    def head(self, view: View, at: int, account_id: str | None, start: Start) -> Head | None:
        """An event without its properties; None: it is left out. `at` is the position of its element.

        Raises:
            RefusedError: it can be none.
        """
        for holds in self.only:
            if not holds(view):
                return None
        event_type = self.type_of(view)
        if event_type is None:
            return None
        contact_id = self.contact_of(view)
        if contact_id is None and self._spec.guests is Guests.LEAVE_OUT:
            return None
        event_id = self.id_of(view, at)
        account_id = self.account_of(view, account_id)
        time_us = self.time_of(view)
        refuse_time(time_us, self.time_names, start)
        return Head(time_us, event_id, event_type, account_id, contact_id or _guest(event_id))

    def contact_of(self, view: View) -> str | None:
        """The contact; None: a guest who is not refused.

        Raises:
            RefusedError: it can be nobody, or is a guest who is refused.
        """
        found: str | None = self._first_contact(view)
        if found is None and self._spec.guests is Guests.REFUSE:
            raise RefusedError(DeadLetterReason.NO_SUBJECT, f"{self._contact_names} is missing")
        return found

    def account_of(self, view: View, account_id: str | None) -> str:
        """The account; `account_id` is that of records that name none.

        Raises:
            RefusedError: there is none, or it can be none.
        """
        found: Any = self._spec.account
        if found is None and self._account_get is not None:
            found = self._account_get(view)
        if found is None or found == "":
            found = account_id
        return text_of({} if found is None else {self._account_name: found}, self._account_name)

    def time_of(self, view: View) -> int:
        """The instant, in microseconds.

        Raises:
            RefusedError: it is not there, or no instant.
        """
        for get, read in self._times:
            value = get(view)
            if value is not None and value != "":
                return read(value)
        raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{self.time_names} is missing")


def _no_properties(_: View) -> dict[str, Any]:
    return {}


def _guest(event_id: str) -> str:
    if len(event_id) > ID_CHARS_MAX - len(GUEST):
        detail = f"the event_id of a guest has {len(event_id)} characters, {ID_CHARS_MAX - len(GUEST)} are allowed"
        raise RefusedError(DeadLetterReason.WRONG_TYPE, f"{detail}: write digest: true")
    return GUEST + event_id
