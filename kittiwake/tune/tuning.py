"""Decides one history by the rules with each combination of values, in one pass over the input.

Reads files. Called by `kittiwake tune`. Bounded memory: one contact is counted after the other, by each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.replay import OnProgress, files_to_decide
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.rules.compile.accounts import Programs
from kittiwake.simulate.histories import Histories, ways_of
from kittiwake.simulate.model import Question, RuleFigures
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.simulation import SideCounting, refuse_derived
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
    settings: RunSettings,
    question: Question,
    on_progress: OnProgress = lambda _: None,
) -> Tuning:
    """What each of the rule sets, one a point, would have done; `rule` is account and id of the one that is tuned.

    Raises:
        UnusableError: an input cannot be read, or the goal is an event that the rules derive.
    """
    if question.goal is not None:
        refuse_derived(rule_sets[0], question.goal)
    files = files_to_decide(inputs, settings)
    types = frozenset[str]() if question.goal is None else question.goal.types
    sample = Sample(question.sample_percent)
    with gc_paused(), Histories(rule_sets, sample, types) as histories:
        histories.read(files, settings, on_progress)
        counted = [SideCounting(side, question, sample.share) for side in histories.sides]
        for subject, rows in histories.by_contact(settings, on_progress):
            with ExitStack() as opened:
                for one, way in zip(counted, ways_of(rows, len(counted), opened), strict=True):
                    one.add(subject, way)
        summary = histories.sides[0].summary(settings, histories.counts)
    return Tuning(
        summary, tuple(_figures(point, one.rules(), rule) for point, one in zip(points, counted, strict=True))
    )


def _figures(point: Point, rules: Sequence[RuleFigures], rule: tuple[str, str]) -> PointFigures:
    own = next((one for one in rules if (one.account_id, one.rule_id) == rule), None)
    others = sum(one.fired.number for one in rules if one.account_id == rule[0] and one is not own)
    return PointFigures(point, own, others)
