"""Rules and events are named in the same ways by every command that takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import RULES, event, kittiwake, write

COMMANDS = {
    "replay": ["--output", "out"],
    "explain": ["--contact", "c1"],
    "simulate": [],
}
"""Commands that take rules and events, with what else each has to be told."""

WAYS = {
    "by place": ["rules.yaml", "carts.jsonl", "orders.jsonl"],
    "with options": ["--rules", "rules.yaml", "--input", "carts.jsonl", "--input", "orders.jsonl"],
    "rules with an option": ["--rules", "rules.yaml", "carts.jsonl", "orders.jsonl"],
    "in both ways": ["rules.yaml", "--input", "orders.jsonl", "carts.jsonl"],
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("rules.yaml"), RULES)
    write(Path("longer.yaml"), RULES.replace("1h", "9h"))
    write(Path("carts.jsonl"), event("cart.item_added", "2025-03-01T10:00:00Z"))
    write(Path("orders.jsonl"), event("order.completed", "2025-03-01T15:00:00Z"))
    write(
        Path("rules.test.yaml"),
        "tests: [{name: it, steps: [{event: cart.item_added}, {after: 1h, expect: {fired: cart}}]}]",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_rules_and_events_are_named_by_place_with_options_and_in_both_ways(command: str) -> None:
    found = {way: kittiwake(command, *words, *COMMANDS[command]) for way, words in WAYS.items()}
    first = found["by place"]
    assert (first.code, first.err) == (0, "")
    assert {way: ran for way, ran in found.items() if ran != first} == {}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no rules: name them before the files of events, or with --rules\n"),
        (["--input", "carts.jsonl"], "no rules: name them before the files of events, or with --rules\n"),
        (["carts.jsonl"], "no rules: carts.jsonl is a file of events; name rules before it, or with --rules\n"),
        (["rules.yaml"], "no input: name files of events, such as 'events/*.jsonl', or a query with --query\n"),
        (
            ["--rules", "rules.yaml", "longer.yaml", "carts.jsonl"],
            "longer.yaml stands where events do, since --rules names the rules: write --rules longer.yaml\n",
        ),
    ],
)
def test_what_is_lacking_or_in_the_wrong_place_is_said(command: str, words: list[str], message: str) -> None:
    ran = kittiwake(command, *words, *COMMANDS[command])
    assert (ran.code, ran.out, ran.err) == (2, "", message)


def test_a_comparison_takes_two_sets_of_rules_in_the_same_ways() -> None:
    ways = [
        ["rules.yaml", "longer.yaml", "carts.jsonl", "orders.jsonl"],
        ["--rules", "rules.yaml", "--rules", "longer.yaml", "carts.jsonl", "orders.jsonl"],
        ["--rules", "rules.yaml", "--rules", "longer.yaml", "--input", "carts.jsonl", "--input", "orders.jsonl"],
        ["rules.yaml", "longer.yaml", "--input", "orders.jsonl", "carts.jsonl"],
    ]
    first, *others = [kittiwake("diff", *words) for words in ways]
    assert (first.code, first.err) == (1, "")
    assert [one.out.replace("orders.jsonl carts.jsonl", "carts.jsonl orders.jsonl") for one in others] == [
        first.out
    ] * 3


@pytest.mark.parametrize(
    "words", [[], ["rules.yaml"], ["rules.yaml", "carts.jsonl"], ["--rules", "rules.yaml", "--input", "carts.jsonl"]]
)
def test_a_comparison_with_one_set_of_rules_is_refused(words: list[str]) -> None:
    ran = kittiwake("diff", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("diff compares two sets of rules")


@pytest.mark.parametrize("command", ["validate", "describe"])
def test_rules_alone_are_named_by_place_and_with_an_option(command: str) -> None:
    assert kittiwake(command, "--rules", "rules.yaml") == kittiwake(command, "rules.yaml")
    nothing = kittiwake(command)
    assert (nothing.code, nothing.err) == (2, "no rules: name files or folders of them\n")


def test_the_scenarios_of_rules_are_found_by_the_rules() -> None:
    by_file, by_folder, named = (
        kittiwake("test", *words) for words in (["--rules", "rules.yaml"], ["--rules", "."], ["rules.test.yaml"])
    )
    assert (by_file, by_folder, by_file.code) == (named, named, 0)
    without = kittiwake("test", "--rules", "longer.yaml")
    assert (without.code, without.err) == (
        2,
        "longer.yaml has no scenarios: there is no longer.test.yaml beside it\n",
    )
    nothing = kittiwake("test")
    assert (nothing.code, nothing.err) == (2, "no scenarios: name files of them or their folder, such as rules\n")
