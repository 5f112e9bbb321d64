"""What a row of dead letters becomes when it is fed in again: the message it was, or a word for why not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.reasons import DeadLetterReason, NotReingested
from kittiwake.stream.records import DeadLetterRecord, Stage
from kittiwake.stream.redelivery import (
    DeadLetterRow,
    NotRedelivered,
    Redelivery,
    RedeliveryCounts,
    line_of,
    redelivery_of,
)
from kittiwake.stream.tables.rows import RAW_KEPT_BYTES, dead_letter_table_row
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.stream import sample_records

EVENT = b'{"event_id":"e1","account_id":"acme","contact_id":"c-1","type":"a.b","time":"2026-11-03T02:15:00Z"}'
SEGMENT = b'{"type":"track","event":"Added","messageId":"m1","userId":"u1","timestamp":"2026-11-03T02:15:00Z"}'
TIME_US = parse_instant("2026-11-03T02:15:00Z")
NOW_US = sample_records.CLOCK_US


def row_of(dead: DeadLetterRecord) -> DeadLetterRow:
    """As it comes back out of the table."""
    row: dict[str, Any] = dead_letter_table_row(dead)
    raw = base64.b64decode(row["raw"])
    return DeadLetterRow(raw, row["raw_size"], row["attributes"], row["stage"], row["reason"])


def test_an_event_comes_back_byte_for_byte_with_its_attributes() -> None:
    odd = b'\r\n {"a":1}'.replace(b'{"a":1}', EVENT) + b"\n"
    attributes = {"source": "shop", "topic": "t", "Zoë": "ü"}
    failed = sample_records.dead(odd, stage=Stage.EVALUATE, reason=DeadLetterReason.RULE_FAILED, attributes=attributes)
    assert redelivery_of(row_of(failed), NOW_US, CANONICAL) == Redelivery(odd, attributes, TIME_US)


def test_attributes_that_are_pubsubs_own_are_not_sent_back_to_it() -> None:
    dead = sample_records.dead(EVENT, attributes={"googclient_schemaencoding": "JSON", "source": "shop"})
    assert redelivery_of(row_of(dead), NOW_US, CANONICAL) == Redelivery(EVENT, {"source": "shop"}, TIME_US)


def test_what_is_no_event_by_now_either_stays_with_the_reason_of_today() -> None:
    dead = sample_records.dead(b'{"event_id":"e1"', reason=DeadLetterReason.RULE_FAILED)
    assert redelivery_of(row_of(dead), NOW_US, CANONICAL) == NotRedelivered(
        NotReingested.STILL_REFUSED, DeadLetterReason.NOT_JSON
    )


def test_the_right_shape_makes_an_event_of_it() -> None:
    row = row_of(sample_records.dead(SEGMENT, reason=DeadLetterReason.MISSING_FIELD))
    assert isinstance(redelivery_of(row, NOW_US, CANONICAL), NotRedelivered)
    assert isinstance(redelivery_of(row, NOW_US, InputShape(Shape.SEGMENT, "acme")), Redelivery)


def test_what_lay_in_the_future_is_fed_in_once_it_has_happened() -> None:
    row = row_of(sample_records.dead(EVENT, reason=DeadLetterReason.TIME_IN_FUTURE))
    before = redelivery_of(row, TIME_US - HOUR_US, CANONICAL)
    assert before == NotRedelivered(NotReingested.STILL_REFUSED, DeadLetterReason.TIME_IN_FUTURE)
    assert isinstance(redelivery_of(row, TIME_US, CANONICAL), Redelivery)


def test_a_row_that_a_table_refused_is_no_message_even_if_it_looks_like_one() -> None:
    dead = sample_records.dead(EVENT, stage=Stage.WRITE, reason=DeadLetterReason.ROW_REFUSED)
    assert redelivery_of(row_of(dead), NOW_US, CANONICAL) == NotRedelivered(NotReingested.NOT_A_MESSAGE)


def test_a_message_that_is_not_whole_stays() -> None:
    raw = EVENT + b" " * RAW_KEPT_BYTES
    assert redelivery_of(row_of(sample_records.dead(raw)), NOW_US, CANONICAL) == NotRedelivered(NotReingested.TRUNCATED)


@pytest.mark.parametrize("attributes", ["", "[]", '{"a": 1}', "nonsense", "\ud800"])
def test_attributes_of_somebody_elses_stay_too(attributes: str) -> None:
    row = DeadLetterRow(EVENT, len(EVENT), attributes, "intake", "not_json")
    assert redelivery_of(row, NOW_US, CANONICAL) == NotRedelivered(NotReingested.BAD_ATTRIBUTES)


def test_a_record_of_several_lines_becomes_one_that_says_the_same() -> None:
    several = json.dumps(json.loads(EVENT) | {"properties": {"text": "a\nb\r"}}, indent=2).encode() + b"\r\n"
    line = line_of(Redelivery(several, {}, TIME_US))
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    assert json.loads(line) == json.loads(several)


def test_what_was_done_is_counted() -> None:
    fed = RedeliveryCounts()
    rows = [
        row_of(sample_records.dead(EVENT, stage=Stage.EVALUATE, reason=DeadLetterReason.RULE_FAILED)),
        row_of(sample_records.dead(b"nonsense", reason=DeadLetterReason.NOT_JSON)),
        row_of(sample_records.dead(b"\xff", reason=DeadLetterReason.NOT_UTF8)),
        DeadLetterRow(EVENT, len(EVENT), "{}"),
    ]
    for row, horizon_us in zip(rows, (TIME_US, TIME_US, TIME_US, TIME_US + 1), strict=True):
        fed.add(row, redelivery_of(row, NOW_US, CANONICAL), horizon_us)
    assert (fed.messages, fed.old) == (2, 1)
    assert fed.chosen == {
        ("settle", "rule_failed"): 1,
        ("intake", "not_json"): 1,
        ("intake", "not_utf8"): 1,
        ("", ""): 1,
    }
    assert fed.not_redelivered == {NotReingested.STILL_REFUSED: 2}
    assert fed.refused == {DeadLetterReason.NOT_JSON: 1, DeadLetterReason.NOT_UTF8: 1}
