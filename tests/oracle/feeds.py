"""Feeds: which of those a rule leans on are silent at an instant (semantics.md, section 18)."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.oracle import clock
from tests.oracle.ages import Version
from tests.oracle.language import Rule, leaves


def times_of_feeds(events: Iterable[dict[str, Any]]) -> dict[str, list[int]]:
    """The times of the events of every type, whosever they are."""
    found: dict[str, list[int]] = {}
    for each in events:
        if not each.get("item_id"):
            found.setdefault(each["type"], []).append(clock.parse_instant(each["time"]) or 0)
    return found


def silent_feeds(version: Version, rule: Rule, times: dict[str, list[int]], now: int) -> list[tuple[int, bool]]:
    """Of each feed that is silent, and on which the rule leans: its `every`, and whether it holds."""
    if rule.audience is not None or (rule.wait is not None and rule.wait.repeat):
        return []
    absent = {*_absent(rule)}
    for one in version.preparation.derivations:
        if one.event in absent:
            absent |= {kind for parent in one.parents for kind in parent.types}
    found = []
    for kind, (every, holds) in version.policy.feeds.items():
        before = [time for time in times.get(kind, ()) if time < now]
        if kind in absent and before and max(before) + every <= now:
            found.append((every, holds))
    return found


def _absent(rule: Rule) -> Iterator[str]:
    for match in rule.unless:
        yield from match.types
    for leaf in leaves(rule.still) if rule.still else ():
        for match in leaf.matches:
            yield from match.types
