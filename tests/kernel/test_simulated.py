"""Histories that the simulator found, each as small as it made them."""

from __future__ import annotations

from typing import Any

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US


def versions_of(*drafts: tuple[int | None, dict[str, Any]]) -> Versions:
    documents = [(start, load_document({"account": "acme", "timezone": "UTC", **draft})) for start, draft in drafts]
    return compile_versions(documents, "acme", whole_history=False)


def happened(name: str, time_us: int) -> Event:
    return Event(time_us, name, "cart.added")


def test_a_restart_under_a_shorter_wait_falls_due_in_time_in_one_call_too() -> None:
    rule = {"id": "r", "when": "cart.added"}
    versions = versions_of((None, {"rules": [{**rule, "wait": "2h"}]}), (HOUR_US, {"rules": [{**rule, "wait": "30m"}]}))
    events = [happened("e1", HOUR_US - MINUTE_US), happened("e2", HOUR_US)]
    (row,) = advance(versions, new_state("ann"), events, DAY_US).decisions
    assert row.fired_at_us == row.time_us == HOUR_US + 30 * MINUTE_US


def test_a_wake_is_asked_for_the_version_after_one_that_changes_nothing() -> None:
    rules = {"rules": [{"id": "r", "when": "cart.added", "wait": "9d"}]}
    versions = versions_of((None, rules), (DAY_US, rules), (2 * DAY_US, {"rules": []}))
    assert advance(versions, new_state("ann"), [happened("e1", 0)], 1).next_timer_us == 2 * DAY_US


def test_a_wake_is_asked_for_the_shorter_silence_of_a_version_to_come() -> None:
    rules = {"rules": [{"id": "r", "when": "cart.added", "wait": "9d"}]}
    versions = versions_of((None, rules), (DAY_US, {**rules, "policy": {"retention": "3d"}}))
    assert advance(versions, new_state("ann"), [happened("e1", 0)], 1).next_timer_us == 3 * DAY_US


def test_what_fires_no_more_is_not_stale() -> None:
    rules = {"rules": [{"id": "r", "when": "cart.added"}], "policy": {"frequency": [{"max": 1, "per": "1d"}]}}
    versions = versions_of((None, rules))
    first = advance(versions, new_state("ann"), [happened("e2", MINUTE_US)], HOUR_US, clock_us=9 * DAY_US)
    assert [row.stale for row in first.decisions] == [True]
    second = advance(versions, first.state, [happened("e1", 0)], HOUR_US, clock_us=9 * DAY_US)
    assert [(row.decision, row.reason, row.stale) for row in second.decisions] == [
        (Outcome.FIRED, None, True),
        (Outcome.SUPPRESSED, Reason.FREQUENCY_CAP, False),
    ]
