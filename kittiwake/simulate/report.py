"""A simulation as tables that a marketer reads, and these as plain text for a terminal.

Pure. Printed by `kittiwake simulate`; its page has the same tables, but those of feeds and breakers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from kittiwake.batch.report import event_lines, feed_lines, table_lines
from kittiwake.printable import visible, visible_lines
from kittiwake.simulate.model import Arm, Estimate, GoalOfRule, RuleFigures, Simulation, Uplift
from kittiwake.time.durations import format_duration

LOADS_SHOWN: Final = 12
"""Rows of triggers in a week; the last has all that are more."""

TAKEN_SHOWN: Final = 20
"""Pairs of rules, those that took most; the JSON has all."""

DAYS_SHOWN: Final = 14
"""The busiest days; the JSON has all."""


def render(simulation: Simulation) -> str:
    """The text, with its lines' ends."""
    found = (*simulation.summary.findings, *simulation.findings)
    return visible_lines(
        [
            *(f"EMPTY: {visible(text)}" for text in simulation.summary.empty),
            *event_lines(simulation.summary, "simulate"),
            *(_body(simulation) if simulation.summary.stopped is None else ()),
            *feed_lines(simulation.summary),
            *(f"FINDING: {visible(text)}" for text in found),
        ]
    )


class Part(NamedTuple):
    """A table, what stands above it, and lines below."""

    word: str
    """Which of them: `reach`, `lost`, `taken`, `load`, `days` or `goal`."""
    title: str
    rows: Sequence[Sequence[str]]
    """A header, and rows."""
    right: Sequence[int]
    """Columns that are numbers."""
    notes: Sequence[str] = ()


def _body(simulation: Simulation) -> Iterator[str]:
    percent = simulation.question.sample_percent
    if percent is not None:
        yield sample_words(percent)
    for part in parts(simulation):
        yield part.title
        yield from table_lines(part.rows, right=part.right)
        yield from (f"    {visible(note)}" for note in part.notes)


def sample_words(percent: Decimal) -> str:
    """What a sample makes of the numbers."""
    return f"of {percent} % of the contacts; ≈ is what that makes of all, and where it lies 19 times of 20"


def parts(simulation: Simulation) -> Iterator[Part]:
    """The tables that have rows."""
    rules = simulation.rules
    several = len({one.account_id for one in rules}) > 1
    yield _reach(rules, several=several, sampled=simulation.question.sample_percent is not None)
    yield from _losses(rules, several=several)
    yield from _taken(simulation, several=several)
    yield from _loads(simulation)
    yield from _days(simulation)
    yield from _goals(simulation, several=several)


def name_of(account_id: str, rule_id: str, *, several: bool) -> str:
    """What a rule is called: with its account, if there are several."""
    return f"{account_id}/{rule_id}" if several else rule_id


def _reach(rules: Sequence[RuleFigures], *, several: bool, sampled: bool) -> Part:
    header = ["rule", "candidates", "fired", "contacts", "per day", "busiest day", "pending"]
    rows = [[*header, "≈ fired in all"] if sampled else header]
    for one in rules:
        days = [day.figure.number for day in one.days]
        span = (one.days[-1].day - one.days[0].day).days + 1 if days else 1
        name = name_of(one.account_id, one.rule_id, several=several)
        numbers = [one.candidates, one.fired.number, one.fired.contacts]
        row = [name, *(f"{number:,}" for number in numbers), f"{sum(days) / span:,.1f}"]
        row += [f"{max(days, default=0):,}", f"{one.pending:,}"]
        rows.append([*row, _about(one.fired.in_all)] if sampled else row)
    return Part("reach", "reach: nothing was sent", rows, range(1, 8))


def _about(one: Estimate) -> str:
    return f"{one.value:,.0f} ({one.low:,.0f} to {one.high:,.0f})"


def _losses(rules: Sequence[RuleFigures], *, several: bool) -> Iterator[Part]:
    rows = [("rule", "became", "why", "candidates", "contacts")]
    for one in rules:
        name = name_of(one.account_id, one.rule_id, several=several)
        rows += [
            (name, loss.decision, loss.reason, f"{loss.figure.number:,}", f"{loss.figure.contacts:,}")
            for loss in one.losses
        ]
    if len(rows) > 1:
        yield Part("lost", "lost: candidates that did not fire, in the order of the gates", rows, (3, 4))


