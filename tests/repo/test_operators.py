"""An operator of `where` is on every layer, in the oracle, in its generated cases, on both pages and in a test.

What each place has is compared with what an author may write (`Operators`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from kittiwake.explain.rules import SIGNS
from kittiwake.kernel.evaluate.match import TESTS
from kittiwake.kernel.plan.match import Operator
from kittiwake.rules.model.match import Operators
from kittiwake.rules.source.validation import keys_of
from tests.oracle.test_worlds import CLAUSES
from tests.oracle.values import OPERATORS

NEGATED: Final = {"ne", "not_in"}
"""Compiled to `Not` of another, so that no layer below the compiler knows them."""
APART: Final = {Operator.EXISTS.value}
"""Asked of the path and not of a value: it has code of its own where others have a row of a table."""
WORD: Final = re.compile(r"`([^`]+)`")


def _keys_below(values: Any, key: str) -> Iterator[str]:
    """The keys of all objects below a key, wherever it stands."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from _all_keys(value) if name == key else _keys_below(value, key)
    elif isinstance(values, list):
        for value in values:
            yield from _keys_below(value, key)


def _all_keys(values: Any) -> Iterator[str]:
    if isinstance(values, dict):
        yield from values
    for value in values.values() if isinstance(values, dict) else values if isinstance(values, list) else ():
        yield from _all_keys(value)


def _ticked(text: str) -> set[str]:
    """The single words in code."""
    return {word for ticked in WORD.findall(text) for word in ticked.split()}


def _semantics(root: Path) -> str:
    """The section that says what values and paths mean."""
    text = (root / "docs/explanation/semantics.md").read_text(encoding="utf-8")
    return text.split("\n## 1. ", 1)[1].split("\n## ", 1)[0]


def _reference(root: Path) -> str:
    """The rows of the table of operators."""
    text = (root / "docs/reference/rules.md").read_text(encoding="utf-8")
    table = text.split("\n| operator | operand |", 1)[1].split("\n\n", 1)[0]
    return "\n".join(row.split(" | ")[0] for row in table.splitlines())


def _places(root: Path) -> dict[str, set[str]]:
    """Where operators stand, and which of them stand there."""
    conformance = yaml.safe_load((root / "tests/conformance/match.test.yaml").read_text(encoding="utf-8"))
    return {
        "kittiwake/rules/model/match.py": {*keys_of(Operators)},
        "kittiwake/kernel/plan/match.py": {*Operator} | NEGATED,
        "kittiwake/kernel/evaluate/match.py": {*TESTS} | NEGATED | APART,
        "kittiwake/explain/rules.py": {*SIGNS} | NEGATED | APART,
        "tests/oracle/values.py": {*OPERATORS} | APART,
        "tests/oracle/test_worlds.py": {*CLAUSES},
        "tests/conformance/match.test.yaml": {*_keys_below(conformance, "where")},
        "docs/reference/rules.md": _ticked(_reference(root)),
        "docs/explanation/semantics.md": _ticked(_semantics(root)) | NEGATED,
    }


OPEN: Final = {
    "tests/oracle/test_worlds.py",
    "tests/conformance/match.test.yaml",
    "docs/reference/rules.md",
    "docs/explanation/semantics.md",
}
"""Where other words stand beside the operators; `tests/docs` asks that the reference has no row too many."""


def _lacking(places: dict[str, set[str]], wanted: set[str]) -> dict[str, set[str]]:
    return {place: wanted - there for place, there in places.items() if wanted - there}


def test_every_operator_stands_wherever_operators_stand(root: Path) -> None:
    assert _lacking(_places(root), {*keys_of(Operators)}) == {}


def test_no_table_of_operators_has_another(root: Path) -> None:
    written = {*keys_of(Operators)}
    more = {place: there - written for place, there in _places(root).items() if place not in OPEN}
    assert {place: found for place, found in more.items() if found} == {}


def test_an_operator_that_only_an_author_knows_is_lacking_everywhere_else(root: Path) -> None:
    places = _places(root)
    assert _lacking(places, {*keys_of(Operators), "ends_with"}) == {place: {"ends_with"} for place in places}


@pytest.mark.parametrize("place", ["kittiwake/explain/rules.py", "tests/conformance/match.test.yaml"])
def test_an_operator_that_is_gone_from_one_place_is_found(root: Path, place: str) -> None:
    places = _places(root)
    places[place] -= {"contains"}
    assert _lacking(places, {*keys_of(Operators)}) == {place: {"contains"}}


def test_every_place_is_in_the_list_of_contributing(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8").split("### An operator of `where`\n", 1)[1]
    listed = re.findall(r"^- `([^`]+)`", text.split("\n### ", 1)[0], re.MULTILINE)
    assert _places(root).keys() - {*listed} == set()
