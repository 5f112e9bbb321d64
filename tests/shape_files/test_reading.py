"""A shape file that is wrong says where, what and what to write instead; all of it at once."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from kittiwake.rules.errors import RulesError
from kittiwake.rules.source.validation import keys_of
from kittiwake.shape_files.models import ShapeFile, json_schema
from kittiwake.shape_files.reading import load, mapping_of, spec_from
from tests.docs import examples
from tests.shape_files.shaping import shape, shape_text

PATH_ADVICE = "Name at most 12 keys with dots between, customer.email; a key with a dot in double quotes"


def errors(text: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        mapping_of("shape.yaml", text.encode())
    return [str(error) for error in raised.value.errors]


def error(**keys: str | None) -> str:
    """The only error of the plain shape with these keys, without its file."""
    (found,) = errors(shape_text(**keys))
    return found.partition(": ")[2]


def test_every_error_is_located_and_all_are_said() -> None:
    text = "contct: a\ncontact: a..b\ntype: {path: a, value: b c}\ntime: {path: t, zone: Europe/Lodnon}\nevent_id: id"
    assert errors(text) == [
        "shape.yaml:1:1: contct is no key here. Did you mean contact?",
        f'shape.yaml:2:10: "a..b" is no path. {PATH_ADVICE}.',
        'shape.yaml:3:24: "b c" is no event type. Write dotted words: order.completed.',
        'shape.yaml:4:23: "Europe/Lodnon" is no time zone. Did you mean Europe/London?',
    ]


@pytest.mark.parametrize("key", ["contact", "type", "time", "event_id"])
def test_what_every_event_needs_has_to_be_said(key: str) -> None:
    assert error(**{key: None}).startswith(f"{key} is missing")


@pytest.mark.parametrize(
    ("key", "written", "message"),
    [
        ("records", "{format: cvs}", '"cvs" is none of'),
        ("records", "{at: data}", "at is for format: json"),
        ("records", '{delimiter: ";"}', "delimiter is for format: csv"),
        ("records", "{format: csv, delimiter: ab}", '"ab" is no delimiter'),
        ("records", "{json: []}", "this list of values is empty"),
        ("records", '{pairs: ["."]}', "the record itself is no field of it"),
        ("account", "{}", "value is missing"),
        ("contact", "{path: a, as: number}", '"number" is none of text'),
        ("contact", "[" + "a, " * 11 + "]", "there are 11 values here, more than 10"),
        ("visitors", "end", "no contact is a visitor's"),
        ("guests", "drop", '"drop" is none of'),
        ("type", "{path: a, value: b}", "a type needs path or value"),
        ("type", "{value: a, words: true}", "words is for a type with a path"),
        ("time", "{path: a, unit: hours}", '"hours" is none of'),
        ("time", "{path: a, unit: seconds, zone: UTC}", "zone is for texts"),
        ("time", '{path: a, format: "%Q"}', "%Q is no part of a time"),
        ("time", '{path: a, format: "%H:%M"}', "the format needs a year"),
        ("time", '{path: a, format: "%Y-%m-%d %I"}', "%I and %p belong together"),
        ("time", '{path: a, format: "%Y%Y-%m-%d"}', "the format says the year twice"),
        ("event_id", "{ordinal: true}", "an id needs fields"),
        ("properties", "{a.b: c}", "the name of a property has no dots"),
        ("properties", "{a: {path: b, value: 1}}", "a property needs path or value"),
        ("properties", "{a: {path: b, currency: c}}", "currency is for as: minor_units"),
        ("properties", "{a: {value: 1, as: text}}", "as is for a property with a path"),
        ("properties", '{a: "b\\\\c"}', "is no path"),
        ("numbers", '["..a"]', "is no path of a property"),
        ("decimal", '";"', '";" is none of'),
        ("each", '"."', "the record itself is no list"),
        ("only", "{}", "nothing is named here"),
        ("only", "{a: {}}", "no comparison is named here"),
        ("only", "{a: {gt: true}}", "true and false have no order"),
        ("only", "{a..b: 1}", "is no path"),
    ],
)
def test_what_a_key_cannot_say_is_refused(key: str, written: str, message: str) -> None:
    assert message in error(**{key: written})


def test_an_empty_file_and_one_that_is_not_there_are_errors(tmp_path: Path) -> None:
    assert errors("# nothing\n")[0].endswith("Write contact, type, time and event_id: docs/reference/shapes.md.")
    with pytest.raises(RulesError, match="this file cannot be read"):
        load(tmp_path / "none.yaml")


GOOD = (
    shape_text(),
    shape_text(
        records='{format: csv, delimiter: ";", encoding: latin-1, json: [a], pairs: [b, {at: c.d, key: k, value: v}]}',
        contact='[a, {path: [b, c], as: text, prefix: "x:", absent: [0, no]}]',
        guests="apart",
        visitors="end",
        type="{path: [a, b], names: {x: y.z}, words: true, others: leave_out}",
        time='[a, {path: b, unit: millis}, {path: c, format: "%d.%m.%Y", zone: Europe/Berlin}]',
        event_id="{fields: [a, {path: b, default: none}], digest: true, ordinal: true}",
        properties="[a, {b: c, d: [e, {path: f, as: minor_units, currency: g}], h: {value: 1}}]",
        numbers="[a, b.*.c]",
        decimal='","',
        each="lines",
        only="{a: 1, b: [x, y], c: {gt: 0, exists: true}}",
    ),
)


@pytest.mark.parametrize("text", GOOD)
def test_what_is_read_is_what_the_schema_lets_pass(text: str) -> None:
    mapping_of("shape.yaml", text.encode())
    jsonschema.validate(yaml.safe_load(text), json_schema())


@pytest.mark.parametrize("written", ["{format: cvs}", "{form: csv}"])
def test_the_schema_refuses_what_is_refused(written: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(shape_text(records=written)), json_schema())


def test_short_and_long_forms_say_the_same() -> None:
    long = shape(
        contact="{path: who}",
        type="{path: [what]}",
        time="[{path: at}]",
        event_id="{fields: [id]}",
        properties="[with]",
        guests="refuse",
        records="{format: json_lines}",
    )
    assert long == shape()
    assert spec_from("a.yaml", shape_text().encode()) != spec_from("b.yaml", shape_text().encode()), "names differ"


EXAMPLES = [one for one in examples.all_examples() if one.words[0] == "shape"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_of_a_page_is_a_shape(example: examples.Example) -> None:
    mapping_of("example.yaml", example.body.encode())


def test_the_page_of_shapes_has_examples_and_a_row_for_every_key(root: Path) -> None:
    assert EXAMPLES
    page = (root / "docs" / "reference" / "shapes.md").read_text(encoding="utf-8")
    assert [key for key in keys_of(ShapeFile) if f"\n| `{key}` | " not in page] == []
