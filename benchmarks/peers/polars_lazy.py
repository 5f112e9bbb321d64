"""Peer: a lazy query of Polars. The same question as in `duckdb_sql.py`; the ids are made in Python."""

from __future__ import annotations

import hashlib
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

NAMES = ("event_id", "account_id", "contact_id", "type", "time")
ADDED, BOUGHT = "cart.item_added", "order.completed"


def main(source: str, output: str, until: str, threads: str = "1") -> None:
    """Write the triggers of one file."""
    os.environ["POLARS_MAX_THREADS"] = threads  # read when it is imported
    import polars as pl  # noqa: PLC0415

    who = ["account_id", "contact_id"]
    time = pl.col("time").str.strip_suffix("Z").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us")
    due = pl.col("at") + timedelta(hours=1)
    next_at = pl.col("at").shift(-1).over(who)
    fired = (
        pl.scan_ndjson(source, schema=dict.fromkeys(NAMES, pl.String))
        .filter(pl.col("type").is_in([ADDED, BOUGHT]))
        .with_columns(at=time)
        .unique("event_id")
        .sort([*who, "at", "event_id"])
        .with_columns(due=due, next_at=next_at)
        .filter(pl.col("type") == ADDED)
        .filter(pl.col("due") <= datetime.fromisoformat(until).replace(tzinfo=None))
        .filter(pl.col("next_at").is_null() | (pl.col("next_at") >= pl.col("due")))
        .select(
            *who, rule_id=pl.lit("cart-abandonment"), fired_at=pl.col("due").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00:00")
        )
        .collect()
    )
    keys = fired.select(pl.concat_str(*who, pl.lit("cart"), "fired_at", separator="|")).to_series()
    ids = pl.Series("trigger_id", [hashlib.sha256(key.encode()).hexdigest() for key in keys], dtype=pl.String)
    fired.insert_column(0, ids).write_ndjson(Path(output) / "triggers.jsonl")


if __name__ == "__main__":
    main(*sys.argv[1:])
