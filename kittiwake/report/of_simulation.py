"""The page of `kittiwake simulate`: what rules would have done, for whoever decides whether they go live.

Pure. Its numbers are those of the text and of the JSON: the tables are the same, and the charts are drawn of the same
figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from kittiwake.report import charts
from kittiwake.report.asked import Asked, accounts_in_words, glossary, input_facts, stopped_words, summary_facts
from kittiwake.report.charts import NAMES_MAX, Interval, Parted
from kittiwake.report.drawing import Spec
from kittiwake.report.markup import Child, Markup, element, joined
from kittiwake.report.page import Section, chart, headlines, name, page, paragraphs, table
from kittiwake.report.style import COLOURS
from kittiwake.report.words import FIRED
from kittiwake.simulate.model import HOLDOUT, SHADOW, RuleFigures, Simulation, Taken
from kittiwake.simulate.report import Part, fired_by_day, loads_shown, name_of, parts, percent_words, sample_words
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, EPOCH_ORDINAL, WEEK_US
from kittiwake.time.zones import EPOCH_WEEKDAY

WEEKS_FROM: Final = 140
"""Days from which on a chart has a bar for each week instead."""

DAYS_SHOWN: Final = 400
"""Days of the table beside the chart, the newest; the JSON has all."""

OFTEN: Final = 3
"""Messages in a week from which on the load of a contact is a headline."""

REASONS_NAMED: Final = 3
"""Reasons of a headline."""

LOSSES_WITH_COLOURS: Final = COLOURS - 2
"""Reasons that have a colour of their own: one is for what fired, one for the others."""


class _Found(NamedTuple):
    """A simulation, its tables, and how its rules are called."""

    simulation: Simulation
    parts: Mapping[str, Part]
    several: bool
    """Whether there are several accounts."""

    def name(self, one: RuleFigures | Taken) -> str:
        """A rule's name."""
        return name_of(one.account_id, one.rule_id, several=self.several)

    def by(self, one: Taken) -> str:
        """The name of the rule that took."""
        return name_of(one.account_id, one.by, several=self.several)

    def largest(self) -> list[RuleFigures]:
        """The rules that a chart shows, those that fired most first."""
        rules = self.simulation.rules
        return sorted(rules, key=lambda one: (-one.fired.number, -one.candidates, one.account_id, one.rule_id))[
            :NAMES_MAX
        ]

    def of_rules(self, shown: int) -> str:
        """That a chart does not show every rule."""
        number = len(self.simulation.rules)
        return "" if shown == number else f" ({shown} of {number:,} rules)"


def simulation_page(simulation: Simulation, asked: Asked) -> str:
    """The page."""
    several, question = len({one.account_id for one in simulation.rules}) > 1, simulation.question
    tables = parts(simulation) if simulation.summary.stopped is None else ()
    found = _Found(simulation, {part.word: part for part in tables}, several)
    facts = [("Rules", name(asked.rules)), *input_facts(asked.inputs), *_question(simulation)]
    sections = [
        Section("findings", "What stands out", _findings(found)),
        Section("reach", "Messages by rule", _reach(found)),
        Section("lost", "What kept the others", _lost(found)),
        Section("load", "Messages a contact gets in a week", _load(found)),
        Section("taken", "Who took whose turn", _taken(found)),
        Section("goal", "What contacts did afterwards", _goal(found)),
        Section("rules", "The rules in plain sentences", accounts_in_words(asked.accounts)),
        Section("reading", "How to read this report", paragraphs(READING + (READING_GOALS if question.goal else ""))),
    ]
    number = len(simulation.rules)
    title = f"What {number:,} {'rule' if number == 1 else 'rules'} would have done"
    return page(title, _lead(found), [*facts, *summary_facts(simulation.summary)], sections, "kittiwake simulate")


def _lead(found: _Found) -> str:
    days = sorted(fired_by_day(found.simulation))
    when = f" Messages would have gone out from {days[0]} to {days[-1]}." if days else ""
    return f"Events that have happened, decided once more by these rules. Nothing was sent.{when}"


def _question(simulation: Simulation) -> Iterator[tuple[str, Child]]:
    goal, percent = simulation.question.goal, simulation.question.sample_percent
    if goal is not None:
        yield "Goal", [name(" or ".join(sorted(goal.types))), f" within {format_duration(goal.within_us)}"]
    if percent is not None:
        yield "Sample", f"{percent} % of the contacts"


# ---------------------------------------------------------------- headlines


def _findings(found: _Found) -> Markup:
    simulation, summary = found.simulation, found.simulation.summary
    checks = [*summary.empty, *summary.findings, *simulation.findings]
    if summary.stopped is not None:
        return headlines([stopped_words(summary)], checks)
    heads = [*_sent(found), *_most_lost(found), *_often(found), *_most_taken(found), *_reached(found), *_uplifts(found)]
    return headlines(heads, checks)


