"""What an explanation is, as data: what happened, and for what did not fire how near it came.

Pure values. Made by `explain.explain` from a trace; shown by `explain_text`; `as_data` is what
`kittiwake explain --json` prints.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from kittiwake.kernel.plan.about import About
from kittiwake.kernel.state.trace import StepKind
from kittiwake.time.instants import format_instant
from kittiwake.values import parse_json


class Tone(StrEnum):
    """What a line is to its reader; a terminal gives each a colour."""

    EVENT = "event"
    PROGRESS = "progress"
    FIRED = "fired"
    STOPPED = "stopped"
    HELD = "held"
    ASIDE = "aside"


class Stage(IntEnum):
    """How near to firing something came, nearest last."""

    UNSEEN = 0
    """No event of a type the rule needs."""
    UNMATCHED = 1
    """An event of the type, but not as the rule wants it."""
    LACKED = 2
    """It would arm, but lacks a property, a usable wait or room."""
    BEGUN = 3
    """A chain, a total or an audience part of the way."""
    REFUSED = 4
    """`given` did not hold."""
    STOPPED = 5
    """Armed, then disarmed."""
    WAITING = 6
    """Armed, and the deadline lies beyond the end."""
    GATED = 7
    """Due, and refused, cancelled or held."""


class Line(NamedTuple):
    """One line of the timeline. `rule_id` and `instance` are None for what concerns no rule."""

    time_us: int
    kind: StepKind
    tone: Tone
    rule_id: str | None
    instance: str | None
    text: str
    zone: str
    """By whose clock it is shown: in force then and there."""
    new_zone: str | None = None
    """The zone that is in force after it, where it brings another one."""


class SpanKind(StrEnum):
    """What goes on for a while."""

    WAIT = "wait"
    """An episode, from when it opened until it fell due for the last time, or ended."""
    HELD = "held"
    """A candidate that is held back: by quiet hours, by arbitration, or for a silent feed."""


class Span(NamedTuple):
    """A time during which something of a rule was pending."""

    rule_id: str
    instance: str | None
    kind: SpanKind
    from_us: int
    to_us: int
    """When it ended; of what is pending, up to when was decided."""
    ended: str
    """How: `due`; `released` of what was held; why it was disarmed; the reason of what was decided meanwhile;
    `forgotten`; `pending`."""
    due_us: int
    """When it falls or fell due, or is released."""


class Miss(NamedTuple):
    """Something that did not fire: how far it came and what it would have taken."""

    rule_id: str
    instance: str | None
    """None: it came to no instance."""
    time_us: int | None
    """When it was decided that it does not fire; None: it never began."""
    stage: Stage
    what: str
    needed: str
    zone: str
    """By whose clock it is shown."""


class RuleExplanation(NamedTuple):
    """One rule and this contact."""

    rule_id: str
    fired: int
    """How many triggers fired."""
    misses: tuple[Miss, ...]
    """Everything that did not fire, in the order it ended."""
    nearest: tuple[Miss, ...]
    """Every candidate that fell due and did not fire; of each instance that came to none its nearest miss; of the rule
    itself where it came to no instance."""
    about: About | None = None
    """What the rule says of itself."""


class Explanation(NamedTuple):
    """What rules made of one contact's events."""

    account_id: str
    contact_id: str
    zone: str
    """The contact's own at the end, else the account's."""
    events: int
    evaluated_to_us: int
    """Up to when."""
    lines: tuple[Line, ...]
    rules: tuple[RuleExplanation, ...]
    left_out: bool = False
    """Whether events had properties that no rule reads, which are not shown."""
    spans: tuple[Span, ...] = ()
    """What was pending when, in the order in which it ended."""


def only_rules(explanation: Explanation, rule_ids: frozenset[str]) -> Explanation:
    """The part that concerns these rules, and the events."""
    return explanation._replace(
        lines=tuple(line for line in explanation.lines if line.rule_id is None or line.rule_id in rule_ids),
        rules=tuple(rule for rule in explanation.rules if rule.rule_id in rule_ids),
        spans=tuple(span for span in explanation.spans if span.rule_id in rule_ids),
    )


def as_data(explanation: Explanation) -> dict[str, Any]:
    """The explanation for programs: plain JSON values, times in RFC 3339 UTC."""
    return {
        "account_id": explanation.account_id,
        "contact_id": explanation.contact_id,
        "timezone": explanation.zone,
        "events": explanation.events,
        "settled": format_instant(explanation.evaluated_to_us),
        "properties_left_out": explanation.left_out,
        "timeline": [_line_data(line) for line in explanation.lines],
        "spans": [_span_data(span) for span in explanation.spans],
        "rules": [
            {
                "rule_id": rule.rule_id,
                **_about_data(rule.about),
                "fired": rule.fired,
                "nearest": [_miss_data(miss) for miss in rule.nearest],
                "misses": [_miss_data(miss) for miss in rule.misses],
            }
            for rule in explanation.rules
        ],
    }


def _about_data(about: About | None) -> dict[str, Any]:
    """What a rule says of itself; nothing for what it does not say."""
    if about is None:
        return {}
    said = {"description": about.description, "owner": about.owner, "tags": list(about.tags)}
    return {key: value for key, value in said.items() if value}


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "time": format_instant(line.time_us),
        "kind": str(line.kind),
        "rule_id": line.rule_id,
        "instance": None if line.instance is None else parse_json(line.instance),
        "text": line.text,
        "timezone": line.zone,
    }


def _span_data(span: Span) -> dict[str, Any]:
    return {
        "rule_id": span.rule_id,
        "instance": None if span.instance is None else parse_json(span.instance),
        "kind": str(span.kind),
        "from": format_instant(span.from_us),
        "to": format_instant(span.to_us),
        "ended": span.ended,
        "due": format_instant(span.due_us),
    }


def _miss_data(miss: Miss) -> dict[str, Any]:
    return {
        "instance": None if miss.instance is None else parse_json(miss.instance),
        "time": None if miss.time_us is None else format_instant(miss.time_us),
        "stage": miss.stage.name.lower(),
        "what": miss.what,
        "needed": miss.needed,
        "timezone": miss.zone,
    }
