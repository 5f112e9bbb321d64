"""What a contact of a stream knows of feeds: kept beside its state, and given to the kernel with the rules.

Pure. Called by `timers`; notices are made by `stream.feeds`. A notice replaces what was known of its feed; where that
changes what has been decided, the kernel is given late events that do nothing, so that it is decided anew
(`kernel.evaluate.feeds.notices`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from kittiwake.event_types import FEED_MARK, is_feed_notice
from kittiwake.kernel.evaluate.feeds import notices
from kittiwake.kernel.plan.feeds import Silences, Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Plan
from kittiwake.stream.records import BufferedEvent


class FeedNotice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of a feed, as a contact is notified."""

    every_us: int
    known: int
    """Rises: of two that a contact is notified the one with the greater counts."""
    from_us: int
    """It says nothing of what was before."""
    to_us: int
    """The contact is notified of what comes until then."""
    silences: tuple[Span, ...]
    """Those that have begun; what lasts ends at the end of time."""


encode_notice: Final = msgspec.msgpack.Encoder().encode
notice_of: Final = msgspec.msgpack.Decoder(FeedNotice).decode


Known = Mapping[str, tuple[FeedNotice, ...]]
"""By type of the feed's events, the newest of each `every`."""


NOTHING_KNOWN: Final[Known] = {}


class Learned(NamedTuple):
    """A contact with what it knows by now."""

    plan: Plan
    arrivals: list[BufferedEvent]
    """Without notice."""
    events: list[Event]
    """Late ones that do nothing."""
    known: Known


def learned(
    plan: Plan, known: Known, arrivals: Sequence[BufferedEvent], evaluated_to_us: int | None, horizon_us: int
) -> Learned:
    """Take in the notice among what has come."""
    if plan.feeds is None or not (known or any(is_feed_notice(one.type) for one in arrivals)):
        return Learned(plan, list(arrivals), [], NOTHING_KNOWN)
    came = [one for one in arrivals if is_feed_notice(one.type)]
    after = _not_over(_with_notices(known, came), evaluated_to_us, horizon_us)
    before, silences = _silences(_not_over(known, evaluated_to_us, horizon_us)), _silences(after)
    number = max((one.known for each in after.values() for one in each), default=0)
    late = notices(before, silences, evaluated_to_us, number) if came else []
    versions = replace(plan.versions, silences=silences)
    own = [one for one in arrivals if not is_feed_notice(one.type)]
    return Learned(plan._replace(versions=versions, sweep_plan=None), own, late, after)


def _with_notices(known: Known, came: Iterable[BufferedEvent]) -> dict[str, tuple[FeedNotice, ...]]:
    found = {name: {one.every_us: one for one in each} for name, each in known.items()}
    for arrival in came:
        one, of_type = notice_of(arrival.data), found.setdefault(arrival.type.removeprefix(FEED_MARK), {})
        before = of_type.get(one.every_us)
        if before is None or (before.known, before.to_us) < (one.known, one.to_us):
            of_type[one.every_us] = one if before is None else _with_past(one, before)
    return {name: tuple(of_type[every_us] for every_us in sorted(of_type)) for name, of_type in sorted(found.items())}


def _with_past(one: FeedNotice, before: FeedNotice) -> FeedNotice:
    """Notices, and of what they say nothing about what was known before; notified for as long as either is."""
    past = tuple((begins, min(ends, one.from_us)) for begins, ends in before.silences if begins < one.from_us)
    from_us = min(one.from_us, before.from_us)
    return FeedNotice(one.every_us, one.known, from_us, max(one.to_us, before.to_us), (*past, *one.silences))


def _silences(known: Known) -> Silences:
    return Silences({Rhythm(name, one.every_us): _until(one) for name, each in known.items() for one in each})


def _until(one: FeedNotice) -> list[Span]:
    return [(begins, min(ends, one.to_us)) for begins, ends in one.silences if begins < one.to_us]


def _not_over(known: Known, evaluated_to_us: int | None, horizon_us: int) -> Known:
    """Without what the contact waits for no more, and without silences that nothing comes back to."""
    edge_us = None if evaluated_to_us is None else evaluated_to_us - 2 * horizon_us
    if edge_us is None:
        return known
    found = {name: tuple(_cut(one, edge_us) for one in each if one.to_us > edge_us) for name, each in known.items()}
    return {name: each for name, each in found.items() if each}


def _cut(one: FeedNotice, edge_us: int) -> FeedNotice:
    kept = tuple(span for span in one.silences if span[1] > edge_us)
    return one if len(kept) == len(one.silences) else FeedNotice(one.every_us, one.known, one.from_us, one.to_us, kept)
