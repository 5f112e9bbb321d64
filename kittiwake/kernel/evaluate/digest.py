"""Digests: what a rule has due for a contact at one release, as one trigger that lists it (semantics.md, section 7).

Pure. Called by `run.digest`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from kittiwake.kernel.plan.digest import Digest
from kittiwake.kernel.state.state import Candidate
from kittiwake.model import Decision
from kittiwake.reasons import Kind
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical, parse_json

WORD: Final = "digest"
"""Stands in an id for what began it: a digest is begun by no event."""

Member: TypeAlias = tuple[str, Candidate]
"""Instance and candidate."""

EMPTY_LIST: Final = len('{"count":,"listed":[]}') + len("1000")
"""What the list takes without any: no more instances can be due than a rule remembers."""


def newest_of_each(members: Iterable[Member]) -> tuple[list[Member], list[Member]]:
    """Of each instance the last in the order of the gates; and those whose place it takes."""
    found: dict[str, Candidate] = {}
    older: list[Member] = []
    for key, candidate in members:
        if key in found:
            older.append((key, found[key]))
        found[key] = candidate
    return list(found.items()), older


def best_first(digest: Digest, members: Iterable[Member]) -> list[Member]:
    """Those with the best number, and behind them those without one; of equal ones the newest, then by instance."""
    return sorted(members, key=lambda one: (_rank(digest, one[1]), -newest_us(one[1]), one[0]))


def _rank(digest: Digest, candidate: Candidate) -> tuple[int, Decimal]:
    if digest.field is None:
        return 0, Decimal(0)
    value = parse_json(candidate.include).get(digest.field)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return 1, Decimal(0)
    number = Decimal(value)
    return 0, number.copy_negate() if digest.is_highest_best else number


def newest_us(candidate: Candidate) -> int:
    """When its newest arming event happened; where an earlier release did not keep it, when its first did."""
    return candidate.opened_us if candidate.last_us is None else candidate.last_us


def entry_of(row: Decision) -> str:
    """What a digest says of an instance, as canonical JSON."""
    return canonical(
        {
            "trigger_id": row.trigger_id,
            "instance": parse_json(row.instance),
            "time": format_instant(row.time_us),
            "reminder": row.reminder,
            "occurrence": None if row.occurrence is None else row.occurrence.isoformat(),
            "include": parse_json(row.include),
        }
    )


def number_listed(entries: Sequence[str], max_listed: int, bytes_max: int) -> int:
    """How many of the entries a digest lists, the best first: the first one, and as many more as fit."""
    left = bytes_max - EMPTY_LIST
    for at, entry in enumerate(entries[:max_listed]):
        left -= len(entry.encode()) + (at > 0)
        if at and left < 0:
            return at
    return min(len(entries), max_listed)


def list_of(entries: Iterable[str], count: int) -> str:
    """The list of a digest, as canonical JSON."""
    return f'{{"count":{count},"listed":[{",".join(entries)}]}}'


def candidate_of_digest(listed: Sequence[Candidate], now_us: int, part: int) -> Candidate:
    """What stands for a digest among candidates: due at its release, which is all that its id asks for.

    Its first and newest event are those of all that it lists, and its fields those of the best.
    """
    first = min(listed, key=lambda one: (one.opened_us, one.opened_id or "", one.opened_type))
    newest = max(listed, key=lambda one: (newest_us(one), one.last_id or ""))
    return Candidate(
        Kind.FIRED,
        now_us,
        first.opened_id,
        first.opened_us,
        newest.last_id,
        sum(one.count for one in listed),
        listed[0].include,
        [],
        opened_type=first.opened_type,
        last_us=newest.last_us,
        crossing=canonical([WORD, now_us, part]),
    )


def listed_in(row: Decision) -> list[Mapping[str, Any]]:
    """What a digest says of each instance that it lists; nothing of another row."""
    if row.digest is None:
        return []
    found: list[Mapping[str, Any]] = parse_json(row.digest)["listed"]
    return found
