"""Events of items in scenarios: a contact is given the changes of the items that it showed interest in."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from kittiwake.testing import Story

RULES = """
account: acme
timezone: UTC
rules:
  - id: price-drop
    when: {item: {price: {drops_by: 10%}}}
    interest: {events: product.viewed, item: product_id, within: 30d}
    include: {now: item.price}
"""

TIMELINES = {
    "a fall after a view, of this item alone": """
        2026-11-02 09:00  price.changed item=mug {price: 10}
                   10:00  product.viewed {product_id: mug}
                   11:00  price.changed item=cup {price: 10}
                   11:30  price.changed item=cup {price: 1}
                   12:00  price.changed item=mug {price: 8}
                   12:00  → price-drop fired include={now: 8} instance={item_id: mug}
        """,
    "nothing where the first price seen comes after the view": """
        2026-11-02 10:00  product.viewed {product_id: 7}
                   12:00  price.changed item=7 {price: 8}
                   12:30
        """,
    "a number names an item": """
        2026-11-02 10:00  product.viewed {product_id: 7}
                   12:00  price.changed item=7 {price: 8}
                   12:30  price.changed item=7 {price: 4}
                   12:30  → price-drop fired
        """,
}


@pytest.mark.parametrize("name", TIMELINES)
def test_a_timeline_holds(tmp_path: Path, name: str) -> None:
    lines = "\n".join("      " + line for line in dedent(TIMELINES[name]).strip().splitlines())
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules.test.yaml").write_text(f"tests:\n  - name: {name}\n    timeline: |\n{lines}\n")
    ran = CliRunner().invoke(app, ["test", str(tmp_path / "rules.test.yaml"), "--allow-empty"])
    assert ran.exit_code == 0, ran.stdout


def test_what_comes_late_corrects(tmp_path: Path) -> None:
    """A price between two others, and a view before a fall."""
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules.test.yaml").write_text(
        """
        tests:
          - name: of three prices the second comes last
            steps:
              - {event: price.changed, item: mug, with: {price: 10}}
              - {event: product.viewed, with: {product_id: mug}}
              - {after: 1h, event: price.changed, item: mug, with: {price: 8}, expect: {fired: price-drop}}
              - after: 30m
                event: price.changed
                item: mug
                ago: 40m
                with: {price: 8}
                expect: [{revoked: price-drop, reason: late_event}, {fired: price-drop, late: true}]
          - name: the view comes last
            steps:
              - {event: price.changed, item: mug, with: {price: 10}}
              - {event: page.read}
              - {after: 1h, event: price.changed, item: mug, with: {price: 8}, expect: nothing}
              - after: 10m
                event: product.viewed
                ago: 40m
                with: {product_id: mug}
                expect: {fired: price-drop, late: true}
        """
    )
    ran = CliRunner().invoke(app, ["test", str(tmp_path / "rules.test.yaml"), "--allow-empty"])
    assert ran.exit_code == 0, ran.stdout + ran.stderr


def test_rules_that_are_published_later_know_what_items_were(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("account: acme\ntimezone: UTC\nrules: [{id: other, when: bought}]\n")
    (tmp_path / "rules.test.yaml").write_text(
        """
        tests:
          - name: a rule that comes later sees the price and the view before it
            steps:
              - {event: price.changed, item: mug, with: {price: 10}}
              - {event: product.viewed, with: {product_id: mug}}
              - after: 1h
                publish:
                  add:
                    id: drop
                    when: {item: {price: {drops_by: 1}}}
                    interest: {events: product.viewed, item: product_id, within: 1d}
              - {after: 1h, event: price.changed, item: mug, with: {price: 9}, expect: {fired: drop}}
        """
    )
    ran = CliRunner().invoke(app, ["test", str(tmp_path / "rules.test.yaml"), "--allow-empty"])
    assert ran.exit_code == 0, ran.stdout


def test_a_step_with_an_item_needs_an_event(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules.test.yaml").write_text("tests: [{name: n, steps: [{item: mug, expect: nothing}]}]")
    ran = CliRunner().invoke(app, ["test", str(tmp_path / "rules.test.yaml")])
    assert ran.exit_code == 2
    assert "item tells of an event, and there is none here" in ran.stdout + ran.stderr


def test_a_story_has_items(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    story = Story(tmp_path / "rules.yaml").at("2026-11-02T09:00:00Z", "product.viewed", product_id="mug")
    story.item("mug", "price.changed", price=10).after("1h").item("mug", "price.changed", price=5)
    story.fires("price-drop", include={"now": 5})
