"""Which event types each rule needs: what an input is compared with, so that a rule without events is said.

Pure. Made of the programs of an account; read by `kittiwake.batch.coverage.comparison`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kittiwake.kernel.plan.match import Match, Matches
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions


class RuleNeeds(msgspec.Struct, frozen=True):
    """The types that one rule needs."""

    account_id: str
    """"*": a rule of every account."""
    rule_id: str
    arms: tuple[tuple[str, ...], ...]
    """Of each of these some type has to come, or the rule decides nothing: of `when`, of each step of a sequence, of
    the conditions of an audience together. Nothing is asked where "*" stands."""
    others: tuple[str, ...]
    """What it names besides: in `unless`, in `given` and in `still`."""

    @property
    def types(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.others).union(*self.arms)


def needs_of(account_id: str, versions: Versions, shared: frozenset[str] = frozenset()) -> Iterator[RuleNeeds]:
    """What the rules of an account need, by id, as the newest version that has them says; without `shared` versions.

    `shared` are the `rule_version`s of rules of every account, which are asked of all accounts together.
    """
    rules: dict[str, RuleNeeds] = {}
    for program in versions.programs:
        sources = {one.event: one.parents for one in program.routes.preparation.derivations}
        for rule in program.rules:
            if not rule.foreseen and rule.version not in shared:
                rules[rule.rule_id] = _needs(account_id, rule, sources)
    yield from rules.values()


def versions_of_rules(versions: Versions) -> frozenset[str]:
    """The `rule_version`s of an account's rules."""
    return frozenset(rule.version for program in versions.programs for rule in program.rules)


def _needs(account_id: str, rule: RuleProgram, sources: dict[str, Matches]) -> RuleNeeds:
    arms = [_types(matches, sources) for matches in _arming(rule)]
    asked = () if rule.audience else [match for condition in rule.conditions for match in condition.of]
    others = _types((*rule.unless, *asked), sources) or frozenset()
    return RuleNeeds(account_id, rule.rule_id, tuple(tuple(sorted(one)) for one in arms if one), tuple(sorted(others)))


def _arming(rule: RuleProgram) -> Iterator[Matches]:
    if rule.when:
        yield rule.when
    if rule.sequence is not None:
        yield from rule.sequence.steps
    if rule.catalog is not None:
        yield rule.catalog.interest
    if rule.audience is not None:
        yield tuple(match for condition in rule.conditions for match in condition.of)


def _types(matches: Iterable[Match], sources: dict[str, Matches]) -> frozenset[str] | None:
    """The types of alternatives, of derived events those that they are derived from; None: of every type."""
    found: set[str] = set()
    for match in matches:
        if not match.types:
            return None
        for name in match.types:
            of = _types(sources[name], {}) if name in sources else frozenset((name,))
            if of is None:
                return None
            found |= of
    return frozenset(found)
