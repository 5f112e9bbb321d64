"""The brute-force oracle: every candidate's final decision for one contact, by looking at the whole history.

It shares nothing with the kernel but the two pages it is written from: rules.md and semantics.md.
"""

from typing import Any

from tests.oracle import clock
from tests.oracle.ages import Ages
from tests.oracle.catalog import changes_of_items
from tests.oracle.feeds import named_events, times_of_feeds
from tests.oracle.history import History, settled
from tests.oracle.walk import Walk

LIMITS = {
    "ids": 25_000,
    "repeats": 10_000,
    "keys": 1_000,
    "distinct": 10_000,
    "sum_entries": 10_000,
    "max_wait_us": 400 * clock.DAY,
    "include_bytes": 65_536,
    "attribute_bytes": 65_536,
}
Versions = list[tuple[int | None, dict[str, Any]]]


def decide(
    document: dict[str, Any],
    events: list[dict[str, Any]],
    until_us: int,
    *,
    account: str,
    contact: str,
    allowed_lateness_us: int = clock.HOUR,
    limits: dict[str, int] | None = None,
) -> list[dict[str, Any]]:
    """The final decisions of one contact under one rules file that has been in force always."""
    return decide_versions(
        [(None, document)],
        events,
        until_us,
        account=account,
        contact=contact,
        allowed_lateness_us=allowed_lateness_us,
        limits=limits,
    )


def decide_versions(
    versions: Versions,
    events: list[dict[str, Any]],
    until_us: int,
    *,
    account: str,
    contact: str,
    allowed_lateness_us: int = clock.HOUR,
    limits: dict[str, int] | None = None,
    stream: bool = False,
) -> list[dict[str, Any]]:
    """The final decisions of one contact: events strictly before `until_us` settled, deadlines up to and at it.

    Events of items, and of other contacts, may stand among those of the contact. `versions` rise by the instant from
    which each is in force (microseconds; `None`, of the first: always); each is one rules file as plain Python.
    `events` may stand in any order, with copies. A batch looks back on the whole history; a `stream` on what the
    versions in force have remembered since they were introduced.
    A row names the index of the version it was decided under (`ruleset`) and that whose text its rule had (`rule_of`).
    """
    ages = Ages(versions, stream=stream)
    bounds = {**LIMITS, **(limits or {})}
    of_items = [each for each in events if each.get("item_id")]
    own = [each for each in events if not each.get("item_id") and each.get("contact_id", contact) == contact]
    history = History(settled(own, until_us, allowed_lateness_us, ages, bounds), ages, bounds)
    history.changes = [*changes_of_items(of_items, until_us, allowed_lateness_us, ages, bounds)]
    history.feeds = times_of_feeds(events)
    history.named = named_events(events, contact)
    walk = Walk(history, account, contact)
    walk.settle(until_us)
    return walk.rows
