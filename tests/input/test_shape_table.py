"""What holds of every input shape: one suite over the table. A new shape needs a row, and a writer here."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake, NoRules
from kittiwake.batch.settings import RunSettings
from kittiwake.input.events import parse_events
from kittiwake.input.lines import Block
from kittiwake.input.shapes.base import AccountOption, InputShape, Shape
from kittiwake.input.single import CLOCK, events_from
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.values import canonical, parse_sound
from tests.input.damaged_records import PIECES
from tests.input.inputs import DEAD, GOOD, START_US
from tests.input.shaped import as_cloudevent, as_segment

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "events.md"
ACCOUNT: Final = "acme"
EVENT: Final[dict[str, Any]] = GOOD | {"event_id": "/shop e1"}
WRITERS: Final[dict[Shape, Callable[[dict[str, Any]], bytes]]] = {
    Shape.CANONICAL: lambda event: json.dumps(event).encode(),
    Shape.SEGMENT: as_segment,
    Shape.SEGMENT_NO_ZONE: as_segment,
    Shape.CLOUDEVENTS: as_cloudevent,
}
"""From a canonical event to a record of each shape that stands for it."""
BYTES_ALONE: Final = ("not_utf8", "not_json", "not_an_object", "bad_number", "oversize", "too_deep")
"""What is refused before anybody asks for a record's fields."""

every_shape = pytest.mark.parametrize("shape", Shape)


def asked(shape: Shape) -> InputShape:
    """The shape as a person asks for it, with as little as may be."""
    return InputShape(shape, ACCOUNT if shape.account is AccountOption.NEEDED else None)


def damaged(shape: Shape, dice: random.Random) -> bytes:
    """A good record with a few pieces put in, or over, somewhere."""
    raw = WRITERS[shape](EVENT)
    for _ in range(dice.randint(0, 3)):
        at = dice.randrange(len(raw))
        raw = raw[:at] + dice.choice(PIECES) + raw[at + dice.choice((0, 0, 1, 2, 8)) :]
    return raw


def test_every_shape_has_a_writer_here() -> None:
    assert set(WRITERS) == set(Shape)


@every_shape
def test_the_page_of_events_tells_of_every_shape(shape: Shape) -> None:
    assert f"`{shape}`" in PAGE.read_text(encoding="utf-8") or f"## {shape}" in PAGE.read_text(encoding="utf-8").lower()


@every_shape
def test_a_good_record_is_its_event(shape: Shape) -> None:
    expected = parse_events(WRITERS[Shape.CANONICAL](EVENT), "here:1", START_US)
    assert not isinstance(expected, DeadLetter)
    found = parse_events(WRITERS[shape](EVENT), "here:1", START_US, asked(shape))
    assert not isinstance(found, DeadLetter)
    assert found[0] == expected[0]


@every_shape
@pytest.mark.parametrize("reason", BYTES_ALONE)
def test_bytes_that_are_no_record_are_refused_alike(shape: Shape, reason: str) -> None:
    found = parse_events(DEAD[reason], "here:1", START_US, asked(shape))
    assert found == parse_events(DEAD[reason], "here:1", START_US)
    assert isinstance(found, DeadLetter)
    assert found.reason == reason


@every_shape
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": "1 November"}, DeadLetterReason.BAD_TIME),
        ({"time": "2026-11-01T10:00:00"}, DeadLetterReason.NO_OFFSET),
        ({"time": "2026-11-22T00:10:01Z"}, DeadLetterReason.TIME_IN_FUTURE),
        ({"properties": ["price", 12]}, DeadLetterReason.WRONG_TYPE),
        ({"contact_id": "c" * 129}, DeadLetterReason.WRONG_TYPE),
    ],
)
def test_an_event_with_a_bad_field_is_refused_for_the_same_reason(
    shape: Shape, changes: dict[str, Any], reason: DeadLetterReason
) -> None:
    found = parse_events(WRITERS[shape](EVENT | changes), "here:1", START_US, asked(shape))
    assert isinstance(found, DeadLetter)
    assert found.reason is reason


@every_shape
@pytest.mark.parametrize("seed", range(10))
def test_one_message_is_parsed_alike_by_the_fast_decoder_and_the_full_parser(shape: Shape, seed: int) -> None:
    """And nothing is raised, whatever the record is."""
    dice = random.Random(seed)
    for _ in range(50):
        raw = damaged(shape, dice)
        expected = parse_events(raw, "", START_US, asked(shape), start_name=CLOCK)
        assert repr(events_from(raw, START_US, asked(shape))) == repr(expected), (seed, raw)


@every_shape
@pytest.mark.parametrize("seed", range(10))
def test_a_block_is_parsed_as_its_lines_are_one_by_one(shape: Shape, seed: int) -> None:
    dice = random.Random(seed)
    lines = [damaged(shape, dice).replace(b"\n", b" ") for _ in range(40)]
    taken = Intake(RunSettings(START_US, shape=asked(shape)), NoRules(), Counts()).take("here", block_of(lines))
    parsed = [parse_events(line, f"here:{at}", START_US, asked(shape)) for at, line in enumerate(lines, 1)]
    events = [event for found in parsed if not isinstance(found, DeadLetter) for event in found if event.contact_id]
    rows = zip(*taken.table, strict=True)
    found = [Event(row[2], row[3], row[4], parse_sound(row[5]), row[0], row[1]) for row in rows]
    assert sorted(map(text_of, found)) == sorted(map(text_of, events))
    assert taken.dead_letters == [found for found in parsed if isinstance(found, DeadLetter)]


def text_of(event: Event) -> str:
    """All of an event, its properties in the order that is the same everywhere."""
    return f"{replace(event, properties={})} {canonical(event.properties)}"


def block_of(lines: list[bytes]) -> Block:
    """A block of these lines, the first of a file."""
    return Block(1, lines, sum(map(len, lines)) + len(lines) - 1)


@every_shape
def test_a_shape_travels_to_workers_and_stays_the_same(shape: Shape) -> None:
    assert pickle.loads(pickle.dumps(shape)) is shape
