"""What a rule, or a version of the rules, has sent, and what of it is still to be taken back: SQL over a `Store`.

A recall is final: its revision lies above all that a stream comes to by itself (`RECALL_REVISIONS`), which goes on
correcting what it has decided and knows nothing of it. The revision follows from the one that is taken back, so that
whoever runs it again writes the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

import pyarrow as pa

from kittiwake.output.rows import Mode
from kittiwake.pipelines.decisions.columns import NAMES, SCHEMA
from kittiwake.pipelines.decisions.store import Store
from kittiwake.reasons import ByHand, Outcome
from kittiwake.time.instants import format_instant

RECALL_REVISIONS: Final = 1_000_000
"""A recall has the revision that it takes back, and so many more: a stream's, one a late event, stay below."""


class Asked(NamedTuple):
    """What is to be taken back."""

    rule: tuple[str, str] | None
    """Account and rule; None: every rule."""
    version: str | None
    """The version of the rules under which it was decided; None: any."""
    from_us: int | None = None
    until_us: int | None = None
    """Only what fired from the one to before the other."""


class Standing(StrEnum):
    """What has become of something that fired."""

    STANDS = "stands"
    """It was sent, and is to be taken back."""
    RECALLED = "recalled"
    """An earlier run of this command has taken it back."""
    CORRECTED = "corrected"
    """The stream has taken it back itself, for a late event."""
    STALE = "stale"
    """It was never sent: too old when it fired."""


class Count(NamedTuple):
    """How many triggers of a rule fired on a day, and of how many contacts, by version and what became of them."""

    account_id: str
    rule_id: str
    ruleset_version: str
    day: date
    """In UTC."""
    standing: Standing
    number: int
    contacts: int


class Known(NamedTuple):
    """What rows there are, whatever was asked for: for who has mistyped it."""

    rules: list[tuple[str, str]]
    versions: list[str]
    first: Any
    last: Any
    """When the first and the last trigger fired of what was asked for, at whatever time; None: there is none."""


def load(store: Store, rows: Iterable[pa.RecordBatch], asked: Asked) -> None:
    """Read what a stream has emitted of its triggers; the table `asked` has what was asked for, once an id."""
    emitted = f"mode = '{Mode.STREAM}' AND (decision = '{Outcome.FIRED}' OR revision > 0)"
    store.load("emitted", SCHEMA, rows, f"SELECT * FROM batch WHERE {emitted}")
    store.run(_SENT)
    account_id, rule_id = asked.rule or (None, None)
    store.run(_MEANT, (account_id, rule_id, asked.version))
    span = ["-infinity" if asked.from_us is None else format_instant(asked.from_us)]
    span.append("infinity" if asked.until_us is None else format_instant(asked.until_us))
    store.run(_ASKED, span)


def counts(store: Store) -> list[Count]:
    """How much was asked for, by rule, version, day and what became of it."""
    return [
        Count(account, rule, version, day, Standing(standing), number, contacts)
        for account, rule, version, day, standing, number, contacts in store.rows(_COUNTS)
    ]


def contacts(store: Store) -> int:
    """Of how many contacts what is to be taken back is."""
    return int(store.value(f"SELECT count(DISTINCT (account_id, contact_id)) FROM asked WHERE {_STANDS}"))


def known(store: Store) -> Known:
    """What there is."""
    rules = [
        (account, rule) for account, rule in store.rows("SELECT DISTINCT account_id, rule_id FROM sent ORDER BY ALL")
    ]
    versions = "SELECT ruleset_version FROM sent GROUP BY ALL ORDER BY max(fired_at) DESC"
    first, last = next(store.rows("SELECT min(fired_at), max(fired_at) FROM meant"))
    return Known(rules, [version for (version,) in store.rows(versions)], first, last)


def standing(store: Store) -> Iterator[dict[str, Any]]:
    """The rows that are to be taken back, in the order in which they fired, each by the names of its columns."""
    names = ", ".join(NAMES)
    for values in store.rows(f"SELECT {names} FROM asked WHERE {_STANDS} ORDER BY fired_at, trigger_id"):
        yield dict(zip(NAMES, values, strict=True))


def revocation_of(row: dict[str, Any]) -> dict[str, Any]:
    """The row that takes a row back, as a stream's own revocation is written but for reason and revision."""
    return {
        **row,
        "revision": row["revision"] + RECALL_REVISIONS,
        "decision": Outcome.REVOKED.value,
        "reason": ByHand.RECALLED.value,
        "fired_at": None,
        "late": False,
        "stale": False,
    }


# ---------------------------------------------------------------- SQL

_SENT: Final = f"""
CREATE TABLE sent AS
SELECT f.*, CASE
  WHEN n.decision = '{Outcome.FIRED}' AND f.never_sent THEN '{Standing.STALE}'
  WHEN n.decision = '{Outcome.FIRED}' THEN '{Standing.STANDS}'
  WHEN n.reason = '{ByHand.RECALLED}' THEN '{Standing.RECALLED}'
  ELSE '{Standing.CORRECTED}'
END AS standing
FROM (SELECT *, bool_and(stale) OVER (PARTITION BY trigger_id) AS never_sent
      FROM emitted WHERE decision = '{Outcome.FIRED}'
      QUALIFY row_number() OVER (PARTITION BY trigger_id ORDER BY revision DESC) = 1) AS f
JOIN (FROM emitted QUALIFY row_number() OVER (PARTITION BY trigger_id ORDER BY revision DESC) = 1) AS n
  ON n.trigger_id = f.trigger_id"""

_MEANT: Final = """
CREATE TABLE meant AS FROM sent
WHERE coalesce(account_id = $1 AND rule_id = $2, true) AND coalesce(ruleset_version = $3, true)"""

_ASKED: Final = "CREATE TABLE asked AS FROM meant WHERE fired_at >= $1::TIMESTAMPTZ AND fired_at < $2::TIMESTAMPTZ"

_STANDS: Final = f"standing = '{Standing.STANDS}'"

_COUNTS: Final = """
SELECT account_id, rule_id, ruleset_version, fired_at::DATE AS day, standing, count(*), count(DISTINCT contact_id)
FROM asked GROUP BY ALL ORDER BY ALL"""
