"""`python -m benchmarks.clauses`: what each clause of the language costs, beside a rule that does without it.

Both sides decide the same contacts from full histories (`kernel.batch`), in turns, and the least of several loops
counts. A ratio says what a clause adds to a rule that has little else to do: it is the most that it can be.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant

START_US: Final = parse_instant("2026-03-02T08:00:00Z")
EVERY_US: Final = 6 * HOUR_US
TYPES: Final = ("product.viewed", "cart.item_added", "product.viewed", "order.completed", "contact.updated")
CART: Final = {"id": "cart", "when": "cart.item_added", "wait": "7h", "unless": "order.completed"}
DAY: Final = {"id": "day", "when": "cart.item_added", "restart": False}
TEN_DAYS: Final = [f"2026-04-{day}" for day in range(10, 20)]
BROWSE: Final = {"id": "browse", "when": "product.viewed", "wait": "7h", "unless": "order.completed"}

Raw = dict[str, Any]


class Side(NamedTuple):
    """Rules, and what their events look like."""

    document: Raw
    change: Callable[[Event], Event] | None = None


class Case(NamedTuple):
    """A clause, and what it is compared with."""

    clause: str
    beside: str
    without: Side
    using: Side


def one(rule: Raw, **beside: Any) -> Side:
    """A document of one rule."""
    return Side({"account": "acme", "rules": [rule], **beside})


def rule(**clauses: Any) -> Raw:
    """The cart rule with other clauses."""
    return CART | clauses


def as_text(event: Event) -> Event:
    """The event of a shop that sends money as text."""
    total = event.properties.get("total")
    return event if total is None else replace(event, properties={**event.properties, "total": str(total)})


SUM: Final = {"sum": "total", "of": "order.completed", "within": "30d", "gte": 5}
COUNT: Final = {"count": "order.completed", "within": "30d", "gte": 2}
CASES: Final = (
    Case(
        "`cast`",
        "numbers sent as numbers",
        one(rule(given=SUM)),
        Side(
            {
                "account": "acme",
                "rules": [rule(given=SUM)],
                "cast": [{"event": "order.completed", "number": ["total"]}],
            },
            as_text,
        ),
    ),
    Case(
        "`repeats`",
        "no `repeats`",
        one(rule(given=COUNT)),
        one(rule(given=COUNT), repeats=[{"event": "order.completed", "same": "order_id", "within": "30d"}]),
    ),
    Case(
        "`contains: {…}`",
        "`contains` of a value",
        one(rule(unless={"event": "order.completed", "where": {"tags": {"contains": "x"}}})),
        one(rule(unless={"event": "order.completed", "where": {"products": {"contains": {"sku": "s-3"}}}})),
    ),
    Case(
        "`empty`",
        "`exists`",
        one(rule(unless={"event": "order.completed", "where": {"tags": {"exists": True}}})),
        one(rule(unless={"event": "order.completed", "where": {"tags": {"empty": False}}})),
    ),
    Case(
        "`{path: …}`",
        "a number",
        one(rule(unless={"event": "order.completed", "where": {"total": {"lt": 50}}})),
        one(rule(unless={"event": "order.completed", "where": {"total": {"lt": {"path": "before"}}}})),
    ),
    Case(
        "`same: {a: b}`",
        "`same: a`",
        one(rule(per="sku", unless={"event": "order.completed", "same": "sku"})),
        one(rule(per="sku", unless={"event": "order.completed", "same": {"sku": "product_id"}})),
    ),
    Case(
        "a change of the contact",
        "`contact.updated`",
        one(rule(unless="contact.updated")),
        one(rule(unless={"contact": {"tier": {"becomes": "gold"}}})),
    ),
    Case(
        "`given: {contact: …}`",
        "`where: {contact: …}`",
        one(rule(when={"event": "cart.item_added", "where": {"contact": {"tier": "gold"}}})),
        one(rule(given={"contact": {"tier": "gold"}})),
    ),
    Case(
        "`given: {in: …}`",
        "the same condition in `given`",
        one(rule(given=COUNT)),
        Side(
            {"account": "acme", "rules": [rule(given={"in": "vip"}), {"id": "vip", "mode": "off", "audience": COUNT}]}
        ),
    ),
    Case("`still`", "no `still`", one(CART), one(rule(still=COUNT))),
    Case("`wait: {days, at}`", "`wait: 1d`", one(rule(wait="1d")), one(rule(wait={"days": 1, "at": "10:00"}))),
    Case(
        "`until` with `days`",
        "`until` with `offset`",
        one(rule(wait={"until": "day", "offset": "-3d"})),
        one(rule(wait={"until": "day", "days": -3})),
    ),
    Case(
        "a list of dates, two reminders",
        "`until` with `days`, one",
        one(rule(wait={"until": "day", "days": -1})),
        one(rule(wait=[{"until": "day", "days": -3}, {"until": "day", "days": -1}])),
    ),
    Case(
        "a list of local days, two reminders",
        "a list of durations",
        one(rule(wait=["7h", "31h"])),
        one(rule(wait=[{"days": 0, "at": "15:00"}, {"days": 1, "at": "15:00"}])),
    ),
    Case(
        "an RRULE with `BYSETPOS`",
        "`repeat: weekly`",
        one(DAY | {"wait": {"until": "day", "repeat": "weekly"}}),
        one(DAY | {"wait": {"until": "day", "repeat": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}}),
    ),
    Case(
        "`except`, ten dates",
        "`repeat: weekly`",
        one(DAY | {"wait": {"until": "day", "repeat": "weekly"}}),
        one(
            DAY | {"wait": {"until": "day", "repeat": "weekly", "except": [f"2026-04-{day}" for day in range(10, 20)]}}
        ),
    ),
    Case(
        "`on: workdays`",
        "`wait: {days, at}`",
        one(rule(wait={"days": 1, "at": "10:00"})),
        one(rule(wait={"days": 1, "at": "10:00", "on": "workdays"})),
    ),
    Case(
        "`arbitration`, two rules",
        "no arbitration",
        Side({"account": "acme", "rules": [CART, BROWSE]}),
        Side({"account": "acme", "policy": {"arbitration": {"within": "2h", "max": 1}}, "rules": [CART, BROWSE]}),
    ),
    Case(
        "`avg`",
        "`sum`",
        one(rule(given=SUM)),
        one(rule(given={"avg": "total", "of": "order.completed", "within": "30d", "gte": 5})),
    ),
    Case(
        "`max`",
        "`sum`",
        one(rule(given=SUM)),
        one(rule(given={"max": "total", "of": "order.completed", "within": "30d", "gte": 5})),
    ),
    Case(
        "`min`",
        "`sum`",
        one(rule(given=SUM)),
        one(rule(given={"min": "total", "of": "order.completed", "within": "30d", "gte": 5})),
    ),
    Case(
        "`last`",
        "`present`",
        one(rule(given={"present": "order.completed"})),
        one(rule(given={"last": "total", "of": "order.completed", "gte": 5})),
    ),
    Case(
        "`within: this_month`",
        "`within: 30d`",
        one(rule(given=COUNT)),
        one(rule(given=COUNT | {"within": "this_month"})),
    ),
    Case(
        "`between`",
        "`within: 30d`",
        one(rule(given=SUM)),
        one(rule(given={"sum": "total", "of": "order.completed", "between": ["30d", "7d"], "gte": 5})),
    ),
    Case(
        "`reaches` of a calendar year",
        "`reaches`",
        one({"id": "points", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500, 1000]}}),
        one(
            {
                "id": "points",
                "when": "order.completed",
                "reaches": {"sum": "total", "at": [250, 500, 1000], "within": "this_year"},
            }
        ),
    ),
    Case(
        "`{match: …}`",
        "the same written out",
        one(rule(unless={"event": "order.completed", "where": {"total": {"lt": 50}}})),
        one(rule(unless="small"), matches={"small": {"event": "order.completed", "where": {"total": {"lt": 50}}}}),
    ),
    Case(
        "a channel's cap",
        "a cap of the policy",
        one(CART, policy={"frequency": {"max": 1, "per": "day"}}),
        one(rule(channel="email"), policy={"channels": {"email": {"frequency": {"max": 1, "per": "day"}}}}),
    ),
    Case(
        "a channel's consent",
        "consent of the policy",
        one(CART, policy={"consent": {"purpose": "marketing", "default": "granted"}}),
        one(
            rule(channel="email"),
            policy={"channels": {"email": {"consent": {"purpose": "marketing", "default": "granted"}}}},
        ),
    ),
    Case(
        "quiet hours by weekday",
        "quiet hours",
        one(CART, policy={"quiet_hours": {"from": "21:00", "to": "08:00"}}),
        one(
            CART,
            policy={
                "quiet_hours": [
                    {"from": "21:00", "to": "08:00"},
                    {"days": ["sat", "sun"], "from": "00:00", "to": "10:00"},
                ]
            },
        ),
    ),
    Case(
        "`include: {rule: owner}`",
        "`include` of a property",
        one(rule(include={"owner": "sku"})),
        one(rule(owner="retention team", include={"owner": {"rule": "owner"}})),
    ),
    Case("`variants`", "none", one(CART), one(rule(variants={"a": 50, "b": 50, "salt": "s"}))),
)


class Cost(NamedTuple):
    """CPU seconds of a loop, and how many decisions it came to."""

    seconds: float
    decisions: int


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.clauses", description=__doc__)
    asked.add_argument("--contacts", type=int, default=400)
    asked.add_argument("--events", type=int, default=240, help="of each contact, one every six hours")
    asked.add_argument("--loops", type=int, default=5, help="of each side, in turns; the least counts")
    asked.add_argument("--only", default="", help="clauses whose name contains this")
    options = asked.parse_args()
    histories = [list(events_of(contact, options.events)) for contact in range(options.contacts)]
    million = options.contacts * options.events / 1e6
    print("| clause | beside | CPU s a million events, beside | with the clause | ratio | decisions |")
    print("|---|---|--:|--:|--:|--:|")
    for case in CASES:
        if options.only in case.clause:
            without, using = in_turns(case, histories, options.loops)
            figures = f"{without.seconds / million:.2f} | {using.seconds / million:.2f}"
            ratio = using.seconds / without.seconds
            print(f"| {case.clause} | {case.beside} | {figures} | {ratio:.2f} | {using.decisions:,} |", flush=True)


def in_turns(case: Case, histories: list[list[Event]], loops: int) -> tuple[Cost, Cost]:
    """The least cost of each side, of so many loops in turns."""
    sides = [(versions_of(side), changed(histories, side)) for side in (case.without, case.using)]
    costs = [[loop(*side) for side in sides] for _ in range(loops)]
    return min(cost[0] for cost in costs), min(cost[1] for cost in costs)


def versions_of(side: Side) -> Versions:
    """The rules of a side, compiled."""
    return as_versions(compile_account(load_document(side.document), "acme"))


def changed(histories: list[list[Event]], side: Side) -> list[list[Event]]:
    """The histories as the side's producers send them."""
    return histories if side.change is None else [[*map(side.change, events)] for events in histories]


