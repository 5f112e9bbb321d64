"""The oracle against each sentence of semantics.md, section 12; every expectation is reasoned by hand."""

from typing import Any

import pytest

from tests.oracle.telling import event, told, version

A, B = "a.a", "b.b"
NIGHT: dict[str, Any] = {"quiet_hours": {"from": "21:00", "to": "08:00"}}
ONE = [event("a", "10:00", A)]
LAST = "2027-08-01T00:00:00Z"


def outcome(
    rule: dict[str, Any],
    events: list[dict[str, Any]],
    retention: str = "3h",
    until: str = "2026-06-20T00:00:00Z",
    **policy: Any,
) -> list[str]:
    """What one rule decides whose contacts are forgotten so soon."""
    written = version(None, rule, policy={"retention": retention, **policy})
    return [row.removesuffix(" v0") for row in told([written], events, until)]


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


@pytest.mark.parametrize(("at", "expected"), [("12:59", ["12:59 fired 2"]), ("13:00", [])])
def test_an_event_at_the_end_comes_too_late(at: str, expected: list[str]) -> None:
    total = {"when": A, "reaches": {"count": True, "at": [2]}}
    assert outcome(total, [*ONE, event("b", at, A)]) == expected


def test_what_a_contact_did_is_gone() -> None:
    given = {"when": B, "given": {"present": A}}
    assert outcome(given, [*ONE, event("b", "13:00", B)]) == []
    chain = {"when": {"sequence": [A, B], "within": "9h"}}
    assert outcome(chain, [*ONE, event("b", "13:00", B)]) == []
    total = {"when": A, "reaches": {"count": True, "at": [3]}}
    assert outcome(total, [*ONE, event("b", "13:00", A), event("c", "13:01", A)]) == []


# -- what stays --------------------------------------------------------------------------------------------------

GOLD = event("u", "10:00", "contact.updated", tier="gold")


def test_attributes_stay_and_the_zone_with_them() -> None:
    tier = {"when": {"event": B, "where": {"contact": {"tier": "gold"}}}}
    assert outcome(tier, [GOLD, event("b", "13:00", B)]) == ["13:00 fired"]
    assert outcome(tier, [GOLD, event("b", "20:00", B)]) == ["20:00 fired"]
    early = event("u", "10:00", "contact.updated", timezone="America/Costa_Rica")  # where 13:00 UTC is 07:00
    assert outcome({"when": B}, [early, event("b", "13:00", B)], **NIGHT) == ["13:00 fired at 06-01T14:00"]


def test_an_update_after_it_changes_what_stayed_key_by_key() -> None:
    tier = {"when": {"event": B, "where": {"contact": {"tier": "gold", "town": "Lucan"}}}}
    moved = event("m", "14:00", "contact.updated", town="Lucan")
    assert outcome(tier, [GOLD, moved, event("b", "15:00", B)]) == ["15:00 fired"]
    lost = event("m", "14:00", "contact.updated", town="Lucan", tier=None)
    assert outcome(tier, [GOLD, lost, event("b", "15:00", B)]) == []


DAILY: dict[str, Any] = {"when": "contact.updated", "wait": {"until": "contact.day", "repeat": "daily", "at": "09:00"}}
BORN = event("u", "10:00", "contact.updated", day="2026-06-01")
FIFTH = "2026-06-05T00:00:00Z"


def test_a_repeating_wait_on_the_contact_goes_on_as_it_is() -> None:
    assert outcome(DAILY, [BORN], until=FIFTH) == [
        "06-02T09:00 fired 2026-06-02",
        "06-03T09:00 fired 2026-06-03",
        "06-04T09:00 fired 2026-06-04",
    ]
    gone = event("d", "2026-06-03T00:00:00Z", "contact.deleted")
    assert outcome(DAILY, [BORN, gone], until=FIFTH) == ["06-02T09:00 fired 2026-06-02"]
    never = event("n", "2026-06-03T00:00:00Z", "contact.updated", day=None)
    assert outcome(DAILY, [BORN, never], until=FIFTH) == ["06-02T09:00 fired 2026-06-02"]
    stops = {**DAILY, "unless": B}
    assert outcome(stops, [BORN, event("b", "2026-06-03T00:00:00Z", B)], until=FIFTH) == [
        "06-02T09:00 fired 2026-06-02"
    ]


def test_what_is_deferred_of_it_stays_deferred() -> None:
    late = {**DAILY, "wait": {**DAILY["wait"], "at": "22:00"}}
    assert outcome(late, [BORN], "13h", "2026-06-02T12:00:00Z", **NIGHT) == [
        "22:00 fired 2026-06-01 at 06-02T08:00"  # forgotten at 23:00
    ]


