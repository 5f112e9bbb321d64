"""What the accelerator knows of a program, if all of its rules are of kinds that it knows.

Pure. Whatever is not written here is left to the kernel: one
clause that is not known is enough, for a contact is decided whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from kittiwake.batch.deciding.known import KNOWN, UnknownError, check, require
from kittiwake.batch.deciding.parts import (
    CapPlan,
    ConditionPlan,
    IncludePlan,
    PredicatePlan,
    ProgramPlan,
    QuietPlan,
    ReachesPlan,
    RoutePlan,
    RulePlan,
    TreePlan,
    UnlessPlan,
    WaitPlan,
)
from kittiwake.kernel.evaluate.retention import memory_of_firing_us
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.layouts import instants_kept, keeps_newest
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Match, Matches, Not, Operator, Predicate
from kittiwake.kernel.plan.policy import Calendar, Cap
from kittiwake.kernel.plan.preparation import UNPREPARED
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.routes import Route
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.plan.variants import draws_below
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.values import Number, Path, canonical, exact, is_number, is_scalar

KEY_VALUES_MAX: Final = 3
"""Values of `per`, or of `same`, that a rule may have."""

MILLIONTHS_MAX: Final = 10**17
"""Numbers of rules are compared in millionths, in 64 bits."""

_ORDERS: Final = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_MEASURES: Final = {
    Measure.COUNT: "count",
    Measure.SUM: "sum",
    Measure.PRESENT: "latest",
    Measure.ABSENT: "latest",
}


def plan_of(program: Program) -> ProgramPlan | None:
    """What the accelerator knows of a program; None: it has a clause that is left to the kernel."""
    try:
        return _planned(program)
    except UnknownError:
        return None


def _planned(program: Program) -> ProgramPlan:
    routes, policy = program.routes, program.policy
    require(routes.preparation == UNPREPARED and not routes.of_item and not program.looks_back)
    for part in (policy, policy.consent, policy.holdout, policy.arbitration, policy.quiet_hours, *policy.channels):
        check(part)
    holdout, arbitration = policy.holdout, policy.arbitration
    numbers = range(len(program.rules))
    by_id = sorted(numbers, key=lambda index: program.rules[index].rule_id)
    ranked = sorted(by_id, key=lambda index: -program.rules[index].priority)
    return ProgramPlan(
        program.ruleset_version,
        program.timezone,
        [_rule(program, index, ranked.index(index), by_id.index(index)) for index in numbers],
        {name: [_route(route) for route in routes.of(name)] for name in {*routes.by_type, *routes.own_types}},
        [_route(route) for route in routes.of_any],
        [_route(route) for route in routes.of_contact],
        sorted(program.attributes),
        program.dated,
        program.purposes,
        None if holdout is None else (holdout.salt, draws_below(holdout.percent)),
        None if arbitration is None else (arbitration.within_us, arbitration.max_fired),
        policy.retention_us,
        [(_some(program.rules[index].ready_us), index) for index in program.readied],
        program.limits,
    )


def _some(value: int | None) -> int:
    require(value is not None)
    assert value is not None
    return value


def _name(path: Path) -> str:
    require(len(path) == 1)
    return path[0]


def _names(paths: Sequence[Path]) -> list[str]:
    require(len(paths) <= KEY_VALUES_MAX)
    return [_name(path) for path in paths]


def _millionths(value: Number) -> int:
    found = Decimal(value) * 1_000_000
    require(found == int(found) and abs(found) <= MILLIONTHS_MAX)
    return int(found)


# ---------------------------------------------------------------- rules


def _rule(program: Program, index: int, rank: int, id_rank: int) -> RulePlan:
    rule, asked = program.rules[index], program.asked[index]
    consent, quiet = asked.consent, asked.quiet_hours
    for part in (rule, rule.sequence, rule.audience, rule.reentry, consent, quiet, *rule.matches()):
        check(part)
    return RulePlan(
        canonical(rule.rule_id),
        rule.rule_id,
        rule.version,
        rule.channel,
        rank,
        id_rank,
        _per(rule.per),
        _names(rule.same),
        rule.restart,
        rule.mode is Mode.SHADOW,
        rule.transactional,
        program.policy.holdout is not None and rule.holdout,
        rule.expires_us,
        rule.keep_us,
        rule.ready_us,
        None if rule.reentry is None else memory_of_firing_us(rule, rule.reentry),
        None if rule.wait is None else _wait(rule.wait, program.limits),
        None if rule.sequence is None else (len(rule.sequence.steps), rule.sequence.within_us),
        None if rule.audience is None else _tree(rule.audience.tree),
        rule.audience is not None and rule.audience.emits_exit,
        None if rule.reaches is None else _reaches(rule, rule.reaches),
        None if rule.given is None else _tree(rule.given),
        [_condition(rule, condition) for condition in rule.conditions],
        [_include(one) for one in sorted(rule.include, key=lambda one: one.name)],
        None if consent is None else (program.purposes.index(consent.purpose), consent.default_granted),
        None if quiet is None else QuietPlan(quiet.edges, quiet),
        asked.arbitration is not None,
        [_cap(program, cap) for cap in asked.caps],
    )


def _per(per: Sequence[Path]) -> list[tuple[str, str]]:
    """As `instance_key` writes them: by their names, with a comma between."""
    return [(f"{',' if at else ''}{canonical(name)}:", name) for at, name in enumerate(sorted(_names(per)))]


def _wait(wait: Wait, limits: Limits) -> WaitPlan:
    require(type(wait) in KNOWN)
    check(wait)
    match wait:
        case Delays(delays_us=delays_us, numbered=numbered):
            require(delays_us[-1] <= limits.max_wait_us)
            return WaitPlan("delays", wait, delays_us, numbered)
        case FieldWait(path=path, unit_us=unit_us, default_us=default_us):
            return WaitPlan("field", wait, name=_name(path), unit_us=unit_us, default_us=default_us)
        case UntilWait(path=path):
            return WaitPlan(
                "until", wait, name=_name(path), of_contact=wait.of_contact, repeats=wait.repeat is not None
            )
    raise UnknownError


def _reaches(rule: RuleProgram, reaches: Reaches) -> ReachesPlan:
    check(reaches)
    return ReachesPlan(
        None if reaches.path is None else _name(reaches.path),
        [_millionths(one) for one in reaches.at],
        [canonical(exact(Decimal(one))) for one in reaches.at],
        [exact(Decimal(one)) for one in reaches.at],
        canonical(rule.anew_us),
    )


def _include(one: Include) -> IncludePlan:
    check(one)
    if one.said is not None:
        return IncludePlan(canonical(one.name), "", canonical(one.said))
    return IncludePlan(canonical(one.name), _name(one.path), "")


def _cap(program: Program, cap: Cap) -> CapPlan:
    check(cap)
    require(cap.calendar is not Calendar.MONTH)
    calendar = "" if cap.calendar is None else str(cap.calendar)
    return CapPlan(
        cap.max_fired, calendar, cap.within_us, [cap.concerns(rule.group, rule.channel) for rule in program.rules]
    )


# ---------------------------------------------------------------- conditions


def _condition(rule: RuleProgram, condition: Condition) -> ConditionPlan:
    check(condition)
    require(condition.plain and condition.measure in _MEASURES)
    require(rule.audience is None or not condition.same)
    kind = _MEASURES[condition.measure]
    operator, bound = condition.operator, condition.bound
    if operator is None:
        operator, bound = Operator.EQ, 1 if condition.measure is Measure.PRESENT else 0
    require(operator in _ORDERS or operator is Operator.EQ)
    return ConditionPlan(
        kind,
        condition.within_us,
        "" if condition.path is None else _name(condition.path),
        str(operator),
        _millionths(bound),
        [rule.same.index(path) for path in condition.same],
        _names(condition.own_same),
        instants_kept(condition) if keeps_newest(condition) else 1,
    )


def _tree(tree: Tree) -> TreePlan:
    match tree:
        case Leaf(index):
            return TreePlan("leaf", index)
        case AllHold(parts):
            return TreePlan("all", parts=[_tree(part) for part in parts])
        case AnyHolds(parts):
            return TreePlan("any", parts=[_tree(part) for part in parts])
        case NotHolds(part):
            return TreePlan("not", parts=[_tree(part)])
        case OfContact():
            raise UnknownError


# ---------------------------------------------------------------- matches


def _route(route: Route) -> RoutePlan:
    return RoutePlan(
        route.rule_index,
        [_unless(match, route.rule) for match in route.unless],
        [(index, _one_of(matches)) for index, matches in route.conditions],
        bool(route.when),
        _one_of(route.when),
        [(index, _one_of(matches)) for index, matches in reversed(route.steps)],
    )


def _unless(match: Match, rule: RuleProgram) -> UnlessPlan:
    wants = zip((rule.same.index(path) for path in match.same), _names(match.own_same), strict=True)
    return UnlessPlan(_one_of((match,)), list(wants))


def _one_of(matches: Matches) -> PredicatePlan | None:
    """What is left to ask; None: nothing."""
    if any(match.where is None for match in matches):
        return None
    parts = [_predicate(match.where) for match in matches if match.where is not None]
    return parts[0] if len(parts) == 1 else PredicatePlan("any", parts=parts) if parts else None


def _predicate(predicate: Predicate) -> PredicatePlan:
    match predicate:
        case AllOf(parts):
            return PredicatePlan("all", parts=[_predicate(part) for part in parts])
        case AnyOf(parts):
            return PredicatePlan("any", parts=[_predicate(part) for part in parts])
        case Not(part):
            return PredicatePlan("not", parts=[_predicate(part)])
        case Comparison():
            return _comparison(predicate)
        case Change():
            raise UnknownError


def _comparison(one: Comparison) -> PredicatePlan:
    check(one)
    name, operand = _name(one.path), one.operand
    if one.operator is Operator.EXISTS:
        return PredicatePlan("exists", name, [canonical(operand is True)])
    if one.operator in _ORDERS:
        require(is_number(operand))
        assert isinstance(operand, (int, Decimal))
        return PredicatePlan(str(one.operator), name, bound=_millionths(operand))
    require(one.operator in (Operator.EQ, Operator.IN))
    return PredicatePlan("in", name, [*_texts(operand if isinstance(operand, tuple) else (operand,))])


def _texts(operands: Sequence[Any]) -> Iterator[str]:
    for operand in operands:
        require(is_scalar(operand))
        text = canonical(operand)
        require("\\" not in text)
        if is_number(operand):
            _millionths(operand)
        yield text
