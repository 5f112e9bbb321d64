"""The sweep, an optimisation of batch hosts, decides as `advance` does: on and off give identical decisions."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from kittiwake.kernel import advance, new_state, pending_in
from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.kernel.run.sweep import sweep_plan_of
from kittiwake.model import Event
from kittiwake.rules import compile_account, load_document
from kittiwake.time.instants import HOUR_US, MINUTE_US

TYPES = ("a", "b", "c", "contact.updated", "contact.deleted")
MATCHES: tuple[Any, ...] = ("a", "b", ["a", "b"], ["a", "c"], {"event": "c"})
WAITS: tuple[Any, ...] = ("30m", "1h", ["30m", "1h"], ["15m", "45m", "90m"])
SEEDS = range(500)


def _document(dice: random.Random) -> dict[str, Any]:
    rules = []
    for number in range(dice.randint(1, 3)):
        rule = {"id": f"r{number}", "when": dice.choice(MATCHES), "wait": dice.choice(WAITS)}
        if dice.random() < 0.7:
            rule["unless"] = dice.choice(MATCHES)
        if dice.random() < 0.3:
            rule["include"] = {"value": "k"}
        rules.append(rule)
    return {"account": "acme", "rules": rules}


def _events(dice: random.Random) -> list[Event]:
    """On a coarse grid, moved a little by most seeds so that no two share an instant."""
    moved = dice.random() < 0.8
    found = []
    for number in range(dice.randint(1, 25)):
        time_us = dice.randrange(24) * 15 * MINUTE_US + (number if moved else 0)
        deletes = dice.random() < 0.02
        event_type = "contact.deleted" if deletes else dice.choice(TYPES[:-1])
        found.append(Event(time_us, f"e{dice.randrange(40)}", event_type, {"k": number}))
    return found


def _program(dice: random.Random) -> Program:
    return compile_account(load_document(_document(dice)), "acme")


def _both(seed: int) -> tuple[bool, list[Any], list[Any]]:
    dice = random.Random(seed)
    program, events = _program(dice), _events(dice)
    until_us = dice.choice((3 * HOUR_US, 6 * HOUR_US + 7, 24 * HOUR_US))
    sweep_plan = sweep_plan_of(program)
    swept = decide_history(program, "c", events, until_us, sweep_plan)
    walked = decide_history(program, "c", events, until_us, None)
    return sweep_plan is not None, _told(swept), _told(walked)


def _told(whole: Any) -> list[Any]:
    return [whole.duplicates, dict(whole.pending), *sorted(msgspec.json.encode(one) for one in whole.decisions)]


def test_the_sweep_and_the_walk_decide_alike_byte_for_byte() -> None:
    for seed in SEEDS:
        could, swept, walked = _both(seed)
        assert could, f"seed {seed}: the rules are plain and were not swept"
        assert swept == walked, f"seed {seed}"


def test_what_still_waits_is_what_the_state_of_an_advance_says() -> None:
    waiting = 0
    for seed in SEEDS:
        dice = random.Random(seed)
        versions, events = as_versions(_program(dice)), _events(dice)
        until_us = dice.choice((3 * HOUR_US, 6 * HOUR_US + 7, 24 * HOUR_US))
        whole = decide_history(versions, "c", events, until_us, None)
        state = advance(versions, new_state("c"), events, until_us).state
        assert dict(whole.pending) == dict(pending_in(versions, state)), f"seed {seed}"
        waiting += len(whole.pending)
    assert waiting > len(SEEDS) / 10


@pytest.mark.parametrize(
    "more",
    [
        {"given": {"present": "b"}},
        {"per": "k"},
        {"restart": False},
        {"reentry": "once"},
        {"mode": "shadow"},
        {"live_from": "2026-01-01T00:00:00Z"},
        {"unless": {"event": "b", "where": {"k": 1}}},
        {"unless": {"event": "b", "same": "k"}},
        {"when": "*"},
        {"wait": {"field": "k", "unit": "hours"}},
        {"wait": "0s"},
        {"include": {"tier": "contact.tier"}},
    ],
)
def test_a_rule_that_asks_for_more_than_silence_is_not_swept(more: dict[str, Any]) -> None:
    rule = {"id": "r", "when": "a", "wait": "1h", **more}
    assert sweep_plan_of(compile_account(load_document({"account": "acme", "rules": [rule]}), "acme")) is None


@pytest.mark.parametrize(
    "policy",
    [
        {"consent": {"purpose": "news", "default": "granted"}},
        {"holdout": {"percent": 5, "salt": "s"}},
        {"frequency": [{"max": 1, "per": "day"}]},
        {"quiet_hours": {"from": "21:00", "to": "08:00"}},
    ],
)
def test_an_account_with_a_policy_is_not_swept(policy: dict[str, Any]) -> None:
    document = {"account": "acme", "policy": policy, "rules": [{"id": "r", "when": "a", "wait": "1h"}]}
    assert sweep_plan_of(compile_account(load_document(document), "acme")) is None
