"""The tables of both jobs in BigQuery, and the views over them, as data: the one place that says what they are.

Pure. `table_rows` makes their rows, `kittiwake.pipelines.google.bigquery_tables` creates and compares them,
`kittiwake.transforms.sinks.bigquery` writes them; docs/reference/tables.md has a row for each column. Columns are only
ever added, as NULLABLE: a job that is updated has to find what the one before wrote, and `ALTER TABLE` can add no
others.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from kittiwake.input.bigquery.addresses import Dataset


class Type(StrEnum):
    """Types of columns, by their names in SQL. No other is written by both methods without loss."""

    STRING = "STRING"
    INT64 = "INT64"
    BOOL = "BOOL"
    TIMESTAMP = "TIMESTAMP"
    DATE = "DATE"
    BYTES = "BYTES"


class ColumnMode(StrEnum):
    """Whether a column has to have a value."""

    REQUIRED = "REQUIRED"
    NULLABLE = "NULLABLE"
    REPEATED = "REPEATED"


class Column(NamedTuple):
    """A column of a table."""

    name: str
    type: Type
    mode: ColumnMode
    description: str


class Table(NamedTuple):
    """A table, partitioned by the day of one of its times and clustered."""

    name: str
    description: str
    columns: tuple[Column, ...]
    partition: str
    """The column by whose day it is partitioned: always one by the host's clock.

    Because of what it does to readers: a newer revision is written after an older one, so whoever reads the days since
    some day, and takes the newest revision of each id, never takes one that is outdated. By `time` that is not so:
    revisions of one id may fall due on different days. And BigQuery refuses rows of far away days, and drops at once
    those beyond the expiry: an old event in a late backlog would be lost by its own age.
    """
    clustering: tuple[str, ...]
    expiry_days: int
    """Partitions older than this are dropped."""

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


class View(NamedTuple):
    """A view over one of the tables or of the views before it."""

    name: str
    description: str
    sql: str
    """With `{tables}` before the name of a table."""

    def sql_in(self, dataset: Dataset) -> str:
        """Its query, over the tables of a dataset."""
        return self.sql.format(tables=dataset.table(""))


class RecordedDecisions(StrEnum):
    """Which decisions become rows of `decisions` (`--decisions`)."""

    ALL = "all"
    FIRED = "fired"
    OFF = "off"


# ---------------------------------------------------------------- columns

ROW_ID: Final = "row_id"
WRITTEN_AT: Final = "written_at"
HAPPENED_AT: Final = "happened_at"
RUN_ID: Final = "run_id"

ROWS_EXPIRY_DAYS: Final = 400
"""Of triggers and decisions: the default of `retention`, so that they live as long as what a contact did."""
RAW_EXPIRY_DAYS: Final = 90
"""Of tables that hold messages whole: long enough to mend what was wrong and redeliver them, and no longer, for
nobody has asked yet to whom they belong."""

_REQUIRED, _NULLABLE, _REPEATED = ColumnMode.REQUIRED, ColumnMode.NULLABLE, ColumnMode.REPEATED


def _required(name: str, kind: Type, description: str) -> Column:
    return Column(name, kind, _REQUIRED, description)


def _nullable(name: str, kind: Type, description: str) -> Column:
    return Column(name, kind, _NULLABLE, description)


_DECISION_COLUMNS: Final = (
    _required(ROW_ID, Type.STRING, "trigger_id and revision: a row that is written twice has it twice"),
    _required(WRITTEN_AT, Type.TIMESTAMP, "when the row was written, by the job's clock; partitions the table"),
    _required("trigger_id", Type.STRING, "the identity of the trigger: the same facts give the same id, in every run"),
    _required("revision", Type.INT64, "0, 1, … within one id; the newest counts"),
    Column("replaces", Type.STRING, _REPEATED, "ids that the correction which made this row took back"),
    _required("account_id", Type.STRING, "the tenant"),
    _required("contact_id", Type.STRING, "whom it is about"),
    _required("rule_id", Type.STRING, "the rule"),
    _required("rule_version", Type.STRING, "fingerprint of the rule's text after defaults"),
    _required("kind", Type.STRING, "fired, entered or exited"),
    _required("time", Type.TIMESTAMP, "when it fell due"),
    _nullable("fired_at", Type.TIMESTAMP, "when it fired: later than time if it was held back; null if it did not"),
    _required("instance", Type.STRING, "the values of per, as JSON; {} without per"),
    _nullable("threshold", Type.STRING, "which threshold of reaches, as plain digits"),
    _nullable("reminder", Type.INT64, "which reminder, from 0, where wait is a list"),
    _nullable("occurrence", Type.DATE, "which local date, where the wait repeats"),
    _nullable("first_event_id", Type.STRING, "the first arming event; null where time alone caused an edge"),
    _nullable("last_event_id", Type.STRING, "the newest arming event"),
    _nullable("event_count", Type.INT64, "how many arming events there were"),
    _required("include", Type.STRING, "the author's fields, as JSON"),
    _required("decision", Type.STRING, "fired, suppressed, cancelled, revoked or deferred"),
    _nullable("reason", Type.STRING, "why it did not fire; null if it did"),
    _required("ruleset_version", Type.STRING, "fingerprint of all rules in force when it was decided"),
    _required("mode", Type.STRING, "which host decided: stream or backfill"),
    _required("late", Type.BOOL, "a late event caused it"),
    _required("stale", Type.BOOL, "it fired too long after it was due: recorded, and not sent"),
    _required("partial_history", Type.BOOL, "a look-back of the rule began after the contact did"),
    _nullable("first_event_time", Type.TIMESTAMP, "when the first arming event happened"),
    _nullable("last_event_time", Type.TIMESTAMP, "when the newest arming event happened"),
    _nullable("outranked_by", Type.STRING, "of what arbitration refused: the trigger_id of the last that passed"),
    _nullable("variant", Type.STRING, "which of the rule's variants the contact gets; null: it has none"),
    _nullable("channel", Type.STRING, "the rule's channel, on which to send it; null: it has none"),
    _nullable("digest", Type.STRING, "of a digest how many instances were due, and those it lists, as JSON; else null"),
    _nullable(
        "digest_id", Type.STRING, "of an instance that a digest listed, or did not: the trigger_id of the digest"
    ),
    _nullable(RUN_ID, Type.STRING, "which run of a backfill wrote it; null: a stream did"),
)

_MESSAGE_COLUMNS: Final = (
    _required("raw", Type.BYTES, "what came in, the first MiB of it"),
    _required("raw_size", Type.INT64, "bytes of what came in, all of it"),
    _required("attributes", Type.STRING, "the message's attributes, as JSON"),
    _required("message_id", Type.STRING, "the queue's id of the message; empty if there is none"),
    _nullable("published_at", Type.TIMESTAMP, "when the queue took the message; null if it does not say"),
    _required(HAPPENED_AT, Type.TIMESTAMP, "when this happened, by the job's clock; partitions the table"),
)

TRIGGERS: Final = Table(
    "triggers",
    "What fired, and what became of it: every row with a revision is of an id that may have been sent.",
    _DECISION_COLUMNS,
    WRITTEN_AT,
    ("account_id", "rule_id"),
    ROWS_EXPIRY_DAYS,
)
DECISIONS: Final = Table(
    "decisions",
    "What became of every candidate, triggers included.",
    _DECISION_COLUMNS,
    WRITTEN_AT,
    ("account_id", "rule_id"),
    ROWS_EXPIRY_DAYS,
)
DEAD_LETTERS: Final = Table(
    "dead_letters",
    "Messages that were no events or could not be decided about, and rows that a table or the topic refuses.",
    (
        _required(ROW_ID, Type.STRING, "hash of the message and of what was wrong with it"),
        _required("stage", Type.STRING, "which step refused it: `intake`, `items`, `settle`, `write` or `publish`"),
        _required("reason", Type.STRING, "why, in one word: docs/reference/reasons.md"),
        _required("detail", Type.STRING, "why, for a person; names fields, never their values"),
        *_MESSAGE_COLUMNS,
        _required("ruleset_version", Type.STRING, "the newest that the job knew"),
        _required("release", Type.STRING, "the release of the job"),
        _nullable(RUN_ID, Type.STRING, "which run of a backfill wrote it; null: a stream did"),
    ),
    HAPPENED_AT,
    ("stage", "reason"),
    RAW_EXPIRY_DAYS,
)
LATE_EVENTS: Final = Table(
    "late_events",
    "Events later than is allowed: they changed nothing, and left whole.",
    (
        _required(ROW_ID, Type.STRING, "hash of the event"),
        _required("account_id", Type.STRING, "the tenant"),
        _required("contact_id", Type.STRING, "whose event it was"),
        _required("event_id", Type.STRING, "its id"),
        _required("type", Type.STRING, "its type"),
        _required("time", Type.TIMESTAMP, "when it had happened"),
        _required("settled_until", Type.TIMESTAMP, "how far its contact had been evaluated when it came"),
        *_MESSAGE_COLUMNS,
    ),
    HAPPENED_AT,
    ("account_id",),
    RAW_EXPIRY_DAYS,
)

TABLES: Final = (TRIGGERS, DECISIONS, DEAD_LETTERS, LATE_EVENTS)
"""Those of a stream, in the order of docs/reference/tables.md."""

RUN_ROWS: Final = "run_rows"
"""Counted in the transaction that puts the rows of a run in: so that it cannot be less, and every row has it."""

SNAPSHOTS: Final = Table(
    "snapshots",
    "What runs of a backfill knew of contacts and items at their end: another run goes on from there, or a stream.",
    (
        _required(RUN_ID, Type.STRING, "which run of a backfill wrote it"),
        _required(WRITTEN_AT, Type.TIMESTAMP, "when that run was launched; partitions the table"),
        _required("shard", Type.INT64, "0 to 4095, by what it is of: neighbouring shards are read together"),
        _required("settled_until", Type.TIMESTAMP, "up to when it was evaluated: give every event since then"),
        _required("account_id", Type.STRING, "the tenant"),
        _nullable("contact_id", Type.STRING, "of whom it is; null: it is of an item or a feed"),
        _nullable("item_id", Type.STRING, "of which item it is; null: it is of a contact or a feed"),
        _required("snapshot", Type.STRING, "what was known, as JSON: the line that files of snapshots have"),
        _required("snapshot_sha256", Type.STRING, "its SHA-256 in hexadecimal digits: what was altered is noticed"),
        _nullable(RUN_ROWS, Type.INT64, "how many rows the run wrote, itself among them: what was deleted is noticed"),
    ),
    WRITTEN_AT,
    (RUN_ID, "shard"),
    RAW_EXPIRY_DAYS,
)
"""Where a backfill with `--snapshots` writes."""

SHARDS: Final = 4_096
"""Of a run's snapshots. With 16 GB of them each has 4 MB, which a worker commits at once; of fewer several are read
together, and with more a part is larger."""

RUNS: Final = Table(
    "runs",
    "Launches of backfills into these tables: one row each.",
    (
        _required(RUN_ID, Type.STRING, "what the run is called: a later one of this name takes its place"),
        _required("attempt_id", Type.STRING, "the launch"),
        _required("started_at", Type.TIMESTAMP, "when it was launched: written_at of its rows; partitions the table"),
        _nullable("finished_at", Type.TIMESTAMP, "when its rows came into the tables; null: they did not, so far"),
        _nullable("replaced_at", Type.TIMESTAMP, "when a later launch took its place; null: its rows are there"),
        _nullable("summary", Type.STRING, "what summary.json of an output of files says"),
        _required("release", Type.STRING, "the release of the job"),
    ),
    "started_at",
    (RUN_ID,),
    ROWS_EXPIRY_DAYS,
)
"""Beside the others where a backfill writes."""


# ---------------------------------------------------------------- views


def _latest(table: Table, identity: str, newest: str, description: str) -> View:
    """One row for each identity. It is grouped by the clustering columns too, which an identity determines: so a filter
    on an account can be asked before the newest row is looked for.
    """
    keys = ", ".join((*table.clustering, identity))
    sql = f"""SELECT *
FROM `{{tables}}{table.name}`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {newest}) = 1"""
    return View(f"{table.name}_latest", description, sql)


_NEWEST_REVISION: Final = f"revision DESC, {WRITTEN_AT} DESC"

VIEWS: Final = (
    _latest(TRIGGERS, "trigger_id", _NEWEST_REVISION, "One row for each trigger: its newest revision."),
    _latest(DECISIONS, "trigger_id", _NEWEST_REVISION, "One row for each candidate: its newest revision."),
    _latest(DEAD_LETTERS, ROW_ID, f"{HAPPENED_AT} DESC", "Each dead letter once."),
    _latest(LATE_EVENTS, ROW_ID, f"{HAPPENED_AT} DESC", "Each late event once."),
    View(
        "rule_stats",
        "How many candidates of each rule came to what, by the day they fell due (UTC), corrections applied.",
        """SELECT DATE(time) AS day, account_id, rule_id, kind, decision, reason, COUNT(*) AS number
FROM `{tables}decisions_latest`
GROUP BY day, account_id, rule_id, kind, decision, reason""",
    ),
)
"""All of them, each after those it reads."""
