"""Rows of runs over different histories: which of them are about the same thing.

Pure. An id says what began a trigger. Over more history an earlier event may have begun it: the id is another then, and
what it is about has still happened at the same time. docs/reference/output.md has the same in SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from kittiwake.model import Decision
from kittiwake.reasons import Outcome
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical


class Thing(NamedTuple):
    """What a row is about."""

    trigger_id: str
    replaces: tuple[str, ...]
    fires: bool
    instance_key: tuple[str, ...]
    """Account, contact, rule, kind, instance, threshold, reminder and occurrence, as text."""
    first_us: int | None
    """When its first event happened; None: no event began it, or an earlier release did not keep when."""
    last_us: int | None
    """When its newest event happened."""


def thing_of(row: Decision) -> Thing:
    """What a decision is about."""
    events = row.events
    which = (row.threshold, row.reminder, row.occurrence)
    instance_key = (row.account_id, row.contact_id, row.rule_id, str(row.kind), row.instance, *map(_text, which))
    span = (None, None) if events is None else (events.first_us, events.last_us)
    return Thing(row.trigger_id, row.replaces, row.decision is Outcome.FIRED, instance_key, *span)


def thing_of_row(row: Mapping[str, Any]) -> Thing:
    """What a row of `decisions` or `triggers` is about, as `values.parse_json` reads its line.

    Raises:
        KeyError: it lacks a field that every release has written.
    """
    which = (row["threshold"], row["reminder"], row["occurrence"])
    names = (row["account_id"], row["contact_id"], row["rule_id"], row["kind"], canonical(row["instance"]))
    events = row["events"] or {}
    span = (_instant_us(events.get("first_time")), _instant_us(events.get("last_time")))
    fires = row["decision"] == Outcome.FIRED
    return Thing(row["trigger_id"], tuple(row["replaces"]), fires, (*names, *map(_text, which)), *span)


def are_one(thing: Thing, other: Thing) -> bool:
    """Whether two rows are about the same thing: of one id, or of one instance key with spans of events that meet.

    Thresholds and edges are known by their ids alone: of them a row names one event, which more history may change
    without anything that would meet.
    """
    if thing.trigger_id == other.trigger_id:
        return True
    spans_us = (thing.first_us, thing.last_us, other.first_us, other.last_us)
    if thing.instance_key != other.instance_key or None in spans_us:
        return False
    if thing.instance_key[3] != "fired" or thing.instance_key[5]:
        return False
    assert thing.first_us is not None
    assert thing.last_us is not None
    assert other.first_us is not None
    assert other.last_us is not None
    return thing.first_us <= other.last_us and other.first_us <= thing.last_us


def not_delivered(things: Iterable[Thing], delivered: Iterable[Thing]) -> list[Thing]:
    """What a run over more history fires that was not delivered, of all its rows about some contacts, in their order.

    `delivered` is what was delivered to those contacts. A delivered row whose id the run decides again is about that
    and nothing else; one whose id does not come up any more is about all that it meets.
    """
    every = list(things)
    decided = {thing.trigger_id for thing in every}
    sent: set[str] = set()
    gone: defaultdict[tuple[str, ...], list[Thing]] = defaultdict(list)
    for thing in delivered:
        sent.add(thing.trigger_id)
        if thing.trigger_id not in decided:
            gone[thing.instance_key].append(thing)
    return [
        thing
        for thing in every
        if thing.fires
        and sent.isdisjoint((thing.trigger_id, *thing.replaces))
        and not any(are_one(thing, other) for other in gone[thing.instance_key])
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, (str, date)) else canonical(value)


def _instant_us(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)
