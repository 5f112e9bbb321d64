"""Peer: one SQL query of DuckDB. A cart is given up if the contact's next event of the two kinds is an hour away."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

QUERY = """
COPY (
    WITH wanted AS (
        SELECT DISTINCT ON (event_id) account_id, contact_id, event_id, type, time::TIMESTAMP AS time_at
        FROM read_json($source, format = 'newline_delimited', columns = {
            event_id: 'VARCHAR', account_id: 'VARCHAR', contact_id: 'VARCHAR', type: 'VARCHAR', time: 'VARCHAR'})
        WHERE type IN ('cart.item_added', 'order.completed')
    ), followed AS (
        SELECT *, lead(time_at) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS next_at,
            time_at + INTERVAL 1 HOUR AS due
        FROM wanted
    ), fired AS (
        SELECT account_id, contact_id, strftime(due, '%Y-%m-%dT%H:%M:%S.%f+00:00') AS fired_at
        FROM followed
        WHERE type = 'cart.item_added' AND due <= $until::TIMESTAMP AND (next_at IS NULL OR next_at >= due)
    )
    SELECT sha256(account_id || '|' || contact_id || '|cart|' || fired_at) AS trigger_id, account_id, contact_id,
        'cart-abandonment' AS rule_id, fired_at
    FROM fired
) TO '{target}' (FORMAT json)
"""


def main(source: str, output: str, until: str, threads: str = "1") -> None:
    """Write the triggers of one file."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET preserve_insertion_order = false")
    target = str(Path(output) / "triggers.jsonl").replace("'", "''")
    connection.execute(QUERY.replace("{target}", target), {"source": source, "until": until})


if __name__ == "__main__":
    main(*sys.argv[1:])
