"""History conditions: what a look-back remembers, and what it answers.

Pure over the `Slots` it is given, which the caller owns. Called by `run` for `given` and `audience`. An event at `s` is
inside a look-back of `w` for every instant in `[s, s + w)`. Events are recorded in event-time order, so that the newest
entries of a window are always its suffix.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

from kittiwake.kernel.evaluate.match import amount, keying, text_of
from kittiwake.kernel.evaluate.periods import next_start_us, start_us
from kittiwake.kernel.evaluate.slots import drop, empty_slot, is_forgotten, newest_us_of, outdone_by, put
from kittiwake.kernel.plan.history import Average, Condition, Measure, Measured, is_plain, kind_of, kinds_of, nothing_of
from kittiwake.kernel.plan.layouts import instants_kept, keeps_newest
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.state.remembered import (
    Amounts,
    Extreme,
    Latest,
    Mean,
    Newest,
    Numbers,
    Running,
    Slot,
    Texts,
    Times,
    Total,
    Values,
)
from kittiwake.model import Event
from kittiwake.time.instants import BEFORE_ALL_US
from kittiwake.values import EXACT, Number, is_key, lookup, parse_json

Slots = dict[str, Slot]

Recorder: TypeAlias = Callable[[Slots, Event], bool | None]
"""Remembers a matching event; False: there is no room for it, None: it has nothing that could be remembered."""

ONE: Final = Decimal(1)

COUNT: Final = Measure.COUNT
SUM: Final = Measure.SUM
DISTINCT: Final = Measure.DISTINCT
LAST: Final = Measure.LAST

ENTRIES: Final = (Amounts, Running, Numbers, Times, Texts)
"""What has an entry for each event."""


def record(condition: Condition, slots: Slots, event: Event, keep_us: int, limits: Limits) -> bool | None:
    """Remember a matching event, as a `Recorder` does. For explanations: others make a `recorder` once."""
    return recorder(condition, keep_us, limits)(slots, event)


def recorder(condition: Condition, keep_us: int, limits: Limits) -> Recorder:
    """What remembers the matching events of a condition."""
    if keeps_newest(condition):
        assert condition.within_us is not None
        return _counter(condition, condition.within_us, keep_us, limits)

    key_in = keying(condition.own_same) if condition.same else None
    fits = _fits if is_plain(condition) else _fits_in_window

    def remember(slots: Slots, event: Event) -> bool | None:
        key = "" if key_in is None else key_in(event.properties)
        value = None if key is None else ONE if condition.path is None else _recorded_value(condition, event)
        if key is None or value is None:
            return None
        now_us = event.time_us
        if not fits(condition, slots, key, value, limits):
            prune(condition, slots, now_us, keep_us)
            if not fits(condition, slots, key, value, limits):
                return False
        slot = slots.get(key)
        if slot is None or is_forgotten(condition, slot, now_us, keep_us):
            slot = slots[key] = empty_slot(condition, now_us)
        put(condition, slot, value, now_us)
        return True

    return remember


def _counter(condition: Condition, within_us: int, keep_us: int, limits: Limits) -> Recorder:
    """The recorder of a windowed count, the commonest condition: it keeps the newest instants of each key."""
    key_in, keys_max = keying(condition.own_same) if condition.same else None, limits.keys
    kept = instants_kept(condition)

    def remember(slots: Slots, event: Event) -> bool | None:
        key = "" if key_in is None else key_in(event.properties)
        if key is None:
            return None
        now_us = event.time_us
        slot = slots.get(key)
        if slot is None:
            if key_in is not None and len(slots) >= keys_max:
                prune(condition, slots, now_us, keep_us)
                if len(slots) >= keys_max:
                    return False
            slots[key] = Times([now_us])
            return True
        assert isinstance(slot, Times)
        times_us = slot.times_us
        if times_us and times_us[0] <= now_us - within_us:
            drop(times_us, now_us - within_us)
        times_us.append(now_us)
        if len(times_us) > kept:
            del times_us[:-kept]
        return True

    return remember


def _recorded_value(condition: Condition, event: Event) -> str | Decimal | None:
    """What is remembered of an event: an amount, or a value's text."""
    assert condition.path is not None
    if condition.measure is not DISTINCT and condition.measure is not LAST:
        return amount(condition.path, event.properties)
    value = lookup(event.properties, condition.path)
    if condition.measure is LAST and kind_of(value) not in kinds_of(condition):
        return None
    return text_of(value) if is_key(value) else None


