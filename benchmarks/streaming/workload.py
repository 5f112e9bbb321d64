"""Contacts and their bursts, as the intake hands them to the host, and the rules that are asked about them.

Nothing is drawn: contact, burst and place say what an event is, so that every process makes the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from benchmarks.rulesets import ONE, SHIPPED, TWELVE
from benchmarks.streaming.names import TWO_HUNDRED
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.records import BufferedEvent, encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, format_instant, parse_instant

RULES: Final = {ONE: 1, TWELVE: 12, TWO_HUNDRED: 200}
"""Rule sets and the number of their rules; the two hundred are the twelve under other names, again and again."""

ACCOUNT: Final = "shop-0"
START_US: Final = parse_instant("2026-11-02T10:00:00Z")
BETWEEN_US: Final = 7 * MINUTE_US
"""From one burst of a contact to the next."""
END_US: Final = START_US + 4_000 * DAY_US
"""When the clock of the hosts stands there, all that a burst brought about has passed."""

_OF_ONE: Final = ("cart.item_added", "cart.item_added", "cart.item_added", "order.completed")
_OF_MANY: Final = (
    "product.viewed", "search.performed", "product.viewed", "cart.item_added", "product.viewed",
    "product.viewed", "search.performed", "product.viewed", "cart.item_added", "order.completed",
)  # fmt: skip
_PROPERTIES: Final = {
    "product.viewed": '{{"product_id":"p-{n}","price":{price},"category":"coffee","page":"/products/{n}"}}',
    "search.performed": '{{"query":"mugs and other things {n}","results":{n}}}',
    "cart.item_added": '{{"product_id":"p-{n}","price":{price},"quantity":1,"cart_id":"cart-{n}"}}',
    "order.completed": '{{"order_id":"o-{n}","total":{price},"currency":"CAD","items":3}}',
}


class Workload(NamedTuple):
    """What a case is given."""

    rules: str
    contacts: int
    bursts: int
    events: int
    """Of one burst of a contact."""
    spread_us: int = SECOND_US
    """The time that a burst takes. Within a second all its events share a slot."""

    @property
    def all_events(self) -> int:
        return self.contacts * self.bursts * self.events

    def burst(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        """One burst of every contact."""
        for contact in range(self.contacts):
            for place in range(self.events):
                yield _arrival(self, contact, number, place)


def _arrival(workload: Workload, contact: int, burst: int, place: int) -> tuple[bytes, bytes]:
    types = _OF_ONE if workload.rules == ONE else _OF_MANY
    n = burst * workload.events + place
    kind, contact_id = types[(contact + n) % len(types)], f"customer-{contact:07}"
    event_id = f"01JBN6{contact:010}{n:010}"
    time_us = START_US + burst * BETWEEN_US + place * workload.spread_us // workload.events
    properties = _PROPERTIES[kind].format(n=n % 17, price=f"{10 + n % 90}.90")
    data = (
        f'{{"event_id":"{event_id}","account_id":"{ACCOUNT}","contact_id":"{contact_id}","type":"{kind}",'
        f'"time":"{format_instant(time_us)}","properties":{properties}}}'
    )
    return key_of(ACCOUNT, contact_id), encode(BufferedEvent(time_us, event_id, kind, data.encode()))


def known_rules(name: str) -> StaticRules:
    """The rules of a set, with an hour for corrections."""
    text = (SHIPPED / f"{ONE if name == ONE else TWELVE}.yaml").read_text(encoding="utf-8")
    text = text.replace('account: "*"', f"account: {ACCOUNT}")
    if name == TWO_HUNDRED:
        text = _renamed(text, RULES[name])
    return StaticRules(always(load_files({"rules.yaml": text.encode()})), HOUR_US)


def _renamed(text: str, number: int) -> str:
    head, begin, rules = text.partition("rules:\n")
    bodies = [body for body in re.split(r"(?m)^(?=  - id: )", rules) if body.strip()]
    copies = (
        re.sub(r"- id: (\S+)", rf"- id: \g<1>-{n // len(bodies)}", bodies[n % len(bodies)]) for n in range(number)
    )
    return head + begin + "".join(copy.rstrip("\n") + "\n" for copy in copies)
