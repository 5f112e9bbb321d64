"""Prose is one sentence a line, and no line is too long for a review side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.repo import pages, sources

LENGTH = 140
LINK = re.compile(r"\]\([^)\s]*\)|https?://\S+")
GENERATED = re.compile(r"^<!--.*?^<!-- end of[^\n]*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]*`")
SENTENCES = re.compile(r"[a-z)*][.!?] +[A-Z*\[]")
"""Where a line has a second sentence."""
NOT_YET = {"templates/README.md"}
"""Pages that are to be rewritten. This set only shrinks."""


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Lines of prose with their numbers: no fences, tables, headings, footnotes, nor what a program writes."""
    for pattern in (GENERATED, pages.FENCE):
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(("|", "#", "[^")):
            yield number, line


def _long(text: str) -> list[int]:
    return [number for number, line in _prose(text) if len(LINK.sub("]", line)) > LENGTH]


def _doubled(text: str) -> list[int]:
    return [number for number, line in _prose(text) if SENTENCES.search(CODE.sub("code", line))]


def _pages() -> list[Path]:
    names = [(path, sources.name_of(path)) for path in pages.pages()]
    return [path for path, name in names if name not in NOT_YET and name.startswith(("docs/", "README", "CHANGELOG"))]


def test_no_line_of_prose_is_too_long() -> None:
    assert {sources.name_of(page): lines for page in _pages() if (lines := _long(page.read_text()))} == {}


def test_a_line_has_one_sentence() -> None:
    found = {sources.name_of(page): _doubled(page.read_text()) for page in _pages() if page.name != "CHANGELOG.md"}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_finders_of_this_file_find() -> None:
    page = f"{'a' * 141}\n| {'a' * 141} |\n[a]({'a' * 141})\n```text\n{'a' * 141}\n```\nIt is so. That is another.\n"
    assert _long(page) == [1]
    assert _doubled(page) == [7]
