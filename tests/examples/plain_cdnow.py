"""The rules of examples/cdnow, worked out again from the file of purchases in plain Python.

Nothing of the product is used, nor of the example's converter but the times of day it gives to purchases: loops,
dictionaries and whole cents. What `cdnow.yaml` says is written out here a second time, by hand.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from examples.cdnow.convert import time_of_day

MILESTONES = (250_00, 500_00, 1_000_00)
LAPSED = timedelta(days=60)
QUARTER = timedelta(days=90)
WEEK = timedelta(days=7)
DEAR = 200_00
RETENTION = timedelta(days=400)
"""Who buys nothing for so long is forgotten, but for the milestones passed. Only milestones look further back."""
LIVE = datetime(1997, 2, 1, tzinfo=UTC)


class Bought(NamedTuple):
    at: datetime
    line: int
    cents: int
    quantity: int


Buyers = dict[str, list[Bought]]
Fact = tuple[str, str]
"""A contact and an instant, as the product writes it."""


def buyers(source: Path) -> Buyers:
    """Every buyer's purchases in their order."""
    found: Buyers = defaultdict(list)
    with source.open(encoding="ascii", newline="") as lines:
        rows = csv.reader(lines, delimiter=" ", skipinitialspace=True)
        for line, (contact, day, quantity, dollars) in list(enumerate(rows, 1))[1:]:
            at = datetime.strptime(f"{day} {time_of_day(line)}", "%Y%m%d %H:%M:%SZ").replace(tzinfo=UTC)
            whole, cents = dollars.split(".")
            found[contact].append(Bought(at, line, 100 * int(whole) + int(cents), int(quantity)))
    return {contact: sorted(bought) for contact, bought in found.items()}


def end(everyone: Buyers) -> datetime:
    """When the run ends: just after the newest purchase."""
    return max(bought[-1].at for bought in everyone.values()) + timedelta(microseconds=1)


def milestones(everyone: Buyers) -> set[tuple[str, int, int]]:
    """Contact, milestone in dollars, line of the purchase that passed it.

    Who was forgotten begins at nothing, but passes no milestone a second time.
    """
    found: set[tuple[str, int, int]] = set()
    for contact, bought in everyone.items():
        total, newest, left = 0, bought[0].at, set(MILESTONES)
        for purchase in bought:
            if purchase.at - newest >= RETENTION:
                total = 0
            before, total, newest = total, total + purchase.cents, purchase.at
            passed = {mark for mark in left if before < mark <= total}
            found |= {(contact, mark // 100, purchase.line) for mark in passed}
            left -= passed
    return found


def times_forgotten(everyone: Buyers) -> int:
    """How often somebody had bought nothing for the retention: before the next purchase, or at the end of the run."""
    last = end(everyone)
    silences = (
        min(following, last) - purchase.at for bought in everyone.values() for purchase, following in _with_next(bought)
    )
    return sum(silence >= RETENTION for silence in silences)


def lapsed(everyone: Buyers) -> set[Fact]:
    """Who fell silent for 60 days, and when."""
    last = end(everyone)
    return {
        (contact, shown(purchase.at + LAPSED))
        for contact, bought in everyone.items()
        for purchase, following in _with_next(bought)
        if purchase.at + LAPSED <= min(following, last)
    }


def replenishments(everyone: Buyers) -> set[Fact]:
    """Who bought nothing new when the last CDs were heard, and when."""
    last = end(everyone)
    found = set()
    for contact, bought in everyone.items():
        for purchase, following in _with_next(bought):
            due = purchase.at + timedelta(days=15 * purchase.quantity)
            if due <= min(following, last) and due - purchase.at <= timedelta(days=400):
                found.add((contact, shown(due)))
    return found


def vip_edges(everyone: Buyers) -> tuple[set[Fact], set[Fact]]:
    """Who came into the 200 dollars of 90 days and who fell out, and when. Going live, members come in again."""
    entered, exited = set(), set()
    last = end(everyone)
    for contact, bought in everyone.items():
        inside = False
        for at in sorted({LIVE} | {p.at for p in bought} | {p.at + QUARTER for p in bought}):
            now = at <= last and is_vip(bought, at)
            if now and (at == LIVE or not inside):
                entered.add((contact, shown(at)))
            if inside and not now and at <= last:
                exited.add((contact, shown(at)))
            inside = now
    return entered, exited


def is_vip(bought: list[Bought], at: datetime) -> bool:
    """Whether 200 dollars were spent in the 90 days up to `at`."""
    return sum(purchase.cents for purchase in bought if purchase.at <= at < purchase.at + QUARTER) >= DEAR


def closest(times: list[str]) -> timedelta:
    """The shortest time between two of these instants."""
    return min(later - earlier for earlier, later in pairwise(sorted(map(datetime.fromisoformat, times))))


def shown(at: datetime) -> str:
    """The instant as the product writes it."""
    return at.isoformat().replace("+00:00", "Z")


def _with_next(bought: list[Bought]) -> Iterator[tuple[Bought, datetime]]:
    """Each purchase with the time of the next; of the last one, none for ever."""
    yield from ((purchase, following.at) for purchase, following in pairwise(bought))
    yield bought[-1], datetime.max.replace(tzinfo=UTC)
