"""What the accelerator knows of each part of a program: a part that says anything else is left to the kernel.

Pure.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from kittiwake.kernel.plan.audience import Audience
from kittiwake.kernel.plan.history import Condition
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.match import Comparison, Match
from kittiwake.kernel.plan.policy import Arbitration, Cap, Channel, Consent, Holdout, Policy, Reentry
from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.sequence import Sequence as SequenceProgram
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait
from kittiwake.reasons import Reason

REASONS: Final = (
    Reason.NOT_READY,
    Reason.NO_CONSENT,
    Reason.REENTRY,
    Reason.QUIET_HOURS,
    Reason.ARBITRATION,
    Reason.OUTRANKED,
    Reason.FREQUENCY_CAP,
    Reason.EXPIRED,
    Reason.HOLDOUT,
    Reason.SHADOW,
    Reason.SUPERSEDED,
    Reason.UNLESS,
    Reason.NOT_ENTERED,
    Reason.EXITED,
)
"""By the numbers they have there."""

KNOWN: Final[dict[type[msgspec.Struct], frozenset[str]]] = {
    RuleProgram: frozenset(
        [
            "rule_id",
            "version",
            "when",
            "sequence",
            "audience",
            "conditions",
            "wait",
            "unless",
            "per",
            "restart",
            "reaches",
            "include",
            "mode",
            "priority",
            "reentry",
            "group",
            "transactional",
            "holdout",
            "expires_us",
            "keep_us",
            "ready_us",
            "same",
            "layout",
            "anew_us",
            "given",
            "about",
            "channel",
        ]
    ),
    Policy: frozenset(
        [
            "consent",
            "holdout",
            "frequency",
            "quiet_hours",
            "retention_us",
            "profile_retention_us",
            "arbitration",
            "channels",
        ]
    ),
    Condition: frozenset(
        ["measure", "of", "within_us", "path", "operator", "bound", "same", "memory", "other", "plain"]
    ),
    Match: frozenset(["types", "where", "same", "other"]),
    Comparison: frozenset(["path", "operator", "operand"]),
    Cap: frozenset(["max_fired", "calendar", "within_us", "group", "channel"]),
    Channel: frozenset(["name", "consent", "quiet_hours", "frequency"]),
    Consent: frozenset(["purpose", "default_granted"]),
    Holdout: frozenset(["percent", "salt"]),
    Arbitration: frozenset(["within_us", "max_fired"]),
    Reentry: frozenset({"within_us"}),
    QuietHours: frozenset({"edges"}),
    Audience: frozenset(["tree", "emits_exit"]),
    SequenceProgram: frozenset(["steps", "within_us"]),
    Reaches: frozenset(["path", "at"]),
    Include: frozenset(["name", "path", "said"]),
    Delays: frozenset(["delays_us", "numbered"]),
    FieldWait: frozenset(["path", "unit_us", "default_us"]),
    UntilWait: frozenset(["path", "of_contact", "offset_us", "at_us", "repeat", "rrule", "local_day", "left_out"]),
}
"""What of each part is handed over, or asked of the kernel itself: whatever else it has, or gets one day, must be as it
is where nobody has written it."""


class UnknownError(Exception):
    """A clause is of a kind that is left to the kernel."""


def require(is_known: bool) -> None:
    """Raise if something is not known."""
    if not is_known:
        raise UnknownError


def check(part: msgspec.Struct | None) -> None:
    """Raise if a part says more than is known of its kind."""
    if part is None:
        return
    for name, default in _fields(type(part)):
        if name not in KNOWN[type(part)]:
            require(getattr(part, name) == default)


@cache
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    """What a part has, and what that is where nobody has written it: msgspec computes it anew, which takes a while."""
    return [(field.name, field.default) for field in msgspec.structs.fields(kind)]