def _sent(found: _Found) -> Iterator[Child]:
    summary, by_day = found.simulation.summary, fired_by_day(found.simulation)
    percent = found.simulation.question.sample_percent
    of = f", in the sample of {percent} %" if percent is not None else ""
    yield [_strong(f"{summary.triggers:,}"), f" messages would have gone out, of {summary.decisions:,} candidates{of}."]
    if by_day:
        most = max(by_day, key=lambda day: (by_day[day], day))
        yield [_strong(f"{by_day[most]:,}"), f" messages on the busiest day, {most}."]


def _strong(text: str) -> Markup:
    return element("strong", text)


def _most_lost(found: _Found) -> Iterator[Child]:
    lost = Counter[str]()
    for one in found.simulation.rules:
        for loss in one.losses:
            lost[loss.reason] += loss.figure.number
    if lost:
        commonest = sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:REASONS_NAMED]
        named = ", ".join(f"{reason} {number:,}" for reason, number in commonest)
        yield [_strong(f"{lost.total():,}"), f" became no message of their own. The commonest reasons: {named}."]


def _often(found: _Found) -> Iterator[Child]:
    loads = found.simulation.loads
    weeks = sum(one.contact_weeks for one in loads)
    often = sum(one.contact_weeks for one in loads if one.triggers >= OFTEN)
    if weeks and loads[-1].triggers < OFTEN:
        most = "one message" if loads[-1].triggers == 1 else f"{loads[-1].triggers} messages"
        of = " of the sample" if found.simulation.question.sample_percent is not None else ""
        yield [f"No contact{of} gets more than ", _strong(most), " in a week."]
    elif weeks:
        most = f"{OFTEN} or more; the most is {loads[-1].triggers:,}"
        rest = f" of the weeks in which a contact gets any message bring {most}."
        yield [_strong(f"{100 * often / weeks:.1f} %"), rest]


def _most_taken(found: _Found) -> Iterator[Child]:
    if found.simulation.taken:
        one = max(found.simulation.taken, key=lambda taken: taken.number)
        took = [_strong(f"{one.number:,}"), f" {'message' if one.number == 1 else 'messages'}"]
        if one.by == one.rule_id:
            yield ["Earlier messages of ", name(found.by(one)), " itself kept it from sending ", *took, "."]
        else:
            yield [name(found.by(one)), " took ", *took, " from ", name(found.name(one)), "."]


def _reached(found: _Found) -> Iterator[Child]:
    """Of the rule after whose messages most contacts reached the goal, how many that are."""
    every = [(one, arm) for one in found.simulation.rules if one.goal is not None for arm in one.goal.arms]
    sent = [(one, arm) for one, arm in every if arm.name not in (HOLDOUT, SHADOW) and arm.watched]
    if sent:
        one, arm = max(sent, key=lambda item: item[1].did_after)
        share = f"{arm.did_after:,} of {arm.watched:,} contacts"
        part = f" ({100 * arm.did_after / arm.watched:.1f} %)"
        yield [_strong(share), f"{part} reached the goal after their first message of ", name(found.name(one)), "."]


def _uplifts(found: _Found) -> Iterator[Child]:
    """How many differences are sure: of twenty one seems so by chance."""
    every = [uplift for one in found.simulation.rules if one.goal is not None for uplift in one.goal.uplifts]
    sure = sum(not uplift.low <= 0 <= uplift.high for uplift in every)
    if every:
        rest = f" of {len(every)} comparisons with others show a difference; by chance alone one in 20 does."
        yield [_strong(f"{sure}"), rest]


# ---------------------------------------------------------------- tables and charts


def _same_table(part: Part) -> Markup:
    """A table as the command prints it."""
    header, *rows = part.rows
    made = table(part.title, header, [[name(row[0]), *row[1:]] for row in rows], part.right, wide=len(header) > 5)
    return joined([made, element("ul", [element("li", note) for note in part.notes]) if part.notes else ""])


def _reach(found: _Found) -> Child:
    if "reach" not in found.parts:
        return ()
    percent = found.simulation.question.sample_percent
    sample = [element("p", sample_words(percent))] if percent is not None else []
    firing = [one for one in found.largest() if one.days]
    if not firing:
        return [*sample, _same_table(found.parts["reach"])]
    by_day = {found.name(one): {day.day: day.figure.number for day in one.days} for one in firing}
    label = f"Messages over time, each rule on a scale of its own{found.of_rules(len(firing))}"
    drawn = chart(label, _over_time(by_day), _days_table(by_day))
    return [*sample, _same_table(found.parts["reach"]), drawn]


def _over_time(by_day: Mapping[str, Mapping[date, int]]) -> Callable[[int], Spec]:
    """Bars of days, or of weeks that begin with Monday."""
    days = [day for of_rule in by_day.values() for day in of_rule]
    step_us = WEEK_US if (max(days) - min(days)).days > WEEKS_FROM else DAY_US
    in_us = (
        {(day.toordinal() - EPOCH_ORDINAL) * DAY_US: number for day, number in of_rule.items()}
        for of_rule in by_day.values()
    )
    starts = [charts.in_steps(of_rule, step_us, -EPOCH_WEEKDAY * DAY_US) for of_rule in in_us]
    return partial(charts.over_time, dict(zip(by_day, starts, strict=True)), step_us)