def _fits(condition: Condition, slots: Slots, key: str, value: str | Decimal, limits: Limits) -> bool:
    if condition.same and len(slots) >= limits.keys and key not in slots:
        return False
    if condition.path is None:
        return True
    if condition.measure is DISTINCT:
        return _is_known_or_fits(slots, key, value, limits)
    if condition.within_us is not None:
        return sum(len(one.times_us) for one in slots.values() if isinstance(one, Amounts)) < limits.sum_entries
    return True


def _fits_in_window(condition: Condition, slots: Slots, key: str, value: str | Decimal, limits: Limits) -> bool:
    """`_fits` of a condition that is not plain."""
    if condition.same and len(slots) >= limits.keys and key not in slots:
        return False
    if not condition.near_us:
        if condition.path is None or condition.measure is LAST or condition.within_us is None:
            return True
        if condition.measure is DISTINCT:
            return _is_known_or_fits(slots, key, value, limits)
    held = sum(len(one.times_us) for one in slots.values() if isinstance(one, ENTRIES))
    slot = slots.get(key)
    if isinstance(slot, Numbers) and isinstance(value, Decimal):
        held -= outdone_by(condition, slot, value)
    return held < limits.sum_entries


def _is_known_or_fits(slots: Slots, key: str, value: str | Decimal, limits: Limits) -> bool:
    slot = slots.get(key)
    known = isinstance(slot, Values) and value in slot.newest_us
    held = sum(len(one.newest_us) for one in slots.values() if isinstance(one, Values))
    return known or held < limits.distinct


def prune(condition: Condition, slots: Slots, now_us: int, keep_us: int) -> None:
    """Forget every key of which nothing is inside any more."""
    for key in [key for key, slot in slots.items() if is_forgotten(condition, slot, now_us, keep_us)]:
        del slots[key]


def measured(condition: Condition, slots: Slots, key: str, now_us: int, keep_us: int, zone: str) -> Measured:
    """The count (exact up to the bound, at least bound + 1 above it), sum or number; 1 or 0 for presence.

    An average, a smallest, greatest or newest value is None where nothing is recorded. `zone`: the contact's now.
    """
    return measuring(condition)(condition, slots, key, now_us, keep_us, zone)


Measuring: TypeAlias = Callable[[Condition, Slots, str, int, int, str], Measured]


def measuring(condition: Condition) -> Measuring:
    """`measured` of this condition, for callers that choose it once."""
    return measured_plainly if is_plain(condition) else _measured_in_window


def measured_plainly(condition: Condition, slots: Slots, key: str, now_us: int, keep_us: int, _zone: str) -> Number:
    """`measured` of a plain condition: of all that is remembered, whatever the zone."""
    slot = slots.get(key)
    if slot is None:
        return 0
    if is_forgotten(condition, slot, now_us, keep_us):
        del slots[key]
        return 0
    if isinstance(slot, Times):
        return len(slot.times_us)
    if isinstance(slot, (Total, Amounts)):
        return slot.total
    return len(slot.newest_us) if isinstance(slot, Values) else 1


