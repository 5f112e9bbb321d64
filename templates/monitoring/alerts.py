"""When somebody has to get up, or has to look in the morning: every alert, with the section of the runbook that helps.

`policies` makes alerting policies of Cloud Monitoring of them. A threshold is a sentence here, and the same in the
query; tests hold each query against the metrics it names, and play it over histories that are well and that are not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from kittiwake.stream import logs
from kittiwake.stream import metrics as m
from kittiwake.stream.logs import LogEvent
from kittiwake.stream.metrics import Metric
from kittiwake.stream.volumes import FACTOR, NUMBER_MIN
from templates.monitoring.queries import counted, grown, newest, series, share
from templates.monitoring.registry import (
    LOG_LINES,
    OLDEST_UNACKED,
    PUBLISH_REQUESTS,
    RULE_TRIGGERS,
    RULE_TRIGGERS_USUAL,
    WATERMARK_AGE,
    Watched,
)


class Urgency(StrEnum):
    """Who hears of it, in words of Cloud Monitoring."""

    NOW = "CRITICAL"
    """Contacts wait, or what was decided is lost: wake somebody."""
    TODAY = "WARNING"
    """Nothing is lost: look at it by day."""


class Alert(NamedTuple):
    """One alert."""

    name: str
    urgency: Urgency
    when: str
    """For a person; the page of metrics has it beside each of `metrics`."""
    query: str
    """PromQL that gives something while it is so."""
    for_s: int
    """Only if it has been so for as long."""
    metrics: tuple[Watched, ...]
    """What is too much, or too little."""
    section: str
    """Of the runbook, as its heading is linked to."""
    beside: tuple[Watched, ...] = ()
    """What else the query asks for: that of which it is a part."""


_MINUTE, _HOUR = 60, 3_600


def _or_nothing(query: str) -> str:
    """A counter that has counted nothing may not be there."""
    return f"({query} or vector(0))"


def _any(section: str, *metrics: Metric, urgency: Urgency = Urgency.TODAY) -> list[Alert]:
    """An alert for each metric that should never count."""
    return [
        Alert(one.name, urgency, "any in 10 minutes", f"{grown('10m', one)} > 0", 0, (one,), section) for one in metrics
    ]


def _logged(section: str, *events: LogEvent) -> list[Alert]:
    """An alert for each log event that no counter counts."""
    return [
        Alert(
            f"log_{one.name}",
            Urgency.TODAY,
            f"`{one.name}` in an hour",
            counted(LOG_LINES, "1h", f'event="{one.name}"') + " > 0",
            0,
            (LOG_LINES,),
            section,
        )
        for one in events
    ]


_EVENTS: Final = (m.EVENTS_IN, m.EXTRA_EVENTS)
_MESSAGES: Final = (m.EVENTS_IN, m.LEFT_OUT, m.DEAD_LETTERS)
_IN_TIME: Final = (m.FIRED, m.SUPPRESSED, m.CANCELLED)
_BY_REASON: Final = tuple(m.DEAD_LETTERS_BY_REASON.values())

_LAST, _USUAL = newest(RULE_TRIGGERS), newest(RULE_TRIGGERS_USUAL)
_UNUSUAL: Final = (
    f"({_LAST} > {FACTOR} * {_USUAL} and {_LAST} >= {NUMBER_MIN}) "
    f"or ({_LAST} * {FACTOR} < {_USUAL} and {_USUAL} >= {NUMBER_MIN})"
)
"""As `RuleVolume.is_unusual` says it."""

ALERTS: Final = (
    Alert(
        "job_down",
        Urgency.NOW,
        "not there for 10 minutes",
        f"absent({series(WATERMARK_AGE)})",
        10 * _MINUTE,
        (WATERMARK_AGE,),
        "the-job-is-down",
    ),
    Alert(
        "watermark_old",
        Urgency.NOW,
        "over 15 minutes, for 10",
        f"max({series(WATERMARK_AGE)}) > 900",
        10 * _MINUTE,
        (WATERMARK_AGE,),
        "backlog",
    ),
    Alert(
        "backlog_old",
        Urgency.NOW,
        "over 15 minutes, for 10",
        f"max({series(OLDEST_UNACKED)}) > 900",
        10 * _MINUTE,
        (OLDEST_UNACKED,),
        "backlog",
    ),
    Alert(
        "nothing_comes_in",
        Urgency.TODAY,
        "none in 15 minutes, for 15",
        f"{_or_nothing(grown('15m', m.EVENTS_IN))} == 0",
        15 * _MINUTE,
        (m.EVENTS_IN,),
        "nothing-comes-in",
    ),
    Alert(
        "nothing_fires",
        Urgency.TODAY,
        "none in a day, for 6 hours",
        f"{_or_nothing(grown('1d', m.FIRED))} == 0",
        6 * _HOUR,
        (m.FIRED,),
        "bad-rule-set",
    ),
    Alert(
        "decisions_slow",
        Urgency.NOW,
        "over 5 % of decisions in 15 minutes",
        f"{share('15m', (m.DECISIONS_SLOW,), _IN_TIME)} > 0.05",
        5 * _MINUTE,
        (m.DECISIONS_SLOW,),
        "backlog",
        _IN_TIME,
    ),
    Alert(
        "triggers_slow",
        Urgency.NOW,
        "over 5 % of triggers in 15 minutes",
        f"{share('15m', (m.TRIGGERS_SLOW,), (m.TRIGGERS_SENT,))} > 0.05",
        5 * _MINUTE,
        (m.TRIGGERS_SLOW,),
        "backlog",
        (m.TRIGGERS_SENT,),
    ),
    Alert(
        "dead_letters",
        Urgency.NOW,
        "of one reason over 1 % of messages in an hour",
        f"{share('1h', _BY_REASON, _MESSAGES, by='metric_name')} > 0.01",
        5 * _MINUTE,
        _BY_REASON,
        "dead-letter-flood",
        _MESSAGES,
    ),
    Alert(
        "unknown_accounts",
        Urgency.TODAY,
        "over 10 % of events in an hour",
        f"{share('1h', (m.UNKNOWN_ACCOUNTS,), _EVENTS)} > 0.1",
        _HOUR,
        (m.UNKNOWN_ACCOUNTS,),
        "add-an-account",
        _EVENTS,
    ),
    Alert(
        "conflicts",
        Urgency.TODAY,
        "over 0.1 % of events in an hour",
        f"{share('1h', (m.CONFLICTS,), _EVENTS)} > 0.001",
        _HOUR,
        (m.CONFLICTS,),
        "late-and-conflicting-events",
        _EVENTS,
    ),
    Alert(
        "corrected",
        Urgency.TODAY,
        "over 5 % of events in an hour",
        f"{share('1h', (m.CORRECTED,), _EVENTS)} > 0.05",
        _HOUR,
        (m.CORRECTED,),
        "late-and-conflicting-events",
        _EVENTS,
    ),
    Alert(
        "too_late",
        Urgency.TODAY,
        "over 0.1 % of events in an hour",
        f"{share('1h', (m.TOO_LATE,), _EVENTS)} > 0.001",
        _HOUR,
        (m.TOO_LATE,),
        "late-and-conflicting-events",
        _EVENTS,
    ),
    Alert(
        "revoked",
        Urgency.TODAY,
        "over 5 % of fired in an hour",
        f"{share('1h', (m.REVOKED,), (m.FIRED,))} > 0.05",
        _HOUR,
        (m.REVOKED,),
        "late-and-conflicting-events",
        (m.FIRED,),
    ),
    Alert(
        "rules_old",
        Urgency.NOW,
        "any in 5 minutes, for 5",
        f"{grown('5m', m.BUNDLES_RULES_OLD)} > 0",
        5 * _MINUTE,
        (m.BUNDLES_RULES_OLD,),
        "the-rules-cannot-be-read",
    ),
    Alert(
        "rules_unreadable",
        Urgency.TODAY,
        "any in 5 minutes, for 5",
        f"{grown('5m', m.RULES_UNREADABLE)} > 0",
        5 * _MINUTE,
        (m.RULES_UNREADABLE,),
        "the-rules-cannot-be-read",
    ),
    Alert(
        "frozen",
        Urgency.TODAY,
        "any in 10 minutes, for an hour",
        f"{grown('10m', m.BUNDLES_FROZEN)} > 0",
        _HOUR,
        (m.BUNDLES_FROZEN,),
        "freeze-and-drain",
    ),
    Alert(
        "publish_failures",
        Urgency.NOW,
        "any but `success` in 10 minutes, for 10",
        counted(PUBLISH_REQUESTS, "10m", 'response_class!="success"') + " > 0",
        10 * _MINUTE,
        (PUBLISH_REQUESTS,),
        "rows-or-triggers-are-refused",
    ),
    Alert(
        "rule_volume",
        Urgency.TODAY,
        f"of a rule over {FACTOR} times the usual, or under 1/{FACTOR} of it, from {NUMBER_MIN} on",
        _UNUSUAL,
        0,
        (RULE_TRIGGERS,),
        "bad-rule-set",
        (RULE_TRIGGERS_USUAL,),
    ),
    *_any("rows-or-triggers-are-refused", m.ROWS_LOST, urgency=Urgency.NOW),
    *_any("rows-or-triggers-are-refused", m.ROWS_REFUSED, m.TRIGGERS_REFUSED, m.INCLUDES_CUT),
    *_any("a-contact-or-an-item-fails", m.CONTACTS_FAILED, m.ITEMS_FAILED),
    *_any("backlog", m.STALE),
    *_any("a-feed-is-silent", m.DUE_WHILE_SILENT),
    *_any("a-type-is-flooded", m.DUE_OF_FLOOD),
    *_any("freeze-and-drain", m.AHEAD_OF_CLOCK),
    *_any("bad-rule-set", m.RULES_ACCOUNT_REFUSED),
    *_any("hot-key", m.STATES_LARGE, m.WAITING_LONG, m.HORIZON_CUT, m.IDS_FORGOTTEN, m.REPEATS_FORGOTTEN),
    *_any("hot-key", m.ITEM_EVENTS_FORGOTTEN, m.ITEM_INTERESTS_FORGOTTEN),
    *_any("late-and-conflicting-events", m.ITEM_EVENTS_TOO_LATE),
    *_logged("bad-rule-set", logs.RULES_TOO_SOON, logs.TYPES_AWAITED),
)
"""All of them."""


def alerts_of(metric: Watched) -> list[Alert]:
    """The alerts that are about a metric."""
    return [one for one in ALERTS if metric in one.metrics]
