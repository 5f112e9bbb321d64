"""Every history of length six at most over {A, B, tick}, under a handful of rules."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.oracle import clock
from tests.oracle.worlds import ACCOUNT, CONTACT, World

LENGTH = 6
_TICK = clock.HOUR
_START = clock.parse_instant("2026-03-08T04:30:00Z") or 0
_QUIET = {"quiet_hours": {"from": "00:00", "to": "03:30"}}
_RULES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {"when": "a.a", "wait": "1h", "unless": "b.b"}),
    (_QUIET, {"when": "a.a", "wait": ["0s", "1h", "2h"], "unless": "b.b", "reentry": "3h"}),
    ({}, {"when": "a.a", "wait": "2h", "unless": ["b.b", "a.a"], "restart": False}),
    ({}, {"when": {"sequence": ["a.a", "b.b", "a.a"], "within": "2h"}, "wait": "1h", "unless": "b.b"}),
    (_QUIET, {"when": ["a.a", "b.b"], "reaches": {"count": True, "at": [1, 2, 4]}, "unless": "b.b", "reentry": "1h"}),
    ({}, {"when": "a.a", "given": [{"count": "a.a", "within": "2h", "lte": 2}, {"absent": "b.b", "within": "1h"}]}),
    (_QUIET, {"when": "a.a", "unless": "b.b", "expires": "2h"}),
    (
        _QUIET,
        {
            "audience": {
                "all": [{"present": "a.a", "within": "2h"}, {"not": {"count": "b.b", "within": "1h", "eq": 1}}]
            },
            "emits": ["entered", "exited"],
            "transactional": False,
        },
    ),
    ({"frequency": [{"max": 1, "per": "2h"}]}, {"when": "b.b", "wait": "0s", "unless": "a.a", "reentry": "1h"}),
)


def small_worlds() -> Iterator[World]:
    """Each rule with each history; ids rise in one half of the worlds and fall in the other."""
    for policy, rule in _RULES:
        document = {"account": ACCOUNT, "timezone": "America/Toronto", "policy": policy, "rules": [{"id": "r", **rule}]}
        for length in range(LENGTH + 1):
            for place, letters in enumerate(product("AB.", repeat=length)):
                yield _world(document, letters, falling=place % 2 == 1)


def _world(document: dict[str, Any], letters: tuple[str, ...], *, falling: bool) -> World:
    events, at = [], _START
    for place, letter in enumerate(letters):
        if letter == ".":
            at += _TICK
        else:
            events.append(_event(letter, 9 - place if falling else place, at))
    return World(document, events, at + 4 * _TICK)


def _event(letter: str, number: int, at: int) -> dict[str, Any]:
    name = {"A": "a.a", "B": "b.b"}[letter]
    where = {"account_id": ACCOUNT, "contact_id": CONTACT, "time": clock.rfc3339(at)}
    return {"event_id": str(number), "type": name, "properties": {}, **where}
