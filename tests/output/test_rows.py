"""Rows: the contract's fields, in its order, with exact values."""

from __future__ import annotations

import base64
import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.events import RAW_BYTES_MAX
from kittiwake.model import DeadLetter, Decision, EventIds
from kittiwake.output.rows import Mode, dead_letter_line, decision_line, decision_row, line
from kittiwake.reasons import DeadLetterReason, Kind, Outcome, Reason
from kittiwake.values import canonical, parse_json

FIRED = Decision(
    trigger_id="00ff",
    account_id="acme",
    contact_id="c1",
    rule_id="cart",
    rule_version="ba9876543210",
    kind=Kind.FIRED,
    time_us=1_793_527_200_000_000,
    decision=Outcome.FIRED,
    reason=None,
    decided_us=1_793_527_200_500_000,
    fired_at_us=1_793_527_200_500_000,
    instance='{"product_id":"p1"}',
    events=EventIds("e1", "e3", 3, 1_793_520_000_000_000, 1_793_523_600_500_000, "cart.item_added"),
    include='{"price":68.74}',
    threshold=Decimal("500.5"),
    reminder=0,
    occurrence=date(2026, 11, 1),
    ruleset_version="0123456789ab",
    variant="b",
    channel="push",
    digest='{"count":2,"listed":[{"include":{"price":0.10}}]}',
    digest_id="00bb",
)


def test_a_row_has_the_fields_of_the_contract_in_its_order() -> None:
    assert decision_row(FIRED, Mode.BACKFILL) == {
        "trigger_id": "00ff",
        "revision": 0,
        "replaces": [],
        "account_id": "acme",
        "contact_id": "c1",
        "rule_id": "cart",
        "rule_version": "ba9876543210",
        "kind": "fired",
        "time": "2026-11-01T10:00:00Z",
        "fired_at": "2026-11-01T10:00:00.500000Z",
        "instance": {"product_id": "p1"},
        "threshold": Decimal("500.5"),
        "reminder": 0,
        "occurrence": "2026-11-01",
        "events": {
            "first": "e1",
            "last": "e3",
            "count": 3,
            "first_time": "2026-11-01T08:00:00Z",
            "last_time": "2026-11-01T09:00:00.500000Z",
        },
        "include": {"price": Decimal("68.74")},
        "decision": "fired",
        "reason": None,
        "ruleset_version": "0123456789ab",
        "mode": "backfill",
        "late": False,
        "stale": False,
        "partial_history": False,
        "variant": "b",
        "channel": "push",
        "outranked_by": None,
        "digest": {"count": 2, "listed": [{"include": {"price": Decimal("0.1")}}]},
        "digest_id": "00bb",
    }
    assert list(json.loads(decision_line(FIRED, Mode.REPLAY))) == list(decision_row(FIRED))


def test_what_does_not_apply_is_null() -> None:
    suppressed = msgspec.structs.replace(
        FIRED,
        decision=Outcome.SUPPRESSED,
        reason=Reason.SHADOW,
        fired_at_us=None,
        events=None,
        threshold=None,
        reminder=None,
        occurrence=None,
        variant=None,
        channel=None,
        outranked_by="00aa",
        digest=None,
        digest_id=None,
    )
    row = decision_row(suppressed)
    nulls = {name for name, value in row.items() if value is None}
    assert nulls == {
        "fired_at",
        "events",
        "threshold",
        "reminder",
        "occurrence",
        "variant",
        "channel",
        "digest",
        "digest_id",
    }
    assert (row["decision"], row["reason"]) == ("suppressed", "shadow")


@pytest.mark.parametrize("number", [Decimal("0.1"), Decimal("1.2E-300"), 10**30, -(2**64), 2**53 + 1])
def test_numbers_are_written_plainly_and_exactly(number: Any) -> None:
    row = {"b": number, "a": {"deep": [number]}}
    text = line(row)
    assert parse_json(text) == row
    assert b"E" not in text
    assert text.startswith(b'{"b":')


def dead(raw: bytes) -> dict[str, Any]:
    letter = DeadLetter(DeadLetterReason.NOT_JSON, "why", raw, "events.jsonl:7", len(raw))
    row: dict[str, Any] = json.loads(dead_letter_line(letter))
    return row


def test_a_dead_letter_keeps_its_record_as_text_and_not_its_place() -> None:
    assert dead('{"é\0"'.encode()) == {
        "reason": "not_json",
        "detail": "why",
        "raw": '{"é\0"',
        "raw_encoding": "utf-8",
        "raw_size": 6,
    }


def test_no_record_makes_a_line_too_long_to_be_loaded() -> None:
    """A control character takes six bytes in JSON: 16 MiB of them would pass the 100 MB that BigQuery loads."""
    raw = b"\x01" * RAW_BYTES_MAX
    line = dead_letter_line(DeadLetter(DeadLetterReason.NOT_JSON, "", raw, "", len(raw)))
    assert len(line) < 50_000_000
    assert base64.b64decode(json.loads(line)["raw"]) == raw


def test_bytes_that_are_no_text_are_kept_in_base64() -> None:
    row = dead(b"\xff\xfe")
    assert (row["raw"], row["raw_encoding"], row["raw_size"]) == ("//4=", "base64", 2)


def test_a_row_is_one_line_for_every_reader_whatever_it_holds() -> None:
    every_separator = "a\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k"
    text = line({"raw": every_separator, "number": 2**70}).decode()
    assert text.splitlines() == [text]
    assert json.loads(text)["raw"] == every_separator


TEXTS = st.text(max_size=5) | st.sampled_from(["\u2028", "\x85", '"\\', "\x1f", "c1"])
NUMBERS = st.integers(-(2**70), 2**70) | st.sampled_from([Decimal("1.2E-300"), Decimal("0.5"), 10**300])
OBJECTS = st.dictionaries(
    TEXTS, TEXTS | NUMBERS | st.none() | st.booleans() | st.lists(NUMBERS, max_size=2), max_size=3
)
TIMES_US = st.integers(-(10**15), 4 * 10**15) | st.integers(-100, 100).map(lambda n: n * 1_000_000)


@given(
    st.builds(
        Decision,
        trigger_id=TEXTS,
        account_id=TEXTS,
        contact_id=TEXTS,
        rule_id=TEXTS,
        rule_version=TEXTS,
        kind=st.sampled_from(Kind),
        time_us=TIMES_US,
        decision=st.sampled_from(Outcome),
        reason=st.none() | st.sampled_from(Reason),
        decided_us=TIMES_US,
        fired_at_us=st.none() | TIMES_US,
        instance=OBJECTS.map(canonical),
        events=st.none() | st.builds(EventIds, TEXTS, TEXTS, st.integers(1, 2**40)),
        include=OBJECTS.map(canonical),
        threshold=st.none() | NUMBERS,
        reminder=st.none() | st.integers(0, 9),
        occurrence=st.none() | st.dates(),
    ),
    st.sampled_from(Mode),
)
def test_the_line_of_a_decision_is_that_of_its_row(decision: Decision, mode: Mode) -> None:
    """It is encoded from one struct, without parsing what is JSON already: an optimisation."""
    assert decision_line(decision, mode) == line(decision_row(decision, mode))
