"""From the author's clauses to the kernel's: history, waits, thresholds, policy.

Pure. Called by `compiler`; its input has been checked, so a duration is a duration.
"""

from __future__ import annotations

from kittiwake.kernel.plan.audience import AllHold, AnyHolds, Audience, Leaf, NotHolds, Tree
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.match import Match, Matches, Operator
from kittiwake.kernel.plan.policy import Calendar, Cap, Consent, Holdout, Policy, QuietHours, Reentry
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.plan.wait import Delays, FieldWait, Repeat, UntilWait, Wait
from kittiwake.rules import waits
from kittiwake.rules.check_history import comparisons
from kittiwake.rules.compile_matches import matches_of, path_of, paths_of
from kittiwake.rules.complaints import span_us
from kittiwake.rules.history import (
    Absent,
    AllOfAudience,
    AnyOfAudience,
    AudienceTree,
    Count,
    Distinct,
    HistoryCondition,
    NotOfAudience,
    Present,
    Sum,
)
from kittiwake.rules.matches import EventMatch
from kittiwake.rules.models import REENTRY_WORDS, Rule
from kittiwake.rules.policy import CALENDARS, CapObject, PolicyObject
from kittiwake.rules.times import time_of_day_us
from kittiwake.time.durations import WORDS_US
from kittiwake.time.instants import parse_instant
from kittiwake.values import Number, Path

CONTACT = "contact"


def of_contact(text: str) -> tuple[Path, bool]:
    """A path that may lead to the contact: without its `contact.`, and whether it did."""
    path = path_of(text)
    return (path[1:], True) if path[0] == CONTACT else (path, False)


# ---------------------------------------------------------------- history


def condition_of(written: HistoryCondition) -> Condition:
    """One question about history."""
    measure, match, path = _measured(written)
    of = matches_of(match)
    inside = next((alternative.same for alternative in of if alternative.same), ())
    operator, bound = _bound(written)
    return Condition(
        measure=measure,
        of=_without_same(of),
        within_us=span_us(written.within) if written.within else None,
        path=path,
        operator=operator,
        bound=bound,
        same=paths_of(written.same) or inside,
    )


def _without_same(of: Matches) -> Matches:
    return tuple(Match(match.types, match.where) for match in of)


def _measured(written: HistoryCondition) -> tuple[Measure, EventMatch, Path | None]:
    match written:
        case Count():
            return Measure.COUNT, written.count, None
        case Sum():
            return Measure.SUM, written.of, path_of(written.sum)
        case Distinct():
            return Measure.DISTINCT, written.of, path_of(written.distinct)
        case Present():
            return Measure.PRESENT, written.present, None
        case Absent():
            return Measure.ABSENT, written.absent, None


def _bound(written: HistoryCondition) -> tuple[Operator | None, Number]:
    for name, bound in comparisons(written):
        return Operator(name), bound
    return None, 0


def audience_of(rule: Rule) -> tuple[Audience | None, tuple[Condition, ...]]:
    """The tree of an audience rule and the conditions its leaves point at."""
    if rule.audience is None:
        return None, ()
    conditions: list[Condition] = []

    def tree(node: AudienceTree) -> Tree:
        if isinstance(node, AllOfAudience):
            return AllHold(tuple(map(tree, node.all)))
        if isinstance(node, AnyOfAudience):
            return AnyHolds(tuple(map(tree, node.any)))
        if isinstance(node, NotOfAudience):
            return NotHolds(tree(node.not_))
        conditions.append(condition_of(node))
        return Leaf(len(conditions) - 1)

    audience = Audience(tree(rule.audience), emits_exit="exited" in (rule.emits or ()))
    return audience, tuple(conditions)


def given_of(rule: Rule) -> tuple[Condition, ...]:
    """The conditions of `given`."""
    written = rule.given if isinstance(rule.given, list) else [rule.given] if rule.given else []
    return tuple(map(condition_of, written))


# ---------------------------------------------------------------- waits, thresholds, fields


def wait_of(written: waits.Wait | None) -> Wait | None:
    """How long the rule waits."""
    match written:
        case None:
            return None
        case str():
            return Delays((span_us(written),), numbered=False)
        case list():
            return Delays(tuple(map(span_us, written)), numbered=True)
        case waits.FieldWaitObject():
            default = span_us(written.default) if written.default else None
            return FieldWait(path_of(written.field), WORDS_US[written.unit.removesuffix("s")], default)
        case waits.UntilWaitObject():
            return _until(written)


def _until(written: waits.UntilWaitObject) -> UntilWait:
    path, contact = of_contact(written.until)
    named = written.repeat in waits.REPEATS
    return UntilWait(
        path=path,
        of_contact=contact,
        offset_us=span_us(written.offset) if written.offset else 0,
        at_us=time_of_day_us(written.at),
        repeat=None if written.repeat is None else Repeat(written.repeat) if named else Repeat.RRULE,
        rrule="" if named or written.repeat is None else written.repeat.upper().removeprefix("RRULE:"),
    )


def reaches_of(written: waits.ReachesObject | None) -> Reaches | None:
    """The thresholds."""
    if written is None:
        return None
    return Reaches(path_of(written.sum) if written.sum else None, tuple(written.at))


def include_of(rule: Rule) -> tuple[Include, ...]:
    """The fields copied into the trigger, by name."""
    return tuple(Include(name, *of_contact(path)) for name, path in sorted((rule.include or {}).items()))


def reentry_of(rule: Rule) -> Reentry | None:
    """When the rule may fire again; None: always."""
    if rule.reentry in REENTRY_WORDS:
        return None if rule.reentry == "always" else Reentry(None)
    return Reentry(span_us(rule.reentry))


# ---------------------------------------------------------------- policy


def policy_of(written: PolicyObject | None) -> Policy:
    """What holds for every rule, but for readiness, which is compiled into the rules."""
    if written is None:
        return Policy()
    consent, holdout, quiet = written.consent, written.holdout, written.quiet_hours
    return Policy(
        consent=Consent(consent.purpose, consent.default == "granted") if consent else None,
        holdout=Holdout(holdout.percent, holdout.salt) if holdout else None,
        frequency=tuple(map(_cap, caps_of(written))),
        quiet_hours=QuietHours(time_of_day_us(quiet.from_), time_of_day_us(quiet.to)) if quiet else None,
        retention_us=span_us(written.retention),
        profile_retention_us=None if written.profile_retention is None else span_us(written.profile_retention),
    )


def caps_of(written: PolicyObject) -> list[CapObject]:
    """One cap or several, as a list."""
    return (
        written.frequency if isinstance(written.frequency, list) else [written.frequency] if written.frequency else []
    )


def _cap(written: CapObject) -> Cap:
    if written.per in CALENDARS:
        return Cap(written.max, Calendar(written.per), group=written.group)
    return Cap(written.max, None, span_us(written.per), written.group)


def ready_us(rule: Rule, policy: PolicyObject | None, longest_us: int, introduced_us: int | None) -> int | None:
    """The instant before which candidates are `not_ready` (semantics 7.1, 11.6); None: ready for ever.

    `history_from: effective` asks for nothing: what a contact lacks by then is told by `partial_history`.
    """
    live_from = rule.live_from or (policy.live_from if policy else None)
    history_from = policy.history_from if policy else None
    instants = [parse_instant(live_from) if live_from else introduced_us]
    if history_from and history_from != "effective":
        instants.append(parse_instant(history_from) + longest_us)
    return max((one for one in instants if one is not None), default=None)
