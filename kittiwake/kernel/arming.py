"""What an event brings to an episode: its ids, `same` values and `include`, and candidates made of them.

Pure. Called by every pattern kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kittiwake.kernel.matching import Attributes, missing_paths, reader
from kittiwake.kernel.program import RuleProgram
from kittiwake.kernel.run import Caused, Run
from kittiwake.kernel.state import Candidate, Episode, Reminder
from kittiwake.kernel.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.values import canonical, lookup

FIRED: Final = Kind.FIRED


def included(rule: RuleProgram, event: Event | None, attributes: Attributes) -> str:
    """Canonical JSON of the author's fields, taken at `event`; a missing path is null."""
    if not rule.include:
        return "{}"
    properties = {} if event is None else event.properties
    return canonical({one.name: lookup(attributes if one.of_contact else properties, one.path) for one in rule.include})


def including(rule: RuleProgram) -> Callable[[Event, Attributes], str]:
    """`included` of a rule's events, as a function."""
    fields = [(one.name, reader(one.path), one.of_contact) for one in rule.include]

    def include(event: Event, attributes: Attributes) -> str:
        properties = event.properties
        return canonical({name: value_at(attributes if of else properties) for name, value_at, of in fields})

    return include if fields else lambda _, __: "{}"


def candidate_of_event(run: Run, rule: RuleProgram, event: Event, same: list[str], kind: Kind) -> Candidate:
    """A candidate due at the event's own time."""
    include = included(rule, event, run.attributes)
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
    )


def cause(run: Run, index: int, key: str, candidate: Candidate, *, superseded: bool = False) -> None:
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


def refuse_for_room(run: Run, index: int, key: str, event: Event, what: str) -> None:
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


def lacks(run: Run, index: int, key: str | None, event: Event, what: str) -> None:
    """Note that an event does not arm, for it lacks something."""
    rule = run.program.rules[index]
    if run.trace is not None and not rule.foreseen:
        paths = missing_paths(rule.per + rule.same, event.properties)
        run.note(StepKind.LACKS, index, key, event_id=event.event_id, what=what, paths=paths)
