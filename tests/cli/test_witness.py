"""`kittiwake witness`: histories by which a rule fires, and by which each of its gates refuses it, as scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.loader import load
from kittiwake.scenarios.files import load_cases
from kittiwake.scenarios.run import play
from kittiwake.witness.model import Witness
from kittiwake.witness.scenario import scenario_text
from kittiwake.witness.searching import Search
from tests.cli.command import kittiwake, write

GATED = """\
account: acme
policy:
  consent: {purpose: marketing, default: withdrawn}
  holdout: {percent: 10, salt: a}
  quiet_hours: {from: "21:00", to: "08:00"}
  frequency: [{max: 1, per: day}]
  arbitration: {within: 1h, max: 1}
  live_from: 2026-02-01T00:00:00Z
rules:
  - id: cart
    when: {event: cart.item_added, where: {total: {gte: 20}, currency: {in: [EUR, USD]}}}
    given: {count: product.viewed, within: 1d, gte: 2}
    wait: 1h
    still: {absent: order.completed, within: 1h}
    reentry: 7d
    rollout: {percent: 50}
    expires: 2h
  - {id: vip, when: order.completed, reaches: {sum: total, at: [100]}, priority: 90}
"""


@pytest.mark.parametrize("folder", ["recipes", pytest.param("everyday", marks=pytest.mark.nightly)])
def test_every_rule_of_the_examples_has_a_history_by_which_it_fires(folder: str, root: Path, tmp_path: Path) -> None:
    rules = root / "examples" / folder / "rules"
    ruleset = load(rules)
    for account_id in ruleset.accounts:
        program = compile_account(ruleset, account_id)
        for rule in program.rules:
            found = Search(program, rule.rule_id).fires()
            assert isinstance(found, Witness), (rule.rule_id, found)
            text = scenario_text(rule.rule_id, account_id, str(rules), [found])
            (case,) = load_cases(write(tmp_path / f"{rule.rule_id}.test.yaml", text))
            assert play(case).passed, text


def test_each_gate_has_a_history_that_it_refuses_and_the_file_is_kept(tmp_path: Path) -> None:
    rules = write(tmp_path / "rules" / "shop.yaml", GATED)
    file = tmp_path / "cart.test.yaml"
    ran = kittiwake("witness", rules, "cart", "--output", file)
    assert (ran.code, ran.err) == (0, "")
    gates = [line.removeprefix("found: cart is refused by ") for line in ran.out.splitlines()[1:-1]]
    assert gates == [
        "not_ready", "condition_unmet", "no_consent", "reentry", "quiet_hours", "arbitration", "outranked",
        "frequency_cap", "expired", "rollout", "holdout",
    ]  # fmt: skip
    kept = kittiwake("test", file, "--allow-empty")
    assert (kept.code, kept.out.splitlines()[-1]) == (0, "12 passed")
    again = kittiwake("witness", rules, "cart", "--output", file)
    assert (again.code, "is there already" in again.err) == (2, True)


def test_nothing_of_a_history_can_be_left_out(tmp_path: Path) -> None:
    rules = write(tmp_path / "shop.yaml", GATED)
    fires = kittiwake("witness", rules, "cart", "--json").data["witnesses"][0]
    assert [one["type"] for one in fires["events"]] == [
        "consent.granted", "product.viewed", "product.viewed", "cart.item_added",
    ]  # fmt: skip
    assert fires["events"][-1]["properties"] == {"total": 20, "currency": "EUR"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            "{id: it, when: {event: a.b, where: {total: {gt: 5, lt: 3}}}}",
            "it can never fire: no event can be as its where",
        ),
        (
            "{id: it, when: {event: a.b, where: {tags: {contains: x, empty: true}}}}",
            "perhaps it can never fire: ",  # of lists it is not known that all were tried
        ),
        ("{id: it, when: a.b, mode: shadow}", "it can never fire: its mode is shadow"),
        ('{id: it, when: "a, {b}: #c"}', "no scenario can say so: the job would not read this event: wrong_type: "),
        ('{id: it, when: a.b, mode: "off"}', "it can never fire: its mode is off"),
        (
            "{id: it, when: a.b, given: {all: [{count: c.d, within: 1d, gte: 2}, {absent: c.d}]}}",
            "perhaps it can never fire: given: 0 of 2 c.d within 1d; it would have taken: 2 more c.d; none of ",
        ),
    ],
)
def test_of_a_rule_without_a_history_it_is_said_why(rule: str, words: str, tmp_path: Path) -> None:
    rules = write(tmp_path / "rules.yaml", f"account: acme\nrules:\n  - {rule}")
    ran = kittiwake("witness", rules, "it")
    assert (ran.code, words in ran.err) == (1, True), ran.err
    lacking = kittiwake("witness", rules, "it", "--json").data["missing"][0]
    assert lacking["is_proven"] is ran.err.startswith("it can never fire")


@pytest.mark.parametrize("name", ["null", "1.5"])
def test_names_that_yaml_reads_as_something_else_are_kept(name: str, tmp_path: Path) -> None:
    rules = write(tmp_path / "rules.yaml", f'account: "1.5"\nrules: [{{id: "123", when: "{name}", wait: 1h}}]')
    ran = kittiwake("witness", rules, "123", "--output", tmp_path / "it.test.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert kittiwake("test", tmp_path / "it.test.yaml", "--allow-empty").code == 0


def test_a_rule_that_is_not_there_is_refused(tmp_path: Path) -> None:
    rules = write(tmp_path / "a.yaml", "account: acme\nrules: [{id: it, when: a.b}]")
    write(tmp_path / "b.yaml", "account: globex\nrules: [{id: it, when: a.b}]")
    for arguments, words in (
        ((rules, "that"), "there is no rule that; there are it"),
        ((tmp_path, "it"), "say which with --account"),
        ((tmp_path, "it", "--account", "initech"), "initech has no rule it"),
        ((tmp_path / "gone", "it"), "cannot be read"),
    ):
        ran = kittiwake("witness", *arguments)
        assert (ran.code, words in ran.err) == (2, True), ran.err
    assert kittiwake("witness", tmp_path, "it", "--account", "globex").code == 0


@pytest.mark.parametrize(
    "where",
    [
        "{total: {gt: 5, lt: 6}}",
        "{name: {lt: z}}",
        "{total: {gte: 5, lte: 5}, tier: {ne: gold}}",
        "{total: {gt: 1, in: [1, 2]}}",
    ],
)
def test_a_where_that_holds_of_something_is_never_said_to_contradict_itself(where: str, tmp_path: Path) -> None:
    rules = write(
        tmp_path / "rules.yaml", f"account: acme\nrules:\n  - {{id: it, when: {{event: a.b, where: {where}}}}}"
    )
    ran = kittiwake("witness", rules, "it")
    assert (ran.code, ran.err) == (0, "")
