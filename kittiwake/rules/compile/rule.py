"""From one rule to its program: all its clauses together.

Pure. Called by `compile.account` and `compile.versions`; what it is given has passed the loader, so nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.history import Condition
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.layouts import paths_of_pending
from kittiwake.kernel.plan.periods import PERIOD_SPAN_US
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.rules.compile.audience import audience_of
from kittiwake.rules.compile.conditions import tree_of
from kittiwake.rules.compile.digest import digest_of
from kittiwake.rules.compile.include import about_of, include_of
from kittiwake.rules.compile.match import matches_of, paths_of
from kittiwake.rules.compile.policy import is_transactional, ready_us, reentry_of
from kittiwake.rules.compile.rollout import rollout_of
from kittiwake.rules.compile.sequence import sequence_of
from kittiwake.rules.compile.thresholds import reaches_of
from kittiwake.rules.compile.variants import variants_of
from kittiwake.rules.compile.wait import wait_of
from kittiwake.rules.compile.when import when_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.ruleset import AuthoredRule
from kittiwake.values import Path


def not_off(authored: Iterable[AuthoredRule]) -> list[AuthoredRule]:
    """The rules that are not off."""
    return [rule for rule in authored if rule.rule.mode != "off"]


def compile_rule(
    authored: AuthoredRule,
    policy: PolicyObject | None,
    introduced_us: int | None = None,
    holidays: frozenset[int] = frozenset(),
) -> RuleProgram:
    """The program of one rule under a policy.

    `introduced_us`: since which version it is there, if not always. `holidays`: of the account, as ordinals.
    """
    rule = authored.rule
    conditions: list[Condition] = []
    given, still = (tree_of(written, conditions) for written in (rule.given, rule.still))
    audience, include = audience_of(rule, conditions), include_of(rule)
    program = RuleProgram(
        rule_id=rule.id,
        version=authored.version,
        when=when_of(rule.when),
        sequence=sequence_of(rule),
        audience=audience,
        conditions=tuple(conditions),
        wait=wait_of(rule.wait, holidays),
        unless=matches_of(rule.unless) if rule.unless else (),
        per=paths_of(rule.per),
        restart=rule.restart,
        reaches=reaches_of(rule.reaches),
        include=include,
        mode=Mode(rule.mode),
        priority=rule.priority,
        reentry=reentry_of(rule),
        group=rule.group,
        transactional=is_transactional(rule),
        holdout=rule.holdout is not False,
        expires_us=span_us(rule.expires),
        keep_us=span_us(rule.keep),
        given=given,
        still=still,
        about=about_of(rule),
        partial=policy is not None and policy.history_from == "effective",
        variants=variants_of(rule),
        channel=rule.channel,
        catalog=_catalog_of(rule, include),
        digest=digest_of(rule.digest),
        rollout=rollout_of(rule),
    )
    ready = ready_us(rule, policy, longest_look_back_us(program), introduced_us)
    return replace(program, ready_us=ready, same=_same(program))


def longest_look_back_us(program: RuleProgram) -> int:
    """The longest `within` of a rule, of a calendar period as long as it is remembered; 0 if it has none."""
    spans = [condition.within_us or 0 for condition in program.conditions]
    if program.reaches is not None and program.reaches.period is not None:
        spans.append(PERIOD_SPAN_US[program.reaches.period])
    if program.catalog is not None:
        spans.append(program.catalog.within_us)
    return max([*spans, program.sequence.within_us if program.sequence else 0])


def _catalog_of(rule: Rule, include: tuple[Include, ...]) -> Catalog | None:
    if rule.interest is None:
        return None
    from kittiwake.rules.compile.catalog import catalog_of_rule  # noqa: PLC0415 - for catalogue rules only

    return catalog_of_rule(rule, include)


def _same(program: RuleProgram) -> tuple[Path, ...]:
    """Those of `unless` and `still` come first: what is pending knows them whatever becomes of `given`."""
    of_pending = paths_of_pending(program)
    return of_pending + tuple(sorted({path for one in program.conditions for path in one.same} - {*of_pending}))
