"""The JSON Schema: fresh, valid, and of one mind with the loader about most of what can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kittiwake.rules.check.paths import PATH_KEYS
from kittiwake.rules.json_schema import json_schema
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN
from kittiwake.rules.recipes import recipes
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.yaml import read_yaml
from tests.rules.goldens import HERE, assert_golden
from tests.rules.test_errors import INVALID, VALID

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Kinds of errors that a schema can see. The others need the text, a calendar, or two clauses at once.
PROGRESS = (
    "bad-duration",
    "bad-instant",
    "bad-number-of-items",
    "bad-offset",
    "bad-path-of-the-contact",
    "bad-time-of-day",
    "clause-",
    "empty-list",
    "json-rules",
    "kind-audience",
    "list-path",
    "missing-key-of",
    "missing-key.",
    "not-a-choice",
    "operator",
    "out-of-range",
    "unknown-key",
    "wrong-shape",
)


def data_of(path: Path) -> Any:
    """What an editor sees: numbers as doubles, nothing left out."""
    reading = Reading(path.name)
    data = json.loads(path.read_text()) if path.suffix == ".json" else plain(read_yaml(path.read_text(), reading))
    assert not reading.errors
    return json.loads(json.dumps(data, default=float))


def test_the_committed_schema_is_fresh() -> None:
    file = HERE.parent.parent / "kittiwake" / "rules" / "rules.schema.json"
    assert_golden(file, json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_the_schema_accepts_every_valid_file(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data_of(path))] == []


@pytest.mark.parametrize("path", [p for p in INVALID if p.name.startswith(PROGRESS)], ids=lambda path: path.name)
def test_the_schema_refuses_what_a_schema_can_see(path: Path) -> None:
    assert not VALIDATOR.is_valid(data_of(path))


def test_the_schema_refuses_most_invalid_files() -> None:
    refused = read = 0
    for path in INVALID:
        try:
            data = data_of(path)
        except (AssertionError, UnreadableError, ValueError):
            continue
        read += 1
        refused += not VALIDATOR.is_valid(data)
    assert refused / read > 0.6, f"{refused} of {read}"


def test_every_key_of_a_rule_and_of_a_policy_is_described() -> None:
    for name in ("Rule", "PolicyObject", "MatchObject", "Operators", "Where", "Count", "UntilWaitObject"):
        for key, part in SCHEMA["$defs"][name]["properties"].items():
            assert part.get("description"), f"{name}.{key}"


def keys_with(pattern: str, schema: Any, key: str = "") -> set[str]:
    """The keys under which a text of this pattern may stand."""
    if isinstance(schema, list):
        return set().union(*(keys_with(pattern, part, key) for part in schema))
    if not isinstance(schema, dict):
        return set()
    found = {key} if schema.get("pattern") == pattern else set()
    for name, part in schema.get("properties", {}).items():
        found |= keys_with(pattern, part, name)
    rest = (part for name, part in schema.items() if name not in ("properties", "not", "propertyNames"))
    return found.union(*(keys_with(pattern, part, key) for part in rest))


def test_every_key_that_may_hold_a_path_is_looked_at_for_places_of_lists() -> None:
    parameters = {name for one in recipes() for name, of in one.parameters.items() if of.type == "property"}
    beside_rules = {"number", "each"}
    """Asked by the checks of `cast` and `derive`."""
    assert keys_with(PATH_SCHEMA_PATTERN, SCHEMA) == {*PATH_KEYS, "include", *parameters} | beside_rules


def test_the_schema_takes_an_rrule_in_any_case() -> None:
    for repeat in ("freq=weekly;byday=mo", "RRULE:Freq=Daily", "yearly"):
        wait = {"until": "day", "repeat": repeat}
        assert VALIDATOR.is_valid({"account": "acme", "rules": [{"id": "a", "when": "b.c", "wait": wait}]})


def test_a_rule_that_uses_a_recipe_needs_nothing_else() -> None:
    for recipe in recipes():
        assert VALIDATOR.is_valid({"account": "acme", "rules": [{"use": recipe.name}]})
    assert not VALIDATOR.is_valid({"account": "acme", "rules": [{"use": "no name"}]})
    assert VALIDATOR.is_valid({"account": "acme", "rules": [{"use": "lapsed", "with": {"silence": "9d"}}]})
    assert not VALIDATOR.is_valid({"account": "acme", "rules": [{"use": "lapsed", "with": {"silence": 9}}]})
    assert not VALIDATOR.is_valid({"account": "acme", "rules": [{"use": "lapsed", "with": {"silent": "9d"}}]})
    assert not VALIDATOR.is_valid({"account": "acme", "rules": [{"id": "a", "when": "b.c", "with": {"wait": "9d"}}]})
    assert not VALIDATOR.is_valid({"account": "acme", "rules": [{"id": "a"}]})
