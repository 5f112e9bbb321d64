"""From a policy, and a rule's clauses about sending, to the kernel's.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.policy import Arbitration, Calendar, Cap, Channel, Consent, Holdout, Policy, Reentry
from kittiwake.rules.compile.feeds import feeds_of
from kittiwake.rules.compile.quiet_hours import quiet_hours_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.policy import (
    CALENDARS,
    REENTRY_WORDS,
    CapObject,
    ChannelObject,
    ConsentObject,
    PolicyObject,
)
from kittiwake.rules.model.rule import Rule
from kittiwake.time.instants import parse_instant


def reentry_of(rule: Rule) -> Reentry | None:
    """When the rule may fire again; None: always."""
    if rule.reentry in REENTRY_WORDS:
        return None if rule.reentry == "always" else Reentry(None)
    return Reentry(span_us(rule.reentry))


def is_transactional(rule: Rule) -> bool:
    """Whether caps and quiet hours pass the rule by: as written, else for audiences only."""
    return rule.audience is not None if rule.transactional is None else rule.transactional


def policy_of(written: PolicyObject | None) -> Policy:
    """What holds for every rule, but for readiness, which is compiled into the rules."""
    if written is None:
        return Policy()
    holdout = written.holdout
    return Policy(
        consent=_consent(written.consent),
        holdout=Holdout(holdout.percent, holdout.salt) if holdout else None,
        frequency=tuple(map(_cap, caps_of(written))),
        channels=tuple(_channel(name, one) for name, one in (written.channels or {}).items()),
        quiet_hours=quiet_hours_of(written.quiet_hours),
        retention_us=span_us(written.retention),
        profile_retention_us=None if written.profile_retention is None else span_us(written.profile_retention),
        arbitration=Arbitration(span_us(written.arbitration.within), int(written.arbitration.max))
        if written.arbitration
        else None,
        feeds=feeds_of(written),
    )


def _channel(name: str, written: ChannelObject) -> Channel:
    caps = tuple(_cap(cap, name) for cap in caps_of(written))
    return Channel(name, _consent(written.consent), quiet_hours_of(written.quiet_hours), caps)


def _consent(written: ConsentObject | None) -> Consent | None:
    return Consent(written.purpose, written.default == "granted") if written else None


def caps_of(written: PolicyObject | ChannelObject) -> list[CapObject]:
    """One cap or several, as a list."""
    return (
        written.frequency if isinstance(written.frequency, list) else [written.frequency] if written.frequency else []
    )


def _cap(written: CapObject, channel: str | None = None) -> Cap:
    if written.per in CALENDARS:
        return Cap(written.max, Calendar(written.per), group=written.group, channel=channel)
    return Cap(written.max, None, span_us(written.per), written.group, channel)


def ready_us(rule: Rule, policy: PolicyObject | None, longest_us: int, introduced_us: int | None) -> int | None:
    """The instant before which candidates are `not_ready` (semantics 7.1, 11.6); None: ready for ever.

    `history_from: effective` asks for nothing: what a contact lacks by then is reported by `partial_history`.
    """
    live_from = rule.live_from or (policy.live_from if policy else None)
    history_from = policy.history_from if policy else None
    instants = [parse_instant(live_from) if live_from else introduced_us]
    if history_from and history_from != "effective":
        instants.append(parse_instant(history_from) + longest_us)
    return max((one for one in instants if one is not None), default=None)
