"""The page of what exists twice names every file of the accelerator, with the Python that defines it and its test."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = "docs/explanation/adr/0030-an-accelerator-that-may-say-not-me.md"
ROOTS = ("kittiwake", "native/src", "", ".")
"""Below which folder the names of each column stand: Python, Rust, why, tests."""
WIRING = {"lib.rs", "decide/mod.rs"}
"""What only gives on."""


def _rows(root: Path) -> list[list[list[str]]]:
    """The files that each row names, by column."""
    section = (root / PAGE).read_text(encoding="utf-8").split("\n## All that exists twice\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[re.findall(r"`([\w/.]+\.(?:py|rs))`", cell) for cell in line.split(" | ")[1:]] for line in lines]


def test_every_file_of_the_accelerator_stands_on_the_page(root: Path) -> None:
    source = root / "native/src"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*.rs")}
    assert {name for row in _rows(root) for name in row[1]} == files - WIRING


def test_every_row_names_the_python_that_defines_it_and_a_test(root: Path) -> None:
    for row in _rows(root):
        assert all((row[0], row[1], row[3])), row
        missing = [
            name
            for folder, names in zip(ROOTS, row, strict=True)
            for name in names
            if not (root / folder / name).is_file()
        ]
        assert missing == []
