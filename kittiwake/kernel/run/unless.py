"""`unless`: which events disarm which episodes, and what disarming is.

Called by `run.dispatch` for events, and by `run.wait` for what opens at an instant that several events share.
"""

from __future__ import annotations

from collections.abc import Callable

from kittiwake.kernel.evaluate.catalog import item_text
from kittiwake.kernel.evaluate.match import Attributes, Properties, key_values, question_of
from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.routes import Route
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.reactions import Handler
from kittiwake.kernel.run.shared_instant import Wanted
from kittiwake.kernel.state.state import Instance, RuleState
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import Path, canonical, lookup


def disarming(route: Route) -> Handler:
    """What disarms what an `unless` event disarms, and remembers it for episodes opened at this instant."""
    index, waits = route.rule_index, route.rule.wait is not None
    wants = [_wanting(match, route.rule) for match in route.unless]
    always = any(match.where is None and not match.same for match in route.unless)

    def handle(run: Execution, event: Event) -> None:
        state = run.rules[index]
        shared = run.shared_instant
        if shared is None and (state is None or not state.instances):
            return
        wanted: list[Wanted] = [[]]
        if not always:
            wanted = [found for want in wants if (found := want(event.properties, run.attributes)) is not None]
            if not wanted:
                return
        if waits and shared is not None:
            shared.unless_taken.setdefault(index, []).append((event, wanted, shared.family_of(event)))
        for key, one in _live(state):
            if (always or _is_met(wanted, newest_same(one))) and not _is_of_family(run, index, key):
                disarm(run, index, key, one, event)

    return handle


def _is_of_family(run: Execution, index: int, key: str) -> bool:
    """Whether the event that is being taken is derived, or derived from, and one of its family opened the episode."""
    shared = run.shared_instant
    if shared is None or shared.family is None:
        return False
    return shared.family in shared.opened.get((index, key), ())


def _live(state: RuleState | None) -> list[tuple[str, Instance]]:
    """The instances of which something is pending or deferred; how they came to be must not show in their order."""
    if state is None:
        return []
    found = [pair for pair in state.instances.items() if pair[1].episode is not None or pair[1].held is not None]
    if len(found) > 1:
        found.sort()
    return found


def _wanting(match: Match, rule: RuleProgram) -> Callable[[Properties, Attributes], Wanted | None]:
    """What an alternative of `unless` wants of an episode it disarms; it answers None where it does not match."""
    asked, paths = question_of((match,)), match.own_same
    indices = [rule.same.index(path) for path in match.same]

    def want(properties: Properties, attributes: Attributes) -> Wanted | None:
        if asked is not None and not asked(properties, attributes):
            return None
        if not paths:
            return []
        values = _item_in(properties, paths[0]) if match.of_item else key_values(paths, properties)
        return None if values is None else list(zip(indices, values, strict=True))

    return want


def _item_in(properties: Properties, path: Path) -> list[str] | None:
    """The item that a property names, as `same` compares it."""
    item = item_text(lookup(properties, path))
    return None if item is None else [canonical(item)]


def _is_met(wanted: list[Wanted], same: list[str]) -> bool:
    """Whether the `same` values are what one of the alternatives wants."""
    return any(all(same[at] == value for at, value in one) for one in wanted)


def newest_same(one: Instance) -> list[str]:
    """The `same` values of what is pending or deferred."""
    if one.episode is not None:
        return one.episode.same
    assert one.held is not None, "only asked of what is pending or deferred"
    return one.held.candidate.same


def disarm(run: Execution, index: int, key: str, one: Instance, event: Event) -> None:
    """End the instance's episode; its deferred candidate leaves `cancelled: unless`."""
    if run.trace is not None and one.episode is not None:
        dues_us = [reminder.due_us for reminder in one.episode.reminders]
        run.note(StepKind.DISARMED, index, key, why="unless", event_id=event.event_id, dues_us=dues_us)
    one.episode = None
    if one.held is not None:
        run.decide(index, key, one.held.candidate, Outcome.CANCELLED, Reason.UNLESS)
        one.held = None


def disarm_at_once(run: Execution, index: int, key: str, one: Instance, newest: Event) -> None:
    """Disarm an episode opened at this instant that an event taken earlier at this instant is an `unless` of."""
    shared = run.shared_instant
    assert shared is not None
    opened = shared.opened.get((index, key), ())
    for event, wanted, family in shared.unless_taken.get(index, ()):
        episode = one.episode
        if episode is None or event is newest or family in opened:
            continue
        if _is_met(wanted, episode.same):
            disarm(run, index, key, one, event)
