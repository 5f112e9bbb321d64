"""The oracle against each sentence of docs/semantics.md, section 12; every expectation is reasoned by hand."""

from typing import Any

import pytest

from tests.oracle.telling import event, told, version

A, B = "a.a", "b.b"
NIGHT: dict[str, Any] = {"quiet_hours": {"from": "21:00", "to": "08:00"}}
ONE = [event("a", "10:00", A)]
LAST = "2027-08-01T00:00:00Z"


def outcome(rule: dict[str, Any], events: list[dict[str, Any]], retention: str = "3h", **policy: Any) -> list[str]:
    """What one rule decides whose contacts are forgotten so soon."""
    written = version(None, rule, policy={"retention": retention, **policy})
    return [row.removesuffix(" v0") for row in told([written], events)]


def test_what_falls_due_at_the_end_is_gated_and_what_is_pending_beyond_it_is_cancelled() -> None:
    rule = {"when": A, "wait": ["2h", "3h", "4h", "9h"]}
    assert outcome(rule, ONE) == [
        "12:00 fired #0",
        "13:00 fired #1",
        "14:00 cancelled forgotten #2",
        "19:00 cancelled forgotten #3",
    ]


def test_what_is_deferred_is_cancelled() -> None:
    assert outcome({"when": A}, [event("a", "22:00", A)], **NIGHT) == ["22:00 cancelled forgotten"]
    released = outcome({"when": A}, [event("a", "22:00", A)], "10h", **NIGHT)
    assert released == ["22:00 fired at 06-02T08:00"]  # at the very end


@pytest.mark.parametrize(("at", "expected"), [("12:59", "suppressed reentry"), ("13:00", "fired")])
def test_an_event_at_the_end_comes_too_late(at: str, expected: str) -> None:
    rule = {"when": A, "reentry": "once"}
    assert outcome(rule, [*ONE, event("b", at, A)])[1] == f"{at} {expected}"


def test_nothing_is_known_afterwards_as_after_a_deletion() -> None:
    total = {"when": A, "reaches": {"count": True, "at": [2]}}
    assert outcome(total, [*ONE, event("b", "12:00", A)]) == ["12:00 fired 2"]
    assert outcome(total, [*ONE, event("b", "13:00", A)]) == []
    given = {"when": B, "given": {"present": A}}
    assert outcome(given, [*ONE, event("b", "13:00", B)]) == []
    tier = {"when": {"event": B, "where": {"contact": {"tier": "gold"}}}}
    assert outcome(tier, [event("u", "10:00", "contact.updated", tier="gold"), event("b", "13:00", B)]) == []
    chain = {"when": {"sequence": [A, B], "within": "9h"}}
    assert outcome(chain, [*ONE, event("b", "13:00", B)]) == []
    capped = outcome({"when": A}, [*ONE, event("b", "13:00", A)], frequency=[{"max": 1, "per": "day"}])
    assert capped == ["10:00 fired", "13:00 fired"]


def test_there_is_no_exited_but_one_that_is_due_then() -> None:
    rule = {"audience": {"present": A}, "emits": ["entered", "exited"]}
    assert outcome(rule, ONE) == ["10:00 entered fired"]
    assert outcome(rule, [*ONE, event("b", "13:00", A)]) == ["10:00 entered fired", "13:00 entered fired"]
    until_then = {**rule, "audience": {"present": A, "within": "3h"}}
    assert outcome(until_then, ONE) == ["10:00 entered fired", "13:00 exited fired"]


def test_every_needed_event_keeps_the_contact() -> None:
    rule = {"when": A, "wait": "4h"}
    assert outcome(rule, ONE) == ["14:00 cancelled forgotten"]
    assert outcome(rule, [*ONE, event("b", "12:00", "contact.updated")]) == ["14:00 fired"]
    assert outcome(rule, [*ONE, event("b", "12:00", B)]) == ["14:00 cancelled forgotten"]  # no rule needs it
    assert outcome({**rule, "unless": [B, "c.c"]}, [event("c", "09:00", "c.c"), *ONE]) == ["14:00 cancelled forgotten"]


def test_a_deleted_contact_is_not_forgotten_again() -> None:
    rule = {"when": A, "wait": "4h"}
    assert outcome(rule, [*ONE, event("d", "11:00", "contact.deleted")]) == []
    assert outcome(rule, [*ONE, event("d", "11:00", "contact.deleted"), event("b", "13:30", A)]) == [
        "17:30 cancelled forgotten"
    ]


def test_without_a_word_it_is_400_days() -> None:
    dated = {"when": "contact.updated", "wait": {"until": "contact.day", "repeat": "daily", "at": "09:00"}}
    born = event("u", "10:00", "contact.updated", day="2026-06-01")
    rows = told([version(None, dated)], [born], LAST)
    assert (rows[0], rows[-2], rows[-1], len(rows)) == (
        "06-02T09:00 fired 2026-06-02 v0",
        "07-06T09:00 fired 2027-07-06 v0",
        "07-07T09:00 cancelled forgotten 2027-07-07 v0",
        401,
    )


WAIT = {"when": A, "wait": "5h"}


def test_a_shorter_retention_forgets_at_its_start_whom_it_has_no_room_for() -> None:
    first, shorter = version(None, WAIT), version("12:00", WAIT, policy={"retention": "1h"})
    assert told([first, shorter], ONE) == ["15:00 cancelled forgotten v1"]
    again = event("b", "12:00", A)  # comes too late
    rows = told([first, shorter], [*ONE, again])
    assert rows == ["15:00 cancelled forgotten v1", "17:00 cancelled forgotten v1"]
    assert told([first, version("12:00", WAIT, policy={"retention": "2h"})], ONE) == ["15:00 cancelled forgotten v1"]


@pytest.mark.parametrize(
    ("start", "expected"), [("13:00", "15:00 fired v1"), ("13:01", "15:00 cancelled forgotten v0")]
)
def test_it_is_the_retention_of_the_policy_in_force_at_that_instant(start: str, expected: str) -> None:
    versions = [version(None, WAIT, policy={"retention": "3h"}), version(start, WAIT)]
    assert told(versions, ONE) == [expected]


def test_a_withdrawal_is_forgotten_with_all_else() -> None:
    consent: dict[str, Any] = {"consent": {"purpose": "news", "default": "granted"}}
    withdrawn = event("w", "10:00", "consent.withdrawn")
    assert outcome({"when": A}, [withdrawn, event("a", "12:59", A)], **consent) == ["12:59 suppressed no_consent"]
    assert outcome({"when": A}, [withdrawn, event("a", "13:00", A)], **consent) == ["13:00 fired"]


def test_what_begins_with_a_version_is_not_cancelled_twice() -> None:
    versions = [version(None, WAIT, policy={"retention": "3h"}), version("13:00", policy={"retention": "3h"})]
    assert told(versions, ONE) == ["15:00 cancelled rule_removed v1 of v0"]
