"""A history cut anywhere into a backfill, a snapshot and what goes on from it is decided as if it had not been cut."""

from __future__ import annotations

import base64
import json
from itertools import product
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import BadState, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.output.rows import line
from kittiwake.output.snapshots import FIELDS, digest_of, snapshot_row, state_of
from kittiwake.values import parse_json
from tests.kernel.execution_modes import CONTACT
from tests.kernel.programs import START, at, program
from tests.laws.arrivals import Streamed, ended, facts, late_schedule, whole
from tests.laws.programs import WORLDS, World, dice_of, end_us, history
from tests.oracle.worlds_versions import versioned_world
from tests.properties.versions import compiled, events_of

ROUNDS = 12
CHUNK = 50
SEEDS = range(0, 300, CHUNK)


def through_row(rules: Any, state: State) -> State:
    """The state after it has been written as a line of JSON and read again."""
    row = json.loads(line(snapshot_row(rules, state)))
    assert tuple(row) == FIELDS
    found = state_of(row)
    assert isinstance(found, State), found
    return found


def cut(
    backfill: Any, stream: Any, events: list[Event], until_us: int, horizon_us: int, dice: Random, at_us: int
) -> Streamed:
    """Backfill up to an instant, then go on from the snapshot; of the last horizon some events come late."""
    missed = [e for e in events if at_us - horizon_us <= e.time_us < at_us and dice.random() < 0.3]
    before = [event for event in events if event.time_us < at_us and event not in missed]
    first = advance(backfill, new_state(CONTACT), before, at_us)
    state, told = through_row(backfill, first.state), [*first.decisions]
    rest = [event for event in events if event.time_us >= at_us]
    for given, stop_us in [(missed, at_us), *late_schedule(dice, rest, until_us, horizon_us)]:
        advanced = advance(stream, state, given, max(stop_us, at_us))
        assert not advanced.late
        state = advanced.state
        told += advanced.decisions
    return Streamed(told, state, 0, 0)


@pytest.mark.parametrize("name", WORLDS)
def test_a_history_may_be_cut_at_any_time(name: str, seed: int) -> None:
    of: World = WORLDS[name]
    dice, rules = dice_of(f"snapshots {name}", seed), of.program()
    for _ in range(ROUNDS):
        events = history(dice, of, dice.randint(2, 30))
        until_us, horizon_us = end_us(events, of), rules.allowed_lateness_us
        at_us = dice.choice(events).time_us + dice.choice((0, 0, 1, horizon_us))
        rest = [event for event in events if event.time_us >= at_us]
        if at_us >= until_us or not rest:
            continue
        found = cut(rules, rules, events, until_us, horizon_us, dice, at_us)
        wanted = whole(rules, events, until_us + horizon_us)
        assert facts(ended(rules, found)) == facts(ended(rules, wanted))


@pytest.mark.parametrize("first", SEEDS)
def test_a_stream_warm_started_after_its_versions_have_come_decides_as_the_batch(first: int) -> None:
    cuts = 0
    for number in range(first, first + CHUNK):
        of, dice = versioned_world(number), Random(number)
        batch, stream, events = compiled(of, stream=False), compiled(of, stream=True), events_of(of)
        horizon_us, newest_us = of.allowed_lateness_us, batch.newest.effective_us or 0
        after = [event.time_us for event in events if event.time_us >= newest_us + horizon_us]
        if not after:
            continue
        at_us = dice.choice(after) + dice.choice((0, 0, 1))
        if not [event for event in events if event.time_us >= at_us] or at_us >= of.until_us:
            continue
        cuts += 1
        found = cut(batch, stream, events, of.until_us, horizon_us, dice, at_us)
        wanted = whole(batch, events, of.until_us + horizon_us)
        assert facts(ended(stream, found)) == facts(ended(batch, wanted)), f"world {number}"
    assert cuts > 5


def test_a_snapshot_leaves_behind_what_a_stream_cannot_go_on_remembering() -> None:
    of = next(world for world in map(versioned_world, range(100)) if len(world.versions) > 2)
    versions = compiled(of, stream=False)
    assert isinstance(versions, Versions)
    start_us = min(event.time_us for event in events_of(of))
    state = advance(versions, new_state(CONTACT), events_of(of), start_us + 1).state
    assert all("@" not in key for key in through_row(versions, state).rules)


