"""What the page of a contact says of rules that are no headlines."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import event, kittiwake, write

RULES = "account: acme\nrules:\n"


def test_rules_that_fired_are_never_said_not_to_have_come_near_it(tmp_path: Path) -> None:
    fired = "".join(f"  - {{id: r{number}, when: cart.item_added}}\n" for number in range(10))
    idle = "  - {id: idle, when: order.completed}\n  - {id: slow, when: cart.item_added, wait: 9d}\n"
    rules, page = write(tmp_path / "rules.yaml", RULES + fired + idle), tmp_path / "page.html"
    events = write(tmp_path / "events.jsonl", event("cart.item_added", "2025-03-01T10:00:00Z", "c1"))
    asked = ["explain", "--rules", rules, "--input", events, "--contact", "c1", "--allow-empty", "--html", page]
    assert kittiwake(*asked).code == 0
    text = page.read_text(encoding="utf-8")
    assert "<p>2 more rules fired too; line by line, below, says when.</p>" in text
    assert "<p>2 more rules did not come nearer to firing; below stands what it would have taken.</p>" in text
    assert "<title>slow waits, 2025-03-01 10:00 to 2025-03-01 10:00:00.000001; it goes on</title>" in text