@pytest.mark.parametrize(
    ("wait", "rows"),
    [
        ({"until": "contact.day", "at": "23:00"}, ["23:00 cancelled forgotten"]),
        ({"until": "day", "at": "23:00", "repeat": "daily"}, ["23:00 cancelled forgotten 2026-06-01"]),
        ("13h", ["23:00 cancelled forgotten"]),
    ],
)
def test_any_other_wait_is_cancelled(wait: Any, rows: list[str]) -> None:
    assert outcome({"when": "contact.updated", "wait": wait}, [BORN]) == rows


def test_a_withdrawal_is_never_forgotten_by_lapse_of_time() -> None:
    consent: dict[str, Any] = {"consent": {"purpose": "news", "default": "granted"}}
    withdrawn, when = event("w", "10:00", "consent.withdrawn"), {"when": A}
    for at in ("12:59", "13:00", "20:00"):
        assert outcome(when, [withdrawn, event("a", at, A)], **consent) == [f"{at} suppressed no_consent"]
    granted = event("g", "14:00", "consent.granted")
    assert outcome(when, [withdrawn, granted, event("a", "20:00", A)], **consent) == ["20:00 fired"]
    deleted = event("d", "14:00", "contact.deleted")
    assert outcome(when, [withdrawn, deleted, event("a", "20:00", A)], **consent) == ["20:00 fired"]


def test_a_used_threshold_stays_used_and_the_total_begins_again() -> None:
    total = {"when": A, "reaches": {"count": True, "at": [2, 3]}}
    twice = [*ONE, event("b", "12:00", A)]
    again = [event(f"c{hour}", f"{hour}:00", A) for hour in (16, 17, 18)]
    assert outcome(total, [*twice, *again]) == ["12:00 fired 2", "18:00 fired 3"]


def test_with_per_it_stays_used_for_keep_after_the_newest_match() -> None:
    of = {"when": A, "per": "k", "reaches": {"count": True, "at": [1]}, "keep": "5h"}
    first, last = event("a", "10:00", A, k=1), event("c", "19:00", A, k=1)
    assert outcome(of, [first, event("b", "14:59", A, k=1), last]) == ["10:00 fired 1"]
    assert outcome(of, [first, event("b", "15:00", A, k=1), last]) == ["10:00 fired 1", "15:00 fired 1"]
    assert outcome(of, [first, event("b", "14:59", A, k=2)]) == ["10:00 fired 1", "14:59 fired 1"]


def test_reentry_and_caps_remember_for_their_own_time() -> None:
    rule = {"when": A, "reentry": "5h"}
    assert outcome(rule, [*ONE, event("b", "14:59", A)]) == ["10:00 fired", "14:59 suppressed reentry"]
    assert outcome(rule, [*ONE, event("b", "15:00", A)]) == ["10:00 fired", "15:00 fired"]
    cap = {"frequency": [{"max": 1, "per": "5h"}]}
    assert outcome({"when": A}, [*ONE, event("b", "14:59", A)], **cap)[1] == "14:59 suppressed frequency_cap"
    assert outcome({"when": A}, [*ONE, event("b", "15:00", A)], **cap)[1] == "15:00 fired"


def test_membership_goes_and_it_may_be_entered_anew_if_reentry_lets_it() -> None:
    rule = {"audience": {"present": A}, "emits": ["entered", "exited"]}
    again = [*ONE, event("b", "13:00", A)]
    assert outcome(rule, again) == ["10:00 entered fired", "13:00 entered fired"]
    assert outcome({**rule, "reentry": "once"}, again) == ["10:00 entered fired", "13:00 entered suppressed reentry"]


# -- profile_retention -------------------------------------------------------------------------------------------


def test_profile_retention_ends_what_stayed() -> None:
    consent: dict[str, Any] = {"consent": {"purpose": "news"}, "profile_retention": "5h"}
    withdrawn = event("w", "10:00", "consent.withdrawn")
    refused = outcome({"when": A}, [withdrawn, event("a", "14:59", A)], **consent)
    assert refused == ["14:59 suppressed no_consent"]
    assert outcome({"when": A}, [withdrawn, event("a", "15:00", A)], **consent) == ["15:00 fired"]
    tier = {"when": {"event": B, "where": {"contact": {"tier": "gold"}}}}
    assert outcome(tier, [GOLD, event("b", "15:00", B)], profile_retention="5h") == []
    once = {"when": A, "reentry": "once"}
    assert outcome(once, [*ONE, event("b", "15:00", A)], profile_retention="5h")[1] == "15:00 fired"
    used = {"when": A, "reaches": {"count": True, "at": [1]}}
    assert outcome(used, [*ONE, event("b", "15:00", A)], profile_retention="5h")[1] == "15:00 fired 1"