def row_of(*events: Event) -> dict[str, Any]:
    rules = program("{when: a, wait: 1h, per: p, include: {n: n}}", "frequency: {max: 1, per: day}")
    return snapshot_row(rules, advance(rules, new_state("c1"), list(events), at(START) + 60_000_000).state)


def test_a_person_can_read_a_snapshot() -> None:
    row = row_of(Event(at(START), "e1", "a", {"p": 1, "n": 2}))
    assert row["settled_until"] == "2026-11-02T00:01:00Z"
    episode = row["readable"]["rules"]["r"]["instances"]['{"p":1}']["episode"]
    assert episode["opened_id"] == "e1"
    assert episode["reminders"] == [{"index": 0, "due": "2026-11-02T01:00:00Z"}]
    assert row["readable"]["since"]["events"][0]["event_id"] == "e1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "no base64!"}, "not a snapshot row"),
        ({"state": None}, "not a snapshot row"),
        ({"state": "AgA="}, "not a state"),
        ({"state": "CQA="}, "version 9"),
        ({"contact_id": "c2"}, "another contact"),
        ({"settled_until": "2026-11-02T00:02:00Z"}, "another contact or time"),
        ({"settled_until": "soon"}, "not a snapshot row"),
    ],
)
def test_a_row_that_is_no_snapshot_says_why(change: dict[str, Any], why: str) -> None:
    found = state_of(digested({**row_of(Event(at(START), "e1", "a", {"p": 1})), **change}))
    assert isinstance(found, BadState)
    assert why in found.why


def digested(row: dict[str, Any]) -> dict[str, Any]:
    """The row as a host would write it that is wrong."""
    return {**row, "digest": digest_of(row)}


def test_a_row_with_one_bit_flipped_is_no_snapshot_or_says_the_same() -> None:
    row = row_of(Event(at(START), "e1", "a", {"p": 1, "n": 2.5}))
    text, wanted = line({**row, "readable": {}}), state_of(row)
    refused = 0
    for index, bit in product(range(len(text)), range(8)):
        damaged = text[:index] + bytes([text[index] ^ 1 << bit]) + text[index + 1 :]
        try:
            found = parse_json(damaged)
        except (ValueError, ArithmeticError):
            refused += 1
            continue
        state = state_of(found) if isinstance(found, dict) else BadState("no object")
        refused += isinstance(state, BadState)
        assert isinstance(state, BadState) or state == wanted, (index, bit)
    assert refused > len(text) * 8 * 0.9, "of what counts, every bit is held to the digest"


def test_a_row_of_a_release_that_wrote_no_digest_is_taken_if_its_state_is_of_that_time() -> None:
    row = {name: value for name, value in row_of(Event(at(START), "e1", "a", {"p": 1})).items() if name != "digest"}
    assert isinstance(state_of({**row, "state_version": 2}), State)
    for change in ({"state_version": 3}, {"dihest": "00"}, {"state_version": None}):
        found = state_of({**row, **change})
        assert isinstance(found, BadState)
        assert "digest" in found.why


def test_a_row_whose_state_is_damaged_inside_is_no_snapshot_either() -> None:
    row = row_of(Event(at(START), "e1", "a", {"p": 1}))
    whole = state_of(row)
    assert isinstance(whole, State)
    assert whole.since is not None
    chunk = whole.since.chunks[0]
    for damaged in (
        replace(whole, since=replace(whole.since, checkpoint=b"\0")),
        replace(whole, since=replace(whole.since, chunks=[replace(chunk, events=b"\0")])),
        replace(whole, since=replace(whole.since, chunks=[replace(chunk, emitted=chunk.emitted[:-1])])),
        replace(whole, attributes="{"),
    ):
        found = state_of(digested({**row, "state": base64.b64encode(encode(damaged)).decode()}))
        assert isinstance(found, BadState)
        assert "not a state" in found.why
