"""Look-backs: until when a rule misses something of what it looks back on (semantics.md, 11.9).

Pure. Called by `run.execution` where a version has introduced something that a rule looks back on.
"""

from __future__ import annotations

from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.state.state import State


def missing_until_us(program: Program, state: State) -> dict[int, int]:
    """By rule index: until when a rule misses something of what it looks back on; the others miss nothing."""
    first_us, whole_us, profile = state.first_us, state.whole_us, state.profile
    known_us = first_us if profile is None else profile.first_us
    if known_us is None:
        return {}
    found = {}
    for index, rule in enumerate(program.rules):
        missing = [
            one.ready_us
            for one in rule.look_backs
            if _is_before(known_us if one.outlives else first_us, one.since_us)
            and (whole_us is None or whole_us < one.since_us)
        ]
        if missing:
            found[index] = max(missing)
    return found


def _is_before(first_us: int | None, since_us: int) -> bool:
    return first_us is not None and first_us < since_us


def ready_us(rule: RuleProgram, missing_us: int | None) -> int | None:
    """From when on candidates of a rule are ready, which misses something until `missing_us`; None: for ever."""
    lacking_us = None if rule.partial else missing_us
    if rule.ready_us is None or lacking_us is None:
        return lacking_us if rule.ready_us is None else rule.ready_us
    return max(rule.ready_us, lacking_us)