def _measured_in_window(condition: Condition, slots: Slots, key: str, now_us: int, keep_us: int, zone: str) -> Measured:
    slot = slots.get(key)
    if slot is None:
        return nothing_of(condition)
    if is_forgotten(condition, slot, now_us, keep_us):
        del slots[key]
        return nothing_of(condition)
    after_us, upto_us = window_us(condition, now_us, zone)
    if isinstance(slot, (Mean, Extreme, Newest, Latest, Values)):
        return _newest_inside(condition, slot, after_us)
    assert isinstance(slot, ENTRIES)
    first, end = bisect_right(slot.times_us, after_us), bisect_right(slot.times_us, upto_us)
    return _inside(condition, slot, first, end) if first < end else nothing_of(condition)


def window_us(condition: Condition, now_us: int, zone: str) -> tuple[int, int]:
    """The instants that count now: after the first and up to the second."""
    if condition.period is not None:
        return start_us(condition.period, zone, now_us) - 1, now_us
    after_us = BEFORE_ALL_US if condition.within_us is None else now_us - condition.within_us
    return after_us, now_us - condition.near_us


def _newest_inside(condition: Condition, slot: Slot, after_us: int) -> Measured:
    """Of what keeps one instant for each value, or of all."""
    if isinstance(slot, Values):
        return sum(newest_us > after_us for newest_us in slot.newest_us.values())
    if newest_us_of(slot) <= after_us:
        return nothing_of(condition)
    match slot:
        case Mean(total=total, count=count):
            return Average(total, count)
        case Extreme(value=value):
            return value
        case Newest(text=text):
            return _value_of(text)
    return 1


def _inside(condition: Condition, slot: Slot, first: int, end: int) -> Measured:
    """Of the entries from `first` to before `end`, one at least."""
    match slot:
        case Running(totals=totals, before=before):
            total = EXACT.subtract(totals[end - 1], totals[first - 1] if first else before)
            return total if condition.measure is SUM else Average(total, end - first)
        case Numbers(amounts=amounts):
            if not condition.near_us:
                return amounts[first]
            return min(amounts[first:end]) if condition.measure is Measure.MIN else max(amounts[first:end])
        case Texts(texts=texts):
            return _value_of(texts[end - 1]) if condition.measure is LAST else len(set(texts[first:end]))
    return end - first if condition.measure is COUNT else 1


def _value_of(text: str) -> str | bool | Number:
    value: str | bool | Number = parse_json(text)
    return value


def next_end_us(condition: Condition, slots: Slots, keep_us: int, now_us: int, zone: str) -> int | None:
    """The next instant after now at which the answer without `same` can change by time alone."""
    slot = slots.get("")
    if slot is None or isinstance(slot, (Total, Mean, Extreme)):
        return None
    if not condition.plain and (condition.period is not None or condition.near_us):
        return _next_end_of_window_us(condition, slot, now_us, zone)
    span_us = condition.within_us
    if isinstance(slot, Values):
        span_us = keep_us if span_us is None else span_us
        return min((us + span_us for us in slot.newest_us.values() if us + span_us > now_us), default=None)
    if span_us is None:
        return None
    if isinstance(slot, (Latest, Newest)):
        return slot.newest_us + span_us if slot.newest_us + span_us > now_us else None
    at = 0 if slot.times_us and slot.times_us[0] + span_us > now_us else bisect_right(slot.times_us, now_us - span_us)
    return slot.times_us[at] + span_us if at < len(slot.times_us) else None


def _next_end_of_window_us(condition: Condition, slot: Slot, now_us: int, zone: str) -> int | None:
    """The end of the period, if something lies in it; of a range back, when the next event comes in or goes out."""
    if condition.period is not None:
        is_inside = newest_us_of(slot) > window_us(condition, now_us, zone)[0]
        return next_start_us(condition.period, zone, now_us) if is_inside else None
    assert condition.within_us is not None
    assert isinstance(slot, ENTRIES)
    ends = [
        slot.times_us[at] + span_us
        for span_us in (condition.near_us, condition.within_us)
        if (at := bisect_right(slot.times_us, now_us - span_us)) < len(slot.times_us)
    ]
    return min(ends, default=None)
