"""`kittiwake events import` and `kittiwake events export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kittiwake.event_plan.reading import read_plan
from tests.cli.command import RULES, kittiwake, write

SIGNUP = {"title": "Signup Done", "properties": {"plan": {"type": "string"}, "a.b": {}}}


def test_a_tracking_plan_is_printed_as_an_event_plan(tmp_path: Path) -> None:
    file = write(tmp_path / "signup.json", json.dumps(SIGNUP))
    for named in (file, tmp_path):
        ran = kittiwake("events", "import", named, "--account", "acme")
        assert ran.code == 0
        plan = read_plan("events.yaml", ran.out.encode())
        assert (plan.account, [*plan.events]) == ("acme", ["Signup Done"])
        assert ran.err == "1 names or references could not be used:\n  a.b\n"
    assert [*read_plan("e", kittiwake("events", "import", file, "--input-shape", "segment").out.encode()).events] == [
        "signup.done"
    ]


def test_what_is_imported_stands_beside_the_rules_that_are_checked_against_it(tmp_path: Path) -> None:
    rules = write(tmp_path / "rules" / "cart.yaml", RULES)
    schemas = [{"title": name, "properties": {}} for name in ("cart.item_added", "order.complete")]
    plan = kittiwake("events", "import", write(tmp_path / "plan.json", json.dumps(schemas))).out
    write(rules.with_name("events.yaml"), plan)
    ran = kittiwake("validate", rules)
    assert ran.code == 1
    assert "the event plan has no type order.completed. Did you mean order.complete?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json"], "none.json cannot be read: No such file"),
        (["empty"], "there is no *.json in"),
        (["rules.json"], "rules.json describes no events"),
        (["signup.json", "--input-shape", "canonicl"], "canonicl names no events: write segment, or leave it out"),
    ],
)
def test_what_is_no_tracking_plan_is_unusable(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "rules.json", '{"account": "acme", "rules": []}')
    write(tmp_path / "signup.json", json.dumps(SIGNUP))
    ran = kittiwake("events", "import", tmp_path / arguments[0], *arguments[1:])
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_what_rules_need_is_printed_as_a_schema(tmp_path: Path) -> None:
    rules = write(tmp_path / "cart.yaml", RULES)
    write(tmp_path / "globex.yaml", RULES.replace("acme", "globex").replace("cart.item_added", "cart.opened"))
    ran = kittiwake("events", "export", "--rules", tmp_path)
    assert (ran.code, sorted(ran.data["$defs"])) == (0, ["cart.item_added", "cart.opened", "order.completed"])
    one = kittiwake("events", "export", "--rules", tmp_path, "--account", "acme")
    assert sorted(one.data["$defs"]) == ["cart.item_added", "order.completed"]
    other = kittiwake("events", "export", "--rules", tmp_path, "--account", "acne")
    assert (other.code, other.err) == (2, "--account: there are no rules of account acne; there are acme, globex\n")
    write(rules, "account: acme\nrules: [{id: a}]")
    wrong = kittiwake("events", "export", "--rules", tmp_path)
    assert (wrong.code, wrong.out) == (2, "")
    assert "cart.yaml:2:9:" in wrong.err


def test_the_two_commands_are_named_where_neither_is() -> None:
    ran = kittiwake("events")
    assert "import" in ran.out + ran.err
    assert "export" in ran.out + ran.err
