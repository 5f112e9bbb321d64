"""What was expected against what was decided.

Pure. Called by scenarios, which expect everything that was decided, and by `kittiwake.testing.Story`,
which expects one decision at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from kittiwake.explain.wording import listed, moment_words, value_words
from kittiwake.kernel.evaluate.digest import listed_in
from kittiwake.model import Decision
from kittiwake.reasons import Kind, Outcome
from kittiwake.rules.source.tree import Mark
from kittiwake.scenarios.times import shows, time_of_day_us, whole_instant
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical, parse_json


class Known(NamedTuple):
    """What it takes to compare."""

    zone: str
    """The contact's."""
    rule_ids: Mapping[str, str] = {}
    """By trigger id: whose decision it is, of all that were emitted."""


class Expectation(NamedTuple):
    """One decision that is expected."""

    verb: str
    """One of `models.VERBS`."""
    rule_id: str
    fields: Mapping[str, Any]
    """Further fields of `models.Expected` that it must have."""
    mark: Mark | None = None
    """Where it is written, if it stands in a line of its own."""

    def __str__(self) -> str:
        shown = [f"{name} {_shown(value)}" for name, value in self.fields.items()]
        return ", ".join([f"{self.verb} {self.rule_id}", *shown])


class Difference(NamedTuple):
    """A field of a decision that is not as expected."""

    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.wanted}, found {self.found}"


