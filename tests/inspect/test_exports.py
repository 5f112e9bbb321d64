"""Exports as vendors write them: what `inspect` guesses goes in as it is, with every event that is in it.

The files are invented, after the vendors' public schemas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.command import kittiwake, write

EXPORTS = Path(__file__).parents[1] / "input" / "exports"
SHAPE_LINES_MAX = 14
"""A dozen lines, and the account and a comment."""


class Expected(NamedTuple):
    types: dict[str, int]
    contacts: int
    left_out: int = 0


EXPECTED = {
    "amplitude.json.gz": Expected({"view": 2, "add": 1, "contact.merged": 2}, 3),
    "cdnow.csv": Expected({"cdnow.recorded": 6}, 3),
    "crm-activities.txt": Expected({"crm_activities.recorded": 3}, 2),
    "ga4.jsonl": Expected({"page.viewed": 1, "cart.item_added": 1, "order.completed": 1, "contact.merged": 2}, 2),
    "matomo-visits.json": Expected({"page.viewed": 3, "order.completed": 3, "contact.merged": 2}, 3),
    "mixpanel.jsonl": Expected({"sign.up": 1, "item.added": 2}, 2),
    "olist-orders.csv": Expected({"order.completed": 3}, 3),
    "online-retail.csv": Expected({"order.completed": 6}, 2, left_out=1),
    "posthog-events.json": Expected({"page.viewed": 2, "item.added": 1}, 2),
    "rees46.csv": Expected({"view": 1, "cart": 2, "purchase": 1}, 2),
    "retailrocket.csv": Expected({"view": 2, "addtocart": 1, "transaction": 1}, 4),
    "segment.jsonl": Expected(
        {"contact.updated": 1, "contact.merged": 3, "cart.item_added": 1, "order.completed": 1, "page.viewed": 1}, 3
    ),
    "shop-de.csv": Expected({"order.completed": 3}, 2),
    "shopify-orders.json": Expected({"order.completed": 2}, 2, left_out=1),
    "snowplow.jsonl": Expected({"page.viewed": 1, "cart.item_added": 1, "page_ping": 1, "contact.merged": 2}, 2),
    "stripe-events.json": Expected({"order.completed": 1, "invoice.paid": 1, "payment.failed": 1}, 2),
    "woocommerce-orders.json": Expected({"order.completed": 3}, 2),
}
WITHOUT_TIMES = "instacart-orders.csv"
"""It says days since the order before, and no time: no shape can read it."""


def test_each_export_is_expected() -> None:
    assert sorted(path.name for path in EXPORTS.iterdir()) == sorted([*EXPECTED, WITHOUT_TIMES])


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_goes_in_by_the_shape_that_inspect_guesses(name: str, tmp_path: Path) -> None:
    expected, shape = EXPECTED[name], tmp_path / "shapes" / "first.yaml"
    ran = kittiwake("inspect", EXPORTS / name, "--json", "--output", shape)
    found = ran.data
    assert (found["types"], found["contacts"]) == (expected.types, expected.contacts)
    assert (found["left_out"], found["dead_letters"]) == (expected.left_out, [])
    if found["product"] is None:
        assert ran.code == 0
        assert len(shape.read_text().splitlines()) <= SHAPE_LINES_MAX
    rules = write(
        tmp_path / "rules.yaml",
        "account: acme\nrules:\n" + "".join(f"  - {{id: r{at}, when: {type_}}}\n" for at, type_ in enumerate(WHEN)),
    )
    given = (
        ["--input-shape", shape]
        if found["written"]
        else ["--input-shape", found["shape_name"], "--input-account", "acme"]
    )
    replayed = kittiwake(
        "replay", "--rules", rules, "--input", EXPORTS / name, *given, "--output", tmp_path / "out", "--json"
    )
    assert (replayed.data["events"], replayed.data["dead_letters"]) == (sum(expected.types.values()), {})


WHEN = ['"*"']


def test_an_export_without_times_is_refused_in_words() -> None:
    ran = kittiwake("inspect", EXPORTS / WITHOUT_TIMES)
    assert ran.code == 1
    assert "no field says time, without which a record is no event" in ran.err
    assert json.loads(kittiwake("inspect", EXPORTS / WITHOUT_TIMES, "--json").out)["lacks"] == ["time"]
