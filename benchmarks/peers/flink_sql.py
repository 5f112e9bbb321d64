"""Peer: one SQL query of Apache Flink over a file that ends, in one process, one task at a time. The question of
`duckdb_sql.py`. Run by the Python that Flink is installed in (`make runners` gets it).
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment  # type: ignore[import-not-found]

SOURCE = """
CREATE TABLE events (event_id STRING, account_id STRING, contact_id STRING, `type` STRING, `time` STRING,
    time_at AS CAST(REPLACE(REPLACE(`time`, 'T', ' '), 'Z', '') AS TIMESTAMP(6)))
WITH ('connector' = 'filesystem', 'path' = '{source}', 'format' = 'json')
"""

TARGET = """
CREATE TABLE triggers (trigger_id STRING, account_id STRING, contact_id STRING, rule_id STRING, fired_at STRING)
WITH ('connector' = 'filesystem', 'path' = '{target}', 'format' = 'json')
"""

QUERY = """
INSERT INTO triggers
SELECT SHA256(account_id || '|' || contact_id || '|cart|' || fired_at), account_id, contact_id, 'cart-abandonment',
    fired_at
FROM (
    SELECT account_id, contact_id, DATE_FORMAT(due, 'yyyy-MM-dd''T''HH:mm:ss.SSSSSS') || '+00:00' AS fired_at
    FROM (
        SELECT *, time_at + INTERVAL '1' HOUR AS due,
            LEAD(time_at) OVER (PARTITION BY account_id, contact_id ORDER BY time_at, event_id) AS next_at
        FROM (SELECT DISTINCT * FROM events WHERE `type` IN ('cart.item_added', 'order.completed')))
    WHERE `type` = 'cart.item_added' AND due <= TIMESTAMP '{until}' AND (next_at IS NULL OR next_at >= due))
"""

SETTINGS = {
    "parallelism.default": "1",
    "table.local-time-zone": "UTC",
    "taskmanager.memory.managed.size": "512m",
}


def main(source: str, output: str, until: str) -> None:
    """Write the triggers of one file."""
    tables = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    for name, value in SETTINGS.items():
        tables.get_config().set(name, value)
    folder = Path(output) / "triggers"
    tables.execute_sql(SOURCE.format(source=source))
    tables.execute_sql(TARGET.format(target=folder))
    until_at = datetime.fromisoformat(until).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    tables.execute_sql(QUERY.format(until=until_at)).wait()
    for part in folder.glob("part-*"):
        part.rename(part.with_suffix(".jsonl"))


if __name__ == "__main__":
    main(*sys.argv[1:])
