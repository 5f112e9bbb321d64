"""docs/reference/output.md: the rows shown are the rows written, and every field is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from kittiwake.batch.counts import Counts
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import summary_of, to_json
from kittiwake.input.events import parse_event
from kittiwake.model import DeadLetter
from kittiwake.output.rows import Mode, dead_letter_row, decision_row, line
from kittiwake.rules.compile.accounts import RulesUsed, VersionUsed
from tests.conformance.histories import played
from tests.docs import examples

PAGE = "docs/reference/output.md"
FINGERPRINTS = ("rule_version", "ruleset_version")
"""They change with every default of the language, and not what this page is about."""


def _shown(word: str) -> examples.Example:
    return next(one for one in examples.all_examples() if one.page == PAGE and one.words == (word,))


def _written(folder: Path) -> dict[str, Any]:
    (decision,) = played(examples.case_of(_shown("rules"), _shown("timeline"), folder)).decided
    return dict(json.loads(line(decision_row(decision))))


def _without_fingerprints(row: dict[str, Any]) -> list[tuple[str, Any]]:
    assert all(re.fullmatch(r"[0-9a-f]{12}", row[name]) for name in FINGERPRINTS)
    return [(name, value) for name, value in row.items() if name not in FINGERPRINTS]


def test_the_trigger_shown_is_the_trigger_written(tmp_path: Path) -> None:
    assert _without_fingerprints(json.loads(_shown("row").body)) == _without_fingerprints(_written(tmp_path))


def test_the_dead_letter_shown_is_the_one_written() -> None:
    dead = parse_event(_shown("record").body.strip().encode(), "page", 2**60)
    assert isinstance(dead, DeadLetter)
    assert json.loads(_shown("dead").body) == dead_letter_row(dead)


def test_every_field_has_its_row(root: Path, tmp_path: Path) -> None:
    page = (root / PAGE).read_text()
    fields = [re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) for part in page.split("\n## ")]
    assert list(_written(tmp_path)) in fields
    assert list(json.loads(_shown("dead").body)) in fields


def test_every_field_of_the_summary_has_its_row(root: Path) -> None:
    summary = summary_of(Mode.REPLAY, RulesUsed((VersionUsed(None, ""),)), RunSettings(start_us=0), Counts())
    part = (root / PAGE).read_text().split("\n## summary.json\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE)
    assert [word for row in rows for word in re.findall(r"`(\w+)`", row)] == list(to_json(summary))
