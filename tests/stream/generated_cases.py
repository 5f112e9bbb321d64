"""Drawn accounts, contacts and events as a stream meets them, and what one call with everything decides of each."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kittiwake.event_types import is_item_change
from kittiwake.input.events import parse_event
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import (
    BufferedEvent,
    DecisionRecord,
    LateEventRecord,
    buffered_event_of,
    encode,
    key_of,
    subject_of,
)
from kittiwake.values import parse_json
from tests.oracle.published import Together, together
from tests.oracle.values import canonical, exact

FAR_US = 2**60

Row = dict[str, Any]


def without_duplicates(case: Streamed) -> Streamed:
    """The same, each id once: which duplicate counts where some come too late is a matter of `tests/simulation`."""
    kept = {(key, buffered_event_of(data).event_id): (key, data) for key, data in case.arrivals}
    return case._replace(arrivals=list(kept.values()))


class Streamed(NamedTuple):
    """A case whose events are messages."""

    drawn: Together
    history: RuleSetHistory
    horizon_us: int
    arrivals: list[tuple[bytes, bytes]]
    """Keys and arrivals, in order of time."""
    until_us: int
    """A multiple of the grid, less the delay: a watermark can stop there."""

    @property
    def programs(self) -> Programs:
        return Programs(self.history, self.horizon_us, whole_history=False)


def streamed(
    seed: str,
    accounts: int,
    waits: TimerSettings,
    *,
    versions: int = 1,
    horizon_us: int | None = None,
) -> Streamed:
    """A drawn case; with a horizon of its own no event need be too late."""
    drawn = together(random.Random(seed), accounts)
    starts = drawn.starts[:versions]
    history = RuleSetHistory(
        tuple(RuleSetVersion(start, load_files(drawn.files(number))) for number, start in enumerate(starts))
    )
    return as_messages(drawn, history, waits, drawn.horizon_us if horizon_us is None else horizon_us)


def as_messages(drawn: Together, history: RuleSetHistory, waits: TimerSettings, horizon_us: int) -> Streamed:
    """A draw whose events are messages."""
    arrivals = [
        arrival_of_line(canonical(exact(event)).encode()) for of in drawn.worlds.values() for event in of.events
    ]
    arrivals.sort(key=lambda pair: pair[1].time_us)
    until_us = on_grid(drawn.until_us, waits)
    return Streamed(drawn, history, horizon_us, [(key, encode(one)) for key, one in arrivals], until_us)


def on_grid(until_us: int, waits: TimerSettings) -> int:
    """The newest instant until then at which a host of such timers can stop."""
    return (until_us + waits.settle_delay_us) // waits.resolution_us * waits.resolution_us - waits.settle_delay_us


def arrival_of_line(data: bytes, attributes: Mapping[str, str] | None = None) -> tuple[bytes, BufferedEvent]:
    """What the intake makes of a message."""
    event = parse_event(data, "", FAR_US)
    assert isinstance(event, Event), event
    assert event.contact_id is not None
    arrival = BufferedEvent(event.time_us, event.event_id, event.type, data, dict(attributes or {}))
    return key_of(event.account_id, event.contact_id), arrival


def expected_by_key(
    case: Streamed, late: Iterable[LateEventRecord] = (), given: Iterable[tuple[bytes, bytes]] = ()
) -> dict[bytes, list[Row]]:
    """What one call with all events decides, by key; without those of which each copy given came too late."""
    counted = Counter((key, buffered_event_of(data).data) for key, data in given)
    counted.subtract((key_of(one.account_id, one.contact_id), one.raw) for one in late)
    events: dict[bytes, list[Event]] = defaultdict(list)
    for key, data in case.arrivals:
        one = buffered_event_of(data)
        if given and counted[key, one.data] == 0:
            continue
        if is_item_change(one.type):
            events[key].append(Event(one.time_us, one.event_id, one.type, parse_json(one.data)))
            continue
        event = parse_event(one.data, "", FAR_US)
        assert isinstance(event, Event)
        events[key].append(event)
    programs = case.programs
    found = {}
    for key, of_key in events.items():
        account_id, contact_id = subject_of(key)
        versions = programs.of(account_id)
        step = advance(versions, new_state(contact_id), versions.needed(of_key), case.until_us)
        found[key] = standing([decision_row(one, Mode.STREAM) for one in step.decisions])
    return {key: rows for key, rows in found.items() if rows}


def standing(rows: Iterable[Row]) -> list[Row]:
    """What stands in the end: the newest revision of each id, without those revoked and what only a stream says."""
    newest: dict[str, Row] = {}
    for row in rows:
        before = newest.get(row["trigger_id"])
        if before is None or row["revision"] > before["revision"]:
            newest[row["trigger_id"]] = row
    only = ("late", "stale", "replaces", "revision", "mode")
    kept = [row for row in newest.values() if row["decision"] != Outcome.REVOKED]
    return sorted(
        ({name: value for name, value in row.items() if name not in only} for row in kept),
        key=lambda row: (row["time"], row["trigger_id"]),
    )


def emitted_by_key(emitted: Iterable[DecisionRecord]) -> dict[bytes, list[Row]]:
    """What stands of what was emitted, by key; a row emitted twice with one revision is the same row."""
    rows: dict[bytes, list[Row]] = defaultdict(list)
    seen: dict[tuple[str, int], bytes] = {}
    for one in emitted:
        assert seen.setdefault((one.trigger_id, one.revision), one.row) == one.row, "a revision is one row"
        row = parse_json(one.row)
        rows[key_of(row["account_id"], row["contact_id"])].append(row)
    return {key: stands for key, found in rows.items() if (stands := standing(found))}


def differences(wanted: Mapping[bytes, list[Row]], found: Mapping[bytes, list[Row]]) -> str:
    """What differs, of the first key that does; empty: nothing."""
    for key in sorted({*wanted, *found}):
        one, other = wanted.get(key, []), found.get(key, [])
        if one != other:
            lacks = [row for row in one if row not in other]
            invents = [row for row in other if row not in one]
            return "\n".join(
                [str(key), *(f"  lacks   {row}" for row in lacks), *(f"  invents {row}" for row in invents)]
            )
    return ""


def decisions_in(found: Mapping[bytes, list[Row]]) -> int:
    """How many decisions there are."""
    return sum(map(len, found.values()))
