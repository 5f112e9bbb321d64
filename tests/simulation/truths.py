"""The truth of the simulator: what the brute-force oracle decides over the events that arrived in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kittiwake.model import Decision, Event
from kittiwake.output.rows import decision_row
from tests.oracle import clock
from tests.oracle.oracle import decide_versions
from tests.properties.comparison import difference_of
from tests.simulation.engine.programs import Programs


def oracle_truth(
    programs: Programs, key: tuple[str, str], events: Sequence[Event], until_us: int, rows: Sequence[Decision]
) -> str:
    """What the rows that stand get wrong, by the oracle."""
    account = programs.account
    wanted = decide_versions(
        list(account.versions),
        [_raw(event) for event in events],
        until_us,
        account=key[0],
        contact=key[1],
        allowed_lateness_us=account.horizon_us,
        limits=dict(account.limits),
        stream=not account.whole_history,
    )
    return difference_of([row for row in wanted if row["decision"] != "deferred"], list(map(decision_row, rows)))


def _raw(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "time": clock.rfc3339(event.time_us),
        "type": event.type,
        "properties": dict(event.properties),
    }
