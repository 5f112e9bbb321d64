"""`scenarios` and `check`: scenario files in a user's own test run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kittiwake.rules.errors import RulesError
from kittiwake.testing import Case, Story, check, scenarios

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("case", scenarios(ROOT / "examples"), ids=str)
def test_the_scenarios_that_ship_are_kept(case: Case) -> None:
    check(case)


def test_a_case_that_is_not_kept_says_where_what_and_the_whole_story(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("account: acme\nrules: [{id: now, when: a.b}]\n")
    path = tmp_path / "r.test.yaml"
    path.write_text("tests:\n  - name: it\n    steps:\n      - {event: a.b, expect: nothing}\n")
    (case,) = scenarios(path)
    with pytest.raises(AssertionError) as caught:
        check(case)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}:2: it"
    assert lines[1].startswith(f"{path}:4: expected nothing from ")
    assert lines[2].startswith("  + unexpected: fired now at ")
    assert "now fired once" in lines


def test_what_a_failed_case_or_story_quotes_moves_no_cursor_and_begins_no_line(tmp_path: Path) -> None:
    evil = "a\x1b[2J\nFORGED\u202e\x9b"
    (tmp_path / "r.yaml").write_text("account: acme\nrules: [{id: now, when: a.b, per: sku}]\n")
    steps = [{"event": "a.b", "with": {"sku": evil}, "expect": "nothing"}]
    path = tmp_path / "r.test.yaml"
    path.write_text(json.dumps({"tests": [{"name": "it", "steps": steps}]}))
    with pytest.raises(AssertionError) as of_case:
        check(*scenarios(path))
    with pytest.raises(AssertionError) as of_story:
        Story(tmp_path / "r.yaml").then("a.b", sku=evil).nothing()
    for caught in (of_case, of_story):
        lines = str(caught.value).split("\n")
        assert all(line.isprintable() and not line.lstrip().startswith("FORGED") for line in lines), lines
        assert any("FORGED" in line for line in lines)


def test_a_file_that_cannot_be_used_raises_while_tests_are_collected(tmp_path: Path) -> None:
    (tmp_path / "bad.test.yaml").write_text("tests: 3")
    with pytest.raises(RulesError, match=r"bad\.test\.yaml:1:8: "):
        scenarios(tmp_path)