def loop(versions: Versions, histories: list[list[Event]]) -> Cost:
    """Decide every contact once."""
    begun, decisions = time.process_time(), 0
    for number, events in enumerate(histories):
        until_us = events[-1].time_us + DAY_US
        decisions += len(decide_history(versions, f"c-{number}", events, until_us).decisions)
    return Cost(time.process_time() - begun, decisions)


def events_of(contact: int, count: int) -> Iterator[Event]:
    """A contact's events, one every six hours: half views, carts, orders, and now and then another tier."""
    for i in range(count):
        number = contact * 31 + i * 7
        properties = {
            "sku": f"s-{number % 5}",
            "product_id": f"s-{number % 4}",
            "order_id": f"o-{contact}-{i}",
            "total": 10 + number % 90,
            "before": 10 + number % 70,
            "day": f"2026-{3 + number % 5:02}-{1 + number % 28:02}",
            "tags": ["x"] if number % 2 else [],
            "products": [{"sku": f"s-{j}", "price": 5 + j} for j in range(number % 4)],
            "tier": ("gold", "silver", "bronze")[number % 3],
        }
        yield Event(START_US + i * EVERY_US + contact, f"01JBN6{i:020d}", TYPES[i % len(TYPES)], properties)


if __name__ == "__main__":
    main()