def _taken(simulation: Simulation, *, several: bool) -> Iterator[Part]:
    found = sorted(simulation.taken, key=lambda one: -one.number)
    rows = [("rule", "lost by", "to", "candidates")]
    rows += [
        (name_of(one.account_id, one.rule_id, several=several), one.reason, one.by, f"{one.number:,}")
        for one in found[:TAKEN_SHOWN]
    ]
    if found:
        title = "who took whose turn: rules whose triggers had used up the cap, or the round"
        hidden = len(found) - TAKEN_SHOWN
        yield Part("taken", title, rows, (3,), [f"and {hidden} more rows, which --json lists"] if hidden > 0 else ())


def loads_shown(simulation: Simulation) -> list[tuple[str, int, float]]:
    """How many triggers in a week, of how many contact-weeks, and their share; the highest numbers in one row."""
    loads = simulation.loads
    total = sum(one.contact_weeks for one in loads)
    shown = loads if len(loads) <= LOADS_SHOWN else loads[: LOADS_SHOWN - 1]
    found = [(f"{one.triggers:,}", one.contact_weeks, one.contact_weeks / total) for one in shown]
    if rest := sum(one.contact_weeks for one in loads[len(shown) :]):
        found.append((f"{loads[len(shown)].triggers:,} to {loads[-1].triggers:,}", rest, rest / total))
    return found


def _loads(simulation: Simulation) -> Iterator[Part]:
    found = loads_shown(simulation)
    if not found:
        return
    title = "per contact and week: triggers of all rules together, of weeks with any (ISO weeks of the account's zone)"
    rows = [("triggers", "contact-weeks", "share")]
    rows += [(triggers, f"{weeks:,}", percent_words(share)) for triggers, weeks, share in found]
    yield Part("load", title, rows, (0, 1, 2))


def fired_by_day(simulation: Simulation) -> dict[str, int]:
    """How much fired on each day on which anything did, of all rules together."""
    by_day: dict[str, int] = {}
    for one in simulation.rules:
        for day in one.days:
            by_day[day.day.isoformat()] = by_day.get(day.day.isoformat(), 0) + day.figure.number
    return by_day


def _days(simulation: Simulation) -> Iterator[Part]:
    by_day = fired_by_day(simulation)
    if not by_day:
        return
    busiest = sorted(sorted(by_day.items(), key=lambda item: (-item[1], item[0]))[:DAYS_SHOWN])
    of = "" if len(by_day) <= DAYS_SHOWN else f": the {DAYS_SHOWN} busiest of {len(by_day)}"
    rows = [("day", "fired"), *((day, f"{number:,}") for day, number in busiest)]
    yield Part("days", f"days{of}", rows, (1,))


# ---------------------------------------------------------------- goals


def _goals(simulation: Simulation, *, several: bool) -> Iterator[Part]:
    goal = simulation.question.goal
    if goal is None:
        return
    types, within = " or ".join(sorted(goal.types)), format_duration(goal.within_us)
    title = f"goal: {types} within {within} of a contact's first trigger of the rule ({simulation.goal_events:,} came)"
    rows: list[Sequence[str]] = [
        ("rule", "contacts who", "number", "did before due", "watched to the end", "did after", "share")
    ]
    notes: list[str] = []
    for one in simulation.rules:
        if one.goal is not None:
            name = name_of(one.account_id, one.rule_id, several=several)
            rows += [(name, *_arm(arm)) for arm in one.goal.arms]
            notes += _notes(name, one.goal)
    yield Part("goal", title, rows, range(2, 7), notes)


_WHO: Final = {
    "fired": "fired",
    "holdout": "were held out",
    "rollout": "were outside of the rollout",
    "shadow": "were sent nothing: shadow",
}


def _arm(arm: Arm) -> tuple[str, ...]:
    words = _WHO.get(arm.name, f"got variant {arm.name}")
    share = percent_words(arm.did_after / arm.watched) if arm.watched else "–"
    return words, f"{arm.contacts:,}", f"{arm.did_before:,}", f"{arm.watched:,}", f"{arm.did_after:,}", share


def _notes(name: str, goal: GoalOfRule) -> Iterator[str]:
    if goal.did_anyway:
        yield f"{name}: {goal.did_anyway:,} times the contact did it before anything was due, and nothing was sent"
    for one in goal.uplifts:
        yield f"{name}: {_uplift(one)}"


def _uplift(one: Uplift) -> str:
    arm = "fired" if one.arm == "fired" else f"variant {one.arm}"
    controls = {"holdout": "the holdout", "rollout": "those outside of the rollout"}
    against = controls.get(one.against, f"variant {one.against}")
    points = f"{100 * one.difference:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f}, 95 %)"
    unsure = "; it may be chance" if one.low <= 0 <= one.high else ""
    return f"{arm} against {against}: {points}{unsure}"


def percent_words(share: float) -> str:
    """A share as a person reads it."""
    return f"{100 * share:.1f} %"
