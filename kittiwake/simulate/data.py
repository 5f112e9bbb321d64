"""A simulation as a JSON object, for programs.

Pure. Printed by `kittiwake simulate --json`.
"""

from __future__ import annotations

from typing import Any

from kittiwake.batch.summary import to_json
from kittiwake.simulate.model import Arm, Estimate, Figure, GoalOfRule, Question, RuleFigures, Simulation, Uplift
from kittiwake.time.durations import format_duration


def as_data(simulation: Simulation) -> dict[str, Any]:
    """All of it; parts of one are numbers between 0 and 1."""
    return {
        **_question(simulation.question),
        "goal_events": simulation.goal_events,
        "rules": [_rule(one) for one in simulation.rules],
        "per_contact_and_week": [
            {"triggers": one.triggers, "contact_weeks": one.contact_weeks} for one in simulation.loads
        ],
        "taken": [
            {
                "account_id": one.account_id,
                "rule_id": one.rule_id,
                "reason": one.reason,
                "by": one.by,
                "count": one.number,
            }
            for one in simulation.taken
        ],
        "findings": [*simulation.summary.findings, *simulation.findings],
        "empty": list(simulation.summary.empty),
        "replay": to_json(simulation.summary),
    }


def _question(question: Question) -> dict[str, Any]:
    goal, percent = question.goal, question.sample_percent
    return {
        "sample_percent": None if percent is None else float(percent),
        "goal": None if goal is None else {"types": sorted(goal.types), "within": format_duration(goal.within_us)},
    }


def _rule(one: RuleFigures) -> dict[str, Any]:
    return {
        "account_id": one.account_id,
        "rule_id": one.rule_id,
        "candidates": one.candidates,
        "fired": _figure(one.fired),
        "losses": [{"decision": loss.decision, "reason": loss.reason, **_figure(loss.figure)} for loss in one.losses],
        "days": [{"day": day.day.isoformat(), **_figure(day.figure)} for day in one.days],
        "pending": one.pending,
        "goal": None if one.goal is None else _goal(one.goal),
    }


def _figure(one: Figure) -> dict[str, Any]:
    return {"count": one.number, "contacts": one.contacts, "in_all": _estimate(one.in_all)}


def _estimate(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _goal(one: GoalOfRule) -> dict[str, Any]:
    return {
        "did_anyway": one.did_anyway,
        "arms": [_arm(arm) for arm in one.arms],
        "uplifts": [_uplift(uplift) for uplift in one.uplifts],
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "arm": arm.name,
        "contacts": arm.contacts,
        "did_before": arm.did_before,
        "watched": arm.watched,
        "did_after": arm.did_after,
    }


def _uplift(one: Uplift) -> dict[str, Any]:
    return {
        "arm": one.arm,
        "against": one.against,
        "difference": one.difference,
        "low": one.low,
        "high": one.high,
    }
