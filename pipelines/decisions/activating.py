"""Which triggers of a backfill are to be sent, and why the others are not: SQL over the tables of a `Store`.

What has been sent is known by ids, and by what a trigger is about: over more history an earlier event may have begun
an episode, under another id (docs/reference/output.md, "When ids hold"; `kittiwake.output.row_matching` is the same for
lists of rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import pyarrow as pa

from kittiwake.output.rows import Mode
from kittiwake.pipelines.decisions.columns import NAMES, SCHEMA
from kittiwake.pipelines.decisions.store import Store
from kittiwake.reasons import NotActivated
from kittiwake.time.instants import format_instant

STATES: Final = pa.schema([("trigger_id", pa.string()), ("state", pa.string()), ("number", pa.int64())])
"""What a record says of ids, in its order: the last counts."""


class Choice(NamedTuple):
    """How many triggers of a rule come to what."""

    account_id: str
    rule_id: str
    why_not: NotActivated | None
    """None: they are to be sent."""
    number: int


def load(
    store: Store,
    run: Iterable[pa.RecordBatch],
    sent: Iterable[pa.RecordBatch],
    recorded: Iterable[pa.RecordBatch],
    states: Iterable[pa.RecordBatch],
) -> None:
    """Read the rows of a run, those that streams have sent, and what earlier runs of this command have recorded."""
    store.load("every_row", SCHEMA, run, f"SELECT * FROM batch WHERE mode <> '{Mode.STREAM}'")
    store.run("CREATE TABLE run AS SELECT * FROM every_row QUALIFY row_number() OVER (PARTITION BY trigger_id) = 1")
    store.run("DROP TABLE every_row")
    sent_by_stream = f"mode = '{Mode.STREAM}' AND decision = 'fired' AND NOT stale"
    store.load("sent", SCHEMA, sent, f"SELECT {_KNOWN} FROM batch WHERE {sent_by_stream}")
    store.load("recorded", SCHEMA, recorded, f"SELECT {_KNOWN} FROM batch")
    store.load("every_state", STATES, states)
    store.run(_STATES)


def choose(store: Store, now_us: int, fresh_us: int, *, resend_unconfirmed: bool) -> list[Choice]:
    """Decide about every trigger that `load` has read; by account, rule and reason, those to be sent first."""
    store.run(_DELIVERED)
    store.run(_SAME_EPISODE)
    state = "" if resend_unconfirmed else "claimed"
    store.run(_CHOICES, (state, format_instant(now_us), format_instant(now_us - fresh_us)))
    return [
        Choice(account, rule, None if why is None else NotActivated(why), number)
        for account, rule, why, number in store.rows(_COUNTS)
    ]


def chosen(store: Store) -> Iterator[dict[str, Any]]:
    """The rows to be sent, in the order in which they fired, each by the names of its columns."""
    for values in store.rows(_TO_SEND):
        yield dict(zip(NAMES, values, strict=True))


# ---------------------------------------------------------------- SQL

_KNOWN: Final = (
    "trigger_id, account_id, contact_id, rule_id, kind, instance, threshold, reminder, occurrence, "
    "first_event_time, last_event_time"
)

_STATES: Final = """
CREATE TABLE states AS
SELECT trigger_id, state FROM every_state
QUALIFY row_number() OVER (PARTITION BY trigger_id ORDER BY number DESC) = 1"""

_DELIVERED: Final = """
CREATE TABLE delivered AS
FROM sent UNION ALL FROM recorded SEMI JOIN states ON recorded.trigger_id = states.trigger_id AND state <> 'refused'"""

_SAME_EPISODE: Final = """
CREATE TABLE same_episode AS
SELECT DISTINCT r.trigger_id
FROM run AS r JOIN delivered AS d
  ON r.account_id = d.account_id AND r.contact_id = d.contact_id AND r.rule_id = d.rule_id
  AND r.instance = d.instance AND r.reminder IS NOT DISTINCT FROM d.reminder
  AND r.occurrence IS NOT DISTINCT FROM d.occurrence
  AND r.first_event_time <= d.last_event_time AND d.first_event_time <= r.last_event_time
WHERE r.kind = 'fired' AND d.kind = 'fired' AND r.threshold IS NULL AND d.threshold IS NULL
  -- what the run decides again under its own id is that, and nothing else
  AND NOT EXISTS (FROM run WHERE run.trigger_id = d.trigger_id)"""

_CHOICES: Final = f"""
CREATE TABLE choices AS
SELECT r.trigger_id, r.account_id, r.rule_id, CASE
  WHEN s.state = 'claimed' AND s.state = $1 THEN '{NotActivated.UNCONFIRMED}'
  WHEN s.state = 'published' OR EXISTS (FROM sent WHERE sent.trigger_id = r.trigger_id)
    OR EXISTS (FROM delivered AS d WHERE list_contains(r.replaces, d.trigger_id))
    THEN '{NotActivated.ALREADY_SENT}'
  WHEN EXISTS (FROM same_episode AS e WHERE e.trigger_id = r.trigger_id) THEN '{NotActivated.SAME_EPISODE}'
  WHEN r.fired_at > $2::TIMESTAMPTZ THEN '{NotActivated.NOT_YET_DUE}'
  WHEN r.fired_at <= $3::TIMESTAMPTZ THEN '{NotActivated.TOO_OLD}'
END AS why_not
FROM run AS r LEFT JOIN states AS s ON s.trigger_id = r.trigger_id
WHERE r.decision = 'fired'"""

_COUNTS: Final = """
SELECT account_id, rule_id, why_not, count(*) FROM choices GROUP BY ALL
ORDER BY account_id, rule_id, why_not NULLS FIRST"""

_TO_SEND: Final = f"""
SELECT {", ".join(f"r.{name}" for name in NAMES)}
FROM run AS r JOIN choices AS c ON c.trigger_id = r.trigger_id
WHERE c.why_not IS NULL
ORDER BY r.fired_at, r.trigger_id"""
