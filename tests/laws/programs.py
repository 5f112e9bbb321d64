"""A spread of rule programs that together use every clause, and random histories for them.

Types are few and properties take few values, so that what is random meets: same instants, same keys, same ids.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from kittiwake.kernel.plan.program import Program
from kittiwake.model import Event
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.kernel.execution_modes import CONTACT
from tests.kernel.programs import ACCOUNT, at, exact, program

START_US = at("2026-10-24T12:00:00Z")
"""The night after, clocks change in Europe; a week later in America."""

OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"
NOONS = "quiet_hours: {from: '11:30', to: '14:00'}"


class World(NamedTuple):
    """Rules and policy as YAML, and what time is counted in."""

    rules: str
    policy: str = ""
    zone: str = "UTC"
    limits: dict[str, int] | None = None
    unit_us: int = 30 * MINUTE_US
    calendar: bool = False
    """Whether a decision depends on local clocks, dates or an instant the rules name."""

    def program(self, lateness_us: int = HOUR_US) -> Program:
        return program(self.rules, self.policy, self.zone, self.limits, lateness_us)


WORLDS: dict[str, World] = {
    "silence": World("{when: a, wait: 1h, unless: b, include: {n: n, tier: contact.tier}}"),
    "reminders": World("{when: a, wait: [0s, 30m, 2h], unless: {event: b, same: p}, reentry: 3h}"),
    "first": World("{when: [a, c], wait: 90m, restart: false, unless: [a, {event: b, same: [p, q]}], per: p}"),
    "field": World(
        "{when: a, wait: {field: n, unit: hours, default: 1h}, unless: {event: b, where: {n: {gt: 1}}}, per: [p, q]}"
    ),
    "at once": World("{when: {event: '*', where: {any: [{p: 1}, {not: {n: {lte: 1}}}]}}, reentry: once, keep: 5h}"),
    "given": World(
        """
        - {id: count, when: a, given: {count: a, same: p, within: 2h, lte: 2}, wait: 30m}
        - {id: sums, when: [a, b], given: [{sum: n, of: a, within: 2h, gte: 2.5}, {absent: c, within: 1h}]}
        - {id: kinds, when: b, given: {distinct: p, of: [a, c], gte: 2}, keep: 3h}
        - {id: ever, when: c, given: [{present: a, same: p}, {sum: n, of: a, lt: 20}], keep: 4h}
        """
    ),
    "chains": World(
        """
        - {id: two, when: {sequence: [a, b], within: 2h}, per: p}
        - {id: same, when: {sequence: [a, [a, b], a], within: 3h}, wait: 1h, unless: c}
        - {id: star, when: {sequence: ["*", c], within: 1h}, given: {count: c, lt: 4}}
        """
    ),
    "totals": World(
        """
        - {id: sum, when: a, reaches: {sum: n, at: [1, 2.5, 7]}, unless: b}
        - {id: count, when: [a, b], per: p, reaches: {count: true, at: [2, 3, 5]}, keep: 4h, reentry: 1h}
        """,
        NOONS,
        calendar=True,
    ),
    "audiences": World(
        """
        - id: tree
          audience: {all: [{count: a, within: 3h, gte: 2}, {not: {present: b, within: 1h}}]}
          emits: [entered, exited]
        - {id: none, audience: {absent: a, within: 2h}, emits: [entered, exited], reentry: 2h}
        - {id: sum, audience: {sum: n, of: a, within: 2h, gt: 2}, emits: [entered, exited], mode: shadow}
        - {id: kinds, audience: {any: [{distinct: p, of: a, gte: 2}, {count: c, eq: 1}]}, keep: 3h}
        """
    ),
    "values": World(
        """
        - {id: avg, when: a, given: [{avg: n, of: a, within: 2h, gte: 1.5}, {last: p, of: [a, b], in: [1, x]}]}
        - {id: low, when: b, given: {min: n, of: a, same: p, within: 3h, lt: 2}, keep: 4h}
        - {id: high, audience: {max: n, of: a, within: 2h, gt: 2}, emits: [entered, exited]}
        - {id: mean, when: c, given: {all: [{avg: n, of: b, same: p, lt: 3}, {max: n, of: b, gte: 1}]}, keep: 5h}
        - {id: newest, audience: {not: {last: n, of: a, within: 3h, gte: 1}}, emits: [entered, exited]}
        """
    ),
    "periods and ranges": World(
        """
        - {id: day, audience: {count: a, within: today, gte: 2}, emits: [entered, exited]}
        - {id: week, when: b, given: {sum: n, of: a, within: this_week, gte: 3}}
        - id: back
          audience: {all: [{count: a, between: [3h, 1h], gte: 1}, {absent: b, within: 1h}]}
          emits: [entered, exited]
        - {id: kinds, when: c, given: {distinct: p, of: a, between: [4h, 1h], gte: 2}}
        - {id: latest, when: c, given: {last: p, of: a, between: [4h, 1h], eq: 1}}
        - {id: mean, when: c, given: {avg: n, of: a, within: today, gt: 1}}
        - {id: points, when: a, reaches: {count: true, at: [2, 4], within: today}}
        """,
        zone="Europe/Berlin",
        calendar=True,
    ),
    "held audiences": World(
        """
        - {id: in, audience: {present: a, within: 9h}, emits: [entered, exited], transactional: false}
        - {id: out, audience: {present: a, within: 4h}, transactional: false, reentry: once, keep: 2d}
        """,
        OVERNIGHT,
        zone="Europe/Berlin",
        unit_us=2 * HOUR_US,
        calendar=True,
    ),
    "ready": World(
        """
        - {id: in, audience: {present: a, within: 3h}, emits: [entered, exited]}
        - {id: plain, when: a, wait: 1h, given: {present: b, within: 2h}}
        - {id: late, when: a, live_from: '2026-10-24T18:00:00Z'}
        """,
        "live_from: 2026-10-24T15:00:00Z\nhistory_from: 2026-10-24T14:00:00Z",
        calendar=True,
    ),
    "dates": World(
        """
        - {id: event, when: a, wait: {until: day, offset: -2h}, unless: b}
        - {id: contact, when: [c, contact.updated], wait: {until: contact.day, at: "18:30"}, per: p}
        """,
        zone="America/Toronto",
        unit_us=3 * HOUR_US,
        calendar=True,
    ),
    "repeats": World(
        """
        - {id: daily, when: a, wait: {until: day, repeat: daily, at: "22:15"}, unless: b, reentry: 2d}
        - {id: rrule, when: c, wait: {until: contact.day, repeat: "FREQ=DAILY;INTERVAL=2;COUNT=4"}, restart: false}
        """,
        OVERNIGHT,
        zone="Europe/Berlin",
        limits={"max_wait_us": 3 * DAY_US},
        unit_us=7 * HOUR_US,
        calendar=True,
    ),
    "caps": World(
        """
        - {id: low, when: a, priority: 10, group: news}
        - {id: high, when: a, priority: 90, wait: 0s, per: p}
        - {id: late, when: b, wait: 1h, group: news}
        - {id: shadow, when: b, mode: shadow}
        - {id: receipt, when: a, transactional: true}
        """,
        "frequency: [{max: 2, per: day}, {max: 3, per: 20h}, {max: 1, per: week, group: news}, {max: 9, per: month}]",
        zone="Europe/Berlin",
        unit_us=2 * HOUR_US,
        calendar=True,
    ),
    "night": World(
        """
        - {id: each, when: a, unless: b, expires: 8h}
        - {id: reminders, when: a, wait: [1h, 3h, 14h], per: p, unless: {event: b, same: p}, reentry: 6h}
        - {id: first, when: c, wait: 2h, restart: false}
        """,
        f"{OVERNIGHT}\nconsent: {{purpose: news}}\nfrequency: {{max: 3, per: day}}",
        zone="America/Toronto",
        unit_us=HOUR_US,
        calendar=True,
    ),
    "consent": World("{when: a, wait: 1h}", "consent: {purpose: news, default: withdrawn}"),
    "held out": World("{when: a, wait: [0s, 1h], unless: b}", "holdout: {percent: 69, salt: winter}"),
    "tiny": World(
        """
        - {id: keys, when: a, wait: 1h, per: p, unless: {event: b, same: p}}
        - {id: once, when: a, per: p, reentry: 2h}
        - {id: chain, when: {sequence: [a, b], within: 2h}, per: p, given: {distinct: n, of: a, within: 2h, gte: 1}}
        - {id: sums, when: b, given: {sum: n, of: a, same: p, within: 2h, gte: 1}}
        - {id: totals, when: a, per: p, reaches: {count: true, at: [2]}, keep: 2h}
        - {id: kinds, audience: {distinct: n, of: a, within: 2h, gte: 2}, emits: [entered, exited]}
        """,
        limits={"keys": 2, "distinct": 2, "sum_entries": 2},
    ),
    "longest": World("{when: a, wait: {field: n, unit: hours}}", limits={"max_wait_us": 2 * HOUR_US}),
    "attributes": World(
        """
        - {id: gold, when: {event: a, where: {contact: {tier: gold}}}, wait: 30m, include: {tier: contact.tier}}
        - {id: word, when: {event: [a, b], where: {q: {starts_with: x, exists: true}, n: {gte: 0}}}, per: q}
        - {id: list, when: {event: a, where: {tags: {contains: red}, p: [1, 2]}}}
        """
    ),
}

TYPES = ("a", "a", "a", "a", "b", "b", "c", "z")


def dice_of(name: str, seed: int) -> Random:
    """Dice of their own for every test and seed: printed, so that a failure is found again."""
    print(f"seed: {seed}")
    return Random(f"{name} {seed}")


def history(dice: Random, world: World, length: int) -> list[Event]:
    """Events in the order of time, many at one instant, copies among them, ids in no order."""
    time_us, events, ids = START_US, [], [*range(length)]
    dice.shuffle(ids)
    for i in ids:
        time_us += dice.choice((0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 7)) * world.unit_us
        nudged_us = time_us + dice.choice((0,) * 20 + (-1, 1))
        name, properties = _drawn(dice)
        events.append(Event(nudged_us, f"{i:02}", name, exact(properties), ACCOUNT, CONTACT))
    return sorted(events + _copies(dice, events), key=lambda event: event.time_us)


def end_us(events: list[Event], world: World) -> int:
    """Some time after the last event."""
    return max((event.time_us for event in events), default=START_US) + 8 * world.unit_us


def _drawn(dice: Random) -> tuple[str, dict[str, Any]]:
    if dice.random() < 0.85:
        return dice.choice(TYPES), {name: value for name, value in _properties(dice).items() if dice.random() < 0.9}
    return dice.choice(
        (
            ("contact.updated", {"tier": dice.choice(("gold", "lead", None))}),
            ("contact.updated", {"timezone": dice.choice(("Asia/Tokyo", "America/Toronto", None, "Nowhere"))}),
            ("contact.updated", {"day": dice.choice((_day(dice), _day(dice), None)), "p": 1}),
            ("consent.withdrawn", {"purpose": dice.choice(("news", "other", None, 5))}),
            ("consent.granted", {"purpose": dice.choice(("news", "other", None, 5))}),
            ("contact.deleted", {}),
            ("contact.merged", {"into": "c-42"}),
        )
    )


def _properties(dice: Random) -> dict[str, Any]:
    return {
        "p": dice.choice((1, 2, 3, "1", True)),
        "q": dice.choice(("x", "xy", "é")),
        "n": dice.choice((0, 1, 2, 0.5, 2.25, -1, 1.5, "2", 68.74)),
        "day": _day(dice),
        "tags": dice.choice((["red", 1], ["blue"], "red", None)),
    }


def _day(dice: Random) -> str:
    day = dice.randint(23, 31)
    return dice.choice((f"2026-10-{day}", f"2026-10-{day}T{dice.randint(0, 23):02}:30:00+02:00", "soon"))


def _copies(dice: Random, events: list[Event]) -> list[Event]:
    """Copies: alike, differing, later inside the horizon and beyond it."""
    found = []
    for event in events:
        if dice.random() < 0.15:
            later_us = dice.choice((0, 0, 1, HOUR_US, HOUR_US + 1, 2 * HOUR_US))
            properties = dice.choice((event.properties, {**event.properties, "p": 2}))
            found.append(Event(event.time_us + later_us, event.event_id, event.type, properties, ACCOUNT, CONTACT))
    return found
