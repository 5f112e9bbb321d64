"""Every number that we watch of a streaming job: name, kind, unit, and when somebody has to get up.

Pure. The names are static: no account, rule or contact is ever part of one (numbers of a rule are rows, in the view
`rule_stats`). `kittiwake.transforms.stream.metrics` makes the runner's metrics of them;
docs/reference/metrics-and-logs.md has a row for each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class MetricKind(StrEnum):
    """What a runner does with the numbers it is given."""

    COUNTER = "counter"
    DISTRIBUTION = "distribution"
    GAUGE = "gauge"


class Metric(NamedTuple):
    """A number that is watched."""

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    alert: str
    """When to alert, in words for a person; empty: never by itself."""


_C, _D, _G = MetricKind.COUNTER, MetricKind.DISTRIBUTION, MetricKind.GAUGE

EVENTS_IN: Final = Metric(
    "events_in", _C, "events", "messages that were events, needed or not", "none for 15 minutes by day"
)
EXTRA_EVENTS: Final = Metric(
    "extra_events", _C, "events", "events that messages brought beside their own: a visitor who becomes a customer", ""
)
LEFT_OUT: Final = Metric(
    "left_out", _C, "messages", "messages of which the shape makes no event: `only`, guests, other types", ""
)
UNNEEDED: Final = Metric("unneeded", _C, "events", "events that no rule in force wants, dropped at once", "")
UNKNOWN_TYPES: Final = Metric(
    "unknown_types", _C, "events", "of them, those of a type that no rule of any account names", "a jump"
)
UNKNOWN_ACCOUNTS: Final = Metric(
    "unknown_accounts", _C, "events", "of them, those of accounts that no rule is for", "a jump"
)
DEAD_LETTERS: Final = Metric(
    "dead_letters", _C, "messages", "messages and rows that became dead letters", "over 1 % of messages"
)
DUPLICATES: Final = Metric("duplicates", _C, "events", "events that were known already, dropped", "")
CONFLICTS: Final = Metric("conflicts", _C, "events", "of them, those that said something else", "over 0.1 % of events")
CORRECTED: Final = Metric("corrected", _C, "events", "late events that were put in their place", "over 5 % of events")
TOO_LATE: Final = Metric(
    "too_late", _C, "events", "events later than is allowed, which changed nothing", "over 0.1 % of events"
)
FIRED: Final = Metric("decisions_fired", _C, "decisions", "triggers, stale ones included", "none for a day")
SUPPRESSED: Final = Metric("decisions_suppressed", _C, "decisions", "refused by a gate", "")
CANCELLED: Final = Metric("decisions_cancelled", _C, "decisions", "taken back before they fell due", "")
REVOKED: Final = Metric("decisions_revoked", _C, "decisions", "proved wrong by a late event", "over 5 % of fired")
STALE: Final = Metric("decisions_stale", _C, "decisions", "fired too late to be delivered", "any")
FORGOTTEN: Final = Metric(
    "forgotten", _C, "contacts", "contacts forgotten after their retention, or what stayed of them", ""
)
HORIZON_CUT: Final = Metric(
    "horizon_cut", _C, "contacts", "contacts with more inside the allowed lateness than is kept", "any"
)
IDS_FORGOTTEN: Final = Metric(
    "ids_forgotten", _C, "events", "ids that made room for newer ones while duplicates could still come", "any"
)
REPEATS: Final = Metric("repeats", _C, "events", "events that brought a value again, dropped by repeats", "")
REPEATS_FORGOTTEN: Final = Metric(
    "repeats_forgotten", _C, "values", "values of repeats that made room for newer ones before their time", "any"
)
WAKES: Final = Metric("wakes", _C, "timer firings", "timer firings that evaluated something", "")
WAKES_IDLE: Final = Metric(
    "wakes_idle", _C, "timer firings", "timer firings with nothing to do: stale, repeated, paced", ""
)
WAKES_HELD: Final = Metric(
    "wakes_held", _C, "timer firings", "held back: frozen, rules unknown, ahead of the clock", ""
)
AHEAD_OF_CLOCK: Final = Metric(
    "ahead_of_clock", _C, "timer firings", "of them, those ahead of the clock: a drain", "any"
)
CONTACTS_FAILED: Final = Metric(
    "contacts_failed", _C, "timer firings", "those of contacts whose evaluation failed: they are held back", "any"
)
STATE_BYTES: Final = Metric(
    "state_bytes", _D, "bytes", "a contact's value state when it is written", "a maximum over 8 MB"
)
WAITING: Final = Metric(
    "waiting", _D, "events", "events not yet evaluated, read at a timer firing", "a maximum over 100,000"
)
DECISION_DELAY_MS: Final = Metric(
    "decision_delay_ms", _D, "milliseconds", "from when a decision fell due to its row, by the clock", "mean over 2 min"
)
RULE_SET_AGE_S: Final = Metric("rule_set_age_s", _G, "seconds", "since the rules were last read", "over 90")
RULES_UNREADABLE: Final = Metric("rules_unreadable", _C, "polls", "polls of the rules that failed", "any for 5 minutes")
RULES_ACCOUNT_REFUSED: Final = Metric(
    "rules_account_refused", _C, "versions", "versions read in which rules of some accounts cannot be used", "any"
)
FROZEN: Final = Metric("frozen", _G, "0 or 1", "whether the rule set is frozen", "1 for longer than you meant")
ROWS_REFUSED: Final = Metric("rows_refused", _C, "rows", "rows that BigQuery refused for good", "any")
ROWS_LOST: Final = Metric("rows_lost", _C, "rows", "dead letters that BigQuery refused: only the log has them", "any")
TRIGGERS_REFUSED: Final = Metric(
    "triggers_refused", _C, "triggers", "triggers that are no message a topic takes", "any"
)
ITEM_EVENTS: Final = Metric("item_events", _C, "events", "events of items, by item and shard of its contacts", "")
ITEM_EVENTS_TOO_LATE: Final = Metric(
    "item_events_too_late", _C, "events", "of them, those later than is allowed, which changed nothing", "any"
)
ITEM_CHANGES: Final = Metric("item_changes", _C, "events", "changes of items given to contacts interested in them", "")
ITEM_EVENTS_FORGOTTEN: Final = Metric(
    "item_events_forgotten",
    _C,
    "events",
    "events of items folded away early, by item and shard: over 10,000 of an item inside the allowed lateness",
    "any",
)
ITEM_INTERESTS_FORGOTTEN: Final = Metric(
    "item_interests_forgotten",
    _C,
    "contacts",
    "interest forgotten early: a shard of an item has over 1,000,000 contacts and needs more shards",
    "any",
)
ITEMS_FAILED: Final = Metric(
    "items_failed", _C, "records", "records of items, and entries of interest, whose item cannot be read", "any"
)
INCLUDES_CUT: Final = Metric("includes_cut", _C, "decisions", "fired, with fields of include cut for their size", "any")

METRICS: Final = (
    EVENTS_IN,
    EXTRA_EVENTS,
    LEFT_OUT,
    UNNEEDED,
    UNKNOWN_TYPES,
    UNKNOWN_ACCOUNTS,
    DEAD_LETTERS,
    DUPLICATES,
    CONFLICTS,
    CORRECTED,
    TOO_LATE,
    FIRED,
    SUPPRESSED,
    CANCELLED,
    REVOKED,
    STALE,
    FORGOTTEN,
    HORIZON_CUT,
    IDS_FORGOTTEN,
    REPEATS,
    REPEATS_FORGOTTEN,
    WAKES,
    WAKES_IDLE,
    WAKES_HELD,
    AHEAD_OF_CLOCK,
    CONTACTS_FAILED,
    STATE_BYTES,
    WAITING,
    DECISION_DELAY_MS,
    RULE_SET_AGE_S,
    RULES_UNREADABLE,
    RULES_ACCOUNT_REFUSED,
    FROZEN,
    ROWS_REFUSED,
    ROWS_LOST,
    TRIGGERS_REFUSED,
    ITEM_EVENTS,
    ITEM_EVENTS_TOO_LATE,
    ITEM_CHANGES,
    ITEM_EVENTS_FORGOTTEN,
    ITEM_INTERESTS_FORGOTTEN,
    ITEMS_FAILED,
    INCLUDES_CUT,
)
"""All of them; one that is not here is no metric of ours."""
