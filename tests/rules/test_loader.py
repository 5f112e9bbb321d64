"""The loader: which files it reads, what it says of those it cannot, and how files become one rule set."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from kittiwake.rules import Code, RuleError, RulesError, load, load_document, load_files
from kittiwake.rules.limits import ERRORS_MAX, FILE_BYTES_MAX, FILES_MAX, RULES_MAX
from kittiwake.rules.loader import is_rules_file
from tests.cli.command import RULES, event, kittiwake, write

CART = "account: acme\nrules:\n  - id: cart\n    when: cart.item_added\n"


def errors_of(*paths: Path | str) -> list[RuleError]:
    with pytest.raises(RulesError) as caught:
        load(*paths)
    return list(caught.value.errors)


def errors_in(**contents: str | bytes) -> list[RuleError]:
    with pytest.raises(RulesError) as caught:
        load_files({name: text.encode() if isinstance(text, str) else text for name, text in contents.items()})
    return list(caught.value.errors)


def test_a_directory_gives_all_its_rules_files_and_no_scenario_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a.yaml").write_text(CART)
    (tmp_path / "deep" / "b.yml").write_text(CART.replace("cart\n", "cart-b\n", 1))
    (tmp_path / "c.json").write_text('{"account": "globex", "rules": []}')
    for ignored in ("a.test.yaml", "a.test.yml", "notes.txt", ".hidden/d.yaml", ".e.yaml"):
        (tmp_path / ignored).write_text("this: [is, no rules file")
    ruleset = load(tmp_path)
    assert sorted(ruleset.accounts) == ["acme", "globex"]
    assert [rule.rule.id for rule in ruleset.rules_of("acme")] == ["cart", "cart-b"]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *[("a.yaml", True), ("a.yml", True), ("a.json", True), ("my-events.yaml", True), ("events-a.yaml", True)],
        *[("a.test.yaml", False), ("a.txt", False), (".a.yaml", False)],
        *[("events.yaml", False), ("Events.yml", False), ("acme.events.yaml", False), ("events.json", False)],
    ],
)
def test_rules_files_are_told_by_their_names(name: str, is_one: bool) -> None:
    assert is_rules_file(name) is is_one


RULES_AS_PLAN = [
    ("events.yaml", "account: acme\nrules:\n  - id: a\n    when: b.c\n"),
    ("acme.events.yml", "{account: acme, rules: [{id: a, when: b.c}]}"),
    ("events.json", '{\n  "account": "acme",\n  "rules": []\n}'),
]


@pytest.mark.parametrize(("name", "text"), RULES_AS_PLAN)
def test_rules_in_a_file_that_is_named_as_an_event_plan_are_not_passed_over(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / "a.yaml").write_text("account: acme\nrules: []\n")
    (tmp_path / name).write_text(text)
    (error,) = errors_of(tmp_path)
    assert (error.file, error.code) == (str(tmp_path / name), Code.WRONG_SHAPE)
    assert "event plan" in error.message


def test_an_event_plan_beside_rules_is_no_rules_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("account: acme\nrules: []\n")
    (tmp_path / "events.yaml").write_text("events: {order.completed: {properties: {rules: {type: text}}}}\n")
    (tmp_path / "b.events.json").write_text('{"events": {"a.b": {"properties": {\n"rules": {}}}}}')
    assert sorted(load(tmp_path).accounts) == ["acme"]


def test_what_a_run_has_written_below_the_rules_is_none_of_them(tmp_path: Path) -> None:
    events = write(tmp_path / "events.jsonl", event("cart.item_added", "2026-11-02T09:00:00Z"))
    rules = write(tmp_path / "rules" / "rules.yaml", RULES)
    ran = [
        kittiwake("replay", "--rules", rules.parent, "--input", events, "--output", rules.parent / "out" / "run")
        for _ in range(2)
    ]
    assert [one.code for one in ran] == [0, 0]
    assert (rules.parent / "out" / "run" / "summary.json").exists()
    assert load(rules.parent) == load(rules)


def test_a_directory_without_rules_is_an_error(tmp_path: Path) -> None:
    assert [error.code for error in errors_of(tmp_path)] == [Code.NO_FILES]


def test_a_directory_of_too_many_files_is_an_error(tmp_path: Path) -> None:
    for i in range(FILES_MAX + 1):
        (tmp_path / f"{i}.json").write_text(f'{{"account": "a{i}", "rules": []}}')
    assert [error.code for error in errors_of(tmp_path)] == [Code.TOO_LARGE]


def test_a_file_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path / "nothing.yaml")
    assert error.code is Code.UNREADABLE
    assert "No such file" in error.message
    assert str(error).startswith(f"{tmp_path / 'nothing.yaml'}: ")


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CART + "#" * FILE_BYTES_MAX)
    assert [error.code for error in errors_of(tmp_path / "a.yaml")] == [Code.TOO_LARGE]


def test_a_file_that_is_not_utf8_is_told_the_first_bad_byte() -> None:
    (error,) = errors_in(**{"a.yaml": "account: é\nrules: [] # ".encode() + b"\xe9"})
    assert (error.code, error.line, error.column) == (Code.NOT_UTF8, 2, 13)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert "acme" in load_files({"a.yaml": b"\xef\xbb\xbf" + CART.encode()}).accounts


def test_errors_of_all_files_are_told_at_once_in_reading_order() -> None:
    found = errors_in(**{"b.yaml": CART + "    wiat: 1h\n    wait: 1\n", "a.yaml": "rules: [", "c.json": ""})
    assert [(error.file, error.line, error.code) for error in found] == [
        ("a.yaml", 2, Code.SYNTAX),
        ("b.yaml", 5, Code.UNKNOWN_KEY),
        ("b.yaml", 6, Code.BAD_DURATION),
        ("c.json", 1, Code.EMPTY),
    ]


def test_an_id_is_taken_within_an_account_and_by_every_account() -> None:
    shared = CART.replace("acme", '"*"')
    found = errors_in(**{"a.yaml": shared, "b.yaml": CART, "c.yaml": CART})
    assert [(error.file, error.message) for error in found] == [
        ("b.yaml", "the id cart is taken by the rule at a.yaml:3"),
        ("c.yaml", "the id cart is taken by the rule at b.yaml:3"),
    ]


def test_two_accounts_may_have_rules_of_one_id() -> None:
    ruleset = load_files({"a.yaml": CART.encode(), "b.yaml": CART.replace("acme", "globex").encode()})
    assert [len(ruleset.rules_of(name)) for name in ("acme", "globex", "other")] == [1, 1, 0]


def test_two_files_of_an_account_must_agree_on_policy_and_zone() -> None:
    first = "account: acme\ntimezone: UTC\npolicy: {retention: 90d}\nrules: []\n"
    second = "account: acme\ntimezone: Asia/Tokyo\npolicy: {retention: 80d}\nrules: []\n"
    found = errors_in(**{"a.yaml": first, "b.yaml": second})
    assert [(error.file, error.line, error.code) for error in found] == [
        ("b.yaml", 2, Code.ACCOUNT_DISAGREES),
        ("b.yaml", 3, Code.ACCOUNT_DISAGREES),
    ]
    assert load_files({"a.yaml": first.encode(), "b.yaml": first.encode()}).timezone_of("acme") == "UTC"
    assert load_files({"a.yaml": first.encode(), "b.yaml": CART.encode()}).timezone_of("acme") == "UTC"


def test_only_one_file_of_an_account_may_say_what_is_cast() -> None:
    first = "account: acme\ncast: [{event: a.b, number: v}]\nrules: []\n"
    (error,) = errors_in(**{"a.yaml": first, "b.yaml": first})
    assert (error.file, error.line, error.code) == ("b.yaml", 2, Code.ACCOUNT_DISAGREES)
    assert error.message == "a.yaml gives account acme a cast already"
    every = first.replace("acme", '"*"').replace("number: v", "number: w").encode()
    ruleset = load_files({"a.yaml": first.encode(), "b.yaml": every, "c.yaml": CART.encode()})
    assert [one.cast[0].number for one in ruleset.preparing("acme") if one.cast] == ["w", "v"]


def test_an_account_with_too_many_rules_is_told_at_its_last() -> None:
    shared = 'account: "*"\nrules:\n' + "".join(f"  - {{id: s{i}, when: a.b}}\n" for i in range(RULES_MAX))
    assert len(load_files({"a.yaml": shared.encode()}).rules_of("other")) == RULES_MAX
    (error,) = errors_in(**{"a.yaml": shared, "b.yaml": CART})
    assert (error.file, error.line, error.code) == ("b.yaml", 3, Code.GUARDRAIL)


def test_only_so_many_errors_are_told_and_the_others_counted() -> None:
    text = "account: acme\nrules:\n" + "".join(f"  - {{id: r{i}, when: 5}}\n" for i in range(ERRORS_MAX + 7))
    found = errors_in(**{"a.yaml": text})
    assert len(found) == ERRORS_MAX + 1
    assert (found[-1].code, found[-1].message) == (Code.TOO_MANY_ERRORS, "there are 7 more errors")


def test_a_rule_is_checked_as_far_as_it_can_be_read() -> None:
    found = errors_in(**{"a.yaml": CART + "    wait: 1\n    priority: 101\n    per: [x, x]\n    emits: [entered]\n"})
    assert [error.line for error in found] == [5, 6, 7, 8]


def test_errors_can_be_pickled() -> None:
    with pytest.raises(RulesError) as caught:
        load_files({"a.yaml": b""})
    assert pickle.loads(pickle.dumps(caught.value)).errors == caught.value.errors


def test_an_error_is_always_one_printable_line() -> None:
    (error,) = errors_in(**{"a.json": '{"account": "acme", "rules": [], "a\\nb\\u0007": 1}'})
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"account": "\ud800", "rules": []}, "account"),
        ({"account": "a", "rules": [{"when": {"event": "a.b", "where": {"p": "\udfff"}}}]}, "rules[0].when.where.p"),
        ({"account": "a", "rules": [{"when": {"event": "a.b", "where": {"\ud800": 1}}}]}, "rules[0].when.where"),
        ({"account": "a", "rules": [{"id": "x", "when": "a.b", "include": {"x\ud800": "y"}}]}, "rules[0].include"),
    ],
)  # fmt: skip
def test_half_of_a_surrogate_pair_in_a_document_already_parsed_is_an_error_with_its_path(
    document: Any, path: str
) -> None:
    with pytest.raises(RulesError) as caught:
        load_document(document)
    assert [error.path for error in caught.value.errors if "half of a surrogate pair" in error.message] == [path]
    str(caught.value).encode()
