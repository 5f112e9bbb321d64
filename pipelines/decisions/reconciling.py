"""The triggers of a stream beside those of a backfill, by `trigger_id`, and why those that differ do.

SQL over the tables of a `Store`. Of each id the newest revision counts, on both sides. Compared is whatever fired on
one side at least; what is compared of it is what a consumer acts on, not how it came about (`COMPARED`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa

from kittiwake.pipelines.decisions.columns import SCHEMA
from kittiwake.pipelines.decisions.refused import LATE, REFUSED
from kittiwake.pipelines.decisions.store import Store
from kittiwake.reasons import ByHand, Comparison, Difference
from kittiwake.time.instants import format_instant

COMPARED: Final = (
    "account_id", "contact_id", "rule_id", "kind", "time", "fired_at", "instance", "threshold",
    "reminder", "occurrence", "first_event_id", "last_event_id", "event_count", "include", "variant", "channel",
    "digest",
)  # fmt: skip
"""The columns in which two triggers of one id have to agree. Not `mode`, `revision`, `late` and the like, which say how
a host came to it; nor `rule_version`: an edit that changes no trigger is no difference."""


class Rows(Protocol):
    """Where the rows of a side are read from."""

    def decisions(self) -> Iterator[pa.RecordBatch]:
        """In the columns of `columns.SCHEMA`; any order, and an id as often as there are revisions."""

    def late_events(self) -> Iterator[pa.RecordBatch]:
        """Events that came too late: `account_id`, `contact_id`, `event_id`, `time`."""

    def dead_letters(self) -> Iterator[pa.RecordBatch]:
        """The ids of dead letters, in the columns of `refused.REFUSED`."""

    def until_us(self) -> int | None:
        """Up to where it was evaluated; None: nothing says."""


class Span(NamedTuple):
    """Which triggers are compared: those that fell due, on a side at least, from `from_us` to before `until_us`."""

    from_us: int | None = None
    until_us: int | None = None


class Count(NamedTuple):
    """How many triggers of a rule came out so."""

    account_id: str
    rule_id: str
    found: Comparison
    reason: Difference | None
    """None: they are equal, or somebody has taken them back."""
    number: int


def load(store: Store, stream: Rows, backfill: Rows) -> None:
    """Read both sides into the tables `stream` and `backfill`, a row for each id, and what may explain differences."""
    for side, rows in (("stream", stream), ("backfill", backfill)):
        store.load("every_row", SCHEMA, rows.decisions(), "SELECT * REPLACE (md5(include) AS include) FROM batch")
        store.run(f"CREATE TABLE {side} AS SELECT * FROM every_row {_NEWEST}")
        store.run("DROP TABLE every_row")
        store.load(f"{side}_refused", REFUSED, rows.dead_letters())
    store.load("late", LATE, stream.late_events())


def compare(store: Store, span: Span, backfill_until_us: int | None) -> list[Count]:
    """Compare what `load` has read; the table `differing` has a row of every trigger that is not equal."""
    store.run(_PAIRS, _range(span))
    for statement in _CAUSES:
        store.run(statement)
    store.run(_REASONS, (_end(store, "stream", span.until_us), _end(store, "backfill", backfill_until_us)))
    store.run(_DIFFERING)
    return [
        Count(account, rule, Comparison(found), None if why is None else Difference(why), number)
        for account, rule, found, why, number in store.rows(_COUNTS)
    ]


def _range(span: Span) -> tuple[str, str]:
    return (
        "-infinity" if span.from_us is None else format_instant(span.from_us),
        "infinity" if span.until_us is None else format_instant(span.until_us),
    )


def _end(store: Store, side: str, until_us: int | None) -> Any:
    """After which instant a side has decided nothing: as was said, else that of its newest row."""
    if until_us is not None:
        return format_instant(until_us)
    return store.value(f"SELECT coalesce(max(coalesce(fired_at, time)), 'infinity') FROM {side}")


# ---------------------------------------------------------------- SQL

_NEWEST: Final = "QUALIFY row_number() OVER (PARTITION BY trigger_id ORDER BY revision DESC) = 1"

_OF_EACH: Final = ("decision", "reason", "rule_version", "ruleset_version", "partial_history")
"""What is kept of both sides; of all else that of the backfill, if it has the row."""
_OF_ONE: Final = (
    "trigger_id", "account_id", "contact_id", "rule_id", "kind", "time", "fired_at", "instance", "threshold",
    "reminder", "occurrence", "first_event_id", "last_event_id", "first_event_time", "last_event_time",
)  # fmt: skip

_KEPT: Final = ", ".join(
    (
        *(f"CASE WHEN b.trigger_id IS NULL THEN s.{one} ELSE b.{one} END AS {one}" for one in _OF_ONE),
        *(f"s.{one} AS stream_{one}, b.{one} AS backfill_{one}" for one in _OF_EACH),
    )
)
_UNEQUAL: Final = ", ".join(f"CASE WHEN s.{one} IS DISTINCT FROM b.{one} THEN '{one}' END" for one in COMPARED)

_PAIRS: Final = f"""
CREATE TABLE pairs AS
SELECT {_KEPT}, coalesce(b.fired_at, s.fired_at, b.time, s.time) AS instant,
  coalesce(s.decision = 'fired', false) AS on_stream, coalesce(b.decision = 'fired', false) AS in_backfill,
  CASE WHEN on_stream AND in_backfill THEN concat_ws(', ', {_UNEQUAL}) END AS unequal,
  CASE
    WHEN unequal = '' THEN '{Comparison.EQUAL}'
    WHEN s.reason = '{ByHand.RECALLED}' THEN '{Comparison.RECALLED}'
    WHEN unequal IS NOT NULL THEN '{Comparison.DIFFERENT}'
    WHEN in_backfill THEN '{Comparison.MISSING}'
    ELSE '{Comparison.EXTRA}'
  END AS found
