"""The brute-force oracle: every candidate's final decision for one contact, by looking at the whole history.

It shares nothing with the kernel but the two pages it is written from: rules.md and docs/semantics.md.
"""

from typing import Any

from tests.oracle import clock
from tests.oracle.history import History, settled
from tests.oracle.language import rule_set
from tests.oracle.needs import is_needed
from tests.oracle.walk import Walk

LIMITS = {"keys": 1_000, "distinct": 10_000, "sum_entries": 10_000, "max_wait_us": 400 * clock.DAY}


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
    """The final decisions of one contact: events strictly before `until_us` settled, deadlines up to and at it.

    `document` is one rules file as plain Python; `events` may stand in any order, with copies.
    """
    rules = rule_set(document)
    chosen = {**LIMITS, **(limits or {})}
    needed = [event for event in events if is_needed(rules, event["type"])]
    history = History(settled(needed, until_us, allowed_lateness_us), chosen)
    history.remember_rules(rules.rules)
    walk = Walk(rules, history, account, contact)
    walk.settle(until_us)
    return walk.rows
