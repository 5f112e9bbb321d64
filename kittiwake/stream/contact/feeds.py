"""What a contact of a stream knows of feeds: kept beside its state, and given to the kernel with the rules.

Pure. Called by `timers`; notices are made by `stream.feeds`. A notice replaces what was known of its feed; where that
changes what has been decided, the kernel is given late events that do nothing, so that it is decided anew
(`kernel.evaluate.feeds.notices`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from kittiwake.event_types import FEED_MARK, is_feed_notice
from kittiwake.kernel.evaluate.feeds import changed, notices, united
from kittiwake.kernel.plan.feed_plan import FeedPlan
from kittiwake.kernel.plan.feeds import Silences, Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.state.state import State
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
    """Those that have begun; what lasts ends at the end of time. Of a breaker floods, from what the contact did on."""
    max_events: int = 0
    """Of a breaker; 0: it is of a feed. Floods only grow: of two that a contact is notified both count."""

    def rhythm(self, event_type: str) -> Rhythm:
        """What it is of."""
        return Rhythm(event_type, self.every_us, self.max_events)


encode_notice: Final = msgspec.msgpack.Encoder().encode
notice_of: Final = msgspec.msgpack.Decoder(FeedNotice).decode


Known = Mapping[str, tuple[FeedNotice, ...]]
"""By type of the events, the newest of each `every`, and all that is known of each breaker."""


NOTHING_KNOWN: Final[Known] = {}


class Learned(NamedTuple):
    """A contact with what it knows by now."""

    plan: Plan
    arrivals: list[BufferedEvent]
    """Without notice."""
    events: list[Event]
    """Late ones that do nothing."""
    known: Known


def learned(plan: Plan, known: Known, arrivals: Sequence[BufferedEvent], state: State) -> Learned:
    """Take in the notice among what has come to a contact that has come to a state."""
    if plan.feeds is None or not (known or any(is_feed_notice(one.type) for one in arrivals)):
        return Learned(plan, list(arrivals), [], NOTHING_KNOWN)
    came = [one for one in arrivals if is_feed_notice(one.type)]
    edge_us, horizon_us = _asked_from_us(state, plan.versions.horizon_us), plan.versions.horizon_us
    after = _not_over(plan.feeds, _with_notices(known, came), edge_us)
    before, silences = _silences(_not_over(plan.feeds, known, edge_us)), _silences(after)
    late = _late(before, silences, after, state, horizon_us) if came else []
    versions = replace(plan.versions, silences=silences)
    own = [one for one in arrivals if not is_feed_notice(one.type)]
    return Learned(plan._replace(versions=versions, sweep_plan=None), own, late, after)


def _late(before: Silences, silences: Silences, known: Known, state: State, horizon_us: int) -> list[Event]:
    marks = {one.rhythm(name): _mark(one) for name, each in known.items() for one in each}
    return notices(changed(before, silences), state, horizon_us, marks.__getitem__)


def _with_notices(known: Known, came: Iterable[BufferedEvent]) -> dict[str, tuple[FeedNotice, ...]]:
    found = {name: {one.rhythm(name): one for one in each} for name, each in known.items()}
    for arrival in came:
        one, name = notice_of(arrival.data), arrival.type.removeprefix(FEED_MARK)
        of_type, rhythm = found.setdefault(name, {}), one.rhythm(name)
        of_type[rhythm] = _together(of_type.get(rhythm), one)
    return {name: tuple(of_type[rhythm] for rhythm in sorted(of_type)) for name, of_type in sorted(found.items())}


def _together(before: FeedNotice | None, one: FeedNotice) -> FeedNotice:
    """What is known of a feed or a breaker with one notice more, in whatever order they come.

    An older one may come later, and say for how much longer the contact is notified: what began meanwhile it knows.
    """
    if before is None:
        return one
    if one.max_events:
        floods = tuple(united([*before.silences, *one.silences]))
        return replace(one, known=max(one.known, before.known), silences=floods)
    newer, older = (one, before) if before.known < one.known else (before, one)
    return _with_past(newer, older)


def _with_past(newer: FeedNotice, older: FeedNotice) -> FeedNotice:
    """What the newer one says, and the older one of what was before; it waits for as long as by either."""
    past = tuple((begins, min(ends, newer.from_us)) for begins, ends in older.silences if begins < newer.from_us)
    from_us, to_us = min(newer.from_us, older.from_us), max(newer.to_us, older.to_us)
    return FeedNotice(newer.every_us, newer.known, from_us, to_us, (*past, *newer.silences))


def _mark(one: FeedNotice) -> str:
    """Of what is known of a rhythm: whatever comes to it changes one of these, and none ever goes back."""
    return f"{one.known}/{one.from_us}/{one.to_us}"


def _silences(known: Known) -> Silences:
    return Silences({one.rhythm(name): _until(one) for name, each in known.items() for one in each})


def _until(one: FeedNotice) -> list[Span]:
    return [(begins, min(ends, one.to_us)) for begins, ends in one.silences if begins < one.to_us]


def _asked_from_us(state: State, horizon_us: int) -> int | None:
    """The first instant that may be evaluated again: corrections begin at a checkpoint, however old it is.

    None: nothing has been evaluated.
    """
    evaluated_to_us, from_us = state.evaluated_to_us, state.from_us
    if evaluated_to_us is None:
        return None
    return min(evaluated_to_us - 2 * horizon_us, evaluated_to_us if from_us is None else from_us)


def _not_over(feeds: FeedPlan, known: Known, edge_us: int | None) -> Known:
    """Without what the contact waits for no more, and without silences and floods that nothing comes back to."""
    if edge_us is None:
        return known
    found = dict[str, tuple[FeedNotice, ...]]()
    for name, each in known.items():
        lasting = [_cut(one, edge_us - _asked_for_us(feeds, one.rhythm(name))) for one in each if one.to_us > edge_us]
        found[name] = tuple(one for one in lasting if one.silences or not one.max_events)
    return {name: each for name, each in found.items() if each}


def _asked_for_us(feeds: FeedPlan, rhythm: Rhythm) -> int:
    """For how long it may be asked of an instant: of a breaker until all that was armed then has been decided."""
    return feeds.longest_us(rhythm) if rhythm.is_breaker else 0


def _cut(one: FeedNotice, edge_us: int) -> FeedNotice:
    kept = tuple(span for span in one.silences if span[1] > edge_us)
    return one if len(kept) == len(one.silences) else replace(one, silences=kept)
