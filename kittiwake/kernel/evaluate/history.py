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

from kittiwake.kernel.evaluate.match import amount, keying
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.layouts import instants_kept
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.state.state import Amounts, Latest, Slot, Times, Total, Values
from kittiwake.model import Event
from kittiwake.values import EXACT, Number, canonical, is_key, lookup

Slots = dict[str, Slot]

Recorder: TypeAlias = Callable[[Slots, Event], bool | None]
"""Remembers a matching event; False: there is no room for it, None: it has nothing that could be remembered."""

ONE: Final = Decimal(1)

COUNT: Final = Measure.COUNT
SUM: Final = Measure.SUM
DISTINCT: Final = Measure.DISTINCT
PRESENT: Final = Measure.PRESENT
ABSENT: Final = Measure.ABSENT


def record(condition: Condition, slots: Slots, event: Event, keep_us: int, limits: Limits) -> bool | None:
    """Remember a matching event, as a `Recorder` does. For explanations: others make a `recorder` once."""
    return recorder(condition, keep_us, limits)(slots, event)


def recorder(condition: Condition, keep_us: int, limits: Limits) -> Recorder:
    """What remembers the matching events of a condition."""
    if condition.measure is COUNT and condition.within_us is not None:
        return _counter(condition, condition.within_us, keep_us, limits)

    key_in = keying(condition.own_same) if condition.same else None

    def remember(slots: Slots, event: Event) -> bool | None:
        key = "" if key_in is None else key_in(event.properties)
        value = None if key is None else ONE if condition.path is None else _recorded_value(condition, event)
        if key is None or value is None:
            return None
        now_us = event.time_us
        if not _fits(condition, slots, key, value, limits):
            prune(condition, slots, now_us, keep_us)
            if not _fits(condition, slots, key, value, limits):
                return False
        slot = slots.get(key)
        if slot is None or _is_forgotten(condition, slot, now_us, keep_us):
            slot = slots[key] = _empty(condition, now_us)
        _put(slot, value, now_us)
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
            _drop(times_us, now_us - within_us)
        times_us.append(now_us)
        if len(times_us) > kept:
            del times_us[:-kept]
        return True

    return remember


def _recorded_value(condition: Condition, event: Event) -> str | Decimal | None:
    """What is remembered of an event: an amount, or a value's text."""
    assert condition.path is not None
    if condition.measure is SUM:
        return amount(condition.path, event.properties)
    value = lookup(event.properties, condition.path)
    return canonical(value) if is_key(value) else None


def _fits(condition: Condition, slots: Slots, key: str, value: str | Decimal, limits: Limits) -> bool:
    if condition.same and len(slots) >= limits.keys and key not in slots:
        return False
    if condition.path is None:
        return True
    if condition.measure is DISTINCT:
        slot = slots.get(key)
        known = isinstance(slot, Values) and value in slot.newest_us
        held = sum(len(one.newest_us) for one in slots.values() if isinstance(one, Values))
        return known or held < limits.distinct
    if condition.within_us is not None:
        return sum(len(one.times_us) for one in slots.values() if isinstance(one, Amounts)) < limits.sum_entries
    return True


def _empty(condition: Condition, now_us: int) -> Slot:
    if condition.measure is DISTINCT:
        return Values({})
    if condition.measure is PRESENT or condition.measure is ABSENT:
        return Latest(now_us)
    return Total(Decimal(0), now_us) if condition.within_us is None else Amounts([], [], Decimal(0))


def _put(slot: Slot, value: str | Decimal, now_us: int) -> None:
    if isinstance(slot, Latest):
        slot.newest_us = now_us
    elif isinstance(slot, Values):
        assert isinstance(value, str)
        slot.newest_us[value] = now_us
    else:
        assert isinstance(slot, (Total, Amounts)), "windowed counts have a recorder of their own"
        assert isinstance(value, Decimal)
        slot.total = EXACT.add(slot.total, value)
        if isinstance(slot, Total):
            slot.newest_us = now_us
        else:
            slot.times_us.append(now_us)
            slot.amounts.append(value)


def _is_forgotten(condition: Condition, slot: Slot, now_us: int, keep_us: int) -> bool:
    """Drop what the window has passed from `slot`; whether nothing is left of it."""
    span_us = condition.within_us
    if isinstance(slot, (Times, Amounts)):
        assert span_us is not None
        times_us = slot.times_us
        if times_us and times_us[0] > now_us - span_us:
            return False
        passed = _drop(times_us, now_us - span_us)
        if isinstance(slot, Amounts):
            for value in slot.amounts[:passed]:
                slot.total = EXACT.subtract(slot.total, value)
            del slot.amounts[:passed]
        return not times_us
    if isinstance(slot, Values):
        edge_us = now_us - (keep_us if span_us is None else span_us)
        for text in [text for text, newest_us in slot.newest_us.items() if newest_us <= edge_us]:
            del slot.newest_us[text]
        return not slot.newest_us
    if span_us is None:
        return bool(condition.same) and slot.newest_us + keep_us <= now_us
    return slot.newest_us + span_us <= now_us


def _drop(times_us: list[int], edge_us: int) -> int:
    """Remove the instants up to and at `edge_us`; how many they were."""
    passed = 0
    for time_us in times_us:
        if time_us > edge_us:
            break
        passed += 1
    del times_us[:passed]
    return passed


def prune(condition: Condition, slots: Slots, now_us: int, keep_us: int) -> None:
    """Forget every key of which nothing is inside any more."""
    for key in [key for key, slot in slots.items() if _is_forgotten(condition, slot, now_us, keep_us)]:
        del slots[key]


def measured(condition: Condition, slots: Slots, key: str, now_us: int, keep_us: int) -> Number:
    """The count (exact up to the bound, at least bound + 1 above it), sum or number; 1 or 0 for presence."""
    slot = slots.get(key)
    if slot is None:
        return 0
    if _is_forgotten(condition, slot, now_us, keep_us):
        del slots[key]
        return 0
    if isinstance(slot, Times):
        return len(slot.times_us)
    if isinstance(slot, (Total, Amounts)):
        return slot.total
    return len(slot.newest_us) if isinstance(slot, Values) else 1


def next_end_us(condition: Condition, slots: Slots, keep_us: int, now_us: int) -> int | None:
    """The next instant after now at which the answer without `same` can change by time alone."""
    slot = slots.get("")
    if slot is None or isinstance(slot, Total):
        return None
    span_us = condition.within_us
    if isinstance(slot, Values):
        span_us = keep_us if span_us is None else span_us
        return min((us + span_us for us in slot.newest_us.values() if us + span_us > now_us), default=None)
    if span_us is None:
        return None
    if isinstance(slot, Latest):
        return slot.newest_us + span_us if slot.newest_us + span_us > now_us else None
    at = 0 if slot.times_us and slot.times_us[0] + span_us > now_us else bisect_right(slot.times_us, now_us - span_us)
    return slot.times_us[at] + span_us if at < len(slot.times_us) else None
