"""History conditions: what a look-back remembers, and what it answers.

Pure over its slots, which the caller owns. Called for `given` and `audience`. An event at
`s` is inside a look-back of `w` for every instant in `[s, s + w)`. Events are recorded in
event-time order, so that the newest entries of a window are always its suffix.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kittiwake.kernel.index import compare
from kittiwake.kernel.limits import Limits
from kittiwake.kernel.matching import amount, key_values
from kittiwake.kernel.program import Condition, Measure
from kittiwake.kernel.state import Amounts, Latest, Slot, Times, Total, Values
from kittiwake.model import Event
from kittiwake.values import EXACT, Number, canonical, is_scalar, lookup

Slots = dict[str, Slot]

ONE: Final = Decimal(1)


def key_of(condition: Condition, event: Event) -> str | None:
    """Under which key of the condition an event is remembered; None if it lacks a `same` property."""
    if not condition.same:
        return ""
    values = key_values(condition.same, event.properties)
    return None if values is None else "[" + ",".join(values) + "]"


def record(condition: Condition, slots: Slots, event: Event, keep_us: int, limits: Limits) -> bool:
    """Remember a matching event; False if there is no room for it."""
    key = key_of(condition, event)
    if key is None:
        return True
    value = _recorded_value(condition, event)
    if value is None:
        return True
    now_us = event.time_us
    if not _has_room(condition, slots, key, value, now_us, keep_us, limits):
        return False
    slot = slots.get(key)
    if slot is None or _is_forgotten(condition, slot, now_us, keep_us):
        slot = slots[key] = _empty(condition, now_us)
    _put(condition, slot, value, now_us)
    return True


def _recorded_value(condition: Condition, event: Event) -> str | Decimal | None:
    """What is remembered of an event: an amount, a value's text, or just that it was."""
    if condition.measure is Measure.SUM:
        assert condition.path is not None
        return amount(condition.path, event.properties)
    if condition.measure is Measure.DISTINCT:
        assert condition.path is not None
        value = lookup(event.properties, condition.path)
        return canonical(value) if is_scalar(value) else None
    return ONE


def _has_room(
    condition: Condition, slots: Slots, key: str, value: str | Decimal, now_us: int, keep_us: int, limits: Limits
) -> bool:
    if _fits(condition, slots, key, value, limits):
        return True
    prune(condition, slots, now_us, keep_us)
    return _fits(condition, slots, key, value, limits)


def _fits(condition: Condition, slots: Slots, key: str, value: str | Decimal, limits: Limits) -> bool:
    if condition.same and key not in slots and len(slots) >= limits.keys:
        return False
    if condition.measure is Measure.DISTINCT:
        slot = slots.get(key)
        known = isinstance(slot, Values) and value in slot.newest_us
        held = sum(len(one.newest_us) for one in slots.values() if isinstance(one, Values))
        return known or held < limits.distinct
    if condition.measure is Measure.SUM and condition.within_us is not None:
        return sum(len(one.times_us) for one in slots.values() if isinstance(one, Amounts)) < limits.sum_entries
    return True


def _empty(condition: Condition, now_us: int) -> Slot:
    match condition.measure:
        case Measure.DISTINCT:
            return Values({})
        case Measure.PRESENT | Measure.ABSENT:
            return Latest(now_us)
    if condition.within_us is None:
        return Total(Decimal(0), now_us)
    return Times([]) if condition.measure is Measure.COUNT else Amounts([], [], Decimal(0))


def _put(condition: Condition, slot: Slot, value: str | Decimal, now_us: int) -> None:
    match slot:
        case Values():
            assert isinstance(value, str)
            slot.newest_us[value] = now_us
        case Latest():
            slot.newest_us = now_us
        case Total():
            assert isinstance(value, Decimal)
            slot.total, slot.newest_us = EXACT.add(slot.total, value), now_us
        case Times():
            slot.times_us.append(now_us)
            excess = len(slot.times_us) - max(1, int(condition.bound) + 1)
            if excess > 0:  # a count above the bound is above it whatever it is
                del slot.times_us[:excess]
        case Amounts():
            assert isinstance(value, Decimal)
            slot.times_us.append(now_us)
            slot.amounts.append(value)
            slot.total = EXACT.add(slot.total, value)


def _is_forgotten(condition: Condition, slot: Slot, now_us: int, keep_us: int) -> bool:
    """Drop what the window has passed from `slot`; whether nothing is left of it."""
    span_us = condition.within_us
    match slot:
        case Times():
            assert span_us is not None
            _drop(slot.times_us, now_us - span_us)
            return not slot.times_us
        case Amounts():
            assert span_us is not None
            passed = _drop(slot.times_us, now_us - span_us)
            for value in slot.amounts[:passed]:
                slot.total = EXACT.subtract(slot.total, value)
            del slot.amounts[:passed]
            return not slot.times_us
        case Values():
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
    match slot:
        case Times():
            return len(slot.times_us)
        case Amounts() | Total():
            return slot.total
        case Values():
            return len(slot.newest_us)
    return 1


def answer(condition: Condition, value: Number) -> bool:
    """Whether the condition holds of what was measured."""
    if condition.measure is Measure.PRESENT:
        return value == 1
    if condition.measure is Measure.ABSENT:
        return value == 0
    return compare(condition.operator, value, condition.bound)


def next_end_us(condition: Condition, slots: Slots, keep_us: int) -> int | None:
    """The next instant at which the answer without `same` can change by time alone."""
    slot = slots.get("")
    match slot:
        case Times() | Amounts():
            return slot.times_us[0] + (condition.within_us or 0) if slot.times_us else None
        case Latest() if condition.within_us is not None:
            return slot.newest_us + condition.within_us
        case Values() if slot.newest_us:
            return min(slot.newest_us.values()) + (keep_us if condition.within_us is None else condition.within_us)
    return None
