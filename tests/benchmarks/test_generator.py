"""The generated day: the same for the same arguments, and as the page describes it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.generate import ACCOUNTS, COPIES, END, JITTER_US, START, TYPES, draw, lines

EVENTS = 20_000


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return [json.loads(line) for block in lines(draw(EVENTS, 0)) for line in block.splitlines()]


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others() -> None:
    one, again, other = ("".join(lines(draw(500, seed))) for seed in (7, 7, 8))
    assert one == again
    assert one != other


def test_there_are_as_many_lines_as_asked_for_and_one_in_a_hundred_is_a_copy(events: list[dict[str, Any]]) -> None:
    unique = {json.dumps(event) for event in events}
    assert len(events) == EVENTS
    assert len({event["event_id"] for event in events}) == len(unique) == round(EVENTS / (1 + COPIES))


def test_every_type_occurs_and_every_account_and_about_the_contacts_that_are_said(events: list[dict[str, Any]]) -> None:
    assert {event["type"] for event in events} == set(TYPES)
    assert len({event["account_id"] for event in events}) == ACCOUNTS
    contacts = Counter(event["contact_id"] for event in events)
    assert EVENTS // 20 * 0.95 <= len(contacts) <= EVENTS // 20


def test_lines_are_out_of_order_by_no_more_than_the_jitter(events: list[dict[str, Any]]) -> None:
    newest = START
    late = timedelta()
    for event in events:
        time = datetime.fromisoformat(event["time"])
        assert START <= time < END
        late = max(late, newest - time)
        newest = max(newest, time)
    assert timedelta(seconds=1) < late <= timedelta(microseconds=JITTER_US)


def test_the_file_is_what_the_lines_are(tmp_path: Path) -> None:
    from benchmarks.generate import write

    write(500, 7, tmp_path / "below" / "events.jsonl")
    assert (tmp_path / "below" / "events.jsonl").read_text() == "".join(lines(draw(500, 7)))
