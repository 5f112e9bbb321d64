"""Whether a run decided what `replay` decides of the same."""

from __future__ import annotations

from pathlib import Path

from kittiwake.time.instants import format_instant
from tests.engines.jobs import by_id, facts
from tests.examples.running import Ran, python


def kittiwake(*arguments: str | Path) -> None:
    """Run the command, which has to work."""
    python("-m", "kittiwake.cli.main", *arguments)


def frozen(rules: Path, events: Path, at_us: int, folder: Path) -> Ran:
    """Publish rules to the target of a folder, frozen at an instant; what `replay` decides until then."""
    target, at = folder / "target", format_instant(at_us)
    kittiwake("publish", rules, target, "--effective-from", "always")
    kittiwake("freeze", target, "--at", at)
    kittiwake("replay", "--rules", target, "--input", events, "--output", folder / "replay", "--until", at)
    return Ran(folder / "replay", "")


def difference(ran: Ran, replayed: Ran) -> str | None:
    """What a backfill has otherwise than `replay`; None: nothing."""
    found, wanted = facts(ran), facts(replayed)
    wrong = [table for table, rows in wanted.items() if rows != found[table]]
    return f"{', '.join(wrong)} differ" if wrong else None


def stream_difference(ran: Ran, replayed: Ran) -> str | None:
    """What of a stream does not stand in the end as `replay` has it, or was told twice; None: nothing."""
    rows = ran.rows("decisions")
    found, wanted = by_id(rows), by_id(replayed.rows("decisions"))
    wrong = [one for one in {*wanted, *found} if wanted.get(one) != found.get(one)]
    if wrong:
        return f"{len(wrong):,} of {len(wanted):,} ids differ"
    if len({(row["trigger_id"], row["revision"]) for row in rows}) != len(rows):
        return "revisions told twice"
    dead = [sorted(row["reason"] for row in one.rows("dead_letters")) for one in (ran, replayed)]
    return None if dead[0] == dead[1] else "dead letters differ"