def _days_table(by_day: Mapping[str, Mapping[date, int]]) -> Markup:
    days = sorted({day for of_rule in by_day.values() for day in of_rule})
    rows = [
        [day.isoformat(), *(f"{of_rule.get(day, 0):,}" for of_rule in by_day.values())] for day in days[-DAYS_SHOWN:]
    ]
    hidden = len(days) - DAYS_SHOWN
    caption = "Messages a day by rule" + (f"; --json lists {hidden:,} earlier days too" if hidden > 0 else "")
    return table(caption, ["day", *by_day], rows, range(1, len(by_day) + 1), wide=len(by_day) > 4)


def _lost(found: _Found) -> Child:
    if "lost" not in found.parts:
        return ()
    shown = [one for one in found.largest() if one.candidates]
    reasons = _commonest(shown)
    rows = [
        Parted(found.name(one), f"{one.fired.number:,} of {one.candidates:,}", _in_parts(one, reasons)) for one in shown
    ]
    label = f"What became of each rule's candidates: what fired, then the losses by reason{found.of_rules(len(shown))}"
    words = {FIRED, *(loss.reason for one in found.simulation.rules for loss in one.losses)}
    return [chart(label, partial(charts.in_parts, rows), _same_table(found.parts["lost"])), glossary(words)]


def _commonest(rules: Sequence[RuleFigures]) -> list[str]:
    """The reasons that have a colour of their own, in the order of the gates."""
    numbers = Counter[str]()
    order = dict[str, int]()
    for one in rules:
        for at, loss in enumerate(one.losses):
            numbers[loss.reason] += loss.figure.number
            order[loss.reason] = max(order.get(loss.reason, 0), at)
    kept = [reason for reason, _ in numbers.most_common(LOSSES_WITH_COLOURS)]
    return sorted(kept, key=lambda reason: (order[reason], reason))


def _in_parts(one: RuleFigures, reasons: Sequence[str]) -> dict[str, int]:
    parted = {FIRED: one.fired.number, **dict.fromkeys(reasons, 0)}
    others = 0
    for loss in one.losses:
        if loss.reason in parted:
            parted[loss.reason] += loss.figure.number
        else:
            others += loss.figure.number
    return {**parted, "other reasons": others} if others else parted


def _load(found: _Found) -> Child:
    if "load" not in found.parts:
        return ()
    shown = [
        (f"{triggers} in a week", weeks, f"{weeks:,} ({percent_words(share)})")
        for triggers, weeks, share in loads_shown(found.simulation)
    ]
    label = "Weeks of contacts, by how many messages of all rules together the contact got in that week"
    return chart(label, partial(charts.bars, shown), _same_table(found.parts["load"]))


def _taken(found: _Found) -> Child:
    if "taken" not in found.parts:
        return ()
    most = sorted(found.simulation.taken, key=lambda one: -one.number)[:NAMES_MAX]
    shown = [
        (f"{found.by(one)} from {'itself' if one.by == one.rule_id else one.rule_id}", one.number, f"{one.number:,}")
        for one in most
    ]
    label = "Messages that a rule took from another, by using up a cap or winning a round; the most frequent"
    return chart(label, partial(charts.bars, shown), _same_table(found.parts["taken"]))


def _goal(found: _Found) -> Child:
    if "goal" not in found.parts:
        return ()
    shown = [
        Interval(
            found.name(one) if uplift.arm == FIRED else f"{found.name(one)}, {uplift.arm}",
            *(100 * part for part in (uplift.difference, uplift.low, uplift.high)),
        )
        for one in found.simulation.rules
        if one.goal is not None
        for uplift in one.goal.uplifts
    ]
    numbers = _same_table(found.parts["goal"])
    if not shown:
        return [numbers, element("p", "No holdout, no rollout and no variants: nothing says what messages add.")]
    label = "How many more reached the goal than of those compared with, and where that lies 19 times of 20"
    hint = "An uplift is the effect of messages only if these rules were live then; else nobody was sent anything."
    return [chart(label, partial(charts.intervals, shown[:NAMES_MAX]), numbers), element("p", hint)]


READING: Final = """
A candidate is an event, or the end of a wait, at which a rule asks to send. Gates then refuse some: caps, quiet hours,
consent. What is left has fired, and would have been one message.

Each contact's events were decided in their order, by the same code that decides them when the rules are live. The
numbers are those of kittiwake replay over the same files.

Days and weeks are those of the account's clock. Pending is what still waits when the events end.

A cap that several messages have used up counts for each of their rules, so what was taken may add up to more than was
lost.
"""

READING_GOALS: Final = """
Of each rule and contact the first message counts. An interval that holds 0 may be chance; one that does not is chance
once in 20 times.
"""
