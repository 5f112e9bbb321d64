"""A day of a shop's events, drawn from a seed: `python -m benchmarks.generate --events N --seed S --output FILE`.

Sessions of a few minutes, in which people look, search, fill carts and sometimes buy. A line is written up to 30 s
after its event happened, so that the file is not in order; one line in a hundred is a copy of another. Same arguments,
same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

START: Final = datetime(2025, 11, 3, tzinfo=UTC)
END: Final = START + timedelta(hours=24)
CONTACTS_A_MILLION: Final = 50_000
ACCOUNTS: Final = 10
COPIES: Final = 0.01
JITTER_US: Final = 30_000_000
EVENTS_A_SESSION: Final = 4
SESSION_US_MAX: Final = 1_800_000_000
PRODUCTS: Final = 5_000
CHUNK: Final = 100_000

ZONES: Final = ("America/Toronto", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney")
CATEGORIES: Final = ("coffee", "tea", "machines", "tableware", "gifts")
QUERIES: Final = ("coffee beans", "espresso machine", "paper filters", "gift for him", "grinder")

TYPES: Final = {
    # type: parts in a thousand in the first, middle and last third of a session
    "page.viewed": (330, 250, 170),
    "product.viewed": (340, 370, 280),
    "search.performed": (170, 90, 40),
    "cart.item_added": (80, 170, 200),
    "checkout.started": (10, 40, 80),
    "order.completed": (10, 30, 90),
    "order.item_purchased": (5, 20, 75),
    "email.opened": (35, 10, 45),
    "contact.updated": (10, 10, 10),
    "consent.withdrawn": (3, 3, 3),
    "subscription.renewed": (4, 4, 4),
    "support.complaint": (3, 3, 3),
}


class Draw(NamedTuple):
    """Unique events as columns, and in which order their lines are written (copies are named twice)."""

    contact: Any
    time_us: Any
    kind: Any
    product: Any
    amount: Any
    """Cents."""
    order: Any


def draw(events: int, seed: int) -> Draw:
    """`events` lines' worth of events, copies included."""
    rng = np.random.default_rng(seed)
    unique = max(1, round(events / (1 + COPIES)))
    contacts = max(1, events * CONTACTS_A_MILLION // 1_000_000)
    sessions = max(1, unique // EVENTS_A_SESSION)
    session = rng.integers(sessions, size=unique)
    contact = rng.integers(contacts, size=sessions)[session]
    begin = rng.integers(86_400_000_000 - SESSION_US_MAX, size=sessions)
    length = rng.integers(60_000_000, SESSION_US_MAX, size=sessions)
    part = rng.random(unique)
    time_us = begin[session] + (part * length[session]).astype(np.int64)
    # Everybody has a few favourites, so that people look at a thing again.
    product = (contact * 31 + rng.integers(4, size=unique) ** 2) % PRODUCTS
    amount = rng.integers(500, 20_000, size=unique)
    return Draw(contact, time_us, kinds_within(rng, part), product, amount, _order(rng, time_us, events - unique))


def kinds_within(rng: Any, part: Any) -> Any:
    """What happens at each part of a session: indices of `TYPES`."""
    weights = np.array(list(TYPES.values()), dtype=float).T
    bounds = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    third = np.minimum((part * 3).astype(np.int64), 2)
    kind = (rng.random(part.size)[:, None] >= bounds[third]).sum(axis=1)
    return np.minimum(kind, len(TYPES) - 1)


def _order(rng: Any, time_us: Any, copies: int) -> Any:
    """Which event each line tells: by time of arrival, copies with an arrival of their own."""
    told = np.concatenate([np.arange(time_us.size), rng.integers(time_us.size, size=copies)])
    arrival = time_us[told] + rng.integers(JITTER_US, size=told.size)
    return told[np.argsort(arrival, kind="stable")]


# ---------------------------------------------------------------- lines


def _thing(product: int) -> str:
    return f'"product_id":"p-{product:04d}","category":"{CATEGORIES[product % len(CATEGORIES)]}"'


def _price(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


Properties = Callable[[int, int, int], str]
"""From contact, product and cents to the inside of `properties`."""

PROPERTIES: Final[dict[str, Properties]] = {
    "page.viewed": lambda _, p, c: f'"url":"https://shop.example/pages/{p}","referrer":"https://search.example/?q={c}"',
    "product.viewed": lambda _, p, c: f'{_thing(p)},"price":{_price(c)},"currency":"EUR"',
    "search.performed": lambda _, p, c: f'"query":"{QUERIES[p % len(QUERIES)]}","results":{c % 90}',
    "cart.item_added": lambda _, p, c: f'{_thing(p)},"price":{_price(c)},"quantity":{1 + c % 3}',
    "checkout.started": lambda n, p, c: (
        f'"checkout_id":"k-{n}-{p}","total":{_price(c)},"resume_url":"https://shop.example/checkout/k-{n}-{p}"'
    ),
    "order.completed": lambda n, p, c: (
        f'"order_id":"o-{n}-{c}","checkout_id":"k-{n}-{p}","total":{_price(c)},"currency":"EUR"'
    ),
    "order.item_purchased": lambda _, p, c: f'{_thing(p)},"price":{_price(c)},"supply_days":{7 + c % 60}',
    "email.opened": lambda _, p, c: f'"campaign_id":"m-{p % 40}","link":{c % 12}',
    "contact.updated": lambda n, _, c: (
        f'"timezone":"{ZONES[n % len(ZONES)]}","birthday":"19{40 + n % 60}-{1 + c % 12:02d}-{1 + n % 28:02d}"'
    ),
    "consent.withdrawn": lambda *_: '"purpose":"marketing"',
    "subscription.renewed": lambda _, p, c: f'"plan":"plan-{p % 5}","expires_at":"2025-12-{1 + c % 28:02d}"',
    "support.complaint": lambda _, p, c: f'"topic":"t-{p % 9}","ticket":{c}',
}


def lines(drawn: Draw) -> Iterator[str]:
    """Blocks of whole lines."""
    for first in range(0, drawn.order.size, CHUNK):
        yield "".join(_block(drawn, drawn.order[first : first + CHUNK]))


def _block(drawn: Draw, told: Any) -> Iterator[str]:
    kinds = [(name, PROPERTIES[name]) for name in TYPES]
    start = np.datetime64(START.replace(tzinfo=None), "us")
    times = np.datetime_as_string(start + drawn.time_us[told].astype("timedelta64[us]"), unit="us").tolist()
    ids = (told.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).tolist()  # odd: no two events share an id
    columns = (column[told].tolist() for column in drawn[:-1] if column is not drawn.time_us)
    for event_id, time, contact, kind, product, cents in zip(ids, times, *columns, strict=True):
        name, properties = kinds[kind]
        yield (
            f'{{"event_id":"e-{event_id:016x}","account_id":"shop-{contact % ACCOUNTS}","contact_id":"c-{contact:06d}",'
            f'"type":"{name}","time":"{time}Z","properties":{{{properties(contact, product, cents)}}}}}\n'
        )


def write(events: int, seed: int, path: Path) -> None:
    """Write the file; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for block in lines(draw(events, seed)):
            file.write(block)
    partial.replace(path)


def main() -> None:
    """Write the file the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    write(wanted.events, wanted.seed, wanted.output)


if __name__ == "__main__":
    main()
