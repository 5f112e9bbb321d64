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
from tests.batch.items import RULES, lines
from tests.input.inputs import START_US, rows, write_lines


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
