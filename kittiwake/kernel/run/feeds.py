"""Feed health: what relies on a feed that is silent is held, or counted (semantics.md, section 18).

Called by `run.eligibility` at its gate, and by `run.gating`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.kernel.plan.policy import Feed
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.execution import Caused, Execution


def is_held(run: Execution, rule: RuleProgram, one: Caused, feeds: Sequence[Feed]) -> bool:
    """Whether a feed that a rule relies on is silent now, and holds what is due; what has expired is held no more."""
    silent = _silent(run, feeds)
    if not silent:
        return False
    if not one.released and not rule.foreseen:
        for feed in silent:
            run.outputs.count_silent(rule.rule_id, feed.type)
    return any(feed.holds for feed in silent) and run.now_us - one.candidate.due_us < rule.expires_us


def asks_again_us(run: Execution, feeds: Sequence[Feed]) -> int:
    """When a candidate that is held now is asked again: when each silent feed has had the time that it may take."""
    return run.now_us + max(feed.every_us for feed in _silent(run, feeds) if feed.holds)


def silent_types(run: Execution, feeds: Sequence[Feed]) -> list[tuple[str, int]]:
    """Those of some feeds that are silent now, and since when, for a trace."""
    return [(feed.type, run.silences.since_us(feed.rhythm, run.now_us)) for feed in _silent(run, feeds)]


def _silent(run: Execution, feeds: Sequence[Feed]) -> list[Feed]:
    return [feed for feed in feeds if run.silences.is_silent(feed.rhythm, run.now_us)]
