"""What the shop sells. Prices are whole cents."""

from __future__ import annotations

from typing import Final, NamedTuple


class Product(NamedTuple):
    product_id: str
    category: str
    cents: int
    supply_days: int | None
    """How long one lasts; None if it is not used up, or the shop does not know."""


GOODS: Final = (
    Product("beans-house", "coffee", 1490, 21),
    Product("beans-dark", "coffee", 1690, 21),
    Product("beans-single-origin", "coffee", 2290, 14),
    Product("capsules-40", "coffee", 1850, None),
    Product("filters-paper-100", "filters", 490, 50),
    Product("filters-steel", "filters", 1990, None),
    Product("kettle-gooseneck", "brewing", 8900, None),
    Product("press-8-cup", "brewing", 4500, None),
    Product("grinder-hand", "brewing", 7900, None),
    Product("grinder-electric", "machines", 24900, None),
    Product("espresso-machine", "machines", 64900, None),
    Product("espresso-machine-pro", "machines", 129900, None),
    Product("cup-porcelain", "tableware", 1200, None),
    Product("mug-travel", "tableware", 2600, None),
)


def of(categories: tuple[str, ...]) -> tuple[Product, ...]:
    """The goods of these categories."""
    return tuple(product for product in GOODS if product.category in categories)
