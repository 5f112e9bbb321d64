"""Late events by example: what is revoked, what is told anew, under which revision, and what replaces what."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.kernel.execution_modes import through_bytes
from tests.kernel.programs import START, at, program

T = at(START)
CART = "{when: a, wait: 1h, unless: b, include: {n: n}}"


class Told:
    """A stream of one contact, and what it tells."""

    def __init__(self, rules: str | Program, policy: str = "", lateness_us: int = HOUR_US) -> None:
        self.rules = program(rules, policy, lateness_us=lateness_us) if isinstance(rules, str) else rules
        self.state = new_state("c1")
        self.last: Advanced | None = None

    def settle(self, minutes: float, *events: Event, clock: float | None = None) -> list[str]:
        """What is told when these events have come and time is settled so far."""
        return [shown(row) for row in self.rows(minutes, *events, clock=clock)]

    def rows(self, minutes: float, *events: Event, clock: float | None = None) -> tuple[Decision, ...]:
        clock_us = None if clock is None else T + int(clock * MINUTE_US)
        upto_us = T + int(minutes * MINUTE_US)
        self.last = advance(self.rules, through_bytes(self.state), events, upto_us, clock_us=clock_us)
        self.state = self.last.state
        return self.last.decisions


def shown(row: Decision) -> str:
    """A row in short: what became of which opening event, due when, under which revision."""
    first = "-" if row.events is None else row.events.first
    words = [f"{row.decision} {first} {(row.time_us - T) / MINUTE_US:g} r{row.revision}"]
    words += [str(row.reason)] if row.reason and row.decision is not Outcome.REVOKED else []
    words += ["late"] if row.late and row.decision is not Outcome.REVOKED else []
    words += [f"replaces {len(row.replaces)}"] if row.replaces else []
    words += ["stale"] if row.stale else []
    return " ".join(words)


def event(minutes: float, event_id: str, event_type: str = "a", **properties: Any) -> Event:
    return Event(T + int(minutes * MINUTE_US), event_id, event_type, properties)


def test_a_purchase_that_comes_late_revokes_the_reminder_it_would_have_stopped() -> None:
    told = Told(CART)
    assert told.settle(70, event(0, "1")) == ["fired 1 60 r0"]
    (row,) = told.rows(70, event(30, "2", "b"))
    assert (row.decision, row.reason, row.revision, row.late) == (Outcome.REVOKED, Reason.LATE_EVENT, 1, True)
    assert (row.time_us, row.fired_at_us, row.decided_us) == (T + HOUR_US, None, T + 70 * MINUTE_US)


def test_an_earlier_opening_gives_the_trigger_another_id_that_replaces_the_one_before() -> None:
    told = Told("{when: a, wait: 1h, restart: false}", lateness_us=2 * HOUR_US)
    assert told.settle(61, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(61, event(-0.5, "0")) == ["revoked 1 60 r1", "fired 0 59.5 r0 late replaces 1"]


def test_what_is_still_pending_after_a_correction_replaces_what_was_revoked_when_it_fires() -> None:
    told = Told("{when: a, wait: 1h, unless: b}")
    assert told.settle(70, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(70, event(20, "2", "b"), event(30, "3")) == ["revoked 1 60 r1"]
    assert told.settle(90) == ["fired 3 90 r0 replaces 1"]
    assert told.settle(300, event(200, "4")) == ["fired 4 260 r0"], "that is another thing"


def test_what_replaces_is_handed_on_when_it_is_revoked_itself() -> None:
    told = Told("{when: a, wait: 1h, unless: b}", lateness_us=3 * HOUR_US)
    assert told.settle(70, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(70, event(20, "2", "b"), event(30, "3")) == ["revoked 1 60 r1"]
    assert told.settle(91) == ["fired 3 90 r0 replaces 1"]
    assert told.settle(91, event(40, "4", "b"), event(50, "5")) == ["revoked 3 90 r1 replaces 1"]
    assert told.settle(110) == ["fired 5 110 r0 replaces 2"]


def test_a_smaller_copy_that_comes_late_takes_the_place_of_the_one_that_counted() -> None:
    told = Told("{when: a, include: {n: n}}")
    assert told.settle(11, event(10, "1", n=1)) == ["fired 1 10 r0"]
    assert told.settle(12, event(10, "1", n=0)) == ["fired 1 10 r1 late"]
    assert told.settle(13, event(10, "1", n=7)) == [], "a greater one does not"
    assert told.settle(14, event(8, "1", n=9)) == [
        "revoked 1 10 r1 r2".replace(" r1 r2", " r2"),
        "fired 1 8 r0 late replaces 1",
    ]


def test_the_horizon_is_measured_from_the_settled_time_and_its_edge_is_inside() -> None:
    for beyond_us in (0, 1):
        told = Told("{when: a}")
        told.settle(60)
        late = Event(T - beyond_us, "1", "a")
        assert told.settle(60, late) == ([] if beyond_us else ["fired 1 0 r0 late"])
        assert told.last is not None
        assert told.last.late == ((late,) if beyond_us else ())


def test_beyond_the_horizon_nothing_is_taken_back() -> None:
    told = Told(CART)
    assert told.settle(60, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(200) == []
    late = event(30, "2", "b")
    assert told.settle(200, late) == []
    assert told.last is not None
    assert (told.last.late, told.last.corrected) == ((late,), 0)


def test_stale_is_what_first_fires_long_after_it_was_due_by_the_clock() -> None:
    told = Told("{when: a, wait: 10m, expires: 30m}")
    assert told.settle(11, event(0, "1"), clock=39) == ["fired 1 10 r0"]
    told = Told("{when: a, wait: 10m, expires: 30m}")
    assert told.settle(11, event(0, "1"), clock=40) == ["fired 1 10 r0 stale"]


def test_what_fired_in_time_is_not_stale_when_it_is_told_again() -> None:
    told = Told("{when: a, wait: 10m, expires: 30m, restart: false}")
    assert told.settle(11, event(0, "1"), clock=11) == ["fired 1 10 r0"]
    assert told.settle(12, event(5, "2"), clock=400) == ["fired 1 10 r1 late"]


def test_several_late_events_are_one_correction() -> None:
    told = Told(CART)
    assert told.settle(70, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(70, event(30, "2", "b"), event(15, "3"), event(30, "2", "b")) == ["revoked 1 60 r1"]
    assert told.last is not None
    assert (told.last.corrected, told.last.duplicates) == (2, 1)


def test_a_contact_that_is_quiet_for_a_horizon_keeps_nothing_for_corrections() -> None:
    told = Told("{when: a, wait: 1h}")
    told.settle(10, event(0, "1"))
    assert told.state.since is not None
    told.settle(60 + 60 + 1)
    assert told.state.since is None
    assert isinstance(decode(encode(told.state)), State)


def test_a_late_deletion_revokes_what_was_told_after_it_and_takes_the_trace_along() -> None:
    told = Told("{when: a, wait: 10m}")
    assert told.settle(30, event(0, "1"), event(15, "2")) == ["fired 1 10 r0", "fired 2 25 r0"]
    assert told.settle(30, event(5, "x", "contact.deleted")) == ["revoked 1 10 r1"]
    gone = told.last
    assert gone is not None
    told.settle(26 + DAY_US / MINUTE_US)
    assert told.state.first_us is not None, "it came back after the deletion"


def test_the_kernel_asks_to_be_woken_to_forget_a_deleted_contact() -> None:
    told = Told("{when: a, wait: 10m}")
    told.settle(6, event(0, "1"), event(5, "x", "contact.deleted"))
    for minutes in (65, 125):
        assert told.last is not None
        assert told.last.next_timer_us == T + minutes * MINUTE_US + 1
        told.last = advance(told.rules, told.state, [], told.last.next_timer_us)
        told.state = told.last.state
    assert told.last is not None
    assert told.last.next_timer_us is None
    nothing = State("c1", evaluated_to_us=told.state.evaluated_to_us, from_us=told.state.from_us)
    assert told.state == replace(nothing, ended_us=T + 5 * MINUTE_US, ended_times=1)


def test_without_a_horizon_nothing_is_kept_and_nothing_corrected() -> None:
    told = Told(CART, lateness_us=0)
    assert told.settle(70, event(0, "1")) == ["fired 1 60 r0"]
    assert told.settle(70, event(69, "2", "b")) == []
    assert told.last is not None
    assert len(told.last.late) == 1
    assert (told.state.since, told.state.from_us) == (None, None)


def test_what_is_given_stays_as_it_was_also_what_was_revoked() -> None:
    told = Told(CART)
    told.settle(70, event(0, "1"))
    assert told.settle(75, event(30, "2")) == ["revoked 1 60 r1"]
    before = encode(told.state)
    for _ in range(2):
        rows = advance(told.rules, told.state, [], T + 90 * MINUTE_US).decisions
        assert [shown(row) for row in rows] == ["fired 1 90 r2"]
    assert encode(told.state) == before


@pytest.mark.parametrize("back", [True, False])
def test_a_horizon_that_is_taken_away_takes_no_revision_along(*, back: bool) -> None:
    told = Told(CART)
    told.settle(70, event(0, "1"))
    assert told.settle(75, event(30, "2")) == ["revoked 1 60 r1"]
    told.rules = program(CART, lateness_us=0)
    assert told.settle(80) == []
    if back:
        told.rules = program(CART)
    assert told.settle(90) == ["fired 1 90 r2"]
    assert told.settle(160) == []
    assert told.state.since is None


def test_rules_that_were_edited_without_a_version_go_on_with_revisions_and_what_is_replaced() -> None:
    for late, wanted in (
        ([event(30, "2")], "fired 1 90 r2"),
        ([event(20, "2", "b"), event(30, "3")], "fired 3 90 r0 replaces 1"),
    ):
        told = Told(CART)
        told.settle(70, event(0, "1"))
        assert told.settle(75, *late) == ["revoked 1 60 r1"]
        told.rules = program(CART.replace("{", "{priority: 60, ", 1))
        assert told.settle(80) == []
        assert told.settle(90) == [wanted]


def test_a_longer_horizon_begins_where_the_shorter_one_had_forgotten() -> None:
    told = Told(CART)
    told.settle(70, event(0, "1"))
    told.settle(140)
    told.rules = program(CART, lateness_us=DAY_US)
    assert told.settle(140, event(30, "2", "b")) == []
    assert told.last is not None
    assert len(told.last.late) == 1
    assert told.settle(140, event(85, "3")) == []
    assert told.last.corrected == 1


def test_a_contact_keeps_no_more_for_corrections_than_a_limit_and_says_so() -> None:
    told = Told(program(CART, limits={"correction_bytes": 2_000}))
    cut = []
    for i in range(120):
        told.settle(i / 8, event(i / 8 - 0.1, f"e{i:03}", note="x" * 20))
        assert told.last is not None
        cut.append(told.last.horizon_cut)
        assert len(encode(told.state)) < 8_000
    assert 1 < sum(cut) < 30
    told.settle(15)
    late = event(1, "late", "b")
    assert told.settle(15, late) == []
    assert told.last is not None
    assert told.last.late == (late,)
    assert told.settle(90) == ["fired e000 74.775 r0"], "all else is decided as ever"


def test_a_state_does_not_grow_with_the_number_of_its_wakes() -> None:
    told = Told("{when: a, wait: 30m}", lateness_us=5 * HOUR_US)
    for i in range(400):
        told.settle(i / 4, *([event(i / 4 - 0.1, f"e{i:03}")] if i % 4 == 0 else []))
        told.settle(i / 4 + 0.1)
    assert told.state.since is not None
    assert len(told.state.since.chunks) < 40
    assert told.settle(100, event(20, "late", "b")) == [], "and still corrects"
    assert told.last is not None
    assert told.last.corrected == 0, "nobody needs a b"
    assert told.settle(100, event(20, "late")) == []
    assert told.last.corrected == 1


def test_what_was_revoked_counts_in_what_a_contact_keeps_and_goes_when_it_is_cut() -> None:
    rules = "{when: a, wait: 1m, per: p, unless: {event: b, same: p}, include: {note: note}}"
    told = Told(program(rules, lateness_us=DAY_US, limits={"correction_bytes": 20_000}))
    for i in range(120):
        told.settle(3 * i + 2, event(3 * i, f"e{i:03}", p=i, note="x" * 900))
        told.settle(3 * i + 2, event(3 * i + 0.5, f"f{i:03}", "b", p=i))
        assert len(encode(told.state)) < 40_000
    assert told.state.since is None or len(told.state.since.revoked) < 25
