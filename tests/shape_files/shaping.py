"""Shape files and records of tests: a shape is YAML, a record a Python value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from kittiwake.input.events import parse_events
from kittiwake.input.fields import NO_CONTEXT, RowContext
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.reading import read_records
from kittiwake.input.shapes.base import InputShape
from kittiwake.model import DeadLetter, Event
from kittiwake.shape_files.reading import mapping_of
from kittiwake.time.instants import parse_instant

START_US: Final = parse_instant("2026-11-22T00:00:00Z")
TIME: Final = "2026-11-02T09:00:00Z"
PLAIN: Final[dict[str, str]] = {
    "account": "account: {value: acme}",
    "contact": "contact: who",
    "type": "type: what",
    "time": "time: at",
    "event_id": "event_id: id",
    "properties": "properties: with",
}
"""A shape, a key each."""
RECORD: Final[dict[str, Any]] = {"id": "e1", "who": "ann", "what": "order.completed", "at": TIME, "with": {"total": 12}}


def shape_text(**keys: str | None) -> str:
    """`PLAIN` with other keys; None: without that one."""
    changed = {**PLAIN, **{name: None if text is None else f"{name}: {text}" for name, text in keys.items()}}
    return "\n".join(text for text in changed.values() if text is not None)


def shape(**keys: str | None) -> RecordMapping:
    """The mapping of `shape_text`."""
    return mapping_of("shape.yaml", shape_text(**keys).encode())


def parsed(
    mapping: RecordMapping, record: Any, context: RowContext = NO_CONTEXT, account_id: str | None = None
) -> tuple[Event, ...] | DeadLetter:
    """What becomes of a record."""
    raw = record if isinstance(record, bytes) else json.dumps(record).encode()
    return parse_events(raw, "here:1", START_US, InputShape(mapping, account_id), context=context)


def events_of(mapping: RecordMapping, record: Any, **more: Any) -> tuple[Event, ...]:
    """The events of a record that has some."""
    found = parsed(mapping, record, **more)
    assert not isinstance(found, DeadLetter), found
    return found


def event_of(mapping: RecordMapping, record: Any, **more: Any) -> Event:
    """The event of a record that has one."""
    (found,) = events_of(mapping, record, **more)
    return found


def refusal_of(mapping: RecordMapping, record: Any) -> tuple[str, str]:
    """Why a record is no event, and in what words."""
    found = parsed(mapping, record)
    assert isinstance(found, DeadLetter), found
    return found.reason.value, found.detail


def events_in(path: Path, mapping: RecordMapping, account_id: str | None = None) -> list[Event]:
    """All events of a file, of which every record has some."""
    found: list[Event] = []
    input_shape = InputShape(mapping, account_id)
    for record in read_records(str(path), shape=input_shape):
        one = parse_events(record.raw, f"{path.name}:{record.number}", START_US, input_shape, context=record.context)
        assert not isinstance(one, DeadLetter), one
        found.extend(one)
    return found
