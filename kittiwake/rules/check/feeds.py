"""Checks of `feeds`: which types can have a rhythm, and how long it may be.

Pure. Called by `check.document`; what spans documents is asked by `documents`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from kittiwake.rules.check.match import NOT_STARRED
from kittiwake.rules.diagnostics import Diagnostic, check_span, span_us
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import FEED_EVERY_MAX_US, FEED_EVERY_MIN_MINUTES, FEEDS_MAX, NAME_CHARS_MAX
from kittiwake.rules.model.policy import FeedObject, PolicyObject
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import MINUTE_US


def check_feeds(policy: PolicyObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The types that a policy calls feeds, and the rhythm of each."""
    feeds = policy.feeds or {}
    if policy.feeds is not None and not feeds:
        yield Diagnostic(path, Code.EMPTY_LIST, "feeds names none", "Name one, or delete the line", at_key=True)
    if len(feeds) > FEEDS_MAX:
        message = f"there are {len(feeds)} feeds here, more than {FEEDS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    for name, feed in feeds.items():
        yield from _check_type(name, (*path, name))
        yield from _check_every(feed, (*path, name, "every"))


def _check_type(name: str, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    advice = "Name a type of what contacts do: order.completed"
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > NAME_CHARS_MAX:
        message = f"{name[:40]} is no type of events"
        yield Diagnostic(path, Code.BAD_NAME, message, advice, at_key=True)
    elif "*" in name:
        message = f"{name[:40]} names no single type: each feed has a rhythm of its own"
        yield Diagnostic(path, Code.BAD_EVENT_TYPE, message, advice, at_key=True)
    elif name.startswith(NOT_STARRED):
        message = f"{name[:40]} says what a contact is: no rule takes its absence for anything"
        yield Diagnostic(path, Code.BAD_EVENT_TYPE, message, advice, at_key=True)


def _check_every(feed: FeedObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_span(feed.every, path, FEED_EVERY_MAX_US, "an every")
    shortest_us = FEED_EVERY_MIN_MINUTES * MINUTE_US
    if 0 < span_us(feed.every) < shortest_us:
        shortest = format_duration(shortest_us)
        message = f"an every of {feed.every} is shorter than {shortest}"
        yield Diagnostic(path, Code.GUARDRAIL, message, f"Write at least {shortest}")


def check_derived_feeds(policy: PolicyObject, derived: Container[str]) -> Iterator[Diagnostic[Code]]:
    """Feeds of derived types, which come when the event comes that they are derived from."""
    for name in policy.feeds or {}:
        if name in derived:
            message = f"{name} is derived: it comes with another event, and rules that name it rely on that"
            advice = "Name the event it is derived from"
            yield Diagnostic(("feeds", name), Code.CLAUSE, message, advice, at_key=True)
