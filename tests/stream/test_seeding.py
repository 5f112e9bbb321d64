"""A row of snapshots becomes what a contact starts from, or is refused with a reason that quotes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.output.snapshot_rows import SnapshotError
from kittiwake.output.snapshots import snapshot_row, state_of
from kittiwake.stream.records import InitialState, key_of
from kittiwake.stream.seeding import seed_of
from tests.kernel.programs import START, at, program

PERSONAL = "ada@shop.example"


def one_row() -> dict[str, Any]:
    """What a backfill knows of a contact that has something pending."""
    rules = program("{when: a, wait: 1h}")
    state = advance(rules, new_state("c1"), [Event(at(START), "e1", "a", {})], at(START) + 60_000_000).state
    return snapshot_row(rules, state)


def test_a_row_is_the_seed_of_its_contact() -> None:
    row = one_row()
    key, seed = seed_of(json.dumps(row).encode())
    state = state_of(row)
    assert isinstance(state, State)
    assert state.evaluated_to_us is not None
    assert key == key_of(row["account_id"], row["contact_id"])
    assert seed == InitialState(state.evaluated_to_us, encode(state))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "AAAA"}, id="garbage"),
        pytest.param({"state": None}, id="no state"),
        pytest.param({"contact_id": PERSONAL}, id="of another contact"),
        pytest.param({"settled_until": "2020-01-01T00:00:00Z"}, id="of another time"),
        pytest.param({"account_id": None}, id="no account"),
        pytest.param({"account_id": ""}, id="an empty account"),
    ],
)
def test_a_row_that_says_something_else_than_its_state_is_none(change: dict[str, object]) -> None:
    with pytest.raises(SnapshotError) as refused:
        seed_of(json.dumps({**one_row(), **change}).encode())
    assert PERSONAL not in str(refused.value)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"1", b"\xff", b'"' + PERSONAL.encode() + b'"', b"[" * 100_000])
def test_what_is_no_row_is_refused(line: bytes) -> None:
    with pytest.raises(SnapshotError) as refused:
        seed_of(line)
    assert PERSONAL not in str(refused.value)
