"""YAML without its traps, JSON with its lines and columns, and both within bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.limits import DEPTH_MAX
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.json import read_json
from kittiwake.rules.source.tree import Mark, locate, plain
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.values import canonical, parse_json


def yaml(text: str) -> Any:
    reading = Reading("a.yaml")
    value = plain(read_yaml(text, reading))
    assert reading.errors == []
    return value


def json(text: str) -> Any:
    reading = Reading("a.json")
    value = plain(read_json(text, reading))
    assert reading.errors == []
    return value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("1:2:3", "1:2:3"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("007", "007"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("+49", "+49"),
        (".5", ".5"),
        ("5.", "5."),
        (".inf", ".inf"),
        ("10%", "10%"),
        ("1e", "1e"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("5", 5),
        ("-0", 0),
        ("0.1", Decimal("0.1")),
        ("99.950", Decimal("99.95")),
        ("1.0", 1),
        ("1e3", 1000),
        ("0.12345678901234567", Decimal("0.123456789012346")),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("true", True),
        ("False", False),
        ("TRUE", True),
    ],
)
def test_a_plain_value_of_yaml_is_what_a_person_reads(written: str, meant: object) -> None:
    value = yaml(f"x: {written}")["x"]
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize("written", ["null", "~", "Null", ""])
def test_what_is_not_written_is_nothing(written: str) -> None:
    assert yaml(f"x: {written}\ny: 1") == {"y": 1}


@pytest.mark.parametrize("key", ["on", "yes", "12:30", "5", "1.0", "true"])
def test_a_key_is_the_text_that_is_written(key: str) -> None:
    assert yaml(f"{key}: 1") == {key: 1}


def test_an_alias_stands_where_it_is_written_and_its_parts_where_they_are() -> None:
    node = read_yaml("a: &x\n  b: 1\nc: *x\n", Reading("a.yaml"))
    assert plain(node) == {"a": {"b": 1}, "c": {"b": 1}}
    assert locate(node, ("c",)) == Mark(3, 4)
    assert locate(node, ("c", "b")) == Mark(2, 6)
    assert locate(node, ("c", "b"), at_key=True) == Mark(2, 3)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_is_bounded_before_anything_recurses(opening: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_yaml(opening * 5_000, Reading("a.yaml"))
    assert caught.value.error.code is Code.TOO_DEEP


def test_nesting_of_json_is_bounded_before_anything_recurses() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_json("[" * 100_000, Reading("a.json"))
    assert caught.value.error.code is Code.TOO_DEEP


def test_nesting_up_to_the_bound_is_read() -> None:
    text = "[" * DEPTH_MAX + "]" * DEPTH_MAX
    assert yaml(text) == json(text)


def test_nesting_through_aliases_is_counted() -> None:
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, DEPTH_MAX + 1))]
    with pytest.raises(UnreadableError) as caught:
        read_yaml("\n".join(lines), Reading("a.yaml"))
    assert caught.value.error.code is Code.TOO_DEEP


def test_aliases_of_aliases_are_counted_as_if_written_out() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(UnreadableError) as caught:
        read_yaml("\n".join(lines), Reading("a.yaml"))
    assert caught.value.error.code is Code.TOO_LARGE


def test_the_first_of_two_equal_keys_stays_and_both_are_told() -> None:
    reading = Reading("a.yaml")
    assert plain(read_yaml("a: 1\nb: 2\na: 3\n", reading)) == {"a": 1, "b": 2}
    assert [(error.code, error.line) for error in reading.errors] == [(Code.DUPLICATE_KEY, 3)]


def test_json_keeps_places() -> None:
    node = read_json('{"a": 1,\n  "b": [true,\n\tfalse]}', Reading("a.json"))
    assert locate(node, ("b", 1)) == Mark(3, 2)
    assert locate(node, ("b",), at_key=True) == Mark(2, 3)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals(-1000, 1000, places=3)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_json_means_what_the_parser_of_events_reads(value: Any) -> None:
    text = canonical(value)
    reading = Reading("a.json")
    node = read_json(text, reading)

    def bare(tree: Any) -> Any:
        if isinstance(tree.value, dict):
            return {key: bare(part) for key, part in tree.value.items()}
        return [bare(part) for part in tree.value] if isinstance(tree.value, list) else tree.value

    assert bare(node) == parse_json(text)


@pytest.mark.parametrize("parse", [read_yaml, read_json])
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(parse: Any, text: str) -> None:
    found = refusal(parse, text)
    assert found is None or (found.line >= 1 and found.column >= 1)


def refusal(parse: Any, text: str) -> RuleError | None:
    try:
        parse(text, Reading("a"))
    except UnreadableError as caught:
        return caught.error
    return None
