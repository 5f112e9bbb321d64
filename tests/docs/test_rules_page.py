"""Pages with rules, docs/how-to/write-rules.md first: what they show loads, runs, or is refused as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kittiwake.rules import RulesError, compile_account
from kittiwake.rules.lint.document import find_lints
from kittiwake.rules.loader import load_files
from kittiwake.rules.ruleset import RuleSet
from kittiwake.testing import check
from tests.docs import examples
from tests.docs.examples import FILE, Example

OTHER_FILES = ("event-plan", "shape")
"""YAML that is no rules; other tests read it."""
YAML = [
    example for example in examples.all_examples() if example.language == "yaml" and example.words[0] not in OTHER_FILES
]
RIGHT = [example for example in YAML if "refused" not in example.words]
REFUSED = examples.followed("errors")
TIMELINES = examples.followed("timeline")
LINTS = examples.followed("lints")
WORDS = {*examples.FORMS, "not-yet", "refused", "lints"}


def _names(found: list[Example]) -> list[str]:
    return [example.name for example in found]


def _load(example: Example) -> RuleSet:
    return load_files({FILE: examples.rules_text(example).encode()})


@pytest.mark.parametrize("example", RIGHT, ids=_names(RIGHT))
def test_an_example_loads_and_compiles(example: Example) -> None:
    ruleset = _load(example)
    for account in ruleset.accounts:
        compile_account(ruleset, account)


@pytest.mark.parametrize(("wrong", "said"), REFUSED, ids=_names([said for _, said in REFUSED]))
def test_what_the_loader_says_is_what_the_page_shows(wrong: Example, said: Example) -> None:
    with pytest.raises(RulesError) as caught:
        _load(wrong)
    assert "".join(f"{error}\n" for error in caught.value.errors) == said.body


@pytest.mark.parametrize(("rules", "history"), TIMELINES, ids=_names([history for _, history in TIMELINES]))
def test_a_timeline_comes_out_as_shown(rules: Example, history: Example, tmp_path: Path) -> None:
    check(examples.case_of(rules, history, tmp_path))


@pytest.mark.parametrize(("rules", "said"), LINTS, ids=_names([said for _, said in LINTS]))
def test_the_lints_of_validate_are_what_the_page_shows(rules: Example, said: Example) -> None:
    assert "".join(f"{remark}\n" for remark in find_lints(_load(rules))) == said.body


def test_every_refused_example_is_followed_by_what_the_loader_says() -> None:
    assert [example.name for example in YAML if "refused" in example.words] == [wrong.name for wrong, _ in REFUSED]


def test_the_pages_have_examples() -> None:
    assert len(RIGHT) > 20
    assert len(REFUSED) > 4
    assert LINTS
    assert len(TIMELINES) > 15


@pytest.mark.parametrize("page", ["docs/how-to/write-rules.md", "docs/reference/rules.md"])
def test_yaml_of_the_pages_about_rules_says_what_it_is(root: Path, page: str) -> None:
    assert re.findall(r"^```yaml *$", (root / page).read_text(), re.MULTILINE) == []


def test_every_yaml_example_has_a_known_form() -> None:
    assert {word for example in YAML for word in example.words} <= WORDS


def test_a_wrong_timeline_is_found(tmp_path: Path) -> None:
    rules = Example("page", 1, "yaml", ("rule",), "  - {id: example, when: a.b}\n")
    body = "2026-11-02 10:00  a.b\n           10:30  → example fired\n"
    with pytest.raises(AssertionError, match="differs:    fired example, at 2026-11-02T10:30:00Z"):
        check(examples.case_of(rules, Example("page", 5, "text", ("timeline",), body), tmp_path))
