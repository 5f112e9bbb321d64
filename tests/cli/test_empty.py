"""A run that had nothing to do says so first, and does not end with 0 unless that is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kittiwake.pipelines.backfill import main
from tests.cli.command import RULES, Ran, event, kittiwake, write

ADDED = event("cart.item_added", "2025-03-03T10:00:00Z")
SCENARIO = """\
tests:
  - name: nothing happens
    steps:
      - {event: cart.itm_added, expect: nothing}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write(tmp_path / "rules.yaml", RULES)


def job(*arguments: str | Path, capture: pytest.CaptureFixture[str]) -> Ran:
    capture.readouterr()
    code = main([str(one) for one in arguments])
    return Ran(code, *capture.readouterr())


@pytest.mark.parametrize("host", ["replay", "backfill"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "EMPTY: the input has no record"),
        ("no event", "EMPTY: no record of the input is an event"),
        (ADDED.replace("acme", "acme-prod"), "EMPTY: no event is of account acme, which the rules are for"),
        (ADDED.replace("item", "itm"), "EMPTY: rule cart of account acme saw no event of its type"),
    ],
)
def test_it_is_said_first_and_ends_with_1_unless_it_is_allowed(
    tmp_path: Path, rules: Path, line: str, message: str, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--rules", rules, "--input", write(tmp_path / "a.jsonl", line), "--output", tmp_path / "out"]

    def run(*more: str) -> Ran:
        if host == "replay":
            return kittiwake("replay", *arguments, *more)
        return job(*arguments, *more, capture=capsys)

    ran = run("--max_dead_letter_ratio", "1")
    assert (ran.code, ran.out.startswith(message)) == (1, True), ran
    allowed = run("--max_dead_letter_ratio", "1", "--allow_empty")
    assert (allowed.code, allowed.out.splitlines()[0]) == (0, ran.out.splitlines()[0])
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["empty"] != []


@pytest.mark.parametrize("host", ["replay", "explain", "backfill"])
def test_a_file_of_another_kind_is_unusable_before_anything_is_written(
    tmp_path: Path, rules: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.json", f"[{ADDED}]")
    arguments: list[str | Path] = ["--rules", rules, "--input", path]
    if host == "backfill":
        ran = job(*arguments, "--output", tmp_path / "out", capture=capsys)
    else:
        more = ["--output", tmp_path / "out"] if host == "replay" else ["--contact", "c1"]
        ran = kittiwake(host, *arguments, *more)
    assert ran.code == 2
    assert "holds a JSON array, not one object a line. To read it: jq -c '.[]'" in ran.err
    assert not (tmp_path / "out").exists()


def test_explain_says_that_no_rule_needs_an_event_of_the_contact(tmp_path: Path, rules: Path) -> None:
    path = write(tmp_path / "a.jsonl", ADDED.replace("item", "itm"))
    command = ["explain", "--rules", rules, "--input", path, "--contact", "c1"]
    ran = kittiwake(*command)
    assert (ran.code, ran.err) == (
        1, "EMPTY: no event of the contact is of a type that a rule needs: cart.itm_added came\n",
    )  # fmt: skip
    assert kittiwake(*command, "--allow-empty").code == 0
    assert kittiwake(*command, "--json").data["empty"] != []


def test_explain_says_that_an_account_has_no_rule(tmp_path: Path, rules: Path) -> None:
    path = write(tmp_path / "a.jsonl", ADDED.replace("acme", "beta"))
    ran = kittiwake("explain", "--rules", rules, "--input", path, "--contact", "c1")
    assert (ran.code, ran.err) == (1, "EMPTY: there is no rule for account beta, which these events are of\n")


def test_a_rule_that_no_test_arms_is_a_finding_unless_some_tests_are_picked(tmp_path: Path, rules: Path) -> None:
    write(tmp_path / "rules.test.yaml", SCENARIO)
    ran = kittiwake("test", tmp_path)
    assert ran.code == 1
    assert ran.out.startswith("EMPTY: rule cart of account acme saw no event of its type: cart.item_added never came (")
    assert "1 passed" in ran.out
    assert kittiwake("test", tmp_path, "--allow-empty").code == 0
    assert kittiwake("test", tmp_path, "--only", "nothing").code == 0
    assert kittiwake("test", tmp_path, "--json").data["empty"] != []


SUMMING = """\
account: acme
rules:
  - id: vip
    when: order.completed
    given: {sum: total, of: order.completed, within: 30d, gte: 100}
"""


COMPARING = "when: {event: order.completed, where: {total: {gte: 50}}}"


@pytest.mark.parametrize(
    ("clause", "total", "said"),
    [
        (COMPARING, "$120.50", "that when could not use. Send numbers, or check which is meant"),
        (COMPARING, "120.50", "that when could not use. Send numbers, or add to the rules: cast: ["),
        ("when: order.completed, reaches: {sum: total, at: [100]}", "120,50 €", "that reaches could not use"),
    ],
)
def test_a_rule_that_decided_nothing_for_its_numbers_are_texts_is_a_finding(
    tmp_path: Path, clause: str, total: str, said: str
) -> None:
    rules = write(tmp_path / "rules.yaml", f"account: acme\nrules:\n  - {{id: big, {clause}}}\n")
    path = write(tmp_path / "a.jsonl", event("order.completed", "2025-03-03T10:00:00Z", total=total))
    ran = kittiwake("replay", "--rules", rules, "--input", path, "--output", tmp_path / "out")
    assert ran.code == 1, ran
    assert f"FINDING: rule big of account acme decided nothing: once total was a text {said}" in ran.out


def test_a_sum_of_numbers_sent_as_text_is_a_finding_and_not_nothing(tmp_path: Path) -> None:
    rules = write(tmp_path / "rules.yaml", SUMMING)
    path = write(tmp_path / "a.jsonl", event("order.completed", "2025-03-03T10:00:00Z", total="120.00"))
    ran = kittiwake("replay", "--rules", rules, "--input", path, "--output", tmp_path / "out")
    said = "FINDING: rule vip of account acme: of total, 1 value is a number sent as text and was left out of given"
    assert (ran.code, said in ran.out) == (1, True), ran
    step = '{event: order.completed, with: {total: "120.00"}, expect: nothing}'
    write(tmp_path / "rules.test.yaml", f"tests:\n  - name: text\n    steps:\n      - {step}\n")
    tested = kittiwake("test", tmp_path)
    assert (tested.code, said in tested.out) == (1, True), tested
