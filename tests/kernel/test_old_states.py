"""States that earlier releases wrote still load, and what goes on from them is decided as they would have.

`tests/kernel/states/version-N.json` holds, for each world of tests/laws/programs.py, bytes of states in the middle of a
history, the events after it, and what has to become of them; `version-N-….json` are more of the same version. A new
`codec.VERSION` gets a file of its own, written by `python -m tests.kernel.states` when it has become final; the old
files stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.build import build_program
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.wait import UntilWait
from kittiwake.kernel.state.codec import VERSION, decode, decoded, encode
from kittiwake.kernel.state.state import State
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome
from kittiwake.time.instants import HOUR_US
from kittiwake.values import parse_json
from tests.kernel.programs import program
from tests.kernel.states.__main__ import FOLDER, features, told
from tests.laws.programs import WORLDS

FILES = sorted(FOLDER.glob("version-*.json"))
UNTYPED = ("1", "2")
"""Versions of releases whose ids did not ask for the types of events."""


def as_it_was(program: Program) -> Program:
    """The program as those releases meant it: an `at` held for dates without time alone."""
    rules = [
        replace(rule, wait=replace(rule.wait, local_day=None)) if isinstance(rule.wait, UntilWait) else rule
        for rule in program.rules
    ]
    return build_program(
        program.account_id,
        rules,
        ruleset_version=program.ruleset_version,
        policy=program.policy,
        timezone=program.timezone,
        allowed_lateness_us=program.allowed_lateness_us,
        limits=program.limits,
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("name", WORLDS)
def test_an_old_state_goes_on(file: Path, name: str) -> None:
    """What it had opened keeps its ids, through corrections too; what is opened then has those of this release."""
    for old in cases_of(file, name):
        state = state_of(old)
        events = [Event(*fields, parse_json(properties)) for *fields, properties in old["events"]]
        found = advance(as_it_was(WORLDS[name].program()), state, events, old["until_us"])
        assert [row[1:] for row in told(found)] == [row[1:] for row in old["decided"]]
        for row, (was, *_) in zip(found.decisions, old["decided"], strict=True):
            assert (row.trigger_id == was) is has_old_id(file, state, row), row


def cases_of(file: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads(file.read_text(encoding="utf-8")).get(name, [])  # that release had no such rules
    return found if isinstance(found, list) else [found]


def state_of(old: dict[str, Any]) -> State:
    state = decode(bytes.fromhex(old["state"]))
    assert isinstance(state, State), state
    return state


def has_old_id(file: Path, state: State, row: Decision) -> bool:
    """Whether a row bears the id that the release would have given it which wrote the state."""
    if file.stem.split("-")[1] not in UNTYPED or row.events is None:
        return True
    first_us = row.events.first_us
    assert first_us is not None or row.decision is Outcome.REVOKED, "only what that release told lacks its times"
    return first_us is None or first_us < (state.evaluated_to_us or 0)


def test_old_states_hold_whatever_a_state_can_hold() -> None:
    cases = [
        old for file in FILES if file.stem.startswith("version-2") for name in WORLDS for old in cases_of(file, name)
    ]
    found = {feature for old in cases for feature in features(state_of(old), old["decided"])}
    assert found >= {"pending", "deferred", "reached", "chain", "fired", "checkpoint", "chunks", "revoked", "corrected"}


def test_every_version_of_the_encoding_has_its_states() -> None:
    assert {file.stem.split("-")[1] for file in FILES} == {str(number) for number in range(1, VERSION + 1)}


def test_an_id_that_was_kept_without_its_type_gets_it_from_the_event_that_is_kept() -> None:
    old = max((old for name in WORLDS for old in cases_of(FOLDER / "version-2-corrected.json", name)), key=_ids_in)
    state = state_of(old)
    assert state.counted
    assert not {event_id for times_us in state.counted.values() for event_id in times_us} & set(state.seen)


def _ids_in(old: dict[str, Any]) -> int:
    return sum(map(len, state_of(old).counted.values()))


def test_an_id_without_a_type_is_that_of_every_type_for_as_long_as_it_was() -> None:
    rules = program("{when: [a, b]}")
    state = State("c1", evaluated_to_us=10, first_us=0, newest_us=5, seen={"1": 5}, from_us=10)
    old = decode(b"\x02" + encode(state)[1:])
    assert isinstance(old, State)
    found = advance(rules, old, [Event(11, "1", "b"), Event(12, "2", "b"), Event(6 + HOUR_US, "1", "b")], 7 + HOUR_US)
    assert found.duplicates == 1
    assert [row.time_us for row in found.decisions] == [12, 6 + HOUR_US]


def test_a_checkpoint_of_an_old_state_knows_what_bears_old_ids() -> None:
    cases = [state_of(old) for name in WORLDS for old in cases_of(FOLDER / "version-2-corrected.json", name)]
    kept = [state for state in cases if state.since is not None and state.since.checkpoint is not None]
    assert kept
    for state in kept:
        assert state.since is not None
        assert state.since.checkpoint is not None
        assert decoded(state.since.checkpoint).typed_us == state.typed_us == state.evaluated_to_us