class Comparison(NamedTuple):
    """All that was expected against all that was decided."""

    missing: tuple[Expectation, ...] = ()
    """Expected, and nothing like it was decided."""
    differing: tuple[tuple[Expectation, Decision, tuple[Difference, ...]], ...] = ()
    """Expected, and the decision of the rule that comes nearest."""
    unexpected: tuple[Decision, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether everything was as expected."""
        return not (self.missing or self.differing or self.unexpected)


def compare(expected: Iterable[Expectation], decided: Iterable[Decision], known: Known) -> Comparison:
    """Pair expectations with decisions, in any order: equal ones first, then the nearest of the same rule."""
    left, missing = list(decided), []
    for one in expected:
        found = next((decision for decision in left if not differences(one, decision, known)), None)
        if found is None:
            missing.append(one)
        else:
            left.remove(found)
    differing = []
    for one in list(missing):
        near = nearest(one, left, known)
        if near is not None:
            missing.remove(one)
            left.remove(near)
            differing.append((one, near, tuple(differences(one, near, known))))
    return Comparison(tuple(missing), tuple(differing), tuple(left))


def nearest(expectation: Expectation, decided: Iterable[Decision], known: Known) -> Decision | None:
    """The decision of the expected rule that differs least."""
    same_rule = [decision for decision in decided if decision.rule_id == expectation.rule_id]
    return min(same_rule, key=lambda one: len(differences(expectation, one, known)), default=None)


def differences(expectation: Expectation, decision: Decision, known: Known) -> list[Difference]:
    """What of a decision is not as expected; nothing if it is the one."""
    found = (
        [] if decision.rule_id == expectation.rule_id else [Difference("rule", expectation.rule_id, decision.rule_id)]
    )
    if not _is_verb(expectation.verb, decision):
        found.append(Difference("decision", expectation.verb, verb_of(decision)))
    for name, wanted in expectation.fields.items():
        difference = _compared(name, wanted, decision, known)
        if difference is not None:
            found.append(difference)
    return found


def decided_us(decision: Decision) -> int:
    """When a decision was taken; of a candidate still held, when it fell due."""
    return decision.time_us if decision.decision is Outcome.DEFERRED else decision.decided_us


def verb_of(decision: Decision) -> str:
    """The verb that expects a decision."""
    fired = decision.decision is Outcome.FIRED
    return str(decision.kind) if fired else str(decision.decision)


def decision_words(decision: Decision, zone: str, near_us: int | None = None) -> str:
    """A decision in one line."""
    words = [f"{verb_of(decision)} {decision.rule_id} at {moment_words(decided_us(decision), zone, near_us)}"]
    if decision.reason is not None:
        words.append(f"reason {decision.reason}")
    if decision.instance != "{}":
        words.append(f"instance {decision.instance}")
    for name in ("threshold", "reminder", "occurrence", "variant"):
        value = getattr(decision, name)
        if value is not None:
            words.append(f"{name} {value}")
    if decision.digest is not None:
        words.append(f"lists {canonical([one['instance'] for one in listed_in(decision)])}")
    if decision.late:
        words.append(f"late, revision {decision.revision}")
    if decision.partial_history:
        words.append("partial_history")
    return ", ".join(words)


def _is_verb(verb: str, decision: Decision) -> bool:
    if verb in (Kind.ENTERED, Kind.EXITED):
        return decision.decision is Outcome.FIRED and decision.kind == verb
    return decision.decision == verb


# ---------------------------------------------------------------- fields


def _compared(name: str, wanted: Any, decision: Decision, known: Known) -> Difference | None:
    if name in _TIMES:
        time_us, zone = _TIMES[name](decision), known.zone
        if shows(wanted, time_us, zone):
            return None
        return Difference(name, _time_words(wanted, zone), moment_words(time_us, zone))
    if name in _OBJECTS:
        return _compared_objects(name, wanted, _OBJECTS[name](decision))
    if name == REPLACES:
        return _compared_replaced([wanted] if isinstance(wanted, str) else wanted, decision, known)
    if name == OUTRANKED_BY:
        winner = known.rule_ids.get(decision.outranked_by or "", decision.outranked_by)
        return None if winner == wanted else Difference(name, wanted, _shown(winner))
    found = _SCALARS[name](decision)
    return None if canonical(found) == canonical(wanted) else Difference(name, _shown(wanted), _shown(found))


def _compared_replaced(wanted: Iterable[str], decision: Decision, known: Known) -> Difference | None:
    """As many of every rule as are expected, in any order."""
    found = sorted(known.rule_ids.get(trigger_id, trigger_id) for trigger_id in decision.replaces)
    return None if found == sorted(wanted) else Difference(REPLACES, _names(sorted(wanted)), _names(found))


def _names(rule_ids: list[str]) -> str:
    return listed(rule_ids) or "nothing"


def _time_words(wanted: str, zone: str) -> str:
    """A time that was expected, by the clock by which the one that was found is shown."""
    if time_of_day_us(wanted) is not None:
        return wanted
    return moment_words(parse_instant(whole_instant(wanted)), zone)


def _compared_objects(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Difference | None:
    """Only the names that are expected count."""
    for key, value in wanted.items():
        if key not in found or canonical(found[key]) != canonical(value):
            there = value_words(found[key]) if key in found else "nothing"
            return Difference(f"{name}.{key}", value_words(value), there)
    return None


def _events(decision: Decision) -> dict[str, Any]:
    events = decision.events
    return {} if events is None else {"count": events.count, "first": events.first, "last": events.last}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


_TIMES: Final[dict[str, Callable[[Decision], int]]] = {"at": decided_us, "due": lambda one: one.time_us}
_OBJECTS: Final[dict[str, Callable[[Decision], dict[str, Any]]]] = {
    "instance": lambda one: parse_json(one.instance),
    "include": lambda one: parse_json(one.include),
    "events": _events,
}
_SCALARS: Final[dict[str, Callable[[Decision], Any]]] = {
    "reason": lambda one: _text(one.reason),
    "kind": lambda one: str(one.kind),
    "threshold": lambda one: one.threshold,
    "reminder": lambda one: one.reminder,
    "occurrence": lambda one: _text(one.occurrence),
    "variant": lambda one: one.variant,
    "channel": lambda one: one.channel,
    "late": lambda one: one.late,
    "revision": lambda one: one.revision,
    "partial_history": lambda one: one.partial_history,
    "lists": lambda one: [each["instance"] for each in listed_in(one)],
}
REPLACES: Final = "replaces"
OUTRANKED_BY: Final = "outranked_by"

FIELDS: Final = (*_TIMES, *_OBJECTS, *_SCALARS, REPLACES, OUTRANKED_BY)
"""Fields an expectation may name."""


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else value_words(value)
