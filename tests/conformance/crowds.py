"""Conformance histories side by side, as a host meets them: many accounts in one run, each with the rules of its case.

A crowd ends where the last of its histories ends. What a host has to decide of it is what the kernel decides of each
history up to there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from kittiwake.event_types import is_item_change
from kittiwake.output.rows import line
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import BufferedEvent, encode, key_of
from kittiwake.time.instants import DAY_US, HOUR_US
from kittiwake.values import canonical
from tests.conformance.histories import History, given, histories
from tests.input.inputs import write_lines
from tests.kernel.execution_modes import CONTACT
from tests.oracle.published import Together
from tests.stream.generated_cases import Streamed, arrival_of_line

CROWD = 40
"""Histories of one run."""
FILES = ("a.jsonl", "b.jsonl.gz", "c.jsonl")
STREAM_HORIZON_US = 4_000 * DAY_US
"""So long that nothing comes too late, in whatever order."""

Document = dict[str, Any]
Record = dict[str, Any]


class Crowd(NamedTuple):
    """Documents and events by account, and where all of it ends."""

    documents: dict[str, Document]
    events: dict[str, list[Record]]
    names: dict[str, str]
    """Of which case an account is."""
    until_us: int

    @property
    def rules(self) -> RuleSetHistory:
        """The rules of all accounts."""
        files = {f"{account}.json": line(text) for account, text in self.documents.items()}
        return RuleSetHistory((RuleSetVersion(None, load_files(files)),))

    def without_feeds(self) -> Crowd:
        """Without the accounts whose policy has feeds or a breaker: what contacts are told is tried in tests/stream."""
        policies = {name: {*(text.get("policy") or {})} for name, text in self.documents.items()}
        kept = [name for name, keys in policies.items() if keys.isdisjoint(("feeds", "breaker"))]
        documents, events = ({name: of[name] for name in kept} for of in (self.documents, self.events))
        return Crowd(documents, events, {name: self.names[name] for name in kept}, self.until_us)

    def write(self, folder: Path, dice: Random) -> tuple[Path, list[Path]]:
        """Files of rules, and files of events in no order."""
        rules, events = folder / "rules", folder / "events"
        rules.mkdir()
        events.mkdir()
        for account, document in self.documents.items():
            (rules / f"{account}.json").write_bytes(line(document))
        lines = [canonical(record).encode() for of in self.events.values() for record in of]
        dice.shuffle(lines)
        parts = [lines[number :: len(FILES)] for number in range(len(FILES))]
        return rules, [write_lines(events / name, part) for name, part in zip(FILES, parts, strict=True)]

    def streamed(self, waits: TimerSettings) -> Streamed:
        """The same as messages."""
        of = self.without_feeds()
        return streamed(of.rules, [record for own in of.events.values() for record in own], of.until_us, waits)


def streamed(rules: RuleSetHistory, records: Sequence[Record], until_us: int, waits: TimerSettings) -> Streamed:
    """Records as messages, up to the next slot of the grid."""
    own = (record for record in records if "item_id" not in record)
    arrivals = [arrival_of_line(canonical(record).encode()) for record in own]
    arrivals += item_changes(rules, records)
    arrivals.sort(key=lambda pair: pair[1].time_us)
    slots = (until_us + waits.settle_delay_us) // waits.resolution_us + 1
    end_us = slots * waits.resolution_us - waits.settle_delay_us
    messages = [(key, encode(one)) for key, one in arrivals]
    return Streamed(Together({}, (None,), end_us, HOUR_US), rules, STREAM_HORIZON_US, messages, end_us)


def item_changes(rules: RuleSetHistory, records: Sequence[Record]) -> Iterator[tuple[bytes, BufferedEvent]]:
    """What the step of items makes of records: changes on their way to the contacts of their accounts."""
    programs = Programs(rules, HOUR_US)
    for account_id in sorted({record["account_id"] for record in records if "item_id" in record}):
        own = [event_of(account_id, CONTACT, one) for one in records if one["account_id"] == account_id]
        for contact_id in sorted({one.contact_id for one in own if one.contact_id is not None}):
            mine = tuple(one for one in own if one.contact_id in (None, contact_id))
            for one in given(programs.of(account_id), mine, contact_id):
                if is_item_change(one.type):
                    data = canonical(one.properties).encode()
                    yield key_of(account_id, contact_id), BufferedEvent(one.time_us, one.event_id, one.type, data)


@cache
def crowds(size: int = CROWD) -> tuple[Crowd, ...]:
    """All histories of one version and a horizon of an hour, those that end near one another together."""
    fitting = sorted(
        (one for one in histories() if len(one.documents) == 1 and one.book.allowed_lateness_us == HOUR_US),
        key=lambda one: one.until_us,
    )
    return tuple(_crowd(fitting[first : first + size]) for first in range(0, len(fitting), size))


def _crowd(of: list[History]) -> Crowd:
    documents, events, names = dict[str, Document](), dict[str, list[Record]](), dict[str, str]()
    for number, history in enumerate(of):
        account = f"k{number:03}"
        names[account] = history.name
        documents[account] = {**history.documents[0][1], "account": account}
        events[account] = [{**record, "account_id": account} for record in history.raw_events]
    return Crowd(documents, events, names, max(one.until_us for one in of))
