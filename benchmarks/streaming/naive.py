"""What a team would write by hand: a cell and a timer for each rule, touched by each event that concerns the rule.

It is spared much: no copies, no lateness, no gates, no `given`, sequences or audiences; what fires is four fields. Each
rule looks at each event by what it remembers; `sparing` code asks first whether the event opens or ends the rule, and
touches no other. The classes are written out as text, some lines for each rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from benchmarks.rulesets import ONE, TWELVE
from benchmarks.streaming.clocks import Silent
from benchmarks.streaming.names import TWO_HUNDRED
from kittiwake.stream.records import buffered_event_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US


class Rule(NamedTuple):
    """What such code knows of a rule."""

    rule_id: str
    opens: frozenset[str] | None
    """None: every event."""
    ends: frozenset[str]
    wait_us: int


def _rule(rule_id: str, opens: str, ends: str, wait_us: int) -> Rule:
    return Rule(rule_id, None if opens == "*" else frozenset(opens.split()), frozenset(ends.split()), wait_us)


_RULES: Final = (
    _rule("cart-abandonment", "cart.item_added", "order.completed", HOUR_US),
    _rule("cart-abandonment-4h", "cart.item_added", "order.completed", 4 * HOUR_US),
    _rule("browse-abandonment", "product.viewed", "cart.item_added order.completed", 2 * HOUR_US),
    _rule("checkout-abandonment", "checkout.started", "order.completed", 30 * MINUTE_US),
    _rule("high-intent", "search.performed product.viewed cart.item_added", "", 30 * MINUTE_US),
    _rule("loyalty-milestone", "order.completed", "", 0),
    _rule("first-order", "order.completed", "", 2 * HOUR_US),
    _rule("replenish", "order.item_purchased", "", 30 * DAY_US),
    _rule("vip", "order.completed support.complaint", "", 90 * DAY_US),
    _rule("lapsed", "*", "", 60 * DAY_US),
    _rule("renewal-reminder", "subscription.renewed", "subscription.cancelled", 7 * DAY_US),
    _rule("birthday", "contact.updated", "", 365 * DAY_US),
)
_SETS: Final = {
    ONE: _RULES[:1],
    TWELVE: _RULES,
    TWO_HUNDRED: tuple(
        _RULES[n % 12]._replace(rule_id=f"{_RULES[n % 12].rule_id}-{n // 12}") for n in range(200)
    ),
}  # fmt: skip


class Naive(beam.DoFn):
    """All but the cells and timers."""

    rules: tuple[Rule, ...]

    def __init__(self, is_sparing: bool, is_deaf: bool) -> None:
        self._is_sparing, self._is_deaf = is_sparing, is_deaf

    def take(self, element: tuple[bytes, bytes], cells: Sequence[Any], timers: Sequence[Any]) -> None:
        """An event touches the cells and timers of the rules that it concerns."""
        arrival = buffered_event_of(element[1])
        event = json.loads(arrival.data)
        kind, silent = event["type"], Silent() if self._is_deaf else None
        for rule, cell, timer in zip(self.rules, cells, timers, strict=True):
            opens = rule.opens is None or kind in rule.opens
            if self._is_sparing and not opens and kind not in rule.ends:
                continue
            found = cell.read()
            if kind in rule.ends and found is not None:
                cell.clear()
                (silent or timer).clear()
            elif opens:
                cell.write(_with(found, event))
                (silent or timer).set(Timestamp(micros=arrival.time_us + rule.wait_us))

    def fire(self, number: int, key: bytes, at: Timestamp, cell: Any) -> Iterator[bytes]:
        """A rule's time has come."""
        found = cell.read()
        if found is not None:
            cell.clear()
            told = {"rule": self.rules[number].rule_id, "contact": key.decode(), "at": at.micros}
            yield json.dumps({**told, "kept": json.loads(found)}).encode()


def _with(found: bytes | None, event: dict[str, Any]) -> bytes:
    kept = {"count": 0, "first": event["event_id"]} if found is None else json.loads(found)
    kept |= {"count": kept["count"] + 1, "last": event["event_id"], "properties": event["properties"]}
    return json.dumps(kept).encode()


def _source(name: str, number: int) -> str:
    """A class with cells and timers of its own."""
    each = range(number)
    given = [f"cell_{n}=beam.DoFn.StateParam(CELL_{n})" for n in each]
    given += [f"timer_{n}=beam.DoFn.TimerParam(TIMER_{n})" for n in each]
    lines = [f"class {name}(Naive):"]
    for n in each:
        lines.append(f'    CELL_{n} = ReadModifyWriteStateSpec("cell_{n}", BytesCoder())')
        lines.append(f'    TIMER_{n} = TimerSpec("timer_{n}", TimeDomain.WATERMARK)')
    lines.append(f"    def process(self, element, {', '.join(given)}):")
    cells, timers = ("".join(f"{kind}_{n}, " for n in each) for kind in ("cell", "timer"))
    lines.append(f"        self.take(element, ({cells}), ({timers}))")
    for n in each:
        lines.append(f"    @on_timer(TIMER_{n})")
        lines.append(
            f"    def at_{n}(self, key=beam.DoFn.KeyParam, at=beam.DoFn.TimestampParam, "
            f"cell=beam.DoFn.StateParam(CELL_{n})):"
        )
        lines.append(f"        yield from self.fire({n}, key, at, cell)")
    return "\n".join(lines)


_USED: Final[dict[str, Any]] = {
    "beam": beam, "BytesCoder": BytesCoder, "Naive": Naive, "ReadModifyWriteStateSpec": ReadModifyWriteStateSpec,
    "TimeDomain": TimeDomain, "TimerSpec": TimerSpec, "on_timer": on_timer, "__name__": __name__,
}  # fmt: skip


def _class_of(rules: str) -> type[Naive]:
    name = f"Naive{len(_SETS[rules])}"
    exec(_source(name, len(_SETS[rules])), _USED)
    found: type[Naive] = _USED[name]
    found.rules = _SETS[rules]
    globals()[name] = found
    return found


_CLASSES: Final = {rules: _class_of(rules) for rules in _SETS}
"""Made when this is imported, so that a worker finds them by their names, as it would those written by hand."""


def naive(rules: str, *, is_sparing: bool, is_deaf: bool) -> Naive:
    """The DoFn of a rule set; `is_deaf`: no timer is set."""
    return _CLASSES[rules](is_sparing, is_deaf)
