"""One test of a scenario file as it is read: its clock, its zone and its rules as the steps go by.

Pure. Called by `cases` and `publishing`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.source.tree import Location
from kittiwake.scenarios.models import CasePart, ScenarioPart
from kittiwake.scenarios.player import default_start_us
from kittiwake.scenarios.rules import RuleBook
from kittiwake.scenarios.times import whole_instant
from kittiwake.time.instants import parse_instant
from kittiwake.time.zones import zone_of


def unknown_rules(
    location: Location, path: KeyPath, about: str | list[str] | None, account_id: str, ids: list[str]
) -> Iterator[RuleError]:
    """Errors for rules that are named and are not among `ids`."""
    for rule_id in listed_rules(about):
        if rule_id not in ids:
            close = difflib.get_close_matches(rule_id, ids, 1)
            advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(ids)}"
            message = f"account {account_id} has no rule {rule_id} that is not off"
            yield location.error(path, Code.NOT_A_CHOICE, message, advice)


def listed_rules(about: str | list[str] | None) -> list[str]:
    """The rules that are named."""
    return [] if about is None else [about] if isinstance(about, str) else about


def _start_us(case: CasePart, written: ScenarioPart, book: RuleBook) -> int:
    """Where the clock starts: as the test says, at the first line of a timeline, as the file says, at noon."""
    first = case.timeline[0].at if case.timeline else None
    start = case.start or first or written.start
    return parse_instant(whole_instant(start)) if start else default_start_us(book.versions())


class Reader:
    """One test as it is read: its clock, zone and rules as the steps go by."""

    def __init__(
        self, location: Location, index: int, written: ScenarioPart, book: RuleBook, errors: list[RuleError]
    ) -> None:
        self.case = written.tests[index]
        self.location = location
        self.path: KeyPath = ("tests", index)
        self.begun = self.book = book
        """The rules at the start, and those published so far."""
        self.rule_ids = book.rule_ids()
        """Of all versions so far."""
        self.frozen = False
        self.errors = errors
        self.about = frozenset(listed_rules(self.case.about or written.about))
        self.contact = self.case.contact if self.case.contact is not None else written.contact
        self.start_us = _start_us(self.case, written, book)
        self.clock_us = self.start_us
        self.own_zone: str | None = None

    def report(self, path: KeyPath, code: Code, message: str, advice: str, *, at_key: bool = False) -> None:
        """Add an error."""
        self.errors.append(self.location.error((*self.path, *path), code, message, advice, at_key=at_key))

    @property
    def zone(self) -> str:
        """The contact's zone, else that of the account at this time."""
        return self.own_zone or self.book.timezone_at(self.clock_us)

    def see(self, event_type: str, properties: dict[str, Any]) -> None:
        """Follow the contact's zone, in which `HH:MM` is read."""
        if event_type == "contact.updated" and "timezone" in properties:
            self.own_zone = zone_of(properties["timezone"])
