"""Every word of the closed vocabularies is the outcome of at least one drawing."""

from __future__ import annotations

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.time.instants import DAY_US
from tests.kernel.timeline import START, SYMBOLS, at, program, timeline

OF_CORRECTIONS = {Outcome.REVOKED}
OF_CORRECTIONS_AND_VERSIONS = {Reason.LATE_EVENT, Reason.RULE_CHANGED, Reason.RULE_REMOVED}
"""One history under one version has none of these: see test_corrections and test_versions."""

DRAWINGS: dict[tuple[Outcome, Reason | None], tuple[str, str, str]] = {
    (Outcome.FIRED, None): ("{when: a}", "does A\nr !", ""),
    (Outcome.SUPPRESSED, Reason.NOT_READY): ("{when: a, live_from: '2026-12-01T00:00:00Z'}", "does A\nr r", ""),
    (Outcome.SUPPRESSED, Reason.NO_CONSENT): ("{when: a}", "does A\nr n", "consent: {purpose: x, default: withdrawn}"),
    (Outcome.SUPPRESSED, Reason.HOLDOUT): ("{when: a}", "does A\nr h", "holdout: {percent: 100, salt: x}"),
    (Outcome.SUPPRESSED, Reason.REENTRY): ("{when: a, reentry: once}", "does AA\nr !e", ""),
    (Outcome.SUPPRESSED, Reason.FREQUENCY_CAP): ("{when: a}", "does AA\nr !f", "frequency: {max: 1, per: day}"),
    (Outcome.SUPPRESSED, Reason.EXPIRED): (
        "{when: a, expires: 15m}",
        "does A..\nr ..x",
        "quiet_hours: {from: '23:00', to: '00:30'}",
    ),
    (Outcome.SUPPRESSED, Reason.SHADOW): ("{when: a, mode: shadow}", "does A\nr s", ""),
    (Outcome.SUPPRESSED, Reason.SUPERSEDED): (
        "{when: a, reaches: {count: true, at: [0.5, 1]}}",
        "does A\nr v\nr !",
        "",
    ),
    (Outcome.SUPPRESSED, Reason.LIMIT): ("{when: a, wait: {field: n, unit: weeks, default: 0s}}", "does A\nr l", ""),
    (Outcome.SUPPRESSED, Reason.NOT_ENTERED): (
        "{audience: {present: a, within: 15m}, emits: [entered, exited], live_from: '2026-11-02T00:15:00Z'}",
        "does A.\nr ro",
        "",
    ),
    (Outcome.CANCELLED, Reason.UNLESS): (
        "{when: a, unless: b}",
        "does AB\nr .u",
        "quiet_hours: {from: '23:00', to: '00:30'}",
    ),
    (Outcome.CANCELLED, Reason.EXITED): (
        "{audience: {present: a, within: 15m}, transactional: false}",
        "does A.\nr .w",
        "quiet_hours: {from: '23:00', to: '00:30'}",
    ),
    (Outcome.CANCELLED, Reason.DELETED): ("{when: a}", "does A\ndoes X\nr k", ""),
    (Outcome.CANCELLED, Reason.MERGED): ("{when: a}", "does A\ndoes M\nr m", ""),
    (Outcome.CANCELLED, Reason.FORGOTTEN): ("{when: a, wait: 1h}", "does A.\nr .g", "retention: 15m"),
    (Outcome.DEFERRED, Reason.QUIET_HOURS): (
        "{when: a}",
        "does A\nr d",
        "quiet_hours: {from: '23:00', to: '00:30'}",
    ),
}