def test_what_is_due_at_its_end_is_gated_and_what_is_pending_then_is_cancelled() -> None:
    assert outcome(DAILY, [BORN], "3h", "2026-06-09T00:00:00Z", profile_retention="47h") == [
        "06-02T09:00 fired 2026-06-02",
        "06-03T09:00 fired 2026-06-03",
        "06-04T09:00 cancelled forgotten 2026-06-04",
    ]


def test_it_counts_from_the_newest_event() -> None:
    consent: dict[str, Any] = {"consent": {"purpose": "news"}, "profile_retention": "5h"}
    events = [event("w", "10:00", "consent.withdrawn"), event("a", "14:00", A), event("b", "18:59", A)]
    assert outcome({"when": A}, events, **consent)[-1] == "18:59 suppressed no_consent"


def test_a_version_that_brings_it_forgets_at_its_start_whom_it_has_no_room_for() -> None:
    withdrawn, policy = event("w", "10:00", "consent.withdrawn"), {"retention": "3h", "consent": {"purpose": "news"}}
    versions = [
        version(None, {"when": A}, policy=policy),
        version("20:00", {"when": A}, policy={**policy, "profile_retention": "5h"}),
    ]
    assert told(versions, [withdrawn, event("a", "19:59", A)]) == ["19:59 suppressed no_consent v0"]
    assert told(versions, [withdrawn, event("a", "20:00", A)]) == ["20:00 fired v1"]


# -- readiness ---------------------------------------------------------------------------------------------------


def test_a_stream_that_asks_for_consent_later_does_not_take_silence_for_it() -> None:
    """Who was there before the stream asked may have withdrawn: a forgotten contact's rules stay not ready."""
    policy = {"retention": "3h", "live_from": "2026-06-01T00:00:00Z"}
    asks = {**policy, "consent": {"purpose": "news"}}
    versions = [version(None, {"when": A}, policy=policy), version("12:00", {"when": A}, policy=asks)]
    events = [*ONE, event("b", "18:00", A)]
    assert told(versions, events, stream=True) == ["10:00 fired v0", "18:00 suppressed not_ready v1"]
    assert told(versions, events[1:], stream=True) == ["18:00 fired v1"]
    counts = {"when": A, "given": {"count": A, "gte": 1}}  # of what it did, a forgotten contact lacks nothing
    versions = [version(None, {"when": A}, policy=policy), version("12:00", counts, policy=policy)]
    assert told(versions, events, stream=True) == ["10:00 fired v0", "18:00 fired v1"]


# -- room for attributes -----------------------------------------------------------------------------------------


def test_an_update_that_there_is_no_room_for_is_refused_whole_and_leaves_a_row() -> None:
    rule = {"when": "contact.updated", "include": {"tier": "contact.tier", "town": "contact.town"}}
    long, short = "x" * 65_510, "x" * 65_509
    assert len('{"tier":"gold","town":"' + short + '"}') == 65_534
    grown = [GOLD, event("v", "11:00", "contact.updated", town=short, tier="gold42")]
    assert [row.split()[0:3] for row in outcome(rule, grown)] == [["10:00", "fired"], ["11:00", "fired"]]
    grown = [GOLD, event("v", "11:00", "contact.updated", town=long, tier="gold42")]
    refused = told([version(None, rule)], grown)
    assert sorted(refused) == ["10:00 fired v0", "11:00 fired v0", "11:00 suppressed limit v0"]


def test_what_no_rule_reads_takes_no_room_and_what_gets_smaller_is_taken() -> None:
    rule = {"when": {"event": B, "where": {"contact": {"tier": "gold"}}}}
    noise = event("v", "11:00", "contact.updated", town="x" * 70_000)
    assert outcome(rule, [GOLD, noise, event("b", "12:00", B)]) == ["12:00 fired"]
    both = [version(None, rule, policy={}), version("11:30", {**rule, "include": {"town": "contact.town"}})]
    rows = told(both, [GOLD, noise, event("w", "11:45", "contact.updated", town="y" * 69_999), event("b", "12:00", B)])
    assert rows == ["12:00 fired v1"]  # more than there is room for, but less than there was


# -- memberships -------------------------------------------------------------------------------------------------


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
    rule = {"when": {"event": A, "where": {"day": {"exists": True}}}, "wait": {"until": "day", "repeat": "daily"}}
    rows = told([version(None, rule)], [event("u", "10:00", A, day="2026-06-01")], LAST)
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


def test_what_begins_with_a_version_is_not_cancelled_twice() -> None:
    versions = [version(None, WAIT, policy={"retention": "3h"}), version("13:00", policy={"retention": "3h"})]
    assert told(versions, ONE) == ["15:00 cancelled rule_removed v1 of v0"]
