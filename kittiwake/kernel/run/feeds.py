"""Feed health, and breakers: what relies on a feed that is silent is held, or counted; so is what a flood armed.

Called by `run.eligibility` at their gates, and by `run.gating` (semantics.md, sections 18 and 19). A feed is asked of
the instant, a breaker of the time of the newest event of what is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kittiwake.kernel.evaluate.digest import newest_us
from kittiwake.kernel.plan.policy import Feed
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.state.state import Candidate
from kittiwake.reasons import Reason

FEED_SILENT: Final = Reason.FEED_SILENT
FLOODED: Final = Reason.FLOODED


def held_by(run: Execution, rule: RuleProgram, one: Caused, feeds: Sequence[Feed]) -> Reason | None:
    """The gate that holds what is due, for a feed that is silent or a flood; what has expired is held no more."""
    wrong = _wrong(run, one.candidate, feeds)
    if not wrong:
        return None
    if not one.released and not rule.foreseen:
        for feed in wrong:
            run.outputs.count_silent(rule.rule_id, feed.type, flooded=feed.is_breaker)
    if run.now_us - one.candidate.due_us >= rule.expires_us:
        return None
    gates = [FLOODED if feed.is_breaker else FEED_SILENT for feed in wrong if feed.holds]
    return None if not gates else FEED_SILENT if FEED_SILENT in gates else FLOODED


def asks_again_us(run: Execution, one: Caused, feeds: Sequence[Feed]) -> int:
    """When a candidate that is held now is asked again: when all that holds it has had its time."""
    return run.now_us + max(feed.every_us for feed in _wrong(run, one.candidate, feeds) if feed.holds)


def silent_types(run: Execution, feeds: Sequence[Feed]) -> list[tuple[str, int]]:
    """Those of some feeds that are silent now, and since when, for a trace."""
    return _since(run, run.now_us, (feed for feed in feeds if not feed.is_breaker))


def flooded_types(run: Execution, candidate: Candidate, feeds: Sequence[Feed]) -> list[tuple[str, int]]:
    """The types that were flooded when the newest event of a candidate came, and since when, for a trace."""
    return _since(run, newest_us(candidate), (feed for feed in feeds if feed.is_breaker))


def _since(run: Execution, at_us: int, feeds: Iterable[Feed]) -> list[tuple[str, int]]:
    silences = run.silences
    wrong = (feed for feed in feeds if silences.is_silent(feed.rhythm, at_us))
    return [(feed.type, silences.since_us(feed.rhythm, at_us)) for feed in wrong]


def _wrong(run: Execution, candidate: Candidate, feeds: Sequence[Feed]) -> list[Feed]:
    """The feeds that are silent now, and the breakers of what was flooded when the newest event came."""
    newest, now_us, silences = newest_us(candidate), run.now_us, run.silences
    return [feed for feed in feeds if silences.is_silent(feed.rhythm, newest if feed.is_breaker else now_us)]
