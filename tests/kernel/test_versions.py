"""Versions by example: what comes into force when, what stays, what leaves, what is frozen (semantics 11)."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.late.snapshots import snapshot_of
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import State, new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import HOUR_US, MINUTE_US
from tests.kernel.execution_modes import through_bytes
from tests.kernel.programs import ACCOUNT, START, at

T = at(START)
CART: dict[str, Any] = {"id": "r", "when": "a", "wait": "1h", "unless": "b"}


def versions(*texts: tuple[float | None, list[dict[str, Any]]], frozen: float | None = None, **how: Any) -> Versions:
    """Versions from minutes after the start, None: always; `how` as `compile_versions` takes it, and `policy`."""
    policy = how.pop("policy", {})
    found = [
        (
            None if minutes is None else T + int(minutes * MINUTE_US),
            load_document({"account": ACCOUNT, "rules": rules, "policy": policy}),
        )
        for minutes, rules in texts
    ]
    frozen_at_us = None if frozen is None else T + int(frozen * MINUTE_US)
    return compile_versions(found, ACCOUNT, frozen_at_us=frozen_at_us, **how)


def event(minutes: float, event_id: str, event_type: str = "a", **properties: Any) -> Event:
    return Event(T + int(minutes * MINUTE_US), event_id, event_type, properties)


def settled(
    rules: Versions, minutes: float, *events: Event, state: State | None = None, trace: bool = False
) -> Advanced:
    before = through_bytes(new_state("c1") if state is None else state)
    return advance(rules, before, events, T + int(minutes * MINUTE_US), trace=trace)


def told(advanced: Advanced) -> list[str]:
    return [
        f"{row.decision} {row.reason or ''} {(row.decided_us - T) / MINUTE_US:g}".replace("  ", " ")
        for row in advanced.decisions
    ]


def test_what_is_due_at_the_very_instant_is_decided_by_the_new_version() -> None:
    rules = versions((None, [CART]), (60, [{**CART, "mode": "shadow"}]))
    assert told(settled(rules, 200, event(0, "1"))) == ["suppressed shadow 60"]
    (row,) = settled(rules, 200, event(-0.5, "1")).decisions
    assert (row.decided_us - T) / MINUTE_US == 59.5
    assert row.ruleset_version == rules.programs[0].ruleset_version != rules.programs[1].ruleset_version


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"when": "c"}, "rule_changed"),
        ({"per": "p"}, "rule_changed"),
        ({"wait": ["1h", "2h"]}, "rule_changed"),
        ({"wait": {"until": "day"}}, "rule_changed"),
        ({"unless": {"event": "b", "same": "p"}}, "rule_changed"),
        ({"mode": "off"}, "rule_removed"),
        ({"id": "other"}, "rule_removed"),
    ],
)
def test_what_is_pending_of_a_rule_that_is_another_now_leaves_with_a_reason(edit: dict[str, Any], reason: str) -> None:
    rules = versions((None, [CART]), (30, [{**CART, **edit}]))
    first = settled(rules, 10, event(0, "1"))
    assert first.next_timer_us == T + 30 * MINUTE_US, "it asks to be woken for it"
    then = settled(rules, 200, state=first.state)
    assert told(then) == [f"cancelled {reason} 30"]
    (row,) = then.decisions
    assert row.ruleset_version == rules.programs[1].ruleset_version
    assert row.rule_version == rules.programs[0].rules[0].version


def test_a_version_that_does_not_concern_a_contact_does_not_wake_it() -> None:
    rules = versions((None, [CART]), (30, [CART, {"id": "other", "when": "z"}]))
    assert settled(rules, 10, event(0, "1")).next_timer_us == T + HOUR_US


def test_a_batch_looks_back_beyond_a_version_and_a_stream_says_that_it_cannot() -> None:
    given = {"id": "r", "when": "b", "given": {"count": "a", "within": "1h", "gte": 1}}
    events = (event(0, "1"), event(40, "2", "b"), event(95, "3"), event(99, "4", "b"))
    texts = ((None, [{"id": "x", "when": "a", "mode": "shadow"}]), (30, [given]))
    batch, stream = versions(*texts), versions(*texts, whole_history=False)
    assert [one for one in told(settled(batch, 120, *events)) if "shadow" not in one] == ["fired 40", "fired 99"]
    assert [one for one in told(settled(stream, 120, *events)) if "shadow" not in one] == ["fired 99"]
    effective = versions(*texts, whole_history=False, policy={"history_from": "effective"})
    found = settled(effective, 120, event(0, "1"), event(35, "5"), *events[1:]).decisions
    assert [row.partial_history for row in found if row.rule_id == "r"] == [True, False]


@pytest.mark.parametrize(
    ("known", "streamed"), [((), "fired 40"), ((event(0, "0", "contact.updated"),), "suppressed not_ready 40")]
)
def test_whom_a_version_without_rules_of_the_account_knew_lacks_what_its_first_rules_look_back_on(
    known: tuple[Event, ...], streamed: str
) -> None:
    given = {"id": "r", "when": "b", "given": {"count": "a", "within": "1h", "gte": 1}}
    texts = ((None, []), (30, [given]))
    events = (*known, event(35, "1"), event(40, "2", "b"))
    assert told(settled(versions(*texts, whole_history=False), 60, *events)) == [streamed]
    assert told(settled(versions(*texts), 60, *events)) == ["fired 40"]


def test_a_frozen_rule_set_settles_nothing_beyond_and_goes_on_afterwards() -> None:
    frozen = versions((None, [CART]), frozen=30)
    first = settled(frozen, 500, event(0, "1"), event(45, "2", "b"))
    assert (told(first), first.state.evaluated_to_us) == ([], T + 30 * MINUTE_US)
    assert told(settled(versions((None, [CART])), 500, state=first.state)) == []
    again = settled(frozen, 500, event(0, "1"))
    assert told(settled(versions((None, [CART])), 500, state=again.state)) == ["fired 60"]


def test_a_state_left_under_rules_nobody_knows_meets_the_new_ones_at_its_settled_time() -> None:
    before = settled(
        versions((None, [CART, {"id": "s", "when": "a", "given": {"count": "a", "gte": 2}}])), 10, event(0, "1")
    )
    edited = versions((None, [{**CART, "per": "p"}, {"id": "s", "when": "a", "given": {"count": "a", "gte": 1}}]))
    then = settled(edited, 200, event(50, "2", p=1), state=before.state)
    assert told(then) == ["cancelled rule_changed 10", "fired 50", "fired 110"]
    late = settled(edited, 10, event(5, "3"), state=before.state)
    assert [one.event_id for one in late.late] == ["3"], "nothing before that can be corrected"


def test_a_state_that_remembers_a_rule_more_than_there_is_meets_the_new_rules_though_the_others_are_the_same() -> None:
    other = {**CART, "id": "s"}
    first = settled(versions((None, [CART, other])), 10, event(0, "1"))
    found = settled(versions((None, [CART])), 20, state=first.state)
    assert [(row.rule_id, row.reason) for row in found.decisions] == [("s", "rule_removed")]
    assert settled(versions((None, [other, CART])), 20, state=first.state).decisions == ()


def test_a_trace_tells_of_a_version_and_of_what_it_cancels() -> None:
    rules = versions((None, [CART]), (30, [{**CART, "when": "c"}]))
    steps = settled(rules, 40, event(0, "1"), trace=True).trace
    assert [step.kind for step in steps][-2:] == [StepKind.IN_FORCE, StepKind.DECISION]
    assert steps[-2].details == {"ruleset_version": rules.programs[1].ruleset_version}


def test_a_shorter_retention_forgets_at_the_instant_of_its_version_and_asks_to_be_woken() -> None:
    texts = [
        (None, load_document({"account": ACCOUNT, "rules": [{**CART, "wait": "5h"}]})),
        (
            T + 30 * MINUTE_US,
            load_document({"account": ACCOUNT, "rules": [{**CART, "wait": "5h"}], "policy": {"retention": "20m"}}),
        ),
    ]
    rules = compile_versions(texts, ACCOUNT)
    first = settled(rules, 1, event(0, "1"))
    assert first.next_timer_us == T + 30 * MINUTE_US
    then = settled(rules, 40, state=first.state)
    assert (told(then), then.forgotten) == (["cancelled forgotten 30"], 1)


def test_a_snapshot_soon_after_a_version_keeps_what_is_revoked_and_may_come_again() -> None:
    rules = versions((None, [CART]), (35, [{**CART, "priority": 60}]))
    before = settled(rules, 70, event(0, "1"))
    revoked = settled(rules, 75, event(30, "2"), state=before.state)
    assert told(revoked) == ["revoked late_event 70"]
    taken_in = snapshot_of(rules, revoked.state)
    (row,) = settled(rules, 100, state=taken_in).decisions
    assert (row.decision, row.revision) == (Outcome.FIRED, 2)


@pytest.mark.parametrize("later", [[], [event(45, "2", "c")]], ids=["quiet", "busy"])
def test_what_rules_that_are_met_late_cancel_is_told_once_and_for_good(later: list[Event]) -> None:
    """A folder that was edited, or a version that a host learned of after its time: semantics 11.11."""
    state = settled(versions((None, [CART])), 40, event(0, "1")).state
    edited = versions((None, [{**CART, "when": "c"}]))
    met = settled(edited, 50, *later, state=state)
    assert told(met) == ["cancelled rule_changed 40"]
    assert told(settled(edited, 55, event(42, "3", "b"), event(54, "4", "b"), state=met.state)) == []


def test_an_event_that_waited_is_taken_only_if_the_version_in_force_at_it_wants_it() -> None:
    rule = {"id": "r", "when": "a", "wait": "1h"}
    known_late, known = versions((None, [rule])), versions((None, [rule]), (30, [{**rule, "when": "c"}]))
    waiting = settled(known_late, 10, event(40, "1")).state
    assert [one.event_id for one in waiting.inbox] == ["1"]
    found = settled(known, 60, state=waiting).state
    assert (found.first_us, found.counted) == (None, {}), "as if it had not happened"
    assert settled(known, 60, event(40, "1")).state.counted == {}


def test_another_zone_of_the_account_moves_who_is_in_a_period_of_the_calendar_at_the_instant_of_its_version() -> None:
    """In Kiritimati, fourteen hours ahead, the event's day has ended; in UTC it goes on until midnight."""
    audience = {"id": "r", "audience": {"present": "a", "within": "today"}, "emits": ["entered", "exited"]}
    rules = [{**audience, "live_from": "2020-01-01T00:00:00Z"}]
    zones = ((None, "UTC"), (11, "Pacific/Kiritimati"), (12, "UTC"))
    found = [
        (
            None if hour is None else T + hour * HOUR_US,
            load_document({"account": ACCOUNT, "timezone": zone, "rules": rules}),
        )
        for hour, zone in zones
    ]
    rows = settled(compile_versions(found, ACCOUNT), 2_000, event(0, "1")).decisions
    assert [(str(row.kind), (row.time_us - T) // HOUR_US) for row in rows] == [
        ("entered", 0),
        ("exited", 11),
        ("entered", 12),
        ("exited", 24),
    ]


@pytest.mark.parametrize(("before", "crossed"), [(None, []), ("UTC", []), ("Pacific/Kiritimati", [13])])
def test_matches_that_a_version_looks_back_on_count_in_the_period_that_was_theirs_when_they_came(
    before: str | None, crossed: list[int]
) -> None:
    """In UTC the first two are of one day, and cross unseen; where a day begins between them, the last two are."""
    reaching = {"id": "r", "when": "a", "reaches": {"count": True, "at": [2], "within": "today"}}
    rules = [{**reaching, "live_from": "2020-01-01T00:00:00Z"}]
    first = [] if before is None else [(None, {"timezone": before, "rules": []})]
    texts = [*first, (T + 12 * HOUR_US, {"timezone": "Pacific/Kiritimati", "rules": rules})]
    found = [(start, load_document({"account": ACCOUNT, **text})) for start, text in texts]
    events = [event(hour * 60, str(hour)) for hour in (9, 11, 13)]
    rows = settled(compile_versions(found, ACCOUNT), 2_000, *events).decisions
    assert [(row.time_us - T) // HOUR_US for row in rows] == crossed


def test_another_zone_of_the_account_moves_nothing_that_waits_for_a_local_day() -> None:
    """A contact that moves does; one that names the zone that the account has now does not."""
    waiting = [{"id": "r", "when": "a", "wait": {"days": 1, "at": "09:00"}, "live_from": "2020-01-01T00:00:00Z"}]
    zones = ((None, "UTC"), (T + HOUR_US, "America/New_York"))
    found = [(at, load_document({"account": ACCOUNT, "timezone": zone, "rules": waiting})) for at, zone in zones]
    rules = compile_versions(found, ACCOUNT)
    for events, hour in (([], 33), ([moved("America/New_York")], 33), ([moved("Asia/Tokyo")], 24)):
        rows = settled(rules, 4_000, event(0, "1"), *events).decisions
        assert [(row.time_us - T) // HOUR_US for row in rows] == [hour]


def moved(zone: str) -> Event:
    return event(90, "2", "contact.updated", timezone=zone)
