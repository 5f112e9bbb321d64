"""Event plans: what is read, what is refused and where, and that what is written is read back."""

from __future__ import annotations

import json
import string
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kittiwake.event_plan.json_schema import json_schema
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.parts import FORMATS, TYPES
from kittiwake.event_plan.reading import PLAN_BYTES_MAX, load_plan, read_plan
from kittiwake.event_plan.writing import plan_json, plan_yaml
from kittiwake.rules.errors import Code, RuleError, RulesError
from tests.docs import examples
from tests.repo import sources
from tests.rules.goldens import assert_golden

EXAMPLES = [one for one in examples.all_examples() if one.words == ("event-plan",)]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def errors_of(text: str, name: str = "events.yaml") -> list[RuleError]:
    with pytest.raises(RulesError) as raised:
        read_plan(name, text.encode())
    return list(raised.value.errors)


REFUSED = [
    ("", "events.yaml:1:1: the file is empty. Write events: with the types of events."),
    ("[]", "events.yaml:1:1: an event plan is one object. Write events: with the types of events, each with its"),
    ("account: acme", "events.yaml:1:1: events is missing. Add events: the types of events, by name."),
    ("events: {a.b: {cuont: 1}}", "events.yaml:1:16: cuont is no key here. Did you mean count?"),
    ("events: {a.b: {count: -1}}", "events.yaml:1:23: -1 is no number of events or values. Write 0, 1, 2"),
    ("events: {a.b: {count: 1.5}}", "events.yaml:1:23: 1.5 is no number of events or values."),
    ("events: {a.b: {count: true}}", "events.yaml:1:23: true is no number of events or values."),
    ("events:\n  a.b:\n    properties: {x: {type: string}}", 'events.yaml:3:28: "string" is none of text, number'),
    ("events: {a.b: {properties: {x: {present: 98}}}}", "events.yaml:1:42: 98 is no share. Write a number from 0 to 1"),
    ("events: {a.b: {first: yesterday}}", "events.yaml:1:23: 'yesterday' is not an RFC 3339 time."),
    ("events: {a.b: {properties: [x]}}", "events.yaml:1:28: properties must be an object, not a list."),
    ("events: {a.b: {description: }}", "events.yaml:1:16: description has no value."),
    ("account: a\nrules: []", "events.yaml:2:1: these are rules, in a file that is named as an event plan is."),
    (f'events: {{"{"a" * 129}": {{}}}}', 'events.yaml:1:143: "aaaa'),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_wrong_with_a_plan_is_said_with_its_line_and_column(text: str, said: str) -> None:
    (error,) = errors_of(text)
    assert str(error).startswith(said)


def test_all_that_is_wrong_is_reported_at_once() -> None:
    text = "events: {a.b: {count: -1, properties: {x: {type: string, min: a}}}}"
    assert [error.path for error in errors_of(text)] == [
        "events.a.b.count",
        "events.a.b.properties.x.type",
        "events.a.b.properties.x.min",
    ]


def test_a_type_and_a_property_may_only_be_named() -> None:
    plan = read_plan("events.yaml", b"events:\n  a.b:\n  c.d:\n    properties:\n      x:\n")
    assert plan.events["a.b"].properties is None
    assert list(plan.events["c.d"].properties or ()) == ["x"]


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_bytes(b"#" * (PLAN_BYTES_MAX + 1))
    for name, code in (("events.yaml", Code.TOO_LARGE), ("none.yaml", Code.UNREADABLE)):
        with pytest.raises(RulesError) as raised:
            load_plan(tmp_path / name)
        assert [error.code for error in raised.value.errors] == [code]


def test_the_committed_schema_is_fresh() -> None:
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert_golden(sources.ROOT / "kittiwake" / "event_plan" / "events.schema.json", text)


@pytest.mark.parametrize("shown", EXAMPLES, ids=lambda shown: shown.name)
def test_plans_of_the_pages_are_plans_to_reader_and_schema(shown: examples.Example) -> None:
    plan = read_plan("events.yaml", shown.body.encode())
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(plan_json(plan)))] == []


def test_the_pages_show_plans() -> None:
    assert len(EXAMPLES) >= 2


# ---------------------------------------------------------------- there and back

WORDS = st.one_of(
    st.sampled_from(
        ["yes", "null", "~", "1e5", "0x1F", "12", "-1.50", "2026-11-01", "a: b", "# c", "é\n😀", " x ", "-"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15), st.decimals(-(10**9), 10**9, places=3), st.sampled_from([Decimal("1e-7")])
)
SCALARS = st.one_of(WORDS, NUMBERS, st.booleans())
NAMES = st.text(string.printable[:95] + "é", min_size=1, max_size=12).filter(str.isprintable)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


COUNTS = st.integers(0, 10**12)
STATISTICS = {
    "type": st.lists(st.sampled_from(TYPES), min_size=1),
    "types": st.dictionaries(st.sampled_from(TYPES), COUNTS),
    "formats": st.dictionaries(st.sampled_from(FORMATS), COUNTS),
    "min": NUMBERS,
    "values": st.lists(st.one_of(SCALARS, st.fixed_dictionaries({"value": SCALARS, "count": COUNTS})), max_size=4),
    "present": st.decimals(0, 1, places=4),
    "required": st.booleans(),
}
PROPERTIES = st.dictionaries(NAMES, _some(**STATISTICS, elements=_some(**STATISTICS)), max_size=3)
EVENTS = st.dictionaries(
    NAMES,
    _some(count=COUNTS, complete=st.booleans(), properties=PROPERTIES, followed_by=st.dictionaries(NAMES, COUNTS)),
)


@settings(max_examples=40)
@example({}, {"<<": {}})  # which is a merge key unless it stands in quotes
@given(_some(account=st.just("acme"), complete=st.booleans()), EVENTS)
def test_what_is_written_is_read_back(head: dict[str, Any], events: dict[str, Any]) -> None:
    plan = PlanObject.model_validate({**head, "events": events})
    assert read_plan("events.yaml", plan_yaml(plan).encode()) == plan
    assert read_plan("events.json", plan_json(plan).encode()) == plan
