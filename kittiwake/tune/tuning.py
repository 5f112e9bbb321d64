"""Decides one history by the rules with each combination of values, in one pass over the input.

Reads files. Called by `kittiwake tune`. Bounded memory: one contact is counted after the other, by each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kittiwake.batch.summary import Summary
from kittiwake.rules.compile.accounts import Programs
from kittiwake.simulate.deciding import Hosted, decided
from kittiwake.simulate.model import Question, RuleFigures
from kittiwake.simulate.simulation import Simulating, refuse_derived, rules_of
from kittiwake.simulate.study import Together
from kittiwake.tune.combinations import Point


@dataclass(frozen=True, slots=True)
class PointFigures:
    """What the rules would have done with one combination of values."""

    point: Point
    rule: RuleFigures | None
    """Of the rule that is tuned; None: nothing was decided."""
    others_fired: int
    """Triggers of all other rules of the account."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the rules would have done with each combination."""

    summary: Summary
    """As of a replay with the first combination."""
    points: tuple[PointFigures, ...]


def tune(
    rule_sets: Sequence[Programs],
    points: Sequence[Point],
    rule: tuple[str, str],
    inputs: Sequence[str],
    hosted: Hosted,
    question: Question,
) -> Tuning:
    """What each of the rule sets, one a point, would have done; `rule` is account and id of the one that is tuned.

    Raises:
        UnusableError: an input cannot be read, or the goal is an event that the rules derive.
    """
    if question.goal is not None:
        refuse_derived(rule_sets[0], question.goal)
    study = Together([Simulating(programs, question) for programs in rule_sets])
    answer = decided(study, inputs, hosted)
    rules = [
        rules_of(programs, summary.counts, counting)
        for programs, summary, counting in zip(rule_sets, answer.summaries, answer.found.found, strict=True)
    ]
    return Tuning(
        answer.summaries[0], tuple(_figures(point, one, rule) for point, one in zip(points, rules, strict=True))
    )


def _figures(point: Point, rules: Sequence[RuleFigures], rule: tuple[str, str]) -> PointFigures:
    own = next((one for one in rules if (one.account_id, one.rule_id) == rule), None)
    others = sum(one.fired.number for one in rules if one.account_id == rule[0] and one is not own)
    return PointFigures(point, own, others)
