"""A tuning as a table, and as data.

Pure. Printed by `kittiwake tune`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kittiwake.batch.report import event_lines, table_lines
from kittiwake.batch.summary import to_json
from kittiwake.printable import visible, visible_lines
from kittiwake.reasons import Reason
from kittiwake.simulate.model import GoalOfRule, Question, RuleFigures
from kittiwake.time.durations import format_duration
from kittiwake.tune.combinations import Setting
from kittiwake.tune.tuning import PointFigures, Tuning

CAPS: Final = frozenset({str(Reason.FREQUENCY_CAP), str(Reason.OUTRANKED)})


def render(found: Tuning, rule_id: str, settings: Sequence[Setting], question: Question) -> str:
    """For a terminal, with its lines' ends."""
    return visible_lines(
        [
            *(f"EMPTY: {visible(text)}" for text in found.summary.empty),
            *event_lines(found.summary, "tune"),
            *(_table(found, rule_id, settings, question) if found.summary.stopped is None else ()),
            *(f"FINDING: {visible(text)}" for text in found.summary.findings),
        ]
    )


def _table(found: Tuning, rule_id: str, settings: Sequence[Setting], question: Question) -> Iterator[str]:
    rows = points_table(found, settings, question)
    yield f"{visible(rule_id)} with each value: nothing was sent"
    yield from table_lines(rows, right=range(len(rows[0])))
    yield from notes(question)


def points_table(found: Tuning, settings: Sequence[Setting], question: Question) -> list[list[str]]:
    """A header, and a row for each combination of values; all columns are numbers, or values."""
    names = [one.name for one in settings]
    goal = ["did anyway", "did after", "of"] if question.goal is not None else []
    header = [*names, "fired", "contacts", *goal, "lost to caps", "lost otherwise", "pending", "others fired"]
    return [header, *(_row(one, with_goal=bool(goal)) for one in found.points)]


def notes(question: Question) -> Iterator[str]:
    """What has to be known beside the table."""
    if question.goal is not None:
        within = format_duration(question.goal.within_us)
        yield "did anyway: episodes that the goal ended before anything fell due"
        yield f"did after: contacts who reached it within {within} of their first trigger, of those watched so long"
    if question.sample_percent is not None:
        yield f"of a sample of {question.sample_percent:f}% of the contacts, as it was counted"


def _row(one: PointFigures, *, with_goal: bool) -> list[str]:
    rule = one.rule
    fired, contacts, pending = (0, 0, 0) if rule is None else (rule.fired.number, rule.fired.contacts, rule.pending)
    goal = [f"{number:,}" for number in goal_of(rule)] if with_goal else []
    numbers = (*(f"{number:,}" for number in losses_of(rule)), f"{pending:,}", f"{one.others_fired:,}")
    return [*map(str, one.point), f"{fired:,}", f"{contacts:,}", *goal, *numbers]


def losses_of(rule: RuleFigures | None) -> tuple[int, int]:
    """How many candidates were lost to caps and rounds, and to anything else."""
    losses = () if rule is None else rule.losses
    to_caps = sum(one.figure.number for one in losses if one.reason in CAPS)
    return to_caps, sum(one.figure.number for one in losses) - to_caps


def goal_of(rule: RuleFigures | None) -> tuple[int, int, int]:
    """Who did it anyway, and who after the trigger, of how many."""
    goal: GoalOfRule | None = None if rule is None else rule.goal
    if goal is None:
        return 0, 0, 0
    sent = [arm for arm in goal.arms if arm.name not in ("holdout", "rollout", "shadow")]
    return goal.did_anyway, sum(arm.did_after for arm in sent), sum(arm.watched for arm in sent)


def as_data(found: Tuning, rule: tuple[str, str], settings: Sequence[Setting], question: Question) -> dict[str, Any]:
    """For programs."""
    return {
        "account_id": rule[0],
        "rule_id": rule[1],
        "goal": None if question.goal is None else sorted(question.goal.types),
        "sample_percent": None if question.sample_percent is None else float(question.sample_percent),
        "points": [_point(one, settings, with_goal=question.goal is not None) for one in found.points],
        "empty": list(found.summary.empty),
        "findings": list(found.summary.findings),
        "replay": to_json(found.summary),
    }


def _point(one: PointFigures, settings: Sequence[Setting], *, with_goal: bool) -> dict[str, Any]:
    rule, (caps, otherwise) = one.rule, losses_of(one.rule)
    anyway, after, watched = goal_of(rule)
    return {
        "values": {setting.name: value for setting, value in zip(settings, one.point, strict=True)},
        "fired": 0 if rule is None else rule.fired.number,
        "contacts": 0 if rule is None else rule.fired.contacts,
        **({"did_anyway": anyway, "did_after": after, "watched": watched} if with_goal else {}),
        "lost_to_caps": caps,
        "lost_otherwise": otherwise,
        "pending": 0 if rule is None else rule.pending,
        "others_fired": one.others_fired,
    }
