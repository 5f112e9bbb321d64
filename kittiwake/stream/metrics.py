"""Every number that a streaming job counts: name, kind, unit, meaning, and the panel that shows it.

Pure. The names are static: no account, rule or contact is ever part of one (numbers of a rule are rows, in the view
`rule_stats`). `kittiwake.transforms.metrics` makes the runner's metrics of them. There is no gauge, because Dataflow
gives none to Cloud Monitoring: what is a level elsewhere is counted here where it passes its bound.
`templates.monitoring` makes the table of docs/reference/metrics-and-logs.md, the dashboard and the alerts of them
(`make metadata`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import MINUTE_US, SECOND_US


class MetricKind(StrEnum):
    """What a runner does with the numbers it is given."""

    COUNTER = "counter"
    DISTRIBUTION = "distribution"


class Panel(StrEnum):
    """Which part of the dashboard shows a metric, by its title."""

    INTAKE = "What comes in"
    DEAD_LETTERS = "Dead letters by reason"
    LATE = "Late, duplicate and conflicting events"
    DECISIONS = "Decisions"
    DELAY = "From due to sent"
    TIMERS = "Timer firings"
    STATE = "State of contacts"
    RULES = "Rules"
    OUTPUT = "What tables and the topic refuse"
    ITEMS = "Items"


class Metric(NamedTuple):
    """A number that is counted."""

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    panel: Panel


RULES_OLD_US: Final = 90 * SECOND_US
"""From this age of the rules on a process holds back what is due (`rules.publishing.bounds.MIN_LEAD_US`)."""
DECISION_SLOW_US: Final = 2 * MINUTE_US
"""Beyond what `--settle_delay`, timers and rows take on a job that keeps up."""
SEND_SLOW_US: Final = 5 * MINUTE_US
"""Beyond the same and the way to the topic."""
STATE_LARGE_BYTES: Final = 8_000_000
"""A tenth of what Dataflow takes as one value: 80 MB."""
WAITING_MANY: Final = 100_000
"""Events, all of which are read at each firing of their contact."""

_C, _D = MetricKind.COUNTER, MetricKind.DISTRIBUTION

EVENTS_IN: Final = Metric("events_in", _C, "events", "messages that were events, needed or not", Panel.INTAKE)
EXTRA_EVENTS: Final = Metric(
    "extra_events",
    _C,
    "events",
    "events that messages brought beside their own: a visitor who becomes a customer",
    Panel.INTAKE,
)
LEFT_OUT: Final = Metric(
    "left_out", _C, "messages", "messages of which the shape makes no event: `only`, guests, other types", Panel.INTAKE
)
UNNEEDED: Final = Metric("unneeded", _C, "events", "events that no rule in force wants, dropped at once", Panel.INTAKE)
UNKNOWN_TYPES: Final = Metric(
    "unknown_types", _C, "events", "of them, those of a type that no rule of any account names", Panel.INTAKE
)
UNKNOWN_ACCOUNTS: Final = Metric(
    "unknown_accounts", _C, "events", "of them, those of accounts that no rule is for", Panel.INTAKE
)
DEAD_LETTERS: Final = Metric(
    "dead_letters", _C, "messages", "messages and rows that became dead letters", Panel.DEAD_LETTERS
)
DEAD_LETTERS_BY_REASON: Final = {
    reason: Metric(
        f"dead_letters_{reason}", _C, "messages", f"of them, those refused as `{reason}`", Panel.DEAD_LETTERS
    )
    for reason in DeadLetterReason
}
"""One each, as there are few reasons and none is ever made of what comes in."""
DUPLICATES: Final = Metric("duplicates", _C, "events", "events that were known already, dropped", Panel.LATE)
CONFLICTS: Final = Metric("conflicts", _C, "events", "of them, those that said something else", Panel.LATE)
CORRECTED: Final = Metric("corrected", _C, "events", "late events that were put in their place", Panel.LATE)
TOO_LATE: Final = Metric("too_late", _C, "events", "events later than is allowed, which changed nothing", Panel.LATE)
FIRED: Final = Metric("decisions_fired", _C, "decisions", "triggers, stale ones included", Panel.DECISIONS)
SUPPRESSED: Final = Metric("decisions_suppressed", _C, "decisions", "refused by a gate", Panel.DECISIONS)
CANCELLED: Final = Metric("decisions_cancelled", _C, "decisions", "taken back before they fell due", Panel.DECISIONS)
REVOKED: Final = Metric("decisions_revoked", _C, "decisions", "proved wrong by a late event", Panel.DECISIONS)
STALE: Final = Metric("decisions_stale", _C, "decisions", "fired too late to be delivered", Panel.DECISIONS)
FORGOTTEN: Final = Metric(
    "forgotten", _C, "contacts", "contacts forgotten after their retention, or what stayed of them", Panel.STATE
)
CONSENTS_KEPT: Final = Metric(
    "consents_kept", _C, "contacts", "contacts forgotten of whom consents alone stay, for ever", Panel.STATE
)
PROFILES_KEPT: Final = Metric(
    "profiles_kept",
    _C,
    "contacts",
    "contacts forgotten of whom more stays, for want of `profile_retention`",
    Panel.STATE,
)
HORIZON_CUT: Final = Metric(
    "horizon_cut", _C, "contacts", "contacts with more inside the allowed lateness than is kept", Panel.LATE
)
IDS_FORGOTTEN: Final = Metric(
    "ids_forgotten", _C, "events", "ids that made room for newer ones while duplicates could still come", Panel.LATE
)
REPEATS: Final = Metric("repeats", _C, "events", "events that brought a value again, dropped by repeats", Panel.LATE)
REPEATS_FORGOTTEN: Final = Metric(
    "repeats_forgotten", _C, "values", "values of repeats that made room for newer ones before their time", Panel.LATE
)
WAKES: Final = Metric("wakes", _C, "timer firings", "timer firings that evaluated something", Panel.TIMERS)
WAKES_IDLE: Final = Metric(
    "wakes_idle",
    _C,
    "timer firings",
    "timer firings with nothing to do: stale, repeated, paced, daily with the same rules",
    Panel.TIMERS,
)
WAKES_HELD: Final = Metric(
    "wakes_held", _C, "timer firings", "held back: frozen, rules unknown, ahead of the clock", Panel.TIMERS
)
AHEAD_OF_CLOCK: Final = Metric(
    "ahead_of_clock", _C, "timer firings", "of them, those ahead of the clock: a drain", Panel.TIMERS
)
CONTACTS_FAILED: Final = Metric(
    "contacts_failed",
    _C,
    "timer firings",
    "those of contacts whose evaluation failed: they are held back",
    Panel.TIMERS,
)
STATE_BYTES: Final = Metric("state_bytes", _D, "bytes", "a contact's value state when it is written", Panel.STATE)
STATES_LARGE: Final = Metric("states_large", _C, "timer firings", "those that wrote over 8 MB", Panel.STATE)
WAITING: Final = Metric("waiting", _D, "events", "events not yet evaluated, read at a timer firing", Panel.STATE)
WAITING_LONG: Final = Metric("waiting_long", _C, "timer firings", "those that read over 100,000 events", Panel.STATE)
DECISION_DELAY_MS: Final = Metric(
    "decision_delay_ms",
    _D,
    "milliseconds",
    "from when a decision fell due to its row, by the clock; of late ones none",
    Panel.DELAY,
)
DECISIONS_SLOW: Final = Metric(
    "decisions_slow", _C, "decisions", "of them, those that took over 2 minutes", Panel.DELAY
)
TRIGGERS_SENT: Final = Metric(
    "triggers_sent", _C, "triggers", "triggers and corrections given to the topic", Panel.DELAY
)
SEND_DELAY_MS: Final = Metric(
    "send_delay_ms",
    _D,
    "milliseconds",
    "from when a trigger fell due to its being given to the topic; of late ones none",
    Panel.DELAY,
)
TRIGGERS_SLOW: Final = Metric("triggers_slow", _C, "triggers", "of them, those that took over 5 minutes", Panel.DELAY)
RULE_SET_AGE_S: Final = Metric(
    "rule_set_age_s", _D, "seconds", "since the rules were last read, once a bundle", Panel.RULES
)
BUNDLES_RULES_OLD: Final = Metric(
    "bundles_rules_old",
    _C,
    "bundles",
    "bundles begun with rules read over 90 s ago: nothing newer is decided",
    Panel.RULES,
)
RULES_UNREADABLE: Final = Metric("rules_unreadable", _C, "polls", "polls of the rules that failed", Panel.RULES)
RULES_ACCOUNT_REFUSED: Final = Metric(
    "rules_account_refused", _C, "versions", "versions read in which rules of some accounts cannot be used", Panel.RULES
)
BUNDLES_FROZEN: Final = Metric(
    "bundles_frozen", _C, "bundles", "bundles begun while the rule set is frozen", Panel.RULES
)
ROWS_REFUSED: Final = Metric("rows_refused", _C, "rows", "rows that BigQuery refused for good", Panel.OUTPUT)
ROWS_LOST: Final = Metric(
    "rows_lost", _C, "rows", "dead letters that BigQuery refused: only the log has them", Panel.OUTPUT
)
TRIGGERS_REFUSED: Final = Metric(
    "triggers_refused", _C, "triggers", "triggers that are no message a topic takes", Panel.OUTPUT
)
SPANS_SENT: Final = Metric(
    "spans_sent", _C, "spans", "spans of triggers given to the collector, with `--trace_endpoint`", Panel.OUTPUT
)
SPANS_LOST: Final = Metric("spans_lost", _C, "spans", "spans that the collector did not take, gone", Panel.OUTPUT)
ITEM_EVENTS: Final = Metric(
    "item_events", _C, "events", "events of items, by item and shard of its contacts", Panel.ITEMS
)
ITEM_EVENTS_TOO_LATE: Final = Metric(
    "item_events_too_late", _C, "events", "of them, those later than is allowed, which changed nothing", Panel.ITEMS
)
ITEM_CHANGES: Final = Metric(
    "item_changes", _C, "events", "changes of items given to contacts interested in them", Panel.ITEMS
)
ITEM_EVENTS_FORGOTTEN: Final = Metric(
    "item_events_forgotten",
    _C,
    "events",
    "events of items folded away early, by item and shard: over 10,000 of an item inside the allowed lateness",
    Panel.ITEMS,
)
ITEM_INTERESTS_FORGOTTEN: Final = Metric(
    "item_interests_forgotten",
    _C,
    "contacts",
    "interest forgotten early: a shard of an item has over 1,000,000 contacts and needs more shards",
    Panel.ITEMS,
)
ITEMS_FAILED: Final = Metric(
    "items_failed", _C, "records", "records of items, and entries of interest, whose item cannot be read", Panel.ITEMS
)
FEED_NOTICES: Final = Metric(
    "feed_notices",
    _C,
    "messages",
    "notices to contacts that a feed fell silent, or was back, or that a type they wait by is flooded",
    Panel.ITEMS,
)
DUE_WHILE_SILENT: Final = Metric(
    "due_while_silent", _C, "candidates", "due while a feed was silent on which their rule leans", Panel.DECISIONS
)
DUE_OF_FLOOD: Final = Metric(
    "due_of_flood", _C, "candidates", "due whose newest event was beyond what its breaker lets through", Panel.DECISIONS
)
INCLUDES_CUT: Final = Metric(
    "includes_cut", _C, "decisions", "fired, with fields of include cut for their size", Panel.DECISIONS
)

METRICS: Final = (
    EVENTS_IN,
    EXTRA_EVENTS,
    LEFT_OUT,
    UNNEEDED,
    UNKNOWN_TYPES,
    UNKNOWN_ACCOUNTS,
    DEAD_LETTERS,
    *DEAD_LETTERS_BY_REASON.values(),
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
    CONSENTS_KEPT,
    PROFILES_KEPT,
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
    STATES_LARGE,
    WAITING,
    WAITING_LONG,
    DECISION_DELAY_MS,
    DECISIONS_SLOW,
    TRIGGERS_SENT,
    SEND_DELAY_MS,
    TRIGGERS_SLOW,
    RULE_SET_AGE_S,
    BUNDLES_RULES_OLD,
    RULES_UNREADABLE,
    RULES_ACCOUNT_REFUSED,
    BUNDLES_FROZEN,
    ROWS_REFUSED,
    ROWS_LOST,
    TRIGGERS_REFUSED,
    SPANS_SENT,
    SPANS_LOST,
    ITEM_EVENTS,
    ITEM_EVENTS_TOO_LATE,
    ITEM_CHANGES,
    ITEM_EVENTS_FORGOTTEN,
    ITEM_INTERESTS_FORGOTTEN,
    ITEMS_FAILED,
    FEED_NOTICES,
    DUE_WHILE_SILENT,
    DUE_OF_FLOOD,
    INCLUDES_CUT,
)
"""All of them; one that is not here is no metric of ours."""
