"""A version is not released without a word about it."""

from __future__ import annotations

import re
from pathlib import Path

import kittiwake

HEADING = re.compile(r"^## \[?(\d+\.\d+\.\d+|Unreleased)\]?", re.MULTILINE)


def test_the_changelog_has_the_current_version_on_top(root: Path) -> None:
    versions = [v for v in HEADING.findall((root / "CHANGELOG.md").read_text()) if v != "Unreleased"]
    assert versions[0] == kittiwake.__version__
    assert versions == sorted(versions, key=lambda v: [int(part) for part in v.split(".")], reverse=True)


def test_the_current_version_lists_changes(root: Path) -> None:
    section = (root / "CHANGELOG.md").read_text().split(f"## {kittiwake.__version__}", 1)[1].split("\n## ", 1)[0]
    assert section.count("\n- ") >= 1
