"""What a profile proposes for the policy of an account: feeds and breakers, in shadow, each with its evidence.

Pure. Made of the plan, so that whoever has only the plan can say the same. A person decides: rules name none of it by
themselves, since what decides must not change with the events that came (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_UP, Context, Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from kittiwake.event_plan.model import EventObject, PlanObject
from kittiwake.event_plan.writing import yaml_lines
from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.profile.measure.contacts import TYPES_MAX
from kittiwake.profile.measure.rhythm import STEP_US
from kittiwake.rules.limits import BREAKER_MAX, BREAKERS_MAX, FEED_EVERY_MAX_US, FEEDS_MAX
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, parse_instant

TIMES: Final = 3
"""How many times the longest pause a feed may stay away, and how many times the busiest interval passes a breaker."""

DAYS_MIN: Final = 14
"""Days between the first event and the last: of each day of the week, and each weekend, there are two."""

EVENTS_MIN: Final = 20
"""Different events of a type: what comes more seldom has no rhythm yet."""

BREAKER_LEAST: Final = 100
"""The least `max` that is proposed: fewer messages at once are no accident that one has to stop."""

EVERY_US: Final = (
    *(minutes * MINUTE_US for minutes in (10, 15, 20, 30, 45)),
    *(hours * HOUR_US for hours in (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48)),
    *(days * DAY_US for days in (3, 4, 5, 6, 7)),
)
"""Each `every` that is proposed."""

NAMED_MAX: Final = 5
"""Types that a line names; `--json` lists them all."""

_TWO_DIGITS: Final = Context(prec=2, rounding=ROUND_UP)


class Reason(StrEnum):
    """Why nothing is proposed of a type."""

    SEVERAL_ACCOUNTS = "several_accounts"
    TOO_MANY_TYPES = "too_many_types"
    TOO_FEW_EVENTS = "too_few_events"
    TOO_FEW_DAYS = "too_few_days"
    STOPPED = "stopped"
    TOO_SELDOM = "too_seldom"
    TOO_MANY_EVENTS = "too_many_events"
    NO_TYPE_OF_RULES = "no_type_of_rules"
    RARER_THAN_OTHERS = "rarer_than_others"


WHY: Final[Mapping[Reason, str]] = {
    Reason.SEVERAL_ACCOUNTS: "they are of several accounts: profile one with --account",
    Reason.TOO_MANY_TYPES: f"there are more than {TYPES_MAX} types",
    Reason.TOO_FEW_EVENTS: f"fewer than {EVENTS_MIN} events",
    Reason.TOO_FEW_DAYS: f"less than {DAYS_MIN} days from the first to the last",
    Reason.STOPPED: "none came for longer, at the end of the history",
    Reason.TOO_SELDOM: f"{TIMES} times the longest pause is more than {format_duration(FEED_EVERY_MAX_US)}",
    Reason.TOO_MANY_EVENTS: f"{TIMES} times the busiest interval is more than {BREAKER_MAX:,}",
    Reason.NO_TYPE_OF_RULES: "a policy cannot name it",
    Reason.RARER_THAN_OTHERS: f"{FEEDS_MAX} types come more often",
}


class Proposed(NamedTuple):
    """A line of `feeds` or of `breaker`."""

    type: str
    written: Mapping[str, Any]
    evidence: str


class NotProposed(NamedTuple):
    """A type that one of them has no line for."""

    type: str
    key: str
    reason: Reason


class Proposal(NamedTuple):
    """What is proposed, the most frequent types first."""

    feeds: tuple[Proposed, ...]
    breaker: tuple[Proposed, ...]
    not_proposed: tuple[NotProposed, ...]

    @property
    def by_key(self) -> dict[str, tuple[Proposed, ...]]:
        """The lines by their key of the policy; a key without any is left out."""
        return {key: lines for key, lines in (("feeds", self.feeds), ("breaker", self.breaker)) if lines}

    @property
    def policy(self) -> dict[str, dict[str, Any]]:
        """As the policy has it."""
        return {key: {one.type: dict(one.written) for one in lines} for key, lines in self.by_key.items()}


def proposal(plan: PlanObject) -> Proposal:
    """What a plan of one account proposes for its policy."""
    types = [name for name in plan.events if not name.startswith(UNMATCHED_BY_ANY)]
    types.sort(key=lambda name: (-_different(plan.events[name]), name))
    feeds = [_feed(plan, name) for name in types]
    breaker = [_breaker(plan, name) for name in types]
    left_out = [one for one in (*feeds, *breaker) if isinstance(one, NotProposed)]
    first_feeds, more_feeds = _most([one for one in feeds if isinstance(one, Proposed)], "feeds", FEEDS_MAX)
    first, more = _most([one for one in breaker if isinstance(one, Proposed)], "breaker", BREAKERS_MAX)
    return Proposal(first_feeds, first, (*left_out, *more_feeds, *more))


def _most(found: list[Proposed], key: str, most: int) -> tuple[tuple[Proposed, ...], list[NotProposed]]:
    """The first lines, and that the others are too many."""
    rest = [NotProposed(one.type, key, Reason.RARER_THAN_OTHERS) for one in found[most:]]
    return tuple(found[:most]), rest


def _different(event: EventObject) -> int:
    return (event.volume.events or 0) if event.volume else 0


def _lacking(plan: PlanObject, name: str) -> Reason | None:
    """What of the evidence of a type is too little."""
    event = plan.events[name]
    if "*" in name or name != name.strip():
        return Reason.NO_TYPE_OF_RULES
    if event.volume is None:
        return Reason.SEVERAL_ACCOUNTS if plan.account is None else Reason.TOO_MANY_TYPES
    if _different(event) < EVENTS_MIN:
        return Reason.TOO_FEW_EVENTS
    return Reason.TOO_FEW_DAYS if _days(event) < DAYS_MIN else None


def _days(event: EventObject) -> int:
    if event.first is None or event.last is None:
        return 0
    return (parse_instant(event.last) - parse_instant(event.first)) // DAY_US


def _seen(event: EventObject) -> str:
    return f"of {_different(event):,} events in {_days(event):,} days"


def _feed(plan: PlanObject, name: str) -> Proposed | NotProposed:
    event = plan.events[name]
    lacking = _lacking(plan, name)
    if lacking is not None or event.pause is None:
        return NotProposed(name, "feeds", lacking or Reason.TOO_FEW_EVENTS)
    pause_us = parse_instant(event.pause.to) - parse_instant(event.pause.from_) + 2 * STEP_US
    every_us = next((one for one in EVERY_US if one >= TIMES * pause_us), None)
    if every_us is None:
        return NotProposed(name, "feeds", Reason.TOO_SELDOM)
    if _ended_us(plan, event) >= every_us:
        return NotProposed(name, "feeds", Reason.STOPPED)
    gaps = len(event.gaps or ())
    besides = f" but for {gaps} gap{'s' * (gaps > 1)}" if gaps else ""
    evidence = f"none from {event.pause.from_} to {event.pause.to}, the longest pause{besides} {_seen(event)}"
    return Proposed(name, {"every": format_duration(every_us), "mode": "shadow"}, evidence)


def _ended_us(plan: PlanObject, event: EventObject) -> int:
    """How long before the last event of all the last of a type came."""
    if plan.history is None or plan.history.last is None or event.last is None:
        return 0
    return parse_instant(plan.history.last) - parse_instant(event.last)


def _breaker(plan: PlanObject, name: str) -> Proposed | NotProposed:
    event = plan.events[name]
    lacking = _lacking(plan, name)
    if lacking is not None or event.volume is None:
        return NotProposed(name, "breaker", lacking or Reason.TOO_FEW_EVENTS)
    most = max(int(_TWO_DIGITS.create_decimal(Decimal(TIMES * event.volume.max))), BREAKER_LEAST)
    if most > BREAKER_MAX:
        return NotProposed(name, "breaker", Reason.TOO_MANY_EVENTS)
    volume = event.volume
    evidence = f"{volume.max:,} in {volume.per} from {volume.from_}, the most {_seen(event)}"
    return Proposed(name, {"max": most, "per": volume.per, "mode": "shadow"}, evidence)


# ---------------------------------------------------------------- as it is shown


def proposal_lines(found: Proposal) -> list[str]:
    """All that is said of a proposal: the lines of YAML, if there are any, and why there are no more."""
    policy = policy_lines(found)
    head = ["proposed for the policy of their rules, to count only (mode: shadow):"] if policy else []
    return [*head, *policy, *(f"# {line}" for line in lines_left_out(found))]


def policy_lines(found: Proposal) -> list[str]:
    """The lines of YAML for a rules file, its evidence as comments; none where nothing is proposed."""
    lines = ["policy:"] if found.by_key else []
    for key, proposed in found.by_key.items():
        lines.append(f"  {key}:")
        for one in proposed:
            written = yaml_lines({one.type: dict(one.written)})
            lines += [f"    # {one.evidence}", *(f"    {line}" for line in written)]
    return lines


def lines_left_out(found: Proposal) -> Iterator[str]:
    """Why nothing is proposed of the other types, a line for each reason."""
    by_reason: dict[tuple[Reason, str], list[str]] = {}
    for reason, key, types in _by_reason(found.not_proposed):
        by_reason.setdefault((reason, types), []).append(key)
    for (reason, types), keys in by_reason.items():
        yield f"no {' and no '.join(keys)} ({reason}: {WHY[reason]}): {types}"


def _by_reason(left_out: Iterable[NotProposed]) -> Iterator[tuple[Reason, str, str]]:
    types: dict[tuple[Reason, str], list[str]] = {}
    for one in left_out:
        types.setdefault((one.reason, one.key), []).append(one.type)
    for (reason, key), named in types.items():
        more = f" and {len(named) - NAMED_MAX:,} more" if len(named) > NAMED_MAX else ""
        yield reason, key, ", ".join(named[:NAMED_MAX]) + more


def proposal_data(found: Proposal) -> dict[str, Any]:
    """As plain data."""
    return {
        "policy": found.policy,
        "evidence": {key: {one.type: one.evidence for one in lines} for key, lines in found.by_key.items()},
        "not_proposed": [{"type": one.type, "key": one.key, "reason": one.reason.value} for one in found.not_proposed],
    }
