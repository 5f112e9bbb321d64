"""Kernel and oracle side by side: one world, two lists of decisions, and what differs between them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kittiwake.testing import run
from tests.oracle import clock
from tests.oracle.oracle import decide
from tests.oracle.state import named
from tests.oracle.values import canonical, exact, plain
from tests.oracle.worlds import ACCOUNT, CONTACT, World

_PLAIN = (
    "rule_id",
    "kind",
    "instance",
    "threshold",
    "reminder",
    "occurrence",
    "events",
    "include",
    "variant",
    "channel",
    "decision",
    "reason",
)
_IDENTITY = ("rule_id", "kind", "instance", "opener", "threshold", "reminder", "occurrence")

Rows = list[dict[str, Any]]


def expected(world: World, account: str = ACCOUNT, contact: str = CONTACT) -> Rows:
    """The oracle's decisions."""
    return decide(
        world.document,
        world.events,
        world.until_us,
        account=account,
        contact=contact,
        allowed_lateness_us=world.allowed_lateness_us,
        limits=world.limits,
    )


def decided(world: World, slices: Sequence[int] = ()) -> Rows:
    """The kernel's decisions, settled in so many slices."""
    return run(
        world.document,
        world.events,
        world.until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=world.allowed_lateness_us,
        limits=world.limits,
        slices=slices,
    )


def difference(world: World, slices: Sequence[int] = ()) -> str:
    """What the two sides decide differently, as text for a person; empty when they agree."""
    return difference_of(expected(world), decided(world, slices))


def difference_of(of_oracle: Rows, of_kernel: Rows, more: Sequence[str] = ()) -> str:
    """What the oracle's decisions and the rows of a host say differently, in `more` fields too; empty if nothing."""
    of_kernel = _with_winners(of_kernel)
    wanted = [_text(row, row["time_us"], row["fired_at_us"], more) for row in of_oracle]
    found = [_kernel_text(row, more) for row in of_kernel]
    lines = [f"  only the oracle: {text}" for text in _beyond(wanted, found)]
    lines += [f"  only the kernel: {text}" for text in _beyond(found, wanted)]
    return "\n".join(lines or _identities(of_oracle, of_kernel, more))


def _with_winners(of_kernel: Rows) -> Rows:
    """The rows, with what the oracle says of another row, a winner or a digest, in the place of its id."""
    names = {row["trigger_id"]: named(row) for row in of_kernel}
    return [
        {
            **row,
            **{field: names.get(row.get(field) or "") for field in ("outranked_by", "digest_id")},
            "digest": _with_names(row.get("digest"), names),
        }
        for row in of_kernel
    ]


def _with_names(digest: dict[str, Any] | None, names: dict[str, list[Any]]) -> dict[str, Any] | None:
    if digest is None:
        return None
    listed = [{**each, "of": names[each["trigger_id"]]} for each in digest["listed"]]
    return {**digest, "listed": [{name: of for name, of in each.items() if name != "trigger_id"} for each in listed]}


def story(world: World) -> str:
    """The world as a person reads it: the document, the limits, and the events in order."""
    return story_of([(None, world.document)], world)


def story_of(versions: Iterable[tuple[int | None, dict[str, Any]]], world: Any) -> str:
    """The versions of a world, its limits, and its events in order."""
    events = sorted(world.events, key=lambda each: (clock.parse_instant(each["time"]) or 0, each["event_id"]))
    shown = [
        f"  {_utc(each['time'])} {each['event_id']} {each['type']} {each.get('item_id') or ''} {each.get('properties')}"
        for each in events
    ]
    settings = f"until {clock.rfc3339(world.until_us)}, horizon {world.allowed_lateness_us} µs, limits {world.limits}"
    texts = [
        f"in force from {'always' if since is None else clock.rfc3339(since)}:\n{json.dumps(each, default=str)}"
        for since, each in versions
    ]
    return "\n".join([*texts, settings, *shown])


def _utc(text: str) -> str:
    return clock.rfc3339(clock.parse_instant(text) or 0)


def _kernel_text(row: dict[str, Any], more: Sequence[str] = ()) -> str:
    fired_at = row.get("fired_at")
    return _text(row, clock.parse_instant(row["time"]), clock.parse_instant(fired_at) if fired_at else None, more)


def _text(row: dict[str, Any], time: int | None, fired_at: int | None, more: Sequence[str] = ()) -> str:
    """A decision as one line of canonical JSON, the same for both sides."""
    whole = {name: row.get(name) for name in (*_PLAIN, *more)}
    whole["instance"], whole["include"] = row.get("instance") or {}, row.get("include") or {}
    whole["threshold"] = None if row.get("threshold") is None else str(plain(exact(_number(row["threshold"]))))
    whole |= {name: row.get(name) for name in ("outranked_by", "digest", "digest_id")}
    whole["time"] = clock.rfc3339(time or 0)
    whole["fired_at"] = None if fired_at is None else clock.rfc3339(fired_at)
    return canonical(exact(whole))


def _number(threshold: Any) -> Any:
    """A threshold given as text or as a number."""
    return json.loads(threshold) if isinstance(threshold, str) else threshold


def _beyond(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """What the one list holds more of than the other."""
    return sorted((Counter(one) - Counter(other)).elements())


def _identities(of_oracle: Rows, of_kernel: Rows, more: Sequence[str]) -> list[str]:
    """Where trigger ids and identities do not correspond one to one, given that the decisions agree."""
    identities: defaultdict[str, set[str]] = defaultdict(set)
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for row in of_oracle:
        identities[_text(row, row["time_us"], row["fired_at_us"], more)].add(_identity(row))
    for row in of_kernel:
        ids[_kernel_text(row, more)].add(row["trigger_id"])
    lines = [
        f"  {len(ids[text])} ids, {len(each)} identities: {text}"
        for text, each in identities.items()
        if len(ids[text]) != len(each)
    ]
    pairs = {(*each, *ids[text]) for text, each in identities.items() if len(each) == 1 == len(ids[text])}
    for place, name in ((0, "identity"), (1, "trigger_id")):
        seen = [pair[place] for pair in pairs]
        lines += [
            f"  the {name} {value} stands for several" for value in sorted({v for v in seen if seen.count(v) > 1})
        ]
    return lines


def _identity(row: dict[str, Any]) -> str:
    """What makes a trigger this one.

    Of an edge also its time, since several look-backs may end, and whether it is the refusal of an event
    there was no room for, since the same event may have caused an edge as well.
    """
    identity = {name: row[name] for name in _IDENTITY}
    edge = {} if row["kind"] == "fired" else {"time": row["time_us"], "refused": row["reason"] == "limit"}
    return canonical(exact(identity | edge))