FROM stream AS s FULL JOIN backfill AS b ON s.trigger_id = b.trigger_id
WHERE (s.decision = 'fired' OR b.decision = 'fired')
  AND ((s.time >= $1 AND s.time < $2) OR (b.time >= $1 AND b.time < $2))"""

_CAUSES: Final = (
    "CREATE TABLE first_late AS SELECT account_id, contact_id, min(time) AS time FROM late GROUP BY ALL",
    # what is a dead letter on both sides makes no difference between them
    """CREATE TABLE refused AS
    (FROM stream_refused EXCEPT FROM backfill_refused) UNION (FROM backfill_refused EXCEPT FROM stream_refused)""",
    """CREATE TABLE versions AS
    SELECT DISTINCT 'stream' AS side, account_id, rule_id, rule_version, ruleset_version FROM stream
    UNION SELECT DISTINCT 'backfill', account_id, rule_id, rule_version, ruleset_version FROM backfill""",
    # triggers without counterpart that are about the same thing (docs/reference/output.md, "When ids hold")
    """CREATE TABLE renamed AS
    SELECT a.trigger_id AS one, b.trigger_id AS other
    FROM pairs AS a JOIN pairs AS b
      ON a.account_id = b.account_id AND a.contact_id = b.contact_id AND a.rule_id = b.rule_id
      AND a.instance = b.instance AND a.reminder IS NOT DISTINCT FROM b.reminder
      AND a.occurrence IS NOT DISTINCT FROM b.occurrence
      AND a.first_event_time <= b.last_event_time AND b.first_event_time <= a.last_event_time
    WHERE a.backfill_decision IS NULL AND b.stream_decision IS NULL
      AND a.kind = 'fired' AND b.kind = 'fired' AND a.threshold IS NULL AND b.threshold IS NULL""",
)

_LACKING: Final = "CASE WHEN on_stream THEN 'backfill' ELSE 'stream' END"


def _other(column: str) -> str:
    """A column of the side that lacks the trigger."""
    return f"CASE WHEN on_stream THEN backfill_{column} ELSE stream_{column} END"


def _own(column: str) -> str:
    """A column of the side that has it."""
    return f"CASE WHEN on_stream THEN stream_{column} ELSE backfill_{column} END"


_ABSENT: Final = f"{_other('decision')} IS NULL"
_SAME_RULE: Final = f"v.side = {_LACKING} AND v.account_id = p.account_id AND v.rule_id = p.rule_id"
_SAME_ACCOUNT: Final = f"v.side = {_LACKING} AND v.account_id = p.account_id"

_ALIKE: Final = f"'{Comparison.EQUAL}', '{Comparison.RECALLED}'"
"""What needs no reason: what a person has taken back, the stream had fired too."""

_REASONS: Final = f"""
CREATE TABLE explained AS
SELECT p.*, CASE
  WHEN found IN ({_ALIKE}) THEN NULL
  WHEN {_other("decision")} = 'deferred'
    OR ({_ABSENT} AND instant > CASE WHEN on_stream THEN $2::TIMESTAMPTZ ELSE $1::TIMESTAMPTZ END)
    THEN '{Difference.NOT_YET_DUE}'
  WHEN stream_rule_version <> backfill_rule_version
    OR ({_ABSENT} AND EXISTS (FROM versions AS v WHERE {_SAME_RULE})
      AND NOT EXISTS (FROM versions AS v WHERE {_SAME_RULE} AND v.rule_version = {_own("rule_version")}))
    THEN '{Difference.OTHER_RULE_VERSION}'
  WHEN EXISTS (
      FROM first_late AS l WHERE l.account_id = p.account_id AND l.contact_id = p.contact_id AND l.time <= instant)
    THEN '{Difference.TOO_LATE}'
  WHEN p.trigger_id IN (SELECT trigger_id FROM refused WHERE trigger_id IS NOT NULL)
    OR p.contact_id IN (SELECT contact_id FROM refused WHERE contact_id IS NOT NULL)
    OR p.first_event_id IN (SELECT event_id FROM refused WHERE event_id IS NOT NULL)
    OR p.last_event_id IN (SELECT event_id FROM refused WHERE event_id IS NOT NULL)
    THEN '{Difference.DEAD_LETTER}'
  WHEN stream_partial_history OR backfill_partial_history THEN '{Difference.PARTIAL_HISTORY}'
  WHEN {_other("decision")} = 'revoked' THEN '{Difference.REVOKED}'
  WHEN {_other("reason")} = 'holdout' THEN '{Difference.HOLDOUT}'
  WHEN {_other("reason")} = 'rollout' THEN '{Difference.ROLLOUT}'
  WHEN {_other("reason")} = 'shadow' THEN '{Difference.SHADOW}'
  WHEN p.trigger_id IN (SELECT one FROM renamed UNION SELECT other FROM renamed) THEN '{Difference.OTHER_ID}'
  WHEN stream_ruleset_version <> backfill_ruleset_version
    OR ({_ABSENT} AND EXISTS (FROM versions AS v WHERE {_SAME_ACCOUNT})
      AND NOT EXISTS (FROM versions AS v WHERE {_SAME_ACCOUNT} AND v.ruleset_version = {_own("ruleset_version")}))
    THEN '{Difference.OTHER_RULESET_VERSION}'
  ELSE '{Difference.UNEXPLAINED}'
