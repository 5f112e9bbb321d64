"""Whether a run decided what `replay` decides of the same."""

from __future__ import annotations

from pathlib import Path

from kittiwake.time.instants import format_instant
from tests.examples.running import Ran
from tests.runners import shops
from tests.runners.jobs import by_id, facts


def frozen(rules: Path, events: Path, at_us: int, folder: Path) -> Ran:
    """Publish rules to the target of a folder, frozen at an instant; what `replay` decides until then."""
    return shops.frozen(rules, events, format_instant(at_us), folder).replayed


def difference(ran: Ran, replayed: Ran) -> str | None:
    """What a backfill has otherwise than `replay`; None: nothing."""
    found, wanted = facts(ran), facts(replayed)
    wrong = [table for table, rows in wanted.items() if rows != found[table]]
    return f"{', '.join(wrong)} differ" if wrong else None


def stream_difference(ran: Ran, replayed: Ran) -> str | None:
    """What of a stream does not stand in the end as `replay` has it, or was told twice; None: nothing."""
    rows, wanted = ran.rows("decisions"), replayed.rows("decisions")
    wrong = shops.differing(wanted, rows)
    if wrong:
        return f"{len(wrong):,} of {len(by_id(wanted)):,} ids differ"
    if shops.twice(rows):
        return "revisions told twice"
    dead = [sorted(row["reason"] for row in one.rows("dead_letters")) for one in (ran, replayed)]
    return None if dead[0] == dead[1] else "dead letters differ"
