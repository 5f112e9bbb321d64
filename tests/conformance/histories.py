"""The histories of the conformance files: what happens in a case, by which rules, and what was decided.

A case is played once, as `kittiwake test` plays it; what the other tests ask is answered from that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from kittiwake.kernel.items.join import joined
from kittiwake.kernel.plan.catalog_plan import catalog_of
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Decision, Event
from kittiwake.rules.ruleset import EVERY_ACCOUNT, PREPARING
from kittiwake.rules.source.tree import Location, plain
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import find, load_cases
from kittiwake.scenarios.player import Player
from kittiwake.scenarios.rules import RuleBook
from kittiwake.scenarios.run import act
from kittiwake.time.instants import format_instant

FOLDER = Path(__file__).parent
Document = dict[str, Any]


class History(NamedTuple):
    """What happened in a case."""

    case: Case
    documents: tuple[tuple[int | None, Document], ...]
    """The rules of each version, and from when on they are in force."""
    book: RuleBook
    versions: Versions
    events: tuple[Event, ...]
    """The contact's that count, in the order in which they came, duplicates too; then the item changes it is given."""
    happened: tuple[Event, ...]
    """The contact's events that count, and those of items."""
    until_us: int
    """Up to where all is decided."""
    decided: tuple[Decision, ...]
    """All rows in the order in which they came, those still deferred last."""

    @property
    def name(self) -> str:
        """As a test calls it."""
        return f"{construct_of(self.case)}: {self.case.name}"

    @property
    def raw_events(self) -> list[dict[str, Any]]:
        """The events as records of a file."""
        return [
            {
                "event_id": event.event_id,
                "account_id": event.account_id,
                **({"contact_id": event.contact_id} if event.item_id is None else {"item_id": event.item_id}),
                "type": event.type,
                "time": format_instant(event.time_us),
                "properties": event.properties,
            }
            for event in self.happened
        ]

    @property
    def rule_set_history(self) -> RuleSetHistory:
        """The rules as a host knows them."""
        return RuleSetHistory(tuple(RuleSetVersion(start, ruleset) for start, ruleset in self.book.published))


def construct_of(case: Case) -> str:
    """The construct that a file is of."""
    return Path(case.file).name.split(".")[0]


@cache
def cases() -> tuple[Case, ...]:
    """The cases of all files."""
    return tuple(case for path in find([FOLDER]) for case in load_cases(path))


@cache
def histories() -> tuple[History, ...]:
    """What happened in each case."""
    return tuple(map(played, cases()))


def played(case: Case) -> History:
    """Play a case; whether what it expects is what was decided is asked elsewhere."""
    player, book = Player(case.book.versions(), case.contact_id, case.start_us), case.book
    documents: list[tuple[int | None, Document]] = [(None, document_of(book.locations, book.account_id))]
    if case.contact is not None:
        player.add_event("contact.updated", case.contact, event_id="e0000")
    decided: list[Decision] = []
    for step in case.steps:
        before, book = book, act(player, book, step)
        if book is not before:
            documents.append((book.published[-1][0], document_of(book.locations, book.account_id)))
        if step.expected is not None:
            decided += player.take_decisions()
    assert player.evaluated_to_us is not None, f"nothing happens in {case.name}"
    events = given(player.versions, player.events, case.contact_id)
    until_us = player.evaluated_to_us
    return History(case, tuple(documents), book, player.versions, events, player.events, until_us, tuple(decided))


def given(versions: Versions, happened: tuple[Event, ...], contact_id: str) -> tuple[Event, ...]:
    """What a contact is given of what happened: its own events, and item changes."""
    plan, own = catalog_of(versions), [event for event in happened if event.contact_id == contact_id]
    if plan is None:
        return tuple(own)
    of_items = [event for event in happened if event.item_id is not None]
    return (*own, *joined(versions, plan, of_items, own, contact_id))


def document_of(places: tuple[Location, ...], account_id: str) -> Document:
    """The rules of an account as one document, of however many they are written in."""
    whole: Document = {"account": account_id, "rules": []}
    for document in _documents(places, account_id):
        whole["rules"] += document.get("rules", [])
        whole |= {name: document[name] for name in ("timezone", "policy", "calendar") if name in document}
        whole |= {name: whole.get(name, []) + document[name] for name in PREPARING if name in document}
        if "matches" in document:
            whole["matches"] = {**whole.get("matches", {}), **document["matches"]}
    return whole


def _documents(places: tuple[Location, ...], account_id: str) -> Iterator[Document]:
    for wanted in (EVERY_ACCOUNT, account_id):
        for place in places:
            document = plain(place.node)
            if document["account"] == wanted:
                yield document
