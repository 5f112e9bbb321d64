"""Feeds and breakers: which of those a rule leans on are silent, or flooded (semantics.md, sections 18 and 19)."""

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


def named_events(events: Iterable[dict[str, Any]], contact: str) -> dict[str, list[tuple[int, str]]]:
    """Of every type, when its events were and what tells them apart, whosever they are."""
    found: dict[str, list[tuple[int, str]]] = {}
    for each in events:
        if not each.get("item_id"):
            name = f"{each.get('contact_id', contact)} {each['event_id']}"
            found.setdefault(each["type"], []).append((clock.parse_instant(each["time"]) or 0, name))
    return found


def flooded(version: Version, rule: Rule, named: dict[str, list[tuple[int, str]]], at: int) -> list[tuple[int, bool]]:
    """Of each breaker of what arms the rule, if the instant was beyond it: its `per`, and whether it holds."""
    wait = rule.wait
    if rule.audience is not None or rule.catalog or (wait is not None and (wait.repeat or wait.of_contact)):
        return []
    arms = {kind for match in rule.steps[-1] for kind in match.types}
    for one in version.preparation.derivations:
        if one.event in arms:
            arms |= {kind for parent in one.parents for kind in parent.types}
    found = []
    for kind, (most, per, holds) in version.policy.breakers.items():
        begins = at // per * per
        inside = [(time, name) for time, name in named.get(kind, ()) if begins <= time < begins + per]
        if kind in arms and len({name for time, name in inside if time <= at}) > most:
            found.append((per, holds))
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
