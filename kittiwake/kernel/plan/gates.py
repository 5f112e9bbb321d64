"""The gates: what can keep a candidate of a rule from being sent, in their order (rules.md, section 4).

Asked by `kernel.run.eligibility`; which of them a rule has is computed when its program is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.kernel.plan.policy import Arbitration, Cap, Consent, Feed, Policy
from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.reasons import Reason

GATES: Final = (
    Reason.NOT_READY,
    Reason.CONDITION_UNMET,
    Reason.NO_CONSENT,
    Reason.REENTRY,
    Reason.FEED_SILENT,
    Reason.FLOODED,
    Reason.QUIET_HOURS,
    Reason.ARBITRATION,
    Reason.OUTRANKED,
    Reason.FREQUENCY_CAP,
    Reason.EXPIRED,
    Reason.ROLLOUT,
    Reason.HOLDOUT,
    Reason.SHADOW,
)
"""In the order of the language: the last three are asked of what would fire, and only keep it from being sent."""


class Asked(NamedTuple):
    """What a policy asks of the candidates of a rule: what its channel says, else what holds for all."""

    consent: Consent | None
    quiet_hours: QuietHours | None
    """None: nothing of the rule is held for the night."""
    arbitration: Arbitration | None
    caps: tuple[Cap, ...]
    """Those that hold it; they count its firings too."""


def asked_of(rule: RuleProgram, policy: Policy) -> Asked:
    """What is asked of a rule's candidates; a transactional one is asked for consent only."""
    channel = policy.channel(rule.channel)
    consent = channel.consent if channel is not None and channel.consent is not None else policy.consent
    if rule.transactional:
        return Asked(consent, None, None, ())
    quiet = channel.quiet_hours if channel is not None and channel.quiet_hours is not None else policy.quiet_hours
    caps = tuple(cap for cap in policy.caps if cap.concerns(rule.group, rule.channel))
    return Asked(consent, quiet, policy.arbitration, caps)


def gates_of(rule: RuleProgram, policy: Policy, feeds: Sequence[Feed] = ()) -> tuple[Reason, ...]:
    """The gates that can refuse a candidate of a rule, in their order: a trace shows those.

    `feeds` are those that the rule relies on, and its breakers.
    """
    asked = asked_of(rule, policy)
    can_refuse = {
        Reason.NOT_READY: rule.ready_us is not None or bool(rule.look_backs),
        Reason.CONDITION_UNMET: rule.still is not None,
        Reason.NO_CONSENT: asked.consent is not None,
        Reason.REENTRY: rule.reentry is not None,
        Reason.FEED_SILENT: any(not feed.is_breaker for feed in feeds),
        Reason.FLOODED: any(feed.is_breaker for feed in feeds),
        Reason.QUIET_HOURS: asked.quiet_hours is not None,
        Reason.ARBITRATION: asked.arbitration is not None,
        Reason.OUTRANKED: asked.arbitration is not None and rule.mode is Mode.LIVE,
        Reason.FREQUENCY_CAP: bool(asked.caps),
        Reason.EXPIRED: asked.quiet_hours is not None or asked.arbitration is not None or any(f.holds for f in feeds),
        Reason.ROLLOUT: rule.rollout is not None and rule.mode is Mode.LIVE,
        Reason.HOLDOUT: policy.holdout is not None and rule.holdout,
        Reason.SHADOW: rule.mode is Mode.SHADOW,
    }
    return tuple(gate for gate in GATES if can_refuse[gate])
