"""What becomes of the goods: prices fall and rise, stock runs out and comes back, as events of items.

A function of account, seed and days: no contact matters. What is out of stock can still be ordered, and comes later.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from examples.shop.goods import GOODS, Product

START: Final = datetime(2025, 1, 1, tzinfo=UTC)
FULL: Final = range(15, 50)
"""How many there are after a delivery."""
SALE: Final = ((0.8,), (72, 240))
STEPS: Final = ((0.94, 0.88, 0.83), (24, 72))
MISTAKE: Final = ((0.5,), (0.5, 11))
"""Ways in which a price falls: the parts of it that are asked, one after the other, and how many hours each lasts."""

Levels: TypeAlias = tuple[tuple[datetime, int], ...]
"""A number and since when it holds, by time."""


class Shelf(NamedTuple):
    """A product over the whole time."""

    product: Product
    cents: Levels
    stock: Levels

    def price(self, at: datetime) -> float:
        """What it costs at a moment."""
        return _at(self.cents, at) / 100

    def is_sold_out(self, at: datetime) -> bool:
        return _at(self.stock, at) == 0


def _at(levels: Levels, at: datetime) -> int:
    return levels[max(0, bisect_right(levels, at, key=lambda one: one[0]) - 1)][1]


@lru_cache(maxsize=8)
def shelves(account: str, seed: int, days: int) -> dict[str, Shelf]:
    """All products of a shop by id."""
    end = START + timedelta(days=days)
    return {one.product_id: _shelf(one, random.Random(f"{seed}/{account}/{one.product_id}"), end) for one in GOODS}


def _shelf(product: Product, rng: random.Random, end: datetime) -> Shelf:
    cents, stock = (
        [one for one in levels if one[0] < end] for levels in (_prices(product, rng, end), _stock(rng, end))
    )
    return Shelf(product, tuple(cents), tuple(stock))


def _later(at: datetime, rng: random.Random, low_hours: float, high_hours: float) -> datetime:
    return at + timedelta(milliseconds=round(3_600_000 * rng.uniform(low_hours, high_hours)))


def _prices(product: Product, rng: random.Random, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Now and then a sale, a price that is lowered in small steps, or a mistake that is found within hours."""
    at = START
    yield at, product.cents
    while at < end:
        at = _later(at, rng, 300, 1_000)
        parts, hours = rng.choices((SALE, STEPS, MISTAKE), (50, 30, 20))[0]
        for part in parts:
            yield at, round(product.cents * part)
            at = _later(at, rng, *hours)
        yield at, product.cents


def _stock(rng: random.Random, end: datetime) -> Iterator[tuple[datetime, int]]:
    """It is sold, a few at a time, until there is none; some days later it is delivered."""
    at, left = START, rng.choice(FULL)
    yield at, left
    while at < end:
        at = _later(at, rng, *((24, 96) if left else (24, 144)))
        left = max(0, left - rng.randrange(2, 9)) if left else rng.choice(FULL)
        yield at, left


def changes(account: str, seed: int, days: int) -> list[dict[str, Any]]:
    """The events of all items of a shop; each says what changed, the first of an item everything."""
    return [event for shelf in shelves(account, seed, days).values() for event in _events(account, shelf)]


def _events(account: str, shelf: Shelf) -> Iterator[dict[str, Any]]:
    product = shelf.product
    first = {"price": product.cents / 100, "quantity": shelf.stock[0][1], "category": product.category}
    later = [(at, {"price": cents / 100}) for at, cents in shelf.cents[1:]]
    later += [(at, {"quantity": left}) for at, left in shelf.stock[1:]]
    for number, (at, properties) in enumerate([(START, first), *sorted(later, key=lambda one: one[0])]):
        yield {
            "event_id": f"{product.product_id}-{number:04d}",
            "account_id": account,
            "item_id": product.product_id,
            "type": "item.updated" if number else "item.added",
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "properties": properties,
        }
