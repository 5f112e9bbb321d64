"""Explaining a contact of a shop whose prices change: by the changes of the items that it showed interest in, alone."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.explain.contact import explain_files
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.values import canonical_bytes
from tests.batch.items import RULES, lines
from tests.input.inputs import START_US, rows, write_lines

SINCE = """
account: acme
rules:
  - id: drop
    when: {item: {price: {drops_by: 10%}}, since: interest}
    interest: {events: product.viewed, item: product_id, within: 30d}
"""


def test_a_price_that_falls_on_below_the_one_at_the_interest_is_said_to_be_nothing_new(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(SINCE)
    item, contact = {"item_id": "p"}, {"contact_id": "c"}
    sent = [(item, {"price": 100}), (contact, {"product_id": "p"}), (item, {"price": 80}), (item, {"price": 70})]
    events = [
        {
            "event_id": f"e{hour}",
            "account_id": "acme",
            **subject,
            "type": "price.changed" if subject is item else "product.viewed",
            "time": f"2026-11-02T1{hour}:00:00Z",
            "properties": properties,
        }
        for hour, (subject, properties) in enumerate(sent)
    ]
    inputs = [str(write_lines(tmp_path / "events.jsonl", [canonical_bytes(one) for one in events]))]
    ruleset = load(tmp_path / "acme.yaml")
    found = explain_files(always(ruleset), inputs, "c", "acme", RunSettings(START_US)).explanation
    assert found is not None
    asked = "as asked (price drops by 10% since the newest interest)"
    texts = [line.text for line in found.lines if "as asked" in line.text]
    assert texts == [f"100 → 80: {asked}", f"100 → 70: {asked}, but so was the value before: nothing new"]


@pytest.mark.parametrize("seed", range(3))
def test_an_explanation_has_the_firings_of_a_replay(tmp_path: Path, seed: int) -> None:
    (tmp_path / "acme.yaml").write_text(RULES.format(account="acme"))
    ruleset, settings = load(tmp_path / "acme.yaml"), RunSettings(START_US)
    inputs = [str(write_lines(tmp_path / "events.jsonl", lines(Random(f"explain {seed}"), 200, ("acme", "beta"))))]
    replay(Programs(ruleset), inputs, tmp_path / "out", settings)
    triggers = rows(tmp_path / "out" / "triggers")
    assert triggers
    for contact_id in ("c0", "c1", "c2", "c3"):
        found = explain_files(always(ruleset), inputs, contact_id, "acme", settings).explanation
        assert found is not None
        for rule in found.rules:
            own = [row for row in triggers if (row["contact_id"], row["rule_id"]) == (contact_id, rule.rule_id)]
            assert rule.fired == len(own)
