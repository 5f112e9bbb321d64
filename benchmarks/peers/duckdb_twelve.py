"""Peer: the twelve rules as twelve queries of DuckDB, without gates: no consent, holdout, re-entry, caps, quiet hours.

Each query is right for this day only. Look-backs of a day and longer are taken for "so far", since nothing leaves them
before the day ends, and nothing is ever corrected, explained or continued the next morning.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

EVENTS = """
CREATE TEMP TABLE events AS
SELECT DISTINCT ON (event_id, type) account_id, contact_id, event_id, type, time::TIMESTAMP AS time_at, properties AS p
FROM read_json($source, format = 'newline_delimited', columns = {
    event_id: 'VARCHAR', account_id: 'VARCHAR', contact_id: 'VARCHAR', type: 'VARCHAR', time: 'VARCHAR',
    properties: 'STRUCT(product_id VARCHAR, category VARCHAR, checkout_id VARCHAR, total DECIMAL(18, 2),
        supply_days DOUBLE, expires_at VARCHAR, timezone VARCHAR, birthday DATE)'})
"""
"""Read once, for all of them."""


def silence(rule: str, arms: str, ends: str, wait: str, per: str = "") -> str:
    """Nothing that arms or ends it came within the wait; `wait` is an interval, which may name columns."""
    return f"""
    SELECT '{rule}' AS rule_id, account_id, contact_id, time_at + {wait} AS fired_at
    FROM (
        SELECT *, lead(time_at) OVER (PARTITION BY account_id, contact_id {per} ORDER BY time_at, event_id) AS next_at
        FROM events WHERE ({arms}) OR ({ends}))
    WHERE ({arms}) AND (next_at IS NULL OR next_at >= time_at + {wait})
    """


BROWSED = """
    SELECT 'browse-abandonment' AS rule_id, account_id, contact_id, time_at + INTERVAL 2 HOUR AS fired_at
    FROM (
        SELECT *, lead(time_at) OVER product AS next_at,
            count(*) FILTER (type = 'product.viewed') OVER (product ROWS UNBOUNDED PRECEDING) AS views
        FROM (
            SELECT *, min(time_at) FILTER (type = 'order.completed') OVER (
                PARTITION BY account_id, contact_id ORDER BY time_at, event_id
                ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS ordered_at
            FROM events WHERE type IN ('product.viewed', 'cart.item_added', 'order.completed'))
        WHERE type <> 'order.completed'
        WINDOW product AS (PARTITION BY account_id, contact_id, p.product_id ORDER BY time_at, event_id))
    WHERE type = 'product.viewed' AND views >= 3
        AND (next_at IS NULL OR next_at >= time_at + INTERVAL 2 HOUR)
        AND (ordered_at IS NULL OR ordered_at >= time_at + INTERVAL 2 HOUR)
"""

INTENT = """
    WITH RECURSIVE steps AS (
        SELECT *, row_number() OVER everything AS n,
            max(CASE WHEN type = 'search.performed' THEN time_at END) OVER earlier AS searched_at
        FROM events WHERE type IN ('search.performed', 'product.viewed', 'cart.item_added')
        WINDOW everything AS (PARTITION BY account_id, contact_id ORDER BY time_at, event_id),
            earlier AS (PARTITION BY account_id, contact_id ORDER BY time_at, event_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), chains AS (
        SELECT account_id, contact_id, time_at, started_at
        FROM (
            SELECT *, max(CASE WHEN type = 'product.viewed' THEN searched_at END) OVER (
                PARTITION BY account_id, contact_id ORDER BY n
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS started_at
            FROM steps)
        WHERE type = 'cart.item_added' AND time_at < started_at + INTERVAL 30 MINUTE
    ), picked AS (  -- a chain that is complete leaves nothing to the next one
        SELECT account_id, contact_id, min(time_at) AS time_at FROM chains GROUP BY ALL
        UNION ALL
        SELECT chains.account_id, chains.contact_id, min(chains.time_at)
        FROM picked JOIN chains USING (account_id, contact_id)
        WHERE chains.started_at > picked.time_at GROUP BY ALL)
    SELECT 'high-intent' AS rule_id, account_id, contact_id, time_at AS fired_at FROM picked
"""

LOYAL = """
    SELECT 'loyalty-milestone' AS rule_id, account_id, contact_id, time_at AS fired_at
    FROM (
        SELECT *, sum(p.total) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS total
        FROM events WHERE type = 'order.completed')
    WHERE len(list_filter([100, 250, 500], lambda one: one > total - p.total AND one <= total)) > 0
"""

FIRST = """
    SELECT 'first-order' AS rule_id, account_id, contact_id, min(time_at) + INTERVAL 2 HOUR AS fired_at
    FROM events WHERE type = 'order.completed' GROUP BY ALL
"""

VIP = """
    SELECT 'vip' AS rule_id, account_id, contact_id, time_at AS fired_at
    FROM (
        SELECT *, lag(is_in, 1, false) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS was_in
        FROM (
            SELECT *, coalesce(sum(p.total) FILTER (type = 'order.completed') OVER so_far, 0) >= 300
                AND count(*) FILTER (type = 'support.complaint') OVER so_far = 0 AS is_in
            FROM events WHERE type IN ('order.completed', 'support.complaint')
            WINDOW so_far AS (PARTITION BY account_id, contact_id ORDER BY time_at, event_id)))
    WHERE is_in <> was_in
"""

RENEWED = """
    SELECT 'renewal-reminder' AS rule_id, account_id, contact_id, due AS fired_at
    FROM (
        SELECT *, lead(time_at) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS next_at,
            p.expires_at::DATE + INTERVAL 9 HOUR - INTERVAL 7 DAY AS due
        FROM events WHERE type IN ('subscription.renewed', 'subscription.cancelled'))
    WHERE type = 'subscription.renewed' AND due >= time_at AND (next_at IS NULL OR next_at >= due)
"""
"""In UTC: of this day none is due in any zone."""

BIRTHDAY = """
    SELECT 'birthday' AS rule_id, account_id, contact_id, due AS fired_at
    FROM (
        SELECT *, lead(time_at) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS next_at,
            timezone('UTC', timezone(p.timezone,
                make_date(2025, month(p.birthday), day(p.birthday)) + INTERVAL 9 HOUR)) AS due
        FROM events WHERE type = 'contact.updated')
    WHERE due >= time_at AND (next_at IS NULL OR next_at > due)
"""

CHECKED_OUT = """
    SELECT 'checkout-abandonment' AS rule_id, account_id, contact_id, min(time_at + wait) AS fired_at
    FROM (
        SELECT *, count(*) FILTER (is_first) OVER (checkout ROWS UNBOUNDED PRECEDING) AS episode
        FROM (
            SELECT *, lead(time_at) OVER checkout AS next_at,
                coalesce(lag(type) OVER checkout <> type, true)
                    OR lag(time_at) OVER checkout <= time_at - INTERVAL 12 HOUR AS is_first
            FROM events WHERE type IN ('checkout.started', 'order.completed')
            WINDOW checkout AS (PARTITION BY account_id, contact_id, p.checkout_id ORDER BY time_at, event_id))
        WINDOW checkout AS (PARTITION BY account_id, contact_id, p.checkout_id ORDER BY time_at, event_id)),
        (SELECT unnest([INTERVAL 30 MINUTE, INTERVAL 4 HOUR, INTERVAL 12 HOUR]) AS wait)
    WHERE type = 'checkout.started' AND (next_at IS NULL OR next_at >= time_at + wait)
    GROUP BY account_id, contact_id, p.checkout_id, episode, wait
"""
"""A reminder that has fired comes again with the next episode, and not with a restart."""

ADDED, ORDERED, PURCHASED = (
    f"type = '{one}'" for one in ("cart.item_added", "order.completed", "order.item_purchased")
)
COFFEE = f"{PURCHASED} AND p.category = 'coffee'"
ANYTHING = "type NOT LIKE 'contact.%' AND type NOT LIKE 'consent.%'"

QUERIES = (
    silence("cart-abandonment", ADDED, ORDERED, "INTERVAL 1 HOUR"),
    silence("cart-abandonment-4h", ADDED, ORDERED, "INTERVAL 4 HOUR"),
    BROWSED,
    CHECKED_OUT,
    INTENT,
    LOYAL,
    FIRST,
    silence("replenish", COFFEE, PURCHASED, "to_days(p.supply_days::INTEGER)", ", p.product_id"),
    VIP,
    silence("lapsed", ANYTHING, "false", "INTERVAL 60 DAY"),
    RENEWED,
    BIRTHDAY,
)

WRITE = """
COPY (
    SELECT sha256(account_id || '|' || contact_id || '|' || rule_id || '|' || fired) AS trigger_id, account_id,
        contact_id, rule_id, fired AS fired_at
    FROM (
        SELECT *, strftime(fired_at, '%Y-%m-%dT%H:%M:%S.%f+00:00') AS fired
        FROM ({queries}) WHERE fired_at <= $until::TIMESTAMP)
) TO '{target}' (FORMAT json)
"""


def main(source: str, output: str, until: str, threads: str = "1") -> None:
    """Write the triggers of one file."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(EVENTS, {"source": source})
    target = str(Path(output) / "triggers.jsonl").replace("'", "''")
    queries = " UNION ALL ".join(f"({query})" for query in QUERIES)
    connection.execute(WRITE.format(queries=queries, target=target), {"until": until})


if __name__ == "__main__":
    main(*sys.argv[1:])
