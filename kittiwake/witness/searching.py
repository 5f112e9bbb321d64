"""Finds witnesses: histories are built, varied and decided by the kernel until one does as wanted; then it is cut down.

Pure. Called by `kittiwake witness`. Bounded: what is not found is either impossible, and why is said, or was not found
among so many histories, which is said too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from kittiwake.event_types import GRANTED, WITHDRAWN
from kittiwake.explain.model import only_rules
from kittiwake.input.events import TIME_MIN_US
from kittiwake.kernel import decide_history
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.scenarios.player import Player, default_start_us
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from kittiwake.witness.building import Events, histories, in_order, matches_of
from kittiwake.witness.model import CONTACT, Happening, History, Missing, Witness
from kittiwake.witness.values import assignments, is_complete_for

TRIES_MAX: Final = 1_500
"""Histories that are decided for one witness: some seconds."""
BASES_MAX: Final = 300
"""Of them those that are to make the rule fire, before anything is varied."""
SPAN_US: Final = 800 * DAY_US
"""How long a history is decided on after it has armed the rule: a yearly date, or silence of a year."""
OTHERS_MAX: Final = 24
"""Other rules of which is looked for what they do to this one."""
CONTACTS_MAX: Final = 1_000
"""Contacts among whom one of the holdout or the rollout, or one outside of it, is looked for."""
HELD: Final = frozenset({Reason.QUIET_HOURS, Reason.ARBITRATION, Reason.FEED_SILENT, Reason.FLOODED})
"""Gates that hold a candidate, and let it go later."""
EACH_HOUR: Final = (0, *(hour * HOUR_US for hour in range(1, 24)))


class Search:
    """Looks for the witnesses of one rule."""

    def __init__(self, program: Program, rule_id: str) -> None:
        """The rule is one of the program."""
        self._program = program
        self._rule = next(rule for rule in program.rules if rule.rule_id == rule_id)
        self._tried = 0
        self._firing: Witness | None = None
        self._zero_us = default_start_us(program)
        if self._rule.ready_us is not None:
            days = -(-max(0, self._rule.ready_us - self._zero_us) // DAY_US)
            self._zero_us += (days + (1 if days else 0)) * DAY_US

    @property
    def gates(self) -> tuple[Reason, ...]:
        """The gates that can refuse the rule, in their order."""
        return self._program.gates[self._program.rules.index(self._rule)]

    # ------------------------------------------------------------ what is wanted

    def fires(self) -> Witness | Missing:
        """A history by which the rule fires."""
        why = self._never()
        if why is not None:
            return Missing(None, why, True, 0)
        bases = (History(events, self._zero_us) for events in islice(self._bases(self._rule), BASES_MAX))
        self._firing = self._first(chain(bases, self._varied(EACH_HOUR[1:]), self._of_others()), None)
        return self._firing or Missing(None, self._nearest(), False, self._tried)

    def refused(self, gate: Reason) -> Witness | Missing:
        """A history by which a gate refuses a candidate of the rule."""
        why = self._never_by(gate)
        if why is not None:
            return Missing(gate, why, True, 0)
        self._tried = 0
        return self._first(self._for(gate), gate) or Missing(gate, "", False, self._tried)

    def _nearest(self) -> str:
        """How far the simplest history came, and what it would have taken."""
        events = next(self._bases(self._rule), ())
        player = Player(as_versions(self._program), CONTACT, self._zero_us - SPAN_US)
        for one in events_of(History(events, self._zero_us), self._program.account_id):
            player.pass_to(one.time_us)
            player.add_event(one.type, one.properties, item_id=one.item_id)
        player.pass_to(player.clock_us + SPAN_US)
        rules = only_rules(player.explanation(), frozenset({self._rule.rule_id})).rules
        misses = [miss for rule in rules for miss in rule.nearest]
        return f"{misses[-1].what}; it would have taken: {misses[-1].needed}" if misses else ""

    def _for(self, gate: Reason) -> Iterator[History]:
        if self._never() is not None and self._rule.mode is not Mode.SHADOW:
            return
        match gate:
            case Reason.CONDITION_UNMET:
                yield from (
                    History(one, self._zero_us)
                    for one in histories(self._program, self._rule, self._zero_us, still=False)
                )
            case Reason.NO_CONSENT:
                yield from self._without_consent()
            case Reason.REENTRY | Reason.FREQUENCY_CAP | Reason.OUTRANKED | Reason.ARBITRATION:
                yield from self._repeated()
                yield from self._beside_others()
            case Reason.HOLDOUT | Reason.ROLLOUT:
                yield from self._of_others()
            case Reason.NOT_READY:
                yield from self._early()
        yield from self._varied(EACH_HOUR)

    def _never(self) -> str | None:
        """Why no history at all makes the rule fire; None: nothing proves it."""
        if self._rule.mode is Mode.SHADOW:
            return "its mode is shadow: it is decided, and never sent. Write mode: live"
        holdout = self._program.policy.holdout
        if holdout is not None and self._rule.holdout and holdout.percent >= 100:
            return (
                "the policy's holdout is everybody: nobody is sent anything. Write a smaller percent, or holdout: false"
            )
        rollout = self._rule.rollout
        if rollout is not None and rollout.percent <= 0:
            return "nobody is in its rollout: nobody is sent anything. Write a percent above 0"
        matches = list(matches_of(self._rule))
        if matches and not any(_may_match(match) for match in matches):
            return "no event can be as its where asks: what it asks for contradicts itself"
        return None

    def _never_by(self, gate: Reason) -> str | None:
        """Why a gate never refuses the rule; None: nothing proves it."""
        arbitration = self._program.policy.arbitration
        longest_us = DAY_US + HOUR_US + (0 if arbitration is None else arbitration.within_us)
        if gate is Reason.EXPIRED and self._rule.expires_us >= longest_us:
            return f"nothing holds it for as long as {format_duration(self._rule.expires_us)}, when it expires"
        if gate in (Reason.FEED_SILENT, Reason.FLOODED):
            does = "feed is silent" if gate is Reason.FEED_SILENT else "type is flooded"
            return f"it asks for the events of all contacts, and a history here is of one: no {does} in it"
        return None

    # ------------------------------------------------------------ histories

    def _bases(self, rule: RuleProgram) -> Iterator[Events]:
        return histories(self._program, rule, self._zero_us)

    def _own(self, number: int) -> Iterator[Events]:
        """What makes the rule fire, if that is known, then guesses."""
        if self._firing is not None:
            yield self._firing.history.events
        yield from islice(self._bases(self._rule), number)

    def _varied(self, shifts_us: Iterable[int]) -> Iterator[History]:
        for events in self._own(12):
            yield from (History(events, self._zero_us + shift_us) for shift_us in shifts_us)

    def _of_others(self) -> Iterator[History]:
        """The same of other contacts."""
        zero_us = self._zero_us if self._firing is None else self._firing.history.zero_us
        for events in islice(self._own(1), 1):
            yield from (History(events, zero_us, f"c{number}") for number in range(1, CONTACTS_MAX))

    def _without_consent(self) -> Iterator[History]:
        consent = self._program.asked[self._program.rules.index(self._rule)].consent
        for events in self._own(12):
            without = tuple(one for one in events if one.type != GRANTED)
            yield History(without, self._zero_us)
            if consent is not None:
                withdrawn = Happening(-DAY_US, WITHDRAWN, {"purpose": consent.purpose})
                yield History(in_order((*without, withdrawn)), self._zero_us)

    def _repeated(self) -> Iterator[History]:
        """The same again and again, at several distances."""
        most = max((cap.max_fired for cap in self._program.policy.caps), default=1)
        for events in self._own(6):
            span_us = self._fired_at_us() - min((one.at_us for one in events), default=0)
            apart = (MINUTE_US, HOUR_US, 3 * HOUR_US, 8 * HOUR_US, DAY_US, 3 * DAY_US)
            for apart_us in (*apart, span_us + MINUTE_US, span_us + HOUR_US, span_us + DAY_US):
                for times in sorted({2, 3, min(most + 1, 12)}):
                    repeated = (_later(events, number * apart_us) for number in range(times))
                    yield History(in_order(chain.from_iterable(repeated)), self._zero_us)

    def _beside_others(self) -> Iterator[History]:
        """Together with what makes other rules fire."""
        rules = [one.rule_id for one in self._program.rules if one is not self._rule and not one.foreseen]
        found: list[tuple[Events, int]] = []
        for rule_id in rules[:OTHERS_MAX]:
            search = Search(self._program, rule_id)
            one = search.fires()
            if isinstance(one, Witness):
                found.append((one.history.events, self._fired_at_us() - search._fired_at_us()))
        zero_us = self._zero_us if self._firing is None else self._firing.history.zero_us
        for own in islice(self._own(1), 2):
            for shift_us in (0, -MINUTE_US, -HOUR_US, -5 * HOUR_US, MINUTE_US, HOUR_US):
                moved = [_later(other, by_us + shift_us) for other, by_us in found]
                yield from (History(in_order((*own, *other)), zero_us) for other in moved)
                yield History(in_order((*own, *chain.from_iterable(moved))), zero_us)

    def _fired_at_us(self) -> int:
        """When the rule fires after it is armed, as far as that is known."""
        return 0 if self._firing is None else self._firing.until_us - 1 - self._firing.history.zero_us

    def _early(self) -> Iterator[History]:
        """Before the rule is ready."""
        for events in self._own(6):
            for days in (1, 2, 8, 40, 400):
                yield History(events, (self._rule.ready_us or self._zero_us) - days * DAY_US)

    # ------------------------------------------------------------ deciding

    def _first(self, tried: Iterable[History], gate: Reason | None) -> Witness | None:
        """The first history that does as wanted, cut down."""
        for history in islice(tried, TRIES_MAX):
            self._tried += 1
            until_us = self._met(history, gate)
            if until_us is not None:
                return self._cut_down(history, gate)
        return None

    def _met(self, history: History, gate: Reason | None) -> int | None:
        """Up to when a history has to be decided to do as wanted; None: it does not."""
        end_us = max((one.at_us for one in history.events), default=0) + history.zero_us + SPAN_US
        decisions = self._decide(history, end_us)
        if gate in HELD:
            for one in decisions:
                if one.decided_us > one.time_us and self._is_held(history, one.time_us + 1, gate):
                    return one.time_us + 1
        for one in decisions:
            if one.reason is gate and (gate is not None or one.decision is Outcome.FIRED) and one.decided_us < end_us:
                return one.decided_us + 1
        return None

    def _is_held(self, history: History, until_us: int, gate: Reason | None) -> bool:
        return any(one.decision is Outcome.DEFERRED and one.reason is gate for one in self._decide(history, until_us))

    def _decide(self, history: History, until_us: int) -> list[Decision]:
        """The decisions of the rule."""
        events = events_of(history, self._program.account_id)
        if any(event.time_us < TIME_MIN_US for event in events):
            return []
        joined = of_contact(self._program, events, history.contact_id)
        found = decide_history(as_versions(self._program), history.contact_id, joined, until_us)
        return sorted(
            (one for one in found.decisions if one.rule_id == self._rule.rule_id), key=lambda one: one.decided_us
        )

    def _cut_down(self, history: History, gate: Reason | None) -> Witness:
        """Without every event, and every property, that can be missed."""
        at = 0
        while at < len(history.events):
            without = history._replace(events=history.events[:at] + history.events[at + 1 :])
            if self._met(without, gate) is not None:
                history = without
            else:
                at += 1
        for at, event in enumerate(history.events):
            for name in list(event.properties):
                rest = {key: value for key, value in history.events[at].properties.items() if key != name}
                events = (*history.events[:at], history.events[at]._replace(properties=rest), *history.events[at + 1 :])
                if self._met(history._replace(events=events), gate) is not None:
                    history = history._replace(events=events)
        until_us = self._met(history, gate)
        assert until_us is not None, "it does as wanted"
        return Witness(gate, history, until_us, tuple(self._decide(history, until_us)))


def events_of(history: History, account_id: str) -> list[Event]:
    """The events of a history as the kernel takes them."""
    return [
        Event(
            history.zero_us + one.at_us,
            f"e{number:04d}",
            one.type,
            dict(one.properties),
            account_id,
            None if one.item_id is not None else history.contact_id,
            one.item_id,
        )
        for number, one in enumerate(history.events, 1)
    ]


def _may_match(match: Match) -> bool:
    """Whether an event may match, for all that is known."""
    if match.where is None or next(assignments(match.where), None) is not None:
        return True
    return not is_complete_for(match.where)


def _later(events: Events, by_us: int) -> Events:
    """The events again, so much later."""
    return tuple(one._replace(at_us=one.at_us + by_us) for one in events)
