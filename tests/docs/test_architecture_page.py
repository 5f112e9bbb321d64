"""The page "Architecture": its walks name files that are there, each once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.repo import sources

PAGE = sources.ROOT / "docs" / "explanation" / "architecture.md"
PATH = re.compile(r"`((?:kittiwake|transforms|pipelines|tests)/[\w/.]+)`")
SHORT = re.compile(r"`((?:kernel|rules|stream|input|output|batch)/[\w/]+\.py)`")


def _sections() -> dict[str, str]:
    title, *rest = re.split(r"^##+ (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return {"": title} | dict(zip(rest[::2], rest[1::2], strict=True))


WALKS = [title for title in _sections() if title.endswith("walk")]


def test_there_are_walks_of_an_event_of_a_wait_and_of_a_message() -> None:
    assert WALKS == ["An event's walk", "A wait's walk", "A message's walk"]


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_names_each_file_once(walk: str) -> None:
    named = Counter(PATH.findall(_sections()[walk]))
    assert len(named) >= 7
    assert [path for path, times in named.items() if times > 1] == []


def test_every_path_of_the_page_is_there() -> None:
    text = PAGE.read_text()
    named = [*PATH.findall(text), *(f"kittiwake/{path}" for path in SHORT.findall(text))]
    assert len(named) > 60
    assert [path for path in named if not (sources.ROOT / path).exists()] == []


def test_the_packages_of_the_page_are_those_of_the_repository() -> None:
    rows = " ".join(re.findall(r"^\| (.+?) \|", _sections()["Packages"], re.MULTILINE))
    there = {path.name for path in (sources.ROOT / "kittiwake").iterdir() if (path / "__init__.py").exists()}
    assert there > {*sources.LINKED}
    named = [f"{name}/" if name in sources.LINKED else f"kittiwake/{name}" for name in there]
    assert [name for name in named if f"`{name}`" not in rows] == ["kittiwake/time"]
