"""What people do in the shop while somebody watches: visits of a few seconds, each of which shows one rule.

A function of the seed, but for the clock: whoever publishes the steps says when they happen.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from examples.shop.goods import GOODS, Product

PEOPLE: Final = (
    "ada", "ben", "cleo", "dan", "eva", "finn", "gia", "hugo", "ida", "jon",
    "kim", "leo", "mia", "ned", "ola", "pia", "quin", "rob", "sue", "tom",
)  # fmt: skip
BETWEEN_VISITS_S: Final = 2.0
"""A new visit begins so often: more would run off the screen before it is read."""
REST_S: Final = 20.0
"""A person who has left is not seen for so long, or longer: what was waited for has come."""


@dataclass(frozen=True)
class Step:
    """What somebody does, so many seconds after the visit has begun."""

    at_s: float
    type: str
    properties: dict[str, Any]
    held_up_s: float = 0
    """So much later than it has happened the shop hears of it."""


class Due(NamedTuple):
    """A step at its time, in seconds since the shop has opened."""

    at_s: float
    number: int
    contact: str
    step: Step


Visit = Callable[[random.Random, str], list[Step]]


def _product(rng: random.Random) -> Product:
    return rng.choice([one for one in GOODS if one.cents < 10_000])


def _about(product: Product) -> dict[str, Any]:
    return {"product_id": product.product_id, "price": product.cents / 100}


def leaves_a_cart(rng: random.Random, _: str) -> list[Step]:
    """Cart abandonment."""
    product = _about(_product(rng))
    return [Step(0, "product.viewed", product), Step(1.5, "cart.item_added", product)]


def pays_at_the_till(rng: random.Random, order: str) -> list[Step]:
    """Cart abandonment that is taken back: the till was offline, and told of its purchase when the reminder was out."""
    product = _product(rng)
    paid = {"order_id": order, "total": product.cents / 100}
    return [Step(0, "cart.item_added", _about(product)), Step(14, "order.completed", paid, held_up_s=8)]


def looks_and_looks(rng: random.Random, _: str) -> list[Step]:
    """Browse abandonment."""
    product = _about(_product(rng))
    return [Step(at_s, "product.viewed", product) for at_s in (0, 1.5, 3)]


def wavers(rng: random.Random, order: str) -> list[Step]:
    """Two reminders of a checkout, or one and a purchase."""
    product = _product(rng)
    about = {"checkout_id": order, "total": product.cents / 100}
    started = Step(1, "checkout.started", {**about, "resume_url": f"https://acme.example/checkout/{order}"})
    paid = [Step(10, "order.completed", {**about, "order_id": order})] if rng.random() < 0.5 else []
    return [Step(0, "product.viewed", _about(product)), started, *paid]


def knows_what_it_wants(rng: random.Random, order: str) -> list[Step]:
    """High intent, and a purchase."""
    product = _product(rng)
    return [
        Step(0, "search.performed", {"query": product.category}),
        Step(1, "product.viewed", _about(product)),
        Step(2, "cart.item_added", _about(product)),
        Step(5, "order.completed", {"order_id": order, "total": product.cents / 100}),
    ]


def spends(rng: random.Random, order: str) -> list[Step]:
    """A milestone, and into the audience; some complain, and are out of it."""
    total = rng.choice([649.0, 1299.0, 649.0, 249.0])
    complains = [Step(6, "support.complaint", {"order_id": order})] if rng.random() < 0.6 else []
    return [Step(0, "order.completed", {"order_id": order, "total": total}), *complains]


VISITS: Final[tuple[Visit, ...]] = (
    knows_what_it_wants, leaves_a_cart, spends, pays_at_the_till, looks_and_looks, wavers,
)  # fmt: skip
"""In the order in which they are first seen."""


def steps(seed: int) -> Iterator[Due]:
    """What happens in the shop, in the order in which it is told of, without end."""
    rng = random.Random(seed)
    free = [(0.0, contact) for contact in PEOPLE]
    coming: list[Due] = []
    number = 0
    for visit, begin_s in enumerate(_times()):
        while coming and coming[0].at_s <= begin_s:
            yield heapq.heappop(coming)
        kind = VISITS[visit] if visit < len(VISITS) else rng.choice(VISITS)
        _, contact = heapq.heappop(free)
        made = kind(rng, f"o{visit + 1}")
        for step in made:
            heapq.heappush(coming, Due(begin_s + step.at_s, number, contact, step))
            number += 1
        heapq.heappush(free, (begin_s + made[-1].at_s + REST_S, contact))


def _times() -> Iterator[float]:
    begin_s = 0.0
    while True:
        yield begin_s
        begin_s += BETWEEN_VISITS_S
