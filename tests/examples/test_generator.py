"""The shop's clickstream: the same every time, and as untidy as a real one."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from examples.shop import generate
from examples.shop.diary import Record
from examples.shop.people import PERSONAS
from kittiwake.input.events import parse_event
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from tests.input.inputs import OF_THE_STREAM

DAYS = 180
NOW_US = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
# What the stage of reading bytes and splitting lines decides, not the content of one line.
ELSEWHERE = {DeadLetterReason.OVERSIZE, DeadLetterReason.TOO_DEEP, *OF_THE_STREAM}


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return generate.lines(120, 7, DAYS)


@pytest.fixture(scope="module")
def records(lines: list[bytes]) -> list[Record]:
    return [json.loads(line) for line in lines if line not in generate.BROKEN]


def test_the_same_arguments_give_the_same_bytes(lines: list[bytes]) -> None:
    assert generate.lines(120, 7, DAYS) == lines


def test_another_seed_gives_another_stream(lines: list[bytes]) -> None:
    assert generate.lines(120, 8, DAYS) != lines


def test_more_contacts_leave_the_events_of_the_others_as_they_were(lines: list[bytes]) -> None:
    assert set(lines) - set(generate.BROKEN) < set(generate.lines(130, 7, DAYS))


def test_lines_are_out_of_order_but_never_by_more_than_the_jitter(records: list[Record]) -> None:
    first_arrivals: dict[str, Record] = {}
    for record in records:
        first_arrivals.setdefault(record["account_id"] + record["event_id"], record)
    times = [datetime.fromisoformat(record["time"]) for record in first_arrivals.values()]
    newest = times[0]
    behind = [max(timedelta(), (newest := max(newest, time)) - time) for time in times]
    assert timedelta() < max(behind) <= generate.JITTER


def test_about_one_event_in_a_hundred_comes_twice_and_unchanged(lines: list[bytes]) -> None:
    copies = {line: number for line, number in Counter(lines).items() if number > 1}
    assert set(copies.values()) == {2}
    assert 0.005 < len(copies) / len(lines) < 0.02


def test_every_broken_line_is_a_dead_letter_for_another_reason_and_no_other_line_is_one(lines: list[bytes]) -> None:
    parsed = {line: parse_event(line, "here", NOW_US) for line in lines}
    dead = {line: found.reason for line, found in parsed.items() if isinstance(found, DeadLetter)}
    assert set(dead) == set(generate.BROKEN)
    assert sorted(dead.values()) == sorted(set(DeadLetterReason) - ELSEWHERE)
    assert all(isinstance(found, Event) for line, found in parsed.items() if line not in dead)


def test_both_accounts_have_contacts_of_the_same_ids(records: list[Record]) -> None:
    contacts = {
        account: {r["contact_id"] for r in records if r["account_id"] == account and "contact_id" in r}
        for account in ("acme", "globex")
    }
    assert contacts["globex"] < contacts["acme"]


def test_people_live_in_several_zones_and_by_their_own_clock(records: list[Record]) -> None:
    zones = {r["properties"].get("timezone") for r in records if r["type"] == "contact.updated"}
    assert {None, "America/St_Johns", "Asia/Kolkata", "Australia/Sydney"} <= zones
    hours = Counter(datetime.fromisoformat(r["time"]).hour for r in records if r["type"] == "search.performed")
    assert sum(hours[hour] for hour in range(1, 7)) < 0.01 * hours.total()


def test_every_persona_is_there() -> None:
    people = Counter(generate.diary_of(number, 7, DAYS).persona.name for number in range(300))
    assert set(people) == {persona.name for persona in PERSONAS}


def test_nothing_follows_a_deletion(records: list[Record]) -> None:
    many = [record for number in range(600) for record in generate.diary_of(number, 7, DAYS).records]
    last: dict[tuple[str, str], str] = {}
    for record in many:
        last[record["account_id"], record["contact_id"]] = record["type"]
    deleted = {(r["account_id"], r["contact_id"]) for r in many if r["type"] == "contact.deleted"}
    assert deleted
    assert {last[contact] for contact in deleted} == {"contact.deleted"}
