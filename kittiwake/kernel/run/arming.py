"""Candidates: what an event or a deadline brings before the gates, and what it is refused for.

Called by every construct.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.kernel.evaluate.include import included
from kittiwake.kernel.evaluate.match import SINGLE, missing_paths
from kittiwake.kernel.plan.program import ATTRIBUTES_RULE
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.run.unusable import refuse_keys, refuse_wait
from kittiwake.kernel.state.state import Candidate, Episode, Instance, Reminder
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause, Kind, Outcome, Reason

FIRED: Final = Kind.FIRED

NO_VALUES: Final[list[str]] = []
"""The `same` values of a candidate of no rule; never changed."""


def candidate_of_event(run: Execution, rule: RuleProgram, event: Event, same: list[str], kind: Kind) -> Candidate:
    """A candidate due at the event's own time."""
    include = included(rule, event, run.attributes, run.program.limits.include_bytes)
    return _candidate_now(run, event, same, kind, include)


def _candidate_now(run: Execution, event: Event, same: list[str], kind: Kind, include: str) -> Candidate:
    now_us, event_id = run.now_us, event.event_id
    return Candidate(
        kind, now_us, event_id, now_us, event_id, 1, include, same, opened_type=run.type_of(event), last_us=now_us
    )


def candidate_of_reminder(episode: Episode, reminder: Reminder) -> Candidate:
    """The candidate an episode's reminder becomes when it falls due."""
    return Candidate(
        FIRED,
        reminder.due_us,
        episode.opened_id,
        episode.opened_us,
        episode.last_id,
        episode.count,
        episode.include,
        episode.same,
        reminder.index if episode.numbered else None,
        None,
        reminder.occurrence,
        episode.opened_type,
        episode.last_us,
        reference=episode.reference,
    )


def pending_candidates(one: Instance) -> Iterator[Candidate]:
    """What is pending or deferred of an instance, as the candidates that it will not become."""
    if one.held is not None:
        yield one.held.candidate
    if one.episode is not None:
        for reminder in one.episode.reminders:
            yield candidate_of_reminder(one.episode, reminder)


def cause(run: Execution, index: int, key: str, candidate: Candidate, *, superseded: bool = False) -> None:
    """Put a candidate before the gates of this instant."""
    run.caused.append(Caused(index, key, candidate, superseded))
    if run.trace is not None:
        run.note(
            StepKind.DUE,
            index,
            key,
            time_us=candidate.due_us,
            reminder=candidate.reminder,
            threshold=candidate.threshold,
            occurrence=candidate.occurrence,
            kind=str(candidate.kind),
        )


def refuse_for_room(run: Execution, index: int, key: str, event: Event, what: str) -> None:
    """Leave `suppressed: limit` for an event the rule has no room for, once."""
    rule = run.program.rules[index]
    if rule.foreseen or (run.refused is not None and run.refused[0] == index and run.refused[1] is event):
        return
    run.refused = (index, event)
    if run.trace is not None:
        run.note(StepKind.NO_ROOM, index, key, event_id=event.event_id, what=what)
    kind = Kind.ENTERED if rule.audience else Kind.FIRED
    candidate = candidate_of_event(run, rule, event, [], kind)
    run.decide(index, key, candidate, Outcome.SUPPRESSED, Reason.LIMIT, limit=True)


def refuse_update(run: Execution, event: Event) -> None:
    """Leave `suppressed: limit` for a `contact.updated` that a contact has no room for (semantics 12.8)."""
    refuse_event(run, ATTRIBUTES_RULE, SINGLE, event, "attributes")


def refuse_event(run: Execution, rule_id: str, key: str, event: Event, what: str) -> None:
    """Leave `suppressed: limit` for an event that is too much, whatever the rules."""
    candidate = _candidate_now(run, event, NO_VALUES, FIRED, "{}")
    if run.trace is not None:
        run.note(StepKind.NO_ROOM, None, None, event_id=event.event_id, what=what)
    run.refuse(rule_id, key, candidate)


def lacks(run: Execution, index: int, key: str | None, event: Event, what: str) -> None:
    """Note that an event does not arm, for it lacks something: `per`, `same`, `wait unusable` or `wait past`."""
    rule = run.program.rules[index]
    if what == "per":
        refuse_keys(run, index, Clause.PER, rule.per, event)
    elif what == "same":
        refuse_keys(run, index, Clause.SAME, rule.same, event)
    elif what == "wait unusable":
        refuse_wait(run, index, rule.wait, event)
    if run.trace is not None and not rule.foreseen:
        paths = missing_paths(rule.per + rule.same, event.properties)
        run.note(StepKind.LACKS, index, key, event_id=event.event_id, what=what, paths=paths)
