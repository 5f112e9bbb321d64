"""Lint of rules and caps under a policy: what caps, quiet hours and memory make impossible.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import ceil
from typing import Final

from kittiwake.rules.check.conditions import histories
from kittiwake.rules.compile.history import look_back_us
from kittiwake.rules.compile.policy import caps_of, is_transactional
from kittiwake.rules.diagnostics import Diagnostic, each, span_us
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import arming, clauses_of, covers
from kittiwake.rules.lint.quiet_hours import lint_quiet_hours, longest_quiet_us
from kittiwake.rules.model.calendar import CalendarWaitObject
from kittiwake.rules.model.policy import CALENDARS, REENTRY_WORDS, CapObject, ConsentObject, PolicyObject
from kittiwake.rules.model.quiet_hours import QuietHours
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.wait import FieldWaitObject, UntilWaitObject
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant

_PERIODS_US: Final = {"daily": DAY_US, "weekly": 7 * DAY_US, "monthly": 28 * DAY_US, "yearly": 365 * DAY_US}

# ---------------------------------------------------------------- a rule, alone and under its policies


def lint_reentry(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Re-entry that refuses what the rule itself repeats."""
    if rule.reentry == "once" and rule.reaches is not None and len(rule.reaches.at) > 1:
        message = "re-entry is asked of each threshold: after the first that fires no other does"
        advice = "Delete it: each threshold fires once anyway"
        yield Diagnostic(("reentry",), LintCode.REENTRY_SHADOWS, message, advice, at_key=True)
    wait = rule.wait
    if not isinstance(wait, UntilWaitObject) or wait.repeat not in _PERIODS_US or rule.reentry == "always":
        return
    if rule.reentry in REENTRY_WORDS or span_us(rule.reentry) > _PERIODS_US[wait.repeat]:
        message = f"re-entry is asked of each occurrence: {rule.reentry} refuses some of those that are {wait.repeat}"
        yield Diagnostic(("reentry",), LintCode.REENTRY_SHADOWS, message, "Delete it, or shorten it", at_key=True)


