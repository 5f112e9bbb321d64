"""Whatever the page about security says is shown by a test is shown by one that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = "docs/explanation/security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
OTHERWISE = {"read, not tried", "the command"}


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / PAGE).read_text()


def test_every_test_that_the_page_names_is_there(page: str, root: Path) -> None:
    named = NAMED.findall(page)
    assert len(named) > 25
    assert [f"{file}::{name}" for file, name in named if not _is_there(root / file, name)] == []


def test_every_threat_says_what_shows_that_it_is_stopped(page: str) -> None:
    threats = [line for table in _tables(page) if table[0].startswith("| threat") for line in table[2:]]
    assert len(threats) > 25
    shown = [line.rstrip(" |").rpartition(" | ")[2] for line in threats]
    assert [text for text in shown if text not in OTHERWISE and not NAMED.fullmatch(text)] == []


def _tables(page: str) -> list[list[str]]:
    found = [block.strip().splitlines() for block in page.split("\n\n")]
    return [lines for lines in found if lines[0].startswith("|")]


def _is_there(file: Path, name: str) -> bool:
    return file.is_file() and f"def {name}(" in file.read_text()
