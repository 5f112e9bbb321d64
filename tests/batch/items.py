"""Random shops: contacts that view, ask and buy, and items whose prices and stock change, as lines of files."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from kittiwake.time.instants import HOUR_US, format_instant, parse_instant
from tests.input.inputs import record

BEGIN_US = parse_instant("2026-11-02T00:00:00Z")

RULES = """
account: {account}
cast: [{{event: price.changed, number: [price]}}]
derive: [{{event: order.item_purchased, from: order.completed, each: lines}}]
rules:
  - id: price-drop
    when: {{item: {{price: {{drops_by: 10%}}}}}}
    interest: {{events: [product.viewed, order.item_purchased], item: product_id, within: 16h}}
    include: {{now: item.price, name: item.name}}
  - id: back
    when: {{item: {{quantity: {{rises_above: 0}}}}}}
    interest: {{events: {{event: alert.asked, where: {{kind: stock}}}}, item: product_id, within: 12h}}
    wait: 30m
"""

PRICES = (10, 9, 8.5, "8", 7, 6, 5, 0, -1, None, "soon", True)


def lines(dice: Random, number: int, accounts: tuple[str, ...] = ("acme", "beta")) -> list[bytes]:
    """So many records in no order, with duplicates; some ids come twice with other content."""
    found = [_line(dice, at, dice.choice(accounts)) for at in range(number)]
    found += dice.choices(found, k=number // 5)
    dice.shuffle(found)
    return found


def _line(dice: Random, at: int, account_id: str) -> bytes:
    own_id = f"e{dice.randrange(number_of_ids(at))}" if dice.random() < 0.1 else f"e{at}"
    time = format_instant(BEGIN_US + dice.randrange(24 * 6) * HOUR_US // 6)
    fields: dict[str, Any] = {"event_id": own_id, "account_id": account_id, "time": time}
    if dice.random() < 0.4:
        event_type = dice.choice(("price.changed", "stock.changed"))
        properties = dict(_properties(dice))
        return record(**fields, contact_id=..., item_id=_item(dice), type=event_type, properties=properties)
    contact_id = f"c{dice.randrange(4)}"
    event_type = dice.choice(("product.viewed", "order.completed", "alert.asked", "page.read"))
    properties = {"product_id": dice.choice((_item(dice), 7, None)), "kind": dice.choice(("stock", "other"))}
    properties["lines"] = [{"product_id": _item(dice)} for _ in range(dice.randrange(3))]
    return record(**fields, contact_id=contact_id, type=event_type, properties=properties)


def number_of_ids(at: int) -> int:
    """Ids that an event may share with an earlier one."""
    return max(1, at)


def _properties(dice: Random) -> Iterator[tuple[str, Any]]:
    for name in ("price", "quantity", "name"):
        if dice.random() < 0.6:
            yield name, dice.choice(PRICES)


def _item(dice: Random) -> str:
    return dice.choice(("p1", "p2", "7"))