@pytest.mark.parametrize("wanted", DRAWINGS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_every_outcome_has_a_drawing(wanted: tuple[Outcome, Reason | None]) -> None:
    rule, drawing, policy = DRAWINGS[wanted]
    letters = {"A": {"n": 9_000}, "X": {"type": "contact.deleted"}, "M": {"type": "contact.merged", "into": "c-42"}}
    decisions = timeline(rule, drawing, policy=policy, **letters)
    assert wanted in {(one.decision, one.reason) for one in decisions}


def test_every_outcome_and_every_reason_is_drawn() -> None:
    assert {outcome for outcome, _ in DRAWINGS} == set(Outcome) - OF_CORRECTIONS
    assert {reason for _, reason in DRAWINGS} - {None} == set(Reason) - OF_CORRECTIONS_AND_VERSIONS
    assert {(key[0], key[1]) for key in SYMBOLS} == set(DRAWINGS)


def test_every_kind_is_drawn() -> None:
    decisions = timeline(
        """
        - {id: r, when: a}
        - {id: vip, audience: {present: a, within: 15m}, emits: [entered, exited]}
        """,
        """
        does  A..
        r     !..
        vip   ><.
        """,
    )
    assert {one.kind for one in decisions} == set(Kind)


# ---------------------------------------------------------------- the trace

STEPS = program(
    """
    - {id: cart, when: a, wait: [15m, 30m], unless: b, per: p, given: {count: a, within: 1d, lte: 2}}
    - {id: counting, when: a, wait: 1h, restart: false, per: p}
    - {id: chain, when: {sequence: [a, c], within: 1d}}
    - {id: total, when: a, reaches: {count: true, at: [2]}}
    - {id: dated, when: c, wait: {until: contact.day}}
    - {id: member, audience: {present: a, within: 15m}}
    """,
    "quiet_hours: {from: '22:00', to: '00:10'}",
    limits={"keys": 2},
)


def history() -> list[Event]:
    """Something of everything."""
    written = [
        ("a", {"p": 1}),
        ("a", {"p": 1}),
        ("a", {"p": 2}),
        ("a", {"p": 3}),
        ("a", {}),
        ("a", {"p": 2}),
        ("contact.updated", {"day": "2026-11-05"}),
        ("c", {}),
        ("contact.updated", {"day": "2026-11-06"}),
        ("b", {}),
        ("contact.updated", {"day": None}),
    ]
    start = at(START)
    events = [
        Event(start + i * 60_000_000, f"{i:02}", name, properties) for i, (name, properties) in enumerate(written)
    ]
    return [*events, Event(start + 1, "00", "a", {"p": 1})]


def test_every_step_of_a_trace_is_taken_in_one_history_and_each_names_what_it_says() -> None:
    before = advance(STEPS, new_state("c1"), history(), at(START) + 3_600_000_000, trace=True)
    late = [Event(at(START) - 1, "beyond", "a"), Event(at(START), "late", "a"), history()[0]]
    after = advance(STEPS, before.state, late, at(START) + 401 * DAY_US, trace=True)
    steps = [*before.trace, *after.trace]
    assert {step.kind for step in steps} == set(StepKind) - {StepKind.IN_FORCE}, "see test_versions for that one"
    assert [step.time_us for step in before.trace] == sorted(step.time_us for step in before.trace)
    for kind, wanted in DETAILS.items():
        found = [step for step in steps if step.kind is kind]
        assert all(wanted <= set(step.details) for step in found), (kind, found[0].details)


DETAILS = {
    StepKind.EVENT: {"event_id", "type", "properties"},
    StepKind.DUPLICATE: {"event_id", "type"},
    StepKind.LATE: {"event_id", "type"},
    StepKind.LACKS: {"event_id", "paths", "what"},
    StepKind.RECORDED: {"event_id", "condition"},
    StepKind.NO_ROOM: {"event_id", "what"},
    StepKind.PREFIX: {"event_id", "step", "of", "within_us", "started_us"},
    StepKind.COMPLETED: {"event_id", "started_us"},
    StepKind.GIVEN: {"condition", "value", "holds"},
    StepKind.REFUSED: {"event_id"},
    StepKind.ARMED: {"event_id", "dues_us"},
    StepKind.RESTARTED: {"event_id", "dues_us", "count"},
    StepKind.COUNTED: {"event_id", "count"},
    StepKind.MOVED: {"event_id", "due_us"},
    StepKind.DISARMED: {"event_id", "why"},
    StepKind.TOTAL: {"event_id", "before", "after", "next"},
    StepKind.MEMBERSHIP: {"member", "values", "cause"},
    StepKind.DUE: {"time_us", "reminder", "threshold", "occurrence", "kind"},
    StepKind.GATE: {"gate", "passes"},
    StepKind.DEFERRED: {"release_us"},
    StepKind.CORRECTED: {"event_id", "type", "time_us"},
    StepKind.DECISION: {"trigger_id", "decision", "reason", "kind", "time_us", "threshold", "reminder"},
}


def test_a_trace_shows_every_decision_and_none_is_built_when_it_is_not_asked_for() -> None:
    advanced = advance(STEPS, new_state("c1"), history(), at(START) + 3_600_000_000, trace=True)
    told = [step.details["trigger_id"] for step in advanced.trace if step.kind is StepKind.DECISION]
    assert told == [one.trigger_id for one in advanced.decisions]
    assert told
    assert advance(STEPS, new_state("c1"), history(), at(START) + 3_600_000_000).trace == ()


def test_the_gates_of_a_trace_end_with_the_first_that_refuses() -> None:
    policy = (
        "live_from: 2026-01-01T00:00:00Z\nconsent: {purpose: x, default: withdrawn}\nholdout: {percent: 100, salt: y}"
    )
    rules = program("{when: a}", policy)
    advanced = advance(rules, new_state("c1"), [Event(at(START), "1", "a")], at(START) + 1, trace=True)
    asked = [(s.details["gate"], s.details["passes"]) for s in advanced.trace if s.kind is StepKind.GATE]
    assert asked == [("not_ready", True), ("no_consent", False)], "re-entry is not set, the holdout comes near the end"
