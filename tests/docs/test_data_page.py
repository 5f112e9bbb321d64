"""The page on queries: each recipe, run over the files before it, gives the events after it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from kittiwake.input.columns.blocks import records_of_block
from kittiwake.input.events import parse_event
from kittiwake.input.query.blocks import blocks_of_query, check_query
from kittiwake.input.query.model import Query
from kittiwake.model import Event
from kittiwake.time.instants import parse_instant
from tests.docs import examples

if not os.environ.get("CI"):
    pytest.importorskip("duckdb")

PAGE = examples.ROOT / "docs/how-to/bring-your-data.md"
START_US = parse_instant("2026-12-31T00:00:00Z")


class Recipe(NamedTuple):
    line: int
    files: list[examples.Example]
    sql: str
    rows: str


def _recipes() -> list[Recipe]:
    found, files, sql = [], [], ""
    for fence in examples.examples_of(PAGE):
        if fence.words[0] == "input":
            files.append(fence)
        elif fence.words == ("query",):
            sql = fence.body
        else:
            assert fence.words == ("rows",), fence.name
            found.append(Recipe(fence.line, files, sql, fence.body))
            files = []
    return found


def _events(lines: list[bytes]) -> list[Event]:
    found = [parse_event(line, "page", START_US) for line in lines]
    assert all(isinstance(one, Event) for one in found), found
    return found  # type: ignore[return-value]


def _objects(text: str) -> list[bytes]:
    """The objects of a text, one after another, in any layout."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text.rstrip()):
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end].encode())
        at = end + 1
    return found


RECIPES = _recipes()


def test_the_page_has_the_recipes_it_promises() -> None:
    assert len(RECIPES) == 8
    assert all(recipe.files and recipe.sql for recipe in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.line))
def test_a_recipe_gives_the_events_it_shows(recipe: Recipe, tmp_path: Path) -> None:
    for fence in recipe.files:
        name, encoding = (*fence.words[1:], "utf-8")[:2]
        (tmp_path / name).write_text(fence.body, encoding=encoding)
    (tmp_path / "recipe.sql").write_text(recipe.sql, encoding="utf-8")
    inputs: list[Any] = [tmp_path / fence.words[1] for fence in recipe.files if len(fence.words) == 2]
    query = Query(str(tmp_path / "recipe.sql"), tuple(map(str, inputs)))
    check_query(query)
    lines = [record.raw for block in blocks_of_query(query) for record in records_of_block(block)]
    assert msgspec.to_builtins(_events(lines)) == msgspec.to_builtins(_events(_objects(recipe.rows)))