def lint_under(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a rule under the policies of the accounts it applies to; none: accounts without a policy."""
    quiet = [gap for policy in policies if (gap := longest_quiet_us(_quiet_hours(rule, policy)))]
    held = not is_transactional(rule) and bool(quiet)
    if rule.unless is not None and rule.wait is None:
        yield _idle_unless(held)
    if held and span_us(rule.expires) <= max(quiet):
        lasting = format_duration(max(quiet))
        message = f"quiet hours last {lasting}: what falls due early in them expires before they end"
        yield Diagnostic(("expires",), LintCode.EXPIRES_IN_QUIET_HOURS, message, f"Write more than {lasting}")
    retained = min((span_us(policy.retention) for policy in policies), default=None)
    if retained is not None:
        yield from _outlives(rule, retained)
    yield from _live_from(rule, policies)
    if rule.holdout is False and all(policy.holdout is None for policy in policies):
        message = "no policy has a holdout: there is nothing to take the rule out of"
        yield Diagnostic(("holdout",), LintCode.HOLDOUT_WITHOUT_EFFECT, message, "Delete it", at_key=True)


def _quiet_hours(rule: Rule, policy: PolicyObject) -> QuietHours | None:
    """Those in which nothing of the rule is sent."""
    channel = (policy.channels or {}).get(rule.channel or "")
    return policy.quiet_hours if channel is None or channel.quiet_hours is None else channel.quiet_hours


def _idle_unless(held: bool) -> Diagnostic[LintCode]:
    message = "without wait there is nothing to disarm"
    if held:
        message = "without wait this only cancels what quiet hours hold back"
    return Diagnostic(("unless",), LintCode.UNLESS_WITHOUT_WAIT, message, "Add wait, or delete unless", at_key=True)


def _outlives(rule: Rule, retained_us: int) -> Iterator[Diagnostic[LintCode]]:
    for path, wait_us in _waits(rule):
        if wait_us > retained_us:
            message = f"a contact silent for {format_duration(retained_us)} is forgotten, this wait with it"
            yield Diagnostic(
                path, LintCode.OUTLIVES_RETENTION, message, "Shorten it, or lengthen the policy's retention"
            )
    for path, span in _look_backs(rule):
        if span > retained_us:
            message = f"a contact silent for {format_duration(retained_us)} is forgotten, and what this looks back on"
            yield Diagnostic(
                path, LintCode.OUTLIVES_RETENTION, message, "Shorten it, or lengthen the policy's retention"
            )


def _waits(rule: Rule) -> Iterator[tuple[KeyPath, int]]:
    """How long a rule waits at least, with its paths; nothing where an event or a date says it."""
    if isinstance(rule.wait, FieldWaitObject):
        if rule.wait.default is not None:
            yield ("wait", "default"), span_us(rule.wait.default)
        return
    for path, one in each(rule.wait, ("wait",)):
        if isinstance(one, str):
            yield path, span_us(one)
        elif isinstance(one, CalendarWaitObject):
            yield (*path, "days"), ((one.days or 0) - 2) * DAY_US


def _live_from(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    if rule.live_from is None or not policies:
        return
    histories = [policy.history_from for policy in policies]
    ready = [parse_instant(h) + _look_back_us(rule) for h in histories if h and h != "effective"]
    if len(ready) == len(policies) and parse_instant(rule.live_from) < min(ready):
        message = "history_from and the rule's longest look-back make it ready only later"
        yield Diagnostic(("live_from",), LintCode.LIVE_FROM_WITHOUT_EFFECT, message, "Delete it", at_key=True)


def _look_back_us(rule: Rule) -> int:
    return max([0, *(span for _, span in _look_backs(rule))])


def _look_backs(rule: Rule) -> Iterator[tuple[KeyPath, int]]:
    """How far back a rule's conditions and its sequence look, each with its path."""
    conditions = [found for written, at in clauses_of(rule) for found in histories(written, at)]
    for path, condition in conditions:
        found = look_back_us(condition)
        if found is not None:
            yield (*path, "between" if condition.between else "within"), found
    if isinstance(rule.when, SequenceObject):
        yield ("when", "within"), span_us(rule.when.within)


# ---------------------------------------------------------------- caps


def lint_caps(policy: PolicyObject, rules: Sequence[Rule]) -> Iterator[Diagnostic[LintCode]]:
    """What a policy's caps do to the rules of one account."""
    counted = [rule for rule in rules if rule.mode == "live" and not is_transactional(rule)]
    caps = list(_caps_by_path(policy, None))
    for path, cap in caps:
        yield from _starved(path, cap, counted, {other.group for _, other in caps})
    for name in policy.channels or {}:
        on, both = [rule for rule in counted if rule.channel == name], [*caps, *_caps_by_path(policy, name)]
        for path, cap in both[len(caps) :]:
            yield from _starved(path, cap, on, {other.group for _, other in both})


def _caps_by_path(policy: PolicyObject, channel: str | None) -> Iterator[tuple[KeyPath, CapObject]]:
    """The policy's own caps, or those of a channel."""
    if channel is None or policy.channels is None:
        yield from each(policy.frequency, ("frequency",))
    else:
        yield from each(policy.channels[channel].frequency, ("channels", channel, "frequency"))


def lint_policy(policy: PolicyObject, rules: Sequence[Rule]) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a policy itself, given all rules it may govern."""
    if policy.holdout is not None and policy.holdout.percent == 100:
        message = "everyone is in the holdout: only rules with holdout: false fire"
        yield Diagnostic(
            ("holdout", "percent"), LintCode.HOLDOUT_OF_EVERYONE, message, "Write mode: shadow on the rules"
        )
    for path, consent in _consents(policy):
        if "default" not in consent.model_fields_set:
            message = "who has not said anything counts as consenting: default is granted if it is not written"
            advice = "Write default: withdrawn where people have to say yes first, or default: granted if that is meant"
            yield Diagnostic(path, LintCode.CONSENT_UNASKED, message, advice, at_key=True)
    yield from lint_quiet_hours(policy.quiet_hours, ("quiet_hours",))
    for name in (None, *(policy.channels or {})):
        yield from _lint_caps_of(policy, name, {rule.group for rule in rules if name in (None, rule.channel)})


def purposes_granted_by_default(policy: PolicyObject) -> list[str]:
    """The purposes to which, as is written, who has not said anything consents; what is not written is a lint."""
    return sorted(
        {
            consent.purpose
            for _, consent in _consents(policy)
            if consent.default == "granted" and "default" in consent.model_fields_set
        }
    )


def _consents(policy: PolicyObject) -> Iterator[tuple[KeyPath, ConsentObject]]:
    """The policy's own consent and those of its channels, each with its path."""
    if policy.consent is not None:
        yield ("consent",), policy.consent
    for name, channel in (policy.channels or {}).items():
        if channel.consent is not None:
            yield ("channels", name, "consent"), channel.consent


def _lint_caps_of(policy: PolicyObject, channel: str | None, groups: set[str | None]) -> Iterator[Diagnostic[LintCode]]:
    """Of the policy's own caps, or of those of a channel, which stand beside them."""
    caps, on = list(_caps_by_path(policy, channel)), f" on channel {channel}" if channel else ""
    general = [] if channel is None else [cap for _, cap in _caps_by_path(policy, None)]
    for i, (path, cap) in enumerate(caps):
        if cap.group is not None and cap.group not in groups:
            message = f"no rule{on} is of group {cap.group}"
            yield Diagnostic((*path, "group"), LintCode.CAP_WITHOUT_RULES, message, "Check the group's name")
        yield from _never_binds(path, cap, [*general, *(other for _, other in caps if other != cap)])
        if cap in [earlier for _, earlier in caps[:i]]:
            yield Diagnostic(path, LintCode.CAP_NEVER_BINDS, "this cap stands above already", "Delete it")


def lint_groups(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """A group that no cap names, where caps name groups."""
    if rule.group is None:
        return
    named = {cap.group for policy in policies for cap in _caps_on(policy, rule.channel) if cap.group is not None}
    if is_transactional(rule):
        message = "no cap holds or counts a transactional rule"
        yield Diagnostic(("group",), LintCode.GROUP_WITHOUT_CAP, message, "Delete the group", at_key=True)
    elif named and rule.group not in named:
        message = f"no cap names group {rule.group}"
        yield Diagnostic(
            ("group",), LintCode.GROUP_WITHOUT_CAP, message, f"Check its name: caps name {', '.join(sorted(named))}"
        )


def _caps_on(policy: PolicyObject, channel: str | None) -> Iterator[CapObject]:
    """The caps that may hold a rule on a channel."""
    yield from caps_of(policy)
    if (own := (policy.channels or {}).get(channel or "")) is not None:
        yield from caps_of(own)


# The longest that a calendar period lasts, clocks set back included, and the shortest a day does.
_LONGEST_US: Final = {"day": 26 * HOUR_US, "week": 7 * DAY_US + 2 * HOUR_US, "month": 31 * DAY_US + 2 * HOUR_US}
_SHORTEST_DAY_US: Final = 22 * HOUR_US
_TOUCHED: Final = {
    ("day", "week"): 1,
    ("day", "month"): 1,
    ("week", "day"): 7,
    ("week", "month"): 2,
    ("month", "day"): 31,
    ("month", "week"): 6,
}


def _periods(period: str, other: str) -> int:
    """How many periods of `other` one `period` can touch, at most."""
    if period in CALENDARS and other in CALENDARS:
        return 1 if period == other else _TOUCHED[(period, other)]
    length_us = _LONGEST_US[period] if period in CALENDARS else span_us(period)
    if other not in CALENDARS:
        return ceil(Decimal(length_us) / span_us(other))
    shortest_us = _SHORTEST_DAY_US * {"day": 1, "week": 7, "month": 28}[other]
    return ceil(Decimal(length_us) / shortest_us) + 1


def _never_binds(path: KeyPath, cap: CapObject, others: list[CapObject]) -> Iterator[Diagnostic[LintCode]]:
    for other in others:
        if other.group in (None, cap.group) and cap.max >= other.max * _periods(cap.per, other.per):
            message = f"{other.max} per {other.per} never lets it come to {cap.max} per {cap.per}"
            yield Diagnostic(path, LintCode.CAP_NEVER_BINDS, message, "Delete this cap, or lower it")
            return


def _starved(
    path: KeyPath, cap: CapObject, rules: Sequence[Rule], capped_groups: set[str | None]
) -> Iterator[Diagnostic[LintCode]]:
    held = sorted((r for r in rules if cap.group in (None, r.group)), key=lambda rule: (-rule.priority, rule.id))
    for i, rule in enumerate(held):
        # A rule that a cap of its own group holds may leave room for this one.
        free = [other for other in held[:i] if other.group == rule.group or other.group not in capped_groups - {None}]
        ahead = [other.id for other in free if _always_with(other, rule)]
        if len(ahead) >= cap.max:
            first = " and ".join(ahead[: cap.max])
            message = f"{rule.id} never gets through: {first} goes before it every time"
            advice = f"Give {rule.id} a higher priority, or raise the cap"
            yield Diagnostic((*path, "max"), LintCode.CAP_STARVES, message, advice)


def _always_with(other: Rule, rule: Rule) -> bool:
    """Whether `other` surely has a candidate at every instant at which `rule` has one."""
    asks = (other.given, other.still, other.reaches, rule.reaches)
    if any(one is not None for one in asks) or other.reentry != "always":
        return False
    if isinstance(other.when, SequenceObject) or isinstance(rule.when, SequenceObject):
        return False
    alike = ("wait", "unless", "per", "restart", "expires", "live_from", "channel")
    if any(getattr(other, name) != getattr(rule, name) for name in alike):
        return False
    if not covers(arming(other), arming(rule)):
        return False
    # With a wait, episodes are the same only if the same events open and restart them.
    return rule.wait is None or (rule.given is None and covers(arming(rule), arming(other)))
