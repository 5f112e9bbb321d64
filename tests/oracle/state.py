"""What the walk through a contact's life carries: episodes, candidates, firings; and the row a decision leaves."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle import clock
from tests.oracle.history import Event
from tests.oracle.language import Rule
from tests.oracle.values import canonical, number_text, plain, value_at
from tests.oracle.waits import Due

Place = tuple[str, str]


@dataclass(eq=False)
class Episode:
    """What one opening event began: `newest` arms now, `last` was counted last. Edges have no pending part.

    `rule` is the rule of the version in force; `date` what an `until` of the event waits for; `fired` says whether a
    reminder that was sent has fired (`False in fired`), or one that is only watched would have (`True in fired`).
    """

    rule: Rule
    key: str
    opener: Event | None
    newest: Event | None
    last: Event | None
    include: dict[str, Any]
    count: int = 1
    pending: dict[int, Due] = field(default_factory=dict)
    decided: set[int] = field(default_factory=set)
    date_done: date | None = None
    date: Any = None
    fired: set[bool] = field(default_factory=set)
    reference: Any = None
    """Of a change of an item: the value it was measured by."""

    @property
    def place(self) -> Place:
        return (self.rule.id, self.key)


@dataclass(eq=False)
class Candidate:
    """Something due: what the gates are asked about.

    `release` is set once it was deferred, by `held_for`; `slot` is the reminder, -1 where an event was refused for
    lack of room; `lower` marks a threshold crossed together with a higher one, `crossing` says of any which time it is;
    `silent` is an exit that is not emitted.
    """

    episode: Episode
    kind: str
    due: int
    slot: int = 0
    occurrence: date | None = None
    threshold: Fraction | None = None
    release: int | None = None
    lower: bool = False
    silent: bool = False
    held_for: str = ""
    crossing: list[Any] | None = None

    @property
    def rule(self) -> Rule:
        return self.episode.rule

    @property
    def order(self) -> tuple[Any, ...]:
        """The order in which candidates of one instant pass the gates; ties by the order they arose."""
        rule, threshold = self.rule, self.threshold or Fraction(0)
        return (-rule.priority, rule.id, self.episode.key.encode(), self.slot, threshold, self.due)


@dataclass(frozen=True)
class Firing:
    """A candidate that fired (held out, or only watched: that would have), with what its rule was then."""

    rule_id: str
    key: str
    at: int
    watched: bool
    group: str | None
    transactional: bool
    channel: str | None = None
    counts: bool = True
    """Whether caps count it: of what one digest lists only one."""


@dataclass(eq=False)
class Life:
    """Everything remembered of a contact but its events; `contact.deleted` and `contact.merged` begin a new one."""

    episodes: dict[Place, Episode] = field(default_factory=dict)
    held: dict[Place, Candidate] = field(default_factory=dict)
    caused: list[Candidate] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    opened: set[tuple[str, str, int]] = field(default_factory=set)
    completions: dict[Place, int] = field(default_factory=dict)
    refused_starts: set[tuple[str, int]] = field(default_factory=set)
    counted: dict[Place, list[Event]] = field(default_factory=dict)
    members: dict[str, bool] = field(default_factory=dict)
    entered_fired: dict[tuple[str, bool], bool] = field(default_factory=dict)
    entered_held_out: dict[tuple[str, bool], bool] = field(default_factory=dict)
    round_end: int | None = None

    @property
    def alive(self) -> dict[Place, Episode]:
        """Every episode that has something pending or deferred, by its place."""
        return {**{place: held.episode for place, held in self.held.items()}, **self.episodes}

    def forget_rule(self, name: str) -> None:
        """Nothing is known any more of what the rule was waiting for, of its chains and totals."""
        for by_place in (self.episodes, self.held, self.completions, self.counted):
            for place in [each for each in by_place if each[0] == name]:
                del by_place[place]
        self.refused_starts = {each for each in self.refused_starts if each[0] != name}
        self.members.pop(name, None)


def included(rule: Rule, properties: dict[str, Any], attributes: dict[str, Any], most: int) -> dict[str, Any]:
    """The author's fields, from an arming event's properties and the contact's attributes, cut to `most` bytes."""
    fields = {name: _included(path, properties, attributes) for name, path in rule.include.items()}
    cut: list[str] = []
    most = most // rule.digest[0] if rule.digest else most
    while len(canonical(fields).encode()) > most:
        left = [name for name in rule.include if fields[name] is not None]
        if not left:
            break
        cut.append(min(left, key=lambda name: (-len(canonical(fields[name]).encode()), name)))
        fields |= {cut[-1]: None, "~cut": sorted(cut)}
    return fields


def _included(path: str | list[Any], properties: dict[str, Any], attributes: dict[str, Any]) -> Any:
    if isinstance(path, list):
        return path[0]
    if path.startswith("contact."):
        return value_at(path.removeprefix("contact."), attributes)
    return value_at(path, properties)


def row(candidate: Candidate, decision: str, reason: str | None, fired_at: int | None) -> dict[str, Any]:
    """The decision as the tests compare it."""
    episode, rule, threshold = candidate.episode, candidate.rule, candidate.threshold
    opener, last = episode.opener, episode.last
    listed = rule.wait is not None and rule.wait.listed and candidate.slot >= 0
    return {
        "rule_id": rule.id,
        "kind": candidate.kind,
        "time_us": candidate.due,
        "fired_at_us": fired_at,
        "instance": _instance(episode),
        "threshold": None if threshold is None else number_text(threshold),
        "reminder": candidate.slot if listed else None,
        "occurrence": candidate.occurrence.isoformat() if candidate.occurrence else None,
        "events": events_of(opener, last, episode.count),
        "include": plain(episode.include),
        "decision": decision,
        "reason": reason,
        "outranked_by": None,
        "opener": _began(candidate),
    }


def named(winner: dict[str, Any]) -> list[Any]:
    """What distinguishes the winner of a round from the others of its instant; it may be a row of a host."""
    return [winner["rule_id"], winner["instance"] or {}, winner["reminder"], winner["events"], winner["decision"]]


def no_room(
    event: Event, version: int, name: str = "contact:attributes", instance: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The row of an update that the contact has no room for, or of a list that is too long: it concerns no rule."""
    return {
        "rule_id": name,
        "kind": "fired",
        "time_us": event.time,
        "fired_at_us": None,
        "instance": instance or {},
        "threshold": None,
        "reminder": None,
        "occurrence": None,
        "events": events_of(event, event, 1),
        "include": {},
        "decision": "suppressed",
        "reason": "limit",
        "opener": [event.id, event.time, event.type],
        "ruleset": version,
        "rule_of": version,
        "partial_history": False,
        "variant": None,
        "channel": None,
    }


def events_of(opener: Event | None, last: Event | None, count: int) -> dict[str, Any] | None:
    """The field `events` of a row."""
    if opener is None or last is None:
        return None
    times = {"first_time": clock.rfc3339(opener.time), "last_time": clock.rfc3339(last.time)}
    return {"first": opener.id, "last": last.id, "count": count, **times}


def _began(candidate: Candidate) -> Any:
    """What began it: the event that opened the episode, or which time it is that a threshold is crossed."""
    opener = candidate.episode.opener
    if candidate.crossing is not None:
        return candidate.crossing
    return [opener.id, opener.time, opener.type] if opener else "expiry"


def _instance(episode: Episode) -> dict[str, Any]:
    """The `per` values; of a refused event that lacks one, nothing."""
    source = episode.opener.properties if episode.opener and episode.key != "{}" else {}
    return {path: plain(value_at(path, source)) for path in episode.rule.per} if source else {}
