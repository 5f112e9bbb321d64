"""What the events of a feed cover, and where it is silent: sets of times that unite in any order; of breakers alike.

Pure. Called by hosts, with the times of the events of an account (ADR 0031, 0034). Where more is known of what has been
decided already, `notices` makes the late events by which the kernel decides it anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from kittiwake.event_types import feed_notice_type
from kittiwake.kernel.evaluate.floods import first_of, floods_of, is_counted, mark_of
from kittiwake.kernel.plan.feeds import Silences, Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import State, corrected_from_us
from kittiwake.model import Event
from kittiwake.time.instants import END_OF_TIME_US


def covered(times_us: Iterable[int], every_us: int) -> list[Span]:
    """What events at some times, in any order, cover: each the instants after it and before `every_us` have passed.

    >>> covered([0, 25, 5], 10)
    [(0, 15), (25, 35)]
    """
    return united((time_us, time_us + every_us) for time_us in times_us)


def united(spans: Iterable[Span]) -> list[Span]:
    """Stretches as few as can be, rising. Both of their ends are outside, so those that only meet stay apart."""
    found: list[Span] = []
    for begins_us, ends_us in sorted(spans):
        if found and begins_us < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ends_us)
        else:
            found.append((begins_us, ends_us))
    return found


def silences_of(spans: Sequence[Span]) -> Iterator[Span]:
    """Where a feed is silent of which `spans` are covered: between them, and after the last. Half open.

    >>> list(silences_of([(0, 15), (25, 35)]))[0]
    (15, 26)
    """
    for (_, ends_us), (begins_us, _) in pairwise(spans):
        yield ends_us, begins_us + 1
    if spans:
        yield spans[-1][1], END_OF_TIME_US


def covered_since(spans: Sequence[Span], edge_us: int) -> list[Span]:
    """Of what is covered what says where a feed is silent from an instant on: also that before a silence then.

    >>> covered_since([(0, 5), (7, 15), (25, 35)], 25), covered_since([(0, 5), (7, 15), (25, 35)], 26)
    ([(7, 15), (25, 35)], [(25, 35)])
    """
    return [one for one, following in pairwise(spans) if following[0] >= edge_us] + [*spans[-1:]]


# ---------------------------------------------------------------- of feeds and breakers


def entries_of(rhythm: Rhythm, times_us: Iterable[int], marks: Iterable[int]) -> list[Span]:
    """What events are kept as, of their times and `mark_of` them: of a feed what they cover, of a breaker themselves.

    Of a feed no mark is asked for.
    """
    if rhythm.is_breaker:
        return first_of(rhythm, (one for one in zip(times_us, marks, strict=True) if is_counted(rhythm, one[1])))
    return covered(times_us, rhythm.every_us)


def kept_of(rhythm: Rhythm, entries: Iterable[Span]) -> list[Span]:
    """What is kept of what `entries_of` found in several parts, in any order."""
    return first_of(rhythm, entries) if rhythm.is_breaker else united(entries)


def stretches_of(rhythm: Rhythm, entries: Sequence[Span]) -> Iterator[Span]:
    """When a feed was silent, or a type flooded, of what is kept."""
    return floods_of(rhythm, entries) if rhythm.is_breaker else silences_of(entries)


def rhythms_of(versions: Versions) -> list[Rhythm]:
    """The feeds and breakers of an account, in any of its versions."""
    return sorted({feed.rhythm for program in versions.programs for feed in program.policy.feeds})


def silences_in(versions: Versions, events: Iterable[Event]) -> Silences:
    """When the feeds of an account were silent, and types flooded, of all events of its contacts, in any order."""
    rhythms = rhythms_of(versions)
    by_type: dict[str, list[Event]] = {rhythm.type: [] for rhythm in rhythms}
    for event in events if rhythms else ():
        if event.item_id is None and event.type in by_type:
            by_type[event.type].append(event)
    return Silences({rhythm: list(stretches_of(rhythm, _entries(rhythm, by_type[rhythm.type]))) for rhythm in rhythms})


def _entries(rhythm: Rhythm, events: Sequence[Event]) -> list[Span]:
    marks = (mark_of(event.contact_id or "", event.event_id) for event in events)
    return entries_of(rhythm, (event.time_us for event in events), marks)


def differing(before: Sequence[Span], after: Sequence[Span]) -> Span | None:
    """From the first instant at which two lists of stretches say another thing to the last; None: they are one.

    >>> differing([(0, 10), (20, 30)], [(0, 10), (22, 25)])
    (20, 30)
    """
    ours, theirs = (set(_cut(spans, before, after)) for spans in (before, after))
    other = ours ^ theirs
    return (min(begins for begins, _ in other), max(ends for _, ends in other)) if other else None


def _cut(spans: Sequence[Span], *edges: Sequence[Span]) -> Iterator[Span]:
    """The same stretches, cut at every edge of all: what both have is equal then."""
    cuts = sorted({at for some in edges for span in some for at in span})
    for begins_us, ends_us in spans:
        inside = [begins_us, *cuts[bisect_right(cuts, begins_us) : bisect_left(cuts, ends_us)], ends_us]
        yield from pairwise(inside)


def changed(before: Silences, after: Silences) -> dict[Rhythm, Span]:
    """From when to when something else is known of a rhythm than before; those of which nothing is are left out."""
    rhythms = sorted({*before.by_rhythm, *after.by_rhythm})
    spans = ((one, differing(before.by_rhythm.get(one, ()), after.by_rhythm.get(one, ()))) for one in rhythms)
    return {rhythm: span for rhythm, span in spans if span is not None}


def notices(spans: Mapping[Rhythm, Span], state: State, horizon_us: int, mark: Callable[[Rhythm], str]) -> list[Event]:
    """Late events that do nothing, just before what of a contact's past is known otherwise now, and at its end.

    `spans` are what has `changed`.

    None is older than what late events are corrected for: it would be left out, and what came after it as well.
    What fell due at the instant to which the contact is evaluated has been decided, so none is as new as that.
    `mark` is another one whenever more has become known of a rhythm, so that none of them is a duplicate of another.
    """
    found: list[Event] = []
    evaluated_to_us = state.evaluated_to_us
    if evaluated_to_us is None:
        return found
    oldest_us = corrected_from_us(state, evaluated_to_us, horizon_us)
    for rhythm, span in spans.items():
        if span[0] <= evaluated_to_us and oldest_us < evaluated_to_us:
            name, to_us = feed_notice_type(rhythm.type), evaluated_to_us - 1
            from_us = min(span[0], to_us)
            event_id = f"{mark(rhythm)}/{rhythm.every_us}"
            if rhythm.is_breaker:  # asked of an event's time, whenever what it armed falls due
                event_id = f"{event_id}/{rhythm.max_events}/{span[0]}/{span[1]}"
            else:
                to_us = min(span[1], to_us)
            found.append(Event(max(span[0] - 1, oldest_us), f"{event_id}/from", name, NO_CHANGE))
            found.append(Event(max(from_us, to_us, oldest_us), f"{event_id}/to", name, NO_CHANGE))
    return found


NO_CHANGE: Final[dict[str, Any]] = {"now": {}}
"""The properties of such an event: as of a change of an item that changes nothing."""
