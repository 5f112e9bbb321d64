"""What differs between two rule sets is what differs between the rows of two replays, and its causes are true."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from examples.shop.generate import lines
from kittiwake.batch import oversized_contacts
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.simulate.deciding import Hosted
from kittiwake.simulate.difference.comparison import compare
from kittiwake.simulate.difference.model import Became, Difference, Through, Why
from kittiwake.simulate.difference.report import Run, markdown
from kittiwake.time.instants import parse_instant
from tests.cli.command import event
from tests.input.inputs import rows

SETTINGS = RunSettings(parse_instant("2025-07-01T00:00:00Z"))

OLD = """\
account: acme
policy: {frequency: [{max: 1, per: day}]}
rules:
  - {id: cart, priority: 90, when: cart.item_added, wait: 1h, unless: order.completed}
  - {id: look, when: product.viewed, wait: 2h, include: {p: p}}
  - {id: gone, when: page.viewed}
"""
NEW = OLD.replace("wait: 1h", "wait: 3h").replace("id: gone", "id: come").replace("p: p", "p: q")


def _rules(folder: Path, text: str) -> RuleSetHistory:
    (folder / "rules.yaml").write_text(text)
    return load_rules(folder / "rules.yaml")


def _compare(folder: Path, old: str, new: str, events: list[str], examples: int = 3) -> Difference:
    (folder / "events.jsonl").write_text("\n".join(events) + "\n")
    histories = _rules(folder, old), _rules(folder, new)
    return compare(*histories, [str(folder / "events.jsonl")], Hosted(SETTINGS), examples)


def test_a_neighbour_of_the_same_text_gains_and_loses_through_the_cap_they_share(tmp_path: Path) -> None:
    """A longer wait of `cart` lets `look` fire first, where both fall due on one day."""
    events = [event(kind, f"2025-03-01T{hour:02d}:00:00Z", who)
              for who in ("c1", "c2") for kind, hour in (("cart.item_added", 9), ("product.viewed", 9))]  # fmt: skip
    events.append(event("page.seen", "2025-03-02T09:00:00Z"))
    found = _compare(tmp_path, OLD.replace("p: p", "p: q").replace("gone", "come"), NEW, events)
    whys = {
        (c.cause.rule_id, c.cause.became, c.cause.why, c.cause.before, c.cause.after): c.number for c in found.causes
    }
    assert whys == {
        ("cart", Became.LOST, Why.CHANGED, "fired", "frequency_cap"): 2,
        ("look", Became.GAINED, Why.OTHERS, "frequency_cap", "fired"): 2,
    }
    assert found.through == (
        Through("acme", "cart", Became.LOST, "look", 2),
        Through("acme", "look", Became.GAINED, "cart", 2),
    )
    assert found.number_of_others() == 2


def test_every_sort_of_difference_is_known(tmp_path: Path) -> None:
    events = [
        event("cart.item_added", "2025-03-01T09:00:00Z", "c1"),  # moved
        event("product.viewed", "2025-03-03T09:00:00Z", "c1", q=1),  # altered
        event("page.viewed", "2025-03-05T09:00:00Z", "c1"),  # lost by one rule, gained by the other
        event("page.viewed", "2025-03-07T09:00:00Z", "c2"),
        event("page.viewed", "2025-03-07T10:00:00Z", "c2"),  # capped either way: it did not fire for another reason
    ]
    found = _compare(tmp_path, OLD, NEW, events)
    numbers = {one.rule_id: one.number for one in found.rules if one.number}
    assert numbers == {
        "cart": {Became.MOVED: 1},
        "look": {Became.ALTERED: 1},
        "gone": {Became.LOST: 2, Became.REASON: 1},
        "come": {Became.GAINED: 2, Became.REASON: 1},
    }
    assert {one.rule_id: one.why for one in found.rules} == {
        "cart": Why.CHANGED, "look": Why.CHANGED, "gone": Why.REMOVED, "come": Why.ADDED,
    }  # fmt: skip
    moved = next(one for one in found.causes if one.cause.became is Became.MOVED)
    assert [(one.contact_id, one.before_us, one.after_us) for one in moved.examples] == [
        ("c1", parse_instant("2025-03-01T10:00:00Z"), parse_instant("2025-03-01T12:00:00Z"))
    ]


def test_an_edit_of_the_policy_is_the_cause_where_no_text_of_the_rule_was_changed(tmp_path: Path) -> None:
    events = [event("page.viewed", f"2025-03-01T0{hour}:00:00Z") for hour in (1, 2)]
    found = _compare(tmp_path, OLD, OLD.replace("max: 1", "max: 2"), events)
    assert [(one.cause.became, one.cause.why, one.number) for one in found.causes] == [(Became.GAINED, Why.SETTINGS, 1)]


def test_equal_rules_differ_in_nothing(tmp_path: Path) -> None:
    found = _compare(tmp_path, OLD, OLD, [event("page.viewed", "2025-03-01T01:00:00Z")])
    assert (found.causes, found.through, found.edits, found.new.triggers) == ((), (), (), 1)


def test_a_contact_of_very_many_events_that_is_decided_alike_counts_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oversized_contacts, "ROWS_AT_ONCE", 1)
    events = [event("page.viewed", f"2025-03-0{day}T01:00:00Z") for day in (1, 2)]
    found = _compare(tmp_path, OLD, OLD, events)
    assert (found.old.triggers, found.new.triggers) == (2, 2)


@pytest.mark.parametrize("held", [None, 8_000], ids=["in memory", "on disk, contact by contact as a stream"])
def test_what_differs_is_what_differs_between_the_rows_of_two_replays(
    tmp_path: Path, root: Path, held: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines(5, 2, 150)))
    rules = root / "examples/shop/rules/acme.yaml"
    (tmp_path / "new.yaml").write_text(rules.read_text().replace("wait: 4h", "wait: 2h").replace("max: 1", "max: 2"))
    of_rows: list[dict[str, dict[str, Any]]] = []
    summaries = []
    for at, path in enumerate((rules, tmp_path / "new.yaml")):
        summaries.append(
            replay(Programs(load(path)), [str(tmp_path / "events.jsonl")], tmp_path / f"out{at}", SETTINGS)
        )
        of_rows.append({row["trigger_id"]: row for row in rows(tmp_path / f"out{at}" / "decisions")})
    if held is not None:
        for module in ("histories", "sides"):
            monkeypatch.setattr(f"kittiwake.simulate.{module}.HELD_BYTES", held)
    found = compare(
        load_rules(rules), load_rules(tmp_path / "new.yaml"), [str(tmp_path / "events.jsonl")], Hosted(SETTINGS), 0
    )
    expected = Counter[tuple[str, str]]()
    for trigger_id in {*of_rows[0], *of_rows[1]}:
        old, new = (side.get(trigger_id) for side in of_rows)
        fired = [row is not None and row["decision"] == "fired" for row in (old, new)]
        if fired[0] != fired[1]:
            expected[(new or old or {})["rule_id"], "gained" if fired[1] else "lost"] += 1
        elif fired[0] and old and new and old["fired_at"] != new["fired_at"]:
            expected[new["rule_id"], "moved"] += 1
    counted = {
        (one.rule_id, str(became)): number
        for one in found.rules
        for became, number in one.number.items()
        if became not in (Became.REASON, Became.ALTERED)
    }
    assert counted == expected
    assert len(expected) > 2
    assert found.new.counts.verdicts == summaries[1].counts.verdicts
    if held is None:
        assert [found.old, found.new] == summaries


def test_names_from_outside_stay_names_in_markdown(tmp_path: Path) -> None:
    hostile = "x`|<script>\n# c"
    page = markdown(_compare(tmp_path, OLD, NEW, [event("page.viewed", "2025-03-01T01:00:00Z", hostile)]), Run("n", ()))
    assert "x'\\|<script>\\n# c" in page
    assert [line for line in page.splitlines() if line.startswith(("#", "<s"))] == []
    assert {line.count("|") - line.count("\\|") for line in page.splitlines() if line.startswith("| `come")} == {8, 10}
