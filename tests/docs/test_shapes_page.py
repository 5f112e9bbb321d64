"""events.md on other shapes: its records are the events shown below them, its tables what the adapters do."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.input.events import parse_event
from kittiwake.input.shapes import cloudevents, segment
from kittiwake.input.shapes.base import AccountOption, InputShape, Shape
from kittiwake.model import Event
from tests.docs import examples
from tests.docs.test_tables import EVENTS, START_US, WORD, rows, words

SHAPES = {
    shape.value: InputShape(shape, "acme" if shape.account is AccountOption.NEEDED else None)
    for shape in Shape
    if shape is not Shape.CANONICAL
}
RECORDS = [one for one in examples.all_examples() if one.words[0] in SHAPES]
PAGES = ("README.md", "docs/index.md", "docs/reference/events.md")


def test_every_shape_has_its_example() -> None:
    assert [record.words[0] for record in RECORDS] == [*SHAPES]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_others_is_named_where_events_are_introduced(root: Path, page: str, shape: str) -> None:
    assert shape in (root / page).read_text(encoding="utf-8").lower()


def test_the_page_says_every_name_that_may_be_typed(root: Path) -> None:
    (line,) = [
        line for line in (root / "docs" / EVENTS).read_text().splitlines() if line.startswith("`--input_shape` says")
    ]
    assert set(Shape) <= set(WORD.findall(line))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.words[0])
def test_a_record_is_the_event_that_is_shown_below_it(record: examples.Example) -> None:
    shown = examples.all_examples()
    below = shown[shown.index(record) + 1]
    event = parse_event(record.body.encode(), "page", START_US, SHAPES[record.words[0]])
    assert isinstance(event, Event)
    assert event == parse_event(below.body.encode(), "page", START_US)


@pytest.mark.parametrize("heading", ["Segment", "CloudEvents"])
def test_every_field_of_a_contacts_event_has_its_row(root: Path, heading: str) -> None:
    fields = words(root, EVENTS, "Fields")
    assert words(root, EVENTS, heading) == [name for name in fields if name != "item_id"]


def test_the_attributes_of_a_cloudevent_are_those_of_the_table(root: Path) -> None:
    shown = {cells[0].strip("`"): " with ".join(WORD.findall(cells[1])) for cells in rows(root, EVENTS, "CloudEvents")}
    assert shown == {**cloudevents.NAMES, "event_id": "source with id"}


def test_every_call_has_its_row_with_what_it_becomes(root: Path) -> None:
    shown = {cells[0].strip("`"): WORD.findall(cells[1] + cells[2]) for cells in rows(root, EVENTS, "Segment's calls")}
    becomes = {name: [call.type, call.properties, *call.beside] for name, call in segment.CALLS.items()}
    assert list(shown) == [segment.TRACK, *becomes, segment.ALIAS]
    for name, parts in becomes.items():
        assert shown[name][: len(parts)] == parts, name


def test_the_products_and_numbers_of_segments_spec_are_those_that_are_read(root: Path) -> None:
    heading = "Products and numbers of Segment's e-commerce spec"
    shown = [WORD.findall(" ".join(cells)) for cells in rows(root, EVENTS, heading)]
    assert {segment.type_of(name): event_type for name, event_type in shown} == segment.LINES
    text = (root / "docs" / EVENTS).read_text(encoding="utf-8").partition(heading)[2].partition("### ")[0]
    for name in (*segment.NUMBERS, *segment.KEPT):
        assert f"`{name}`" in text, name


def test_every_name_that_is_not_taken_by_its_words_has_its_row(root: Path) -> None:
    shown = [WORD.findall(" ".join(cells)) for cells in rows(root, EVENTS, "Names of Segment's e-commerce spec")]
    assert {name.lower(): event_type for name, event_type in shown} == segment.TYPES
    assert [segment.type_of(name) for name, _ in shown] == [event_type for _, event_type in shown]
