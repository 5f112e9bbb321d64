"""The rules of a job that is soaked: two accounts, and versions that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.time.instants import DAY_US

ACCOUNT, OTHER_ACCOUNT = ACCOUNTS = ("acme", "beta")
"""Orders of the first stop now and then, and it is flooded; only it has items."""
FEED: Final = "order.completed"
LATENESS_US: Final = DAY_US
"""How late an event may be put in its place."""
CROWD: Final = 45
"""Events of a contact that floods its account: more than its breakers let through."""
_POLICY: Final = """
policy:
  retention: 4d
  profile_retention: 5d
  frequency: [{max: 2, per: day}]
  quiet_hours: {from: "21:00", to: "08:00"}
  feeds: {order.completed: {every: 4h, mode: hold}}
  breaker: {product.viewed: {max: 40, per: 4h, mode: BREAKER}, cart.item_added: {max: 40, per: 4h, mode: hold}}
rules:
  - {id: cart, when: cart.item_added, wait: CART, unless: order.completed, reentry: 6h}
  - {id: checkout, when: checkout.started, wait: [30m, 4h], unless: {event: order.completed, same: checkout_id}}
"""
_RULES: Final = """
  - {id: trial, when: cart.item_added, wait: 4h, unless: order.completed, mode: shadow}
  - {id: loyal, when: order.completed, reaches: {sum: total, at: [100, 250]}}
  - {id: looking, when: product.viewed, given: {count: product.viewed, within: 1d, gte: 3}, wait: 2h, reentry: 1d}
  - {id: keen, when: {sequence: [product.viewed, cart.item_added, checkout.started], within: 30m}, reentry: 1d}
  - id: cheaper
    when: {item: {price: {drops_by: PERCENT%}}}
    interest: {events: [product.viewed, cart.item_added], item: product_id, within: 3d}
    unless: {event: order.completed, item: product_id}
    wait: 1h
    include: {price: item.price, seen: product_id}
"""
_SILENT: Final = "  - {id: silent, audience: {absent: order.completed, within: 2d}}\n"


def rules_files(number: int) -> Mapping[str, bytes]:
    """The files of a version: each differs from the one before, in a wait, a threshold, a mode or a rule more or less.

    What is fed and let through stays: a stream knows of another rhythm from when it knows the version on.
    """
    policy = _POLICY.replace("CART", f"{1 + number % 2}h").replace("BREAKER", "shadow" if number % 4 == 3 else "hold")
    rules = _RULES.replace("PERCENT", str(10 + number // 2 % 2 * 10)) + _SILENT * (number // 3 % 2)
    return {
        f"{ACCOUNT}.yaml": f"account: {ACCOUNT}\ntimezone: America/Toronto{policy}{rules[1:]}".encode(),
        f"{OTHER_ACCOUNT}.yaml": f"account: {OTHER_ACCOUNT}\ntimezone: Europe/Berlin{policy}".encode(),
    }


def reach_us() -> int:
    """How long what an account knows comes to a contact after its last event: changes of items, silence of feeds."""
    plan = Programs(always(load_files(rules_files(0))), LATENESS_US, whole_history=False).plan(ACCOUNT)
    assert plan.catalog is not None
    assert plan.feeds is not None
    of_feeds = [plan.feeds.longest_us(rhythm) for rhythm in plan.feeds.rhythms]
    return max(*(one.reach_us for one in plan.catalog.interests), *of_feeds)
