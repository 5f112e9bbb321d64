"""What a look-back remembers under one key, a `Slot`: how it takes a value in, and when it forgets.

Pure over the `Slot` it is given, which the caller owns. Called by `evaluate.history`. Events come in event-time order,
so that instants stand in their order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kittiwake.kernel.plan.history import Condition, Measure
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
from kittiwake.values import EXACT

OF_ENTRIES: Final[dict[Measure, type[Times | Texts]]] = {
    Measure.COUNT: Times,
    Measure.PRESENT: Times,
    Measure.ABSENT: Times,
    Measure.DISTINCT: Texts,
    Measure.LAST: Texts,
}
"""Measures that remember every event of a range back, and otherwise do not."""


def empty_slot(condition: Condition, now_us: int) -> Slot:
    """What a condition remembers before its first value, which `put` takes in."""
    measure, ever = condition.measure, condition.within_us is None
    if condition.near_us and measure in OF_ENTRIES:
        return OF_ENTRIES[measure]()
    if measure is Measure.DISTINCT:
        return Values({})
    if measure is Measure.PRESENT or measure is Measure.ABSENT:
        return Latest(now_us)
    if measure is Measure.AVG:
        return Mean(Decimal(0), 0, now_us) if ever else Running([], [], Decimal(0))
    if measure is Measure.MIN or measure is Measure.MAX:
        return Extreme(None, now_us) if ever else Numbers([], [])
    if measure is Measure.LAST:
        return Newest("", now_us)
    if ever:
        return Total(Decimal(0), now_us)
    is_rolling = condition.period is None and not condition.near_us
    return Amounts([], [], Decimal(0)) if is_rolling else Running([], [], Decimal(0))


def put(condition: Condition, slot: Slot, value: str | Decimal, now_us: int) -> None:
    """Take in what an event has: an amount, or the canonical JSON of a value."""
    if isinstance(slot, Latest):
        slot.newest_us = now_us
    elif isinstance(slot, Values):
        assert isinstance(value, str)
        slot.newest_us[value] = now_us
    elif isinstance(slot, Total):
        assert isinstance(value, Decimal)
        slot.total, slot.newest_us = EXACT.add(slot.total, value), now_us
    elif isinstance(slot, Amounts):
        assert isinstance(value, Decimal)
        slot.total = EXACT.add(slot.total, value)
        slot.times_us.append(now_us)
        slot.amounts.append(value)
    elif isinstance(slot, Newest):
        assert isinstance(value, str)
        slot.text, slot.newest_us = value, now_us
    elif isinstance(slot, Times):
        slot.times_us.append(now_us)
    elif isinstance(slot, Texts):
        assert isinstance(value, str)
        slot.times_us.append(now_us)
        slot.texts.append(value)
    else:
        assert isinstance(value, Decimal)
        _put_number(condition, slot, value, now_us)


def _put_number(condition: Condition, slot: Slot, value: Decimal, now_us: int) -> None:
    if isinstance(slot, Running):
        slot.totals.append(EXACT.add(slot.totals[-1] if slot.totals else slot.before, value))
        slot.times_us.append(now_us)
    elif isinstance(slot, Numbers):
        outdone = outdone_by(condition, slot, value)
        if outdone:
            del slot.times_us[-outdone:], slot.amounts[-outdone:]
        slot.times_us.append(now_us)
        slot.amounts.append(value)
    elif isinstance(slot, Mean):
        slot.total, slot.count, slot.newest_us = EXACT.add(slot.total, value), slot.count + 1, now_us
    else:
        assert isinstance(slot, Extreme)
        if slot.value is None or _outdoes(condition, value, slot.value):
            slot.value = value
        slot.newest_us = now_us


def outdone_by(condition: Condition, slot: Numbers, value: Decimal) -> int:
    """How many of the newest entries cannot be the extreme any more once `value` is there."""
    if condition.near_us:
        return 0
    outdone = 0
    for other in reversed(slot.amounts):
        if not _outdoes(condition, value, other):
            break
        outdone += 1
    return outdone


def _outdoes(condition: Condition, newer: Decimal, older: Decimal) -> bool:
    return newer <= older if condition.measure is Measure.MIN else newer >= older


def is_forgotten(condition: Condition, slot: Slot, now_us: int, keep_us: int) -> bool:
    """Drop what the window has passed from `slot`; whether nothing is left of it."""
    span_us = condition.within_us
    if isinstance(slot, (Times, Amounts)):
        assert span_us is not None
        times_us = slot.times_us
        if times_us and times_us[0] > now_us - span_us:
            return False
        passed = drop(times_us, now_us - span_us)
        if isinstance(slot, Amounts):
            for value in slot.amounts[:passed]:
                slot.total = EXACT.subtract(slot.total, value)
            del slot.amounts[:passed]
        return not times_us
    if isinstance(slot, (Latest, Total)):
        if span_us is None:
            return bool(condition.same) and slot.newest_us + keep_us <= now_us
        return slot.newest_us + span_us <= now_us
    if isinstance(slot, Values):
        edge_us = now_us - (keep_us if span_us is None else span_us)
        for text in [text for text, newest_us in slot.newest_us.items() if newest_us <= edge_us]:
            del slot.newest_us[text]
        return not slot.newest_us
    if isinstance(slot, (Running, Numbers, Texts)):
        assert span_us is not None
        return _drop_entries(slot, now_us - span_us)
    if span_us is None:
        return bool(condition.same) and slot.newest_us + keep_us <= now_us
    return slot.newest_us + span_us <= now_us


def _drop_entries(slot: Running | Numbers | Texts, edge_us: int) -> bool:
    """Remove the entries up to and at `edge_us`; whether none is left."""
    passed = drop(slot.times_us, edge_us)
    if isinstance(slot, Numbers):
        del slot.amounts[:passed]
    elif isinstance(slot, Texts):
        del slot.texts[:passed]
    elif passed:
        slot.before = slot.totals[passed - 1]
        del slot.totals[:passed]
    return not slot.times_us


def drop(times_us: list[int], edge_us: int) -> int:
    """Remove the instants up to and at `edge_us`; how many they were."""
    passed = 0
    for time_us in times_us:
        if time_us > edge_us:
            break
        passed += 1
    del times_us[:passed]
    return passed


def newest_us_of(slot: Slot) -> int:
    """The newest instant that is remembered; there is one."""
    if isinstance(slot, (Latest, Total, Mean, Extreme, Newest)):
        return slot.newest_us
    return max(slot.newest_us.values()) if isinstance(slot, Values) else slot.times_us[-1]
