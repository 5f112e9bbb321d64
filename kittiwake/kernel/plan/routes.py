"""Roles: what an event of one type can do in one rule, worked out when the program is built.

So that at event time nobody asks a rule about types it does not name. Read by `taking`,
`episodes` and `sequences`; built by `index`.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel.plan.match import Matches
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait


class Role(msgspec.Struct, frozen=True):
    """The matches of one rule that an event of one type can meet; `where` is all that is left to ask."""

    rule_index: int
    rule: RuleProgram
    when: Matches
    steps: tuple[tuple[int, Matches], ...]
    """Of a sequence, by step."""
    unless: Matches
    conditions: tuple[tuple[int, Matches], ...]
    """Of `given` or `audience`, by condition."""

    def reads(self) -> bool:
        """Whether it may look at the properties of its events, or copy some of them."""
        alternatives = (self.when, self.unless, *(matches for _, matches in (*self.steps, *self.conditions)))
        if any(match.where is not None or match.same for matches in alternatives for match in matches):
            return True
        asked = (self.rule.conditions[i] for i, _ in self.conditions)
        if any(condition.same or condition.path is not None for condition in asked):
            return True
        arms = self.when or self.steps or self.rule.audience
        return bool(arms) and _reads_what_arms(self.rule)


def _reads_what_arms(rule: RuleProgram) -> bool:
    """Whether a rule takes something from the properties of what arms it, or is a step of it."""
    wait = rule.wait
    return (
        bool(rule.per or rule.same)
        or any(not one.of_contact for one in rule.include)
        or (rule.reaches is not None and rule.reaches.path is not None)
        or isinstance(wait, FieldWait)
        or (isinstance(wait, UntilWait) and not wait.of_contact)
    )


def role_of(rule_index: int, rule: RuleProgram, event_type: str | None) -> Role:
    """The role of events of a type in a rule; None: of a type that no rule names and "*" covers."""
    steps = rule.sequence.steps if rule.sequence else ()
    return Role(
        rule_index,
        rule,
        _of_type(rule.when, event_type),
        _numbered(steps, event_type),
        _of_type(rule.unless, event_type),
        _numbered(tuple(condition.of for condition in rule.conditions), event_type),
    )


def _numbered(alternatives: tuple[Matches, ...], event_type: str | None) -> tuple[tuple[int, Matches], ...]:
    found = ((i, _of_type(matches, event_type)) for i, matches in enumerate(alternatives))
    return tuple((i, matches) for i, matches in found if matches)


def _of_type(matches: Matches, event_type: str | None) -> Matches:
    return tuple(match for match in matches if match.covers(event_type))