END AS why
FROM pairs AS p"""

_CASCADING: Final = ", ".join(
    f"'{why}'"
    for why in (
        Difference.OTHER_RULE_VERSION,
        Difference.OTHER_RULESET_VERSION,
        Difference.TOO_LATE,
        Difference.DEAD_LETTER,
        Difference.PARTIAL_HISTORY,
        Difference.REVOKED,
    )
)
"""After which the contact's later triggers may differ too: by caps, arbitration, re-entry."""

_DIFFERING: Final = f"""
CREATE TABLE differing AS
SELECT trigger_id, account_id, contact_id, rule_id, kind, time, fired_at, found,
  CASE WHEN why = '{Difference.UNEXPLAINED}' AND min(instant) FILTER (why IN ({_CASCADING})) OVER contact <= instant
    THEN '{Difference.CONSEQUENCE}' ELSE why END AS reason,
  coalesce(unequal, concat_ws(': ', {_other("decision")}, {_other("reason")})) AS detail,
  first_event_id, last_event_id, stream_rule_version, backfill_rule_version
FROM explained
WHERE found NOT IN ({_ALIKE})
WINDOW contact AS (PARTITION BY account_id, contact_id)"""

_COUNTS: Final = f"""
SELECT account_id, rule_id, found, NULL AS reason, count(*)
FROM explained WHERE found IN ({_ALIKE}) GROUP BY ALL
UNION ALL
SELECT account_id, rule_id, found, reason, count(*) FROM differing GROUP BY ALL
ORDER BY ALL"""
