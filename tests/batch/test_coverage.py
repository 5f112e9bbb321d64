"""Coverage: where rules and events have not met it is said, and where they have nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kittiwake.batch.counts import Counts, merged
from kittiwake.batch.coverage.arrivals import Arrivals
from kittiwake.batch.coverage.comparison import RuleWithoutEvents, coverage_of, empty_messages
from kittiwake.batch.intake import Intake
from kittiwake.batch.settings import RunSettings
from kittiwake.input.lines import Block
from kittiwake.input.reading import read_any
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from tests.cli.command import event
from tests.input.inputs import START_US

CART = """\
account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1h
    unless: order.completed
  - id: welcome
    when: {sequence: [user.registered, newsletter.joined], within: 7d}
"""
TIME = "2025-03-03T10:00:00Z"


def programs(*texts: str) -> Programs:
    return Programs(load_files({f"{at}.yaml": text.encode() for at, text in enumerate(texts)}))


def came(rules: Programs, *lines: str, per_block: int = 100) -> Counts:
    """What is counted of lines, in blocks that are counted apart."""
    parts = []
    for at in range(0, len(lines), per_block):
        counts = Counts()
        encoded = [line.encode() for line in lines[at : at + per_block]]
        Intake(RunSettings(START_US), rules, counts).take("a", Block(at + 1, encoded, sum(map(len, encoded))))
        parts.append(counts)
    return merged(parts)


def messages(rules: Programs, *lines: str) -> list[str]:
    found = came(rules, *lines)
    return list(empty_messages(coverage_of(rules.needs(), found), found))


ALL = [event(name, TIME) for name in ("cart.item_added", "user.registered", "newsletter.joined")]


def test_of_a_run_whose_rules_all_had_events_nothing_is_said() -> None:
    assert messages(programs(CART), *ALL) == []


def test_an_input_without_records_or_without_events_is_said_and_nothing_else() -> None:
    rules = programs(CART)
    assert messages(rules) == ["the input has no record"]
    assert messages(rules, "{}", "x") == ["no record of the input is an event: all 2 are dead letters (2)"]


def test_a_wrong_account_is_said_as_such() -> None:
    found = messages(programs(CART), *[one.replace('"acme"', '"acme-prod"') for one in ALL])
    assert found == [
        "no event is of account acme, which the rules are for; events are of acme-prod, for which there is no rule"
    ]


def test_an_account_of_events_without_rules_is_said() -> None:
    found = messages(programs(CART), *ALL, event("cart.item_added", TIME, account="beta"))
    assert found == ["there is no rule for account beta, which events are of"]


def test_rules_of_every_account_are_rules_for_each() -> None:
    everywhere = programs(CART.replace("acme", '"*"'))
    assert messages(everywhere, *[one.replace('"acme"', f'"{at}"') for at, one in enumerate(ALL)]) == []


def test_a_misspelt_type_is_said_with_the_rule_and_with_what_came() -> None:
    found = messages(programs(CART), *[one.replace("cart.item_added", "cart.itm_added") for one in ALL])
    never = "cart.item_added never came (did you mean cart.itm_added, which came?)"
    assert found == [f"rule cart of account acme saw no event of its type: {never}"]


def test_a_sequence_needs_each_of_its_steps() -> None:
    rules = programs(CART)
    coverage = coverage_of(rules.needs(), came(rules, *ALL[:2]))
    assert coverage.rules_without_events == [RuleWithoutEvents("acme", "welcome", ["newsletter.joined"])]
    assert coverage.types_missing == ["newsletter.joined", "order.completed"]


def test_types_that_no_rule_needs_and_fields_that_nothing_reads_are_listed() -> None:
    rules = programs(CART)
    extra = ALL[0][:-1] + ', "total": 5, "currency": "EUR"}'
    coverage = coverage_of(rules.needs(), came(rules, *ALL, extra, event("page.viewed", TIME)))
    assert coverage.types_unneeded == ["page.viewed"]
    assert coverage.fields_unread == ["currency", "total"]


def test_columns_of_parquet_that_nothing_reads_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{**json.loads(one), "total": 5, "currency": "EUR"} for one in ALL]
    pq.write_table(pa.Table.from_pylist([{**row, "properties": "{}"} for row in rows]), path)
    counts = Counts()
    intake = Intake(RunSettings(START_US), programs(CART), counts)
    for block in read_any(str(path)):
        intake.take(path.name, block)
    assert (counts.events, counts.other_fields) == (len(ALL), {"currency", "total"})


def test_a_type_of_an_account_is_no_type_of_another() -> None:
    rules = programs(CART, CART.replace("acme", "beta"))
    coverage = coverage_of(rules.needs(), came(rules, *ALL[1:], *[one.replace('"acme"', '"beta"') for one in ALL]))
    assert [(one.account_id, one.rule_id) for one in coverage.rules_without_events] == [("acme", "cart")]


def test_what_is_derived_came_where_its_parent_came() -> None:
    rules = programs(
        "account: acme\nderive:\n  - {event: order.item_bought, from: order.completed, each: items}\n"
        "rules:\n  - {id: replenish, when: order.item_bought, wait: 30d}\n"
    )
    assert messages(rules, event("order.completed", TIME, items=[{"sku": "a"}])) == []


@pytest.mark.parametrize("per_block", [1, 2, 100])
def test_it_does_not_depend_on_how_the_input_was_split(per_block: int) -> None:
    rules = programs(CART, CART.replace("acme", "beta"))
    lines = [*ALL, *[one.replace('"acme"', '"beta"') for one in ALL[1:]], event("page.viewed", TIME, account="x"), "{}"]
    whole = coverage_of(rules.needs(), came(rules, *lines))
    assert coverage_of(rules.needs(), came(rules, *reversed(lines), per_block=per_block)) == whole


def test_which_account_had_which_type_is_asked_only_of_a_block_with_a_type_that_is_missing() -> None:
    def refuse() -> list[tuple[str, str]]:
        pytest.fail("nothing of this block is missing")

    counts, accounts = Counts(), frozenset({"acme", "other"})
    arrivals = Arrivals(lambda account_id: (account_id, frozenset({"order.completed", "never.comes"})), None, counts)
    arrivals.note_block(accounts, frozenset({"page.viewed"}), refuse)
    pairs = [("acme", "page.viewed"), ("other", "order.completed")]
    arrivals.note_block(accounts, frozenset({"page.viewed", "order.completed"}), lambda: pairs)
    assert counts.types == {"acme": set(), "other": {"order.completed"}}
    arrivals.note_block(accounts, frozenset({"page.viewed"}), refuse)
