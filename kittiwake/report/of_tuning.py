"""The page of `kittiwake tune`: what a rule would have done with each value of a setting, for whoever chooses one.

Pure. Its table is that of the text, and the charts are drawn of the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from kittiwake.report import charts
from kittiwake.report.asked import Asked, accounts_in_words, input_facts, stopped_words, summary_facts
from kittiwake.report.drawing import Spec
from kittiwake.report.markup import Child, Markup, element
from kittiwake.report.page import Section, chart, headlines, name, page, paragraphs, table
from kittiwake.report.squares import Square, squares
from kittiwake.simulate.model import Question
from kittiwake.time.durations import format_duration
from kittiwake.tune.combinations import Point, Setting
from kittiwake.tune.report import goal_of, losses_of, notes, points_table
from kittiwake.tune.tuning import PointFigures, Tuning


class Tried(NamedTuple):
    """What the command was given: of which rule, which values, and what else."""

    rule_id: str
    settings: Sequence[Setting]
    question: Question
    asked: Asked
    """The rules as they stand, without any of the values."""


def tuning_page(found: Tuning, tried: Tried) -> str:
    """The page."""
    is_decided = found.summary.stopped is None
    facts: list[tuple[str, Child]] = [("Rules", name(tried.asked.rules)), ("Rule", name(tried.rule_id))]
    facts += [(f"Tried of {one.name}", ", ".join(map(str, one.values))) for one in tried.settings]
    goal = tried.question.goal
    if goal is not None:
        facts.append(("Goal", [name(" or ".join(sorted(goal.types))), f" within {format_duration(goal.within_us)}"]))
    sections = [
        Section("findings", "What stands out", _findings(found, tried)),
        Section("volume", "How much it would send", _measured(found, tried, _VOLUME) if is_decided else ()),
        Section("anyway", "Who did it anyway", _measured(found, tried, _ANYWAY) if is_decided and goal else ()),
        Section("caps", "What shared caps would take", _measured(found, tried, _CAPS) if is_decided else ()),
        Section("others", "What is left for the other rules", _measured(found, tried, _OTHERS) if is_decided else ()),
        Section("numbers", "The numbers", _numbers(found, tried) if is_decided else ()),
        Section("rule", "The rule as it stands", accounts_in_words(tried.asked.accounts, frozenset({tried.rule_id}))),
        Section("reading", "How to read this report", paragraphs(READING + (READING_GOAL if goal else ""))),
    ]
    lead = f"The same events decided with each of {len(found.points)} settings. Nothing was sent."
    facts += [*input_facts(tried.asked.inputs), *summary_facts(found.summary)]
    return page(f"What {tried.rule_id} would do with other values", lead, facts, sections, "kittiwake tune")


# ---------------------------------------------------------------- what is measured


class _Measure(NamedTuple):
    """Something that is counted for each combination of values."""

    label: str
    number: Callable[[PointFigures], int]
    note: Callable[[PointFigures], str]


def _fired(one: PointFigures) -> int:
    return 0 if one.rule is None else one.rule.fired.number


_VOLUME = _Measure(
    "Messages of the rule",
    _fired,
    lambda one: f"{_fired(one):,} to {0 if one.rule is None else one.rule.fired.contacts:,} contacts",
)
_ANYWAY = _Measure(
    "Episodes that the goal ended before anything fell due",
    lambda one: goal_of(one.rule)[0],
    lambda one: f"{goal_of(one.rule)[0]:,}, and {goal_of(one.rule)[1]:,} of {goal_of(one.rule)[2]:,} after a message",
)
_CAPS = _Measure(
    "Candidates of the rule lost to frequency caps and rounds",
    lambda one: losses_of(one.rule)[0],
    lambda one: f"{losses_of(one.rule)[0]:,}, and {losses_of(one.rule)[1]:,} otherwise",
)
_OTHERS = _Measure(
    "Messages of the account's other rules",
    lambda one: one.others_fired,
    lambda one: f"{one.others_fired:,}",
)


def _values(tried: Tried, point: Point) -> str:
    return ", ".join(f"{one.name} {value}" for one, value in zip(tried.settings, point, strict=True))


def _measured(found: Tuning, tried: Tried, measure: _Measure) -> Markup:
    """Bars; squares where two settings are tried together; a line where there is nothing to draw."""
    if not any(map(measure.number, found.points)):
        return element("p", f"{measure.label}: none with any value.")
    drawn: Callable[[int], Spec]
    if len(tried.settings) == 2:
        pairs = [Square(str(one.point[0]), str(one.point[1]), measure.number(one)) for one in found.points]
        drawn = partial(squares, pairs, (tried.settings[0].name, tried.settings[1].name))
    else:
        rows = [(_values(tried, one.point), measure.number(one), measure.note(one)) for one in found.points]
        drawn = partial(charts.bars, rows)
    return chart(measure.label, drawn, ())


def _numbers(found: Tuning, tried: Tried) -> Child:
    header, *rows = points_table(found, tried.settings, tried.question)
    caption = f"{tried.rule_id} with each value"
    made = table(caption, header, rows, range(len(tried.settings), len(header)), wide=len(header) > 5)
    said = [element("li", note) for note in notes(tried.question)]
    return [made, element("ul", said) if said else ""]


# ---------------------------------------------------------------- headlines


def _findings(found: Tuning, tried: Tried) -> Markup:
    checks = [*found.summary.empty, *found.summary.findings]
    if found.summary.stopped is not None:
        return headlines([stopped_words(found.summary)], checks)
    return headlines(_headlines(found, tried), checks)


def _headlines(found: Tuning, tried: Tried) -> Iterator[Child]:
    most, least = (pick(found.points, key=_fired) for pick in (max, min))
    if _fired(most) == _fired(least):
        yield f"It sends {_fired(most):,} messages with each value."
    else:
        yield [
            *(
                "It sends most, ",
                element("strong", f"{_fired(most):,}"),
                f" messages, with {_values(tried, most.point)}",
            ),
            *(", and least, ", element("strong", f"{_fired(least):,}"), f", with {_values(tried, least.point)}."),
        ]
    if tried.question.goal is not None:
        anyway = max(found.points, key=lambda one: goal_of(one.rule)[0])
        number = goal_of(anyway.rule)[0]
        if number:
            rest = f" did it anyway, before anything was due, with {_values(tried, anyway.point)}: the most of all."
            yield [element("strong", f"{number:,}"), rest]
    others = [one.others_fired for one in found.points]
    if min(others) == max(others):
        yield "The other rules send the same with each value."
    else:
        yield f"The other rules send from {min(others):,} to {max(others):,} messages, for they share its caps."


READING: Final = """
Each row is what the rules would have done with that value, all else as it stands. Choose by what the rule is for: a
shorter wait sends more, and sends to people who would have done it anyway.

What caps and rounds take from this rule went to others, and the other way round: compare what is left for them.
"""

READING_GOAL: Final = """
Who did it anyway needed no message: the goal ended the episode before anything was due. Who did it after a message may
have done it without one too; a holdout says how many.
"""
