"""What one contact does in the shop, as events.

A function of account, contact, seed and days: no other contact matters.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from examples.shop.goods import Product, of
from examples.shop.people import PERSONAS, ZONES, Persona
from examples.shop.shelves import START, Shelf, shelves

HOURS: Final = range(7, 24)
"""Local hours in which people shop."""
HOUR_WEIGHTS: Final = (1, 2, 2, 2, 3, 4, 3, 2, 2, 2, 3, 4, 5, 6, 6, 4, 2)

Record = dict[str, Any]


@dataclass(slots=True)
class Diary:
    """One contact, and what it did so far."""

    account: str
    contact: str
    persona: Persona
    zone: str | None
    rng: random.Random
    end: datetime
    shelves: dict[str, Shelf]
    records: list[Record] = field(default_factory=list)

    def note(self, at: datetime, kind: str, **properties: Any) -> None:
        """Write an event down, at the local time of the contact; nothing after the end is."""
        if at >= self.end:
            return
        shown = at.astimezone(ZoneInfo(self.zone or "UTC")).isoformat(timespec="milliseconds")
        self.records.append(
            {
                "event_id": f"{self.contact}-{len(self.records):04d}",
                "account_id": self.account,
                "contact_id": self.contact,
                "type": kind,
                "time": shown.replace("+00:00", "Z"),
                "properties": properties,
            }
        )

    def price(self, product: Product, at: datetime) -> float:
        return self.shelves[product.product_id].price(at)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def minutes(self, low: float, high: float) -> timedelta:
        """A length of time, in whole milliseconds."""
        return timedelta(milliseconds=round(60_000 * self.rng.uniform(low, high)))

    def daytime(self, day: date) -> datetime:
        """A moment of this day at which the contact is awake."""
        hour = self.rng.choices(HOURS, HOUR_WEIGHTS)[0]
        local = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(self.zone or "UTC"))
        return local.astimezone(UTC) + self.minutes(0, 59)


def diary(account: str, contact: str, seed: int, days: int) -> Diary:
    """The whole life of one contact, its events in the order they happened."""
    rng = random.Random(f"{seed}/{account}/{contact}")
    persona = rng.choices(PERSONAS, [p.weight for p in PERSONAS])[0]
    goods = shelves(account, seed, days)
    book = Diary(account, contact, persona, rng.choice(ZONES), rng, START + timedelta(days=days), goods)
    joined = START + timedelta(days=rng.randrange(days // 2 + 1))
    signed_up = _sign_up(book, joined)
    for visit in _visits(book, signed_up):
        _visit(book, visit)
    if book.chance(persona.subscribes):
        _subscription(book, signed_up + book.minutes(60, 7 * 24 * 60))
    _change_of_mind(book, signed_up, days)
    _ask_for_notices(book, random.Random(f"{seed}/{account}/{contact}/notices"))
    book.records.sort(key=lambda record: datetime.fromisoformat(record["time"]))
    _forget(book)
    return book


def _sign_up(book: Diary, joined: datetime) -> datetime:
    at = book.daytime(joined.date())
    born = date(1950, 1, 1) + timedelta(days=book.rng.randrange(19_000))
    told = {"timezone": book.zone, "birthday": born.isoformat() if book.chance(0.6) else None}
    known = {name: value for name, value in told.items() if value is not None}
    book.note(at, "contact.updated", tier="basic", member_since=joined.date().isoformat(), **known)
    if book.chance(0.8):
        book.note(at + timedelta(seconds=1), "consent.granted", purpose="marketing")
    return at + book.minutes(1, 5)


def _visits(book: Diary, first: datetime) -> Iterator[datetime]:
    """The moments it comes by: at signing up, then at random days of its own rhythm."""
    at = first
    last = min(book.end, first + timedelta(days=book.persona.stays_days))
    while at < last:
        yield at
        later = at + timedelta(days=1 + book.rng.expovariate(book.persona.visits_a_week / 7))
        at = book.daytime(later.date())


def _visit(book: Diary, at: datetime) -> None:
    persona, rng = book.persona, book.rng
    product = rng.choice(of(persona.categories))
    if book.chance(0.5):
        book.note(at, "search.performed", query=product.category)
        at += book.minutes(0.5, 3)
    for _ in range(rng.choices((1, 2, 3, 4), (50, 25, 15, 10))[0]):
        book.note(at, "product.viewed", product_id=product.product_id, price=book.price(product, at))
        at += book.minutes(0.5, 8)
    if book.chance(persona.fills_cart):
        _cart(book, at, product)


def _cart(book: Diary, at: datetime, first: Product) -> None:
    others = book.rng.sample(of(book.persona.categories), book.rng.randrange(book.persona.basket))
    basket = {first: book.rng.choice((1, 1, 1, 2))} | dict.fromkeys(others, 1)
    for product in basket:
        book.note(at, "cart.item_added", product_id=product.product_id, price=book.price(product, at))
        at += book.minutes(0.2, 4)
    if book.chance(book.persona.checks_out):
        _checkout(book, at + book.minutes(0.5, 10), basket)


def _checkout(book: Diary, at: datetime, basket: dict[Product, int]) -> None:
    number = f"{book.contact}-{len(book.records):04d}"
    total = sum(round(100 * book.price(product, at)) * count for product, count in basket.items()) / 100
    url = f"https://{book.account}.example/checkout/{number}"
    book.note(at, "checkout.started", checkout_id=number, total=total, resume_url=url)
    if book.chance(book.persona.pays):
        slow = book.chance(0.2)  # a fifth pays only after a reminder or two
        _order(book, at + (book.minutes(40, 2_000) if slow else book.minutes(1, 12)), number, total, basket)


def _order(book: Diary, at: datetime, number: str, total: float, basket: dict[Product, int]) -> None:
    book.note(at, "order.completed", order_id=f"o-{number}", checkout_id=number, total=total, items=len(basket))
    for product, count in basket.items():
        supply = {} if product.supply_days is None else {"supply_days": product.supply_days * count}
        book.note(
            at,
            "order.item_purchased",
            order_id=f"o-{number}",
            product_id=product.product_id,
            category=product.category,
            price=book.price(product, at),
            quantity=count,
            **supply,
        )
    if book.chance(book.persona.complains):
        book.note(at + book.minutes(1_440, 14_400), "support.complaint", order_id=f"o-{number}")


def _subscription(book: Diary, at: datetime) -> None:
    """Renewed every 30 days, on some of which it is cancelled instead."""
    while at < book.end:
        expires = (at + timedelta(days=30)).date().isoformat()
        book.note(at, "subscription.renewed", plan="monthly-beans", expires_at=expires)
        if book.chance(0.12):
            book.note(at + book.minutes(1_440, 40_000), "subscription.cancelled", plan="monthly-beans")
            return
        at += timedelta(days=30)


def _change_of_mind(book: Diary, since: datetime, days: int) -> None:
    """Some move, some take their consent back (a third of them only for a while), a few want to be forgotten."""
    when = since + book.minutes(1_440, 1_440 * (days - 1))
    if book.chance(0.05):
        book.note(when, "contact.updated", timezone=book.rng.choice([zone for zone in ZONES if zone]))
    if book.chance(0.06):
        book.note(when, "consent.withdrawn", **({"purpose": "marketing"} if book.chance(0.7) else {}))
        if book.chance(0.33):
            book.note(when + book.minutes(1_440, 30_000), "consent.granted", purpose="marketing")
    if book.chance(0.01):
        book.note(when + book.minutes(5, 60), "contact.deleted")


def _ask_for_notices(book: Diary, rng: random.Random) -> None:
    """A third of those who view what is sold out ask to be written to when it is there again."""
    for record in [one for one in book.records if one["type"] == "product.viewed"]:
        product_id, at = record["properties"]["product_id"], datetime.fromisoformat(record["time"]).astimezone(UTC)
        if book.shelves[product_id].is_sold_out(at) and rng.random() < 0.33:
            book.note(at + timedelta(seconds=20), "stock_alert.requested", product_id=product_id)


def _forget(book: Diary) -> None:
    """Nothing is heard of a contact after it was deleted."""
    for i, record in enumerate(book.records):
        if record["type"] == "contact.deleted":
            del book.records[i + 1 :]
            return
