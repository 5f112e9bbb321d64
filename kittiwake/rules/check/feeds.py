"""Checks of `feeds` and `breaker`: which types can have a rhythm, how long it may be, and how many events are usual.

Pure. Called by `check.document`; what spans documents is asked by `documents`.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from typing import Final

from kittiwake.rules.check.match import NOT_STARRED
from kittiwake.rules.diagnostics import Diagnostic, check_range, check_span, span_us
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    BREAKER_MAX,
    BREAKER_PER_MAX_US,
    BREAKER_PER_MIN_MINUTES,
    BREAKERS_MAX,
    FEED_EVERY_MAX_US,
    FEED_EVERY_MIN_MINUTES,
    FEEDS_MAX,
    NAME_CHARS_MAX,
)
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import MINUTE_US


def check_feeds(policy: PolicyObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The types that a policy calls feeds, and the rhythm of each."""
    yield from _check_number(policy.feeds, path, FEEDS_MAX, "feeds")
    for name, feed in (policy.feeds or {}).items():
        yield from _check_type(name, (*path, name), "no rule takes its absence for anything")
        yield from check_span(feed.every, (*path, name, "every"), FEED_EVERY_MAX_US, "an every")
        yield from _check_shortest(feed.every, (*path, name, "every"), FEED_EVERY_MIN_MINUTES)


def check_breaker(policy: PolicyObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The types that have a breaker, and how many events of each are usual."""
    yield from _check_number(policy.breaker, path, BREAKERS_MAX, "types with a breaker")
    for name, one in (policy.breaker or {}).items():
        yield from _check_type(name, (*path, name), "no flood of it arms a rule")
        yield from check_range(one.max, (*path, name, "max"), 1, BREAKER_MAX, "a max")
        yield from check_span(one.per, (*path, name, "per"), BREAKER_PER_MAX_US, "a per")
        yield from _check_shortest(one.per, (*path, name, "per"), BREAKER_PER_MIN_MINUTES)


def _check_number(
    named: Collection[str] | None, path: KeyPath, number_max: int, what: str
) -> Iterator[Diagnostic[Code]]:
    if named is not None and not named:
        yield Diagnostic(path, Code.EMPTY_LIST, f"{path[-1]} names none", "Name one, or delete the line", at_key=True)
    if len(named or ()) > number_max:
        message = f"there are {len(named or ())} {what} here, more than {number_max}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)


def _check_type(name: str, path: KeyPath, about_contacts: str) -> Iterator[Diagnostic[Code]]:
    advice = f"Name a type of what contacts do: {EXAMPLES[str(path[0])]}"
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > NAME_CHARS_MAX:
        message = f"{name[:40]} is no type of events"
        yield Diagnostic(path, Code.BAD_NAME, message, advice, at_key=True)
    elif "*" in name:
        message = f"{name[:40]} names no single type: each is watched by itself"
        yield Diagnostic(path, Code.BAD_EVENT_TYPE, message, advice, at_key=True)
    elif name.startswith(NOT_STARRED):
        message = f"{name[:40]} says what a contact is: {about_contacts}"
        yield Diagnostic(path, Code.BAD_EVENT_TYPE, message, advice, at_key=True)


EXAMPLES: Final = {"feeds": "order.completed", "breaker": "cart.item_added"}


def _check_shortest(text: str, path: KeyPath, minutes: int) -> Iterator[Diagnostic[Code]]:
    if 0 < span_us(text) < minutes * MINUTE_US:
        shortest = format_duration(minutes * MINUTE_US)
        message = f"{'an every' if path[-1] == 'every' else 'a per'} of {text} is shorter than {shortest}"
        yield Diagnostic(path, Code.GUARDRAIL, message, f"Write at least {shortest}")


def check_derived_feeds(policy: PolicyObject, derived: Container[str]) -> Iterator[Diagnostic[Code]]:
    """Feeds, and breakers, of derived types, which come when the event comes that they are derived from."""
    of_feeds = "it comes with another event, and rules that name it rely on that"
    of_breaker = "it comes with another event, a flood of which is one of it"
    for key, named, why in (("feeds", policy.feeds, of_feeds), ("breaker", policy.breaker, of_breaker)):
        for name in named or {}:
            if name in derived:
                advice = "Name the event it is derived from"
                yield Diagnostic((key, name), Code.CLAUSE, f"{name} is derived: {why}", advice, at_key=True)
