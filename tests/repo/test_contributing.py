"""The lists of CONTRIBUTING name the files that there are, and every file that an example of the kind touches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from kittiwake.cli.main import COMMANDS
from kittiwake.input.shapes.base import Shape
from kittiwake.pipelines.sinks.table import SINKS
from kittiwake.shape_files.names import SHIPPED
from tests.repo import sources
from tests.repo.constructs import CONSTRUCTS, LAYERS

PLACEHOLDER: Final = re.compile(r"<\w+>")
TICKED: Final = re.compile(r"`((?:[\w.<>-]+/)+[\w.<>-]*)`")


WITHOUT_FILE: Final = {Shape.CANONICAL, Shape.SEGMENT_NO_ZONE}
"""Shapes without an adapter in a file of their own."""


class List(NamedTuple):
    """What is known of a list beside the page."""

    names: Iterable[str]
    """What there is of the kind, put for the placeholder."""
    example: str
    """A pattern by which one of them is known wherever the product names it; "": nothing is looked for."""


def _own_files(folder: str) -> list[str]:
    """The files of a folder of rows, without the contract and the table."""
    stems = {path.stem for path in (sources.ROOT / folder).glob("*.py")}
    return sorted(stems - {"__init__", "base", "table"})


LISTS: Final = {
    "A rule construct": List(CONSTRUCTS, ""),
    "An operator of `where`": List([], r"STARTS_WITH|(?<!pc\.)\bstarts_with\b|Operator\.CONTAINS"),
    "A shape file that is shipped": List(SHIPPED, ""),
    "An input shape": List([one.value for one in Shape if one not in WITHOUT_FILE], r"(?i)cloudevents"),
    "An input file type": List([], ""),
    "A sink of the streaming job": List(_own_files("pipelines/sinks"), r"json_files|WriteJsonLines\b(?!`)"),
    "A runner or another host": List([], ""),
    "A metric or an alert": List([], ""),
    "A command": List(COMMANDS, r'^    "unfreeze",|one_command\(unfreeze'),
}


def _sections(root: Path) -> dict[str, str]:
    page = (root / "CONTRIBUTING.md").read_text()
    part = page.split("\n## How to add something\n", 1)[1].split("\n## ", 1)[0]
    return {text.partition("\n")[0]: text for text in re.split(r"^### ", part, flags=re.MULTILINE)[1:]}


def _listed(text: str) -> list[str]:
    """The path at the head of each entry."""
    return re.findall(r"^- `([^`]+)`", text, re.MULTILINE)


def _with_name(path: str, name: str) -> str:
    return PLACEHOLDER.sub(name, path)


def test_every_list_is_known_here(root: Path) -> None:
    assert _sections(root).keys() == LISTS.keys()


@pytest.mark.parametrize("title", LISTS)
def test_every_path_of_a_section_leads_somewhere(title: str, root: Path) -> None:
    text = _sections(root)[title]
    named = [path for path in [*_listed(text), *TICKED.findall(text)] if not PLACEHOLDER.search(path)]
    assert [path for path in named if not (root / path).exists()] == []
    assert _listed(text)


@pytest.mark.parametrize("title", sorted(LISTS.keys() - {"A rule construct"}))
def test_a_file_with_a_placeholder_is_there_for_everything_of_the_kind(title: str, root: Path) -> None:
    templates = [path for path in _listed(_sections(root)[title]) if PLACEHOLDER.search(path)]
    wanted = [_with_name(path, name) for path in templates for name in LISTS[title].names]
    assert [path for path in wanted if not (root / path).exists()] == []


def test_the_files_of_a_construct_are_those_of_its_layers(root: Path) -> None:
    templates = [path for path in _listed(_sections(root)["A rule construct"]) if PLACEHOLDER.search(path)]
    layers = [f"{folder}/<construct>.py" for folder in LAYERS.values()]
    assert templates == [*layers, "tests/conformance/<construct>.test.yaml"]


def _naming(pattern: str) -> set[str]:
    """Files of the product that name something."""
    product = ("kittiwake/", "transforms/", "pipelines/")
    files = [path for path in sources.python_files() if sources.name_of(path).startswith(product)]
    return {sources.name_of(path) for path in files if re.search(pattern, path.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("title", [title for title, known in LISTS.items() if known.example])
def test_every_file_that_names_an_example_of_the_kind_is_in_the_list(title: str, root: Path) -> None:
    listed = {_with_name(path, name) for path in _listed(_sections(root)[title]) for name in LISTS[title].names or [""]}
    naming = _naming(LISTS[title].example)
    assert naming
    assert naming - listed == set()


def test_a_path_and_a_placeholder_are_read() -> None:
    text = "- `a/<kind>.py`: see `b/c.py` and `Shape`.\n- `d/e`\nno entry: `f.py`\n"
    assert _listed(text) == ["a/<kind>.py", "d/e"]
    assert TICKED.findall(text) == ["a/<kind>.py", "b/c.py", "d/e"]
    assert _with_name("a/<kind>.py", "x") == "a/x.py"


def test_every_file_of_a_sink_has_its_row() -> None:
    assert len(_own_files("pipelines/sinks")) == len(SINKS)
