"""The tables of the pages: every key, operator, gate, limit, recipe and field has its row, and no row is made up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kittiwake.input.events import parse_event
from kittiwake.kernel.plan.gates import GATES
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.model import Event
from kittiwake.output.rows import dead_letter_row
from kittiwake.rules import limits
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.match import Operators, Where
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.rules.publishing import bounds
from kittiwake.rules.recipes import recipes
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.validation import keys_of
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US
from kittiwake.values import canonical
from tests.docs import examples

RULES = "reference/rules.md"
EVENTS = "reference/events.md"
PUBLISHING = "how-to/publish-rules.md"

WORD = re.compile(r"`([^`]+)`")
START_US = 1_800_000_000_000_000
"""2027-01-15: after every time of the pages but the one in the future."""


def rows(root: Path, page: str, heading: str) -> list[list[str]]:
    """The cells of all tables below a heading, until the next one."""
    text = (root / "docs" / page).read_text()
    below = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    found = [line.strip("|").split(" | ") for line in below.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in cells] for cells in found]


def words(root: Path, page: str, heading: str) -> list[str]:
    """The words in code of the first column."""
    return [word for cells in rows(root, page, heading) for word in WORD.findall(cells[0])]


@pytest.mark.parametrize(
    ("heading", "model"),
    [("A file", Header), ("All keys of a rule", Rule), ("Policy keys", PolicyObject)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_key_has_its_row(root: Path, heading: str, model: Any) -> None:
    assert sorted(words(root, RULES, heading)) == sorted(keys_of(model))


def test_every_operator_has_its_row(root: Path) -> None:
    assert sorted(words(root, RULES, "Event matches")) == sorted([*keys_of(Operators), *keys_of(Where)])


def test_the_gates_stand_in_their_order(root: Path) -> None:
    second = [cells[1] for cells in _table(root, "4. From due to fired")]
    assert [word.strip("`") for word in second] == [
        "deferred" if reason in ("feed_silent", "flooded", "quiet_hours", "arbitration") else str(reason)
        for reason in GATES
    ]


def _table(root: Path, heading: str) -> list[list[str]]:
    text = (root / "docs" / RULES).read_text().split(f"## {heading}\n", 1)[1].split("\n### ", 1)[0]
    found = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| [")]
    return [[cell.strip() for cell in cells] for cells in found]


def _limits() -> dict[str, int]:
    written = {name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)}
    written.pop("DAY_US")
    return written | DEFAULT_LIMITS._asdict()


def test_every_limit_has_its_row_with_its_number(root: Path) -> None:
    shown = {cells[0].strip("` "): cells[1].split()[0] for cells in rows(root, RULES, "Limits")}
    assert shown == {
        name: f"{value // DAY_US if name.lower().endswith('_us') else value:,}" for name, value in _limits().items()
    }


def test_every_recipe_has_its_row(root: Path) -> None:
    shown = {cells[0].strip("` "): cells[1] for cells in rows(root, RULES, "Recipes")}
    assert shown == {recipe.name: recipe.description for recipe in recipes()}


def test_every_recipe_with_parameters_has_a_row_of_them(root: Path) -> None:
    shown = {cells[0].strip("` "): cells[1] for cells in rows(root, RULES, "Parameters of recipes")}
    assert shown.keys() == {recipe.name for recipe in recipes() if recipe.parameters}
    for recipe in recipes():
        for name, one in recipe.parameters.items():
            assert one.default is not None
            said = f"`{name}` ({one.type}, `{canonical(plain(one.default))}`): {one.description}"
            assert said in shown[recipe.name]


def test_every_lint_has_its_row(root: Path) -> None:
    assert words(root, RULES, "Lints") == [code.value for code in LintCode]


# ---------------------------------------------------------------- publish-rules.md


def test_every_bound_of_publishing_has_its_row_with_its_number(root: Path) -> None:
    shown = {cells[0].strip("` "): cells[1] for cells in rows(root, PUBLISHING, "The lead")}
    written = {name: value for name, value in vars(bounds).items() if name.isupper() and isinstance(value, int)}
    assert shown == {
        name: format_duration(value) if name.endswith("_US") else f"{value:,}"
        for name, value in written.items()
        if name not in ("DAY_US", "SECOND_US")
    }


# ---------------------------------------------------------------- events.md


def _good() -> dict[str, Any]:
    example = next(one for one in examples.all_examples() if one.words == ("event",))
    return dict(json.loads(example.body))


def test_the_events_shown_are_events() -> None:
    shown = [example for example in examples.all_examples() if example.words == ("event",)]
    assert shown
    for example in shown:
        assert isinstance(parse_event(example.body.encode(), "page", START_US), Event), example.name


def _record(cell: str) -> bytes:
    """The record of a cell: a line, a change to the good event, or in words."""
    if cell == "300,000 bytes":
        return b" " * 300_000
    if cell == "65 lists inside one another":
        return b"[" * 65 + b"]" * 65
    if "Latin-1" in cell:
        return b'{"city": "Orl\xe9ans"}'
    text = WORD.findall(cell)[0]
    if cell.startswith("the line"):
        return text.encode()
    changed = json.dumps(_good())[:-1] + ", " + text[1:]  # the last of two equal keys counts
    return changed.encode()


def test_every_dead_letter_is_made_by_its_example(root: Path) -> None:
    shown = rows(root, EVENTS, "Dead letters")
    assert len(shown) == 14
    for reason, example, detail in shown:
        dead = parse_event(_record(example), "page", START_US)
        assert not isinstance(dead, Event), example
        row = dead_letter_row(dead)
        assert (row["reason"], row["detail"]) == (reason.strip("`"), detail), example
