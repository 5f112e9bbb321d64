"""The trace: every step is taken in one history, and says what it names."""

from __future__ import annotations

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.time.instants import DAY_US
from tests.kernel.programs import START, at, program

STEPS = program(
    """
    - {id: cart, when: a, wait: [15m, 30m], unless: b, per: p, given: {count: a, within: 1d, lte: 2}}
    - {id: counting, when: a, wait: 1h, restart: false, per: p, still: {present: a}}
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
    assert {step.kind for step in steps} == set(StepKind) - ELSEWHERE
    assert [step.time_us for step in before.trace] == sorted(step.time_us for step in before.trace)
    for kind, wanted in DETAILS.items():
        found = [step for step in steps if step.kind is kind]
        assert all(wanted <= set(step.details) for step in found), (kind, found[0].details)


ELSEWHERE = {StepKind.IN_FORCE, StepKind.REPEAT, StepKind.INTERESTED, StepKind.CHANGED}
"""See test_versions, test_preparation and test_catalog."""

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
    StepKind.STILL: {"time_us", "condition", "value", "holds"},
    StepKind.REFUSED: {"event_id"},
    StepKind.ARMED: {"event_id", "dues_us", "reminders"},
    StepKind.RESTARTED: {"event_id", "dues_us", "reminders", "count"},
    StepKind.COUNTED: {"event_id", "count"},
    StepKind.MOVED: {"event_id", "dues_us", "reminders"},
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
