"""The walk from instant to instant: what ends, what happens, what that causes (rules.md section 2)."""

from bisect import bisect_right
from zoneinfo import ZoneInfo

from tests.oracle import clock
from tests.oracle.ages import ALWAYS, NEVER
from tests.oracle.catalog import Change
from tests.oracle.history import Event, History, Order
from tests.oracle.language import Rule
from tests.oracle.state import Candidate, Episode, Life, included, no_room
from tests.oracle.watching import Watching


class Walk(Watching):
    """One contact's life under the versions of a rule set."""

    def __init__(self, history: History, account: str, contact: str) -> None:
        super().__init__(history, account, contact)
        self._looks = self._look_instants()
        self._changes: list[Change] = [*history.changes]

    def settle(self, until: int) -> None:
        """Settle every instant up to and at `until`; what is then deferred leaves `deferred`."""
        while (now := self._next_instant()) is not None and now <= until:
            self.now = now
            self._settle_instant()
        self.now = until
        for held in self.life.held.values():
            self.write(held, "deferred", held.held_for)

    def _settle_instant(self) -> None:
        self.life.opened.clear()
        self.instant_start = self.position
        self.come_into_force()
        for rule in self._audiences():
            self._look(rule, None)
        self.gate_together(self._take_due(), 1)
        self.forget_if_due()
        events = self.history.events
        while self.position < len(events) and events[self.position].time == self.now:
            first = events[events[self.position].family]
            self._take_changes((first.time, first.id, first.type))
            self.position += 1
            self._take(events[self.position - 1])
        self._take_changes((self.now + 1, "", ""))
        self.gate_together(self._take_due(), 2)

    def _take_changes(self, before: Order) -> None:
        """Take the changes of items that come before a place in the order."""
        while self._changes and self._changes[0].order < before:
            self.take_change(self._changes.pop(0))

    def _next_instant(self) -> int | None:
        events, place = self.history.events, bisect_right(self._looks, self.now)
        instants = [event.time for event in events[self.position : self.position + 1]] + self._looks[place : place + 1]
        instants += [change.time for change in self._changes[:1]]
        instants += [due.at for episode in self.life.episodes.values() for due in episode.pending.values()]
        instants += [held.release for held in self.life.held.values() if held.release is not None]
        instants += [version.start for version in self.ages.versions if version.start > self.now]
        instants += [end for end in [self.end_of_retention] if end is not None]
        found = min(instants, default=None)
        assert found is None or found > self.now
        return found

    def _take_due(self) -> list[Candidate]:
        """What is due now: waits that end, releases, and what was caused at this instant."""
        due, self.life.caused = self.life.caused, []
        for episode in self.life.episodes.values():
            for slot, each in list(episode.pending.items()):
                if each.at <= self.now:
                    del episode.pending[slot]
                    due.append(Candidate(episode, "fired", each.at, slot=slot, occurrence=each.occurrence))
        for place, held in list(self.life.held.items()):
            if held.release is not None and held.release <= self.now:
                due.append(self.life.held.pop(place))
        return due

    def _take(self, event: Event) -> None:
        if event.type in ("contact.deleted", "contact.merged"):
            return self._end_contact(event.type.removeprefix("contact."))
        if event.refused:
            self.rows.append(no_room(event, self.version))
        if event.type == "contact.updated":
            self.recompute(event)
        for rule in self.rules:
            if rule.audience is None:
                self.apply(rule, event)
        self.rows += [no_room(event, self.version, f"derive:{kind}", {"each": path}) for kind, path in event.cut]
        for rule in self._audiences():
            if not self.history.record(rule, event):
                self.leave_limit(rule, event, None, "entered")
            self._look(rule, event)
        return None

    def _end_contact(self, reason: str) -> None:
        """Empty the state: what was deferred, or caused earlier at this instant, is cancelled."""
        self.position -= 1  # what is cancelled is that of the contact as it was known before
        for candidate in (*self.life.held.values(), *self.life.caused):
            if not candidate.silent:
                self.write(candidate, "cancelled", reason)
        self.position += 1
        self.life = Life()

    # -- audiences ---------------------------------------------------------------------------------------------

    def _audiences(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.audience is not None]

    def _look_instants(self) -> list[int]:
        """Every instant at which an audience's look-back may end, and at which one may be ready."""
        found: set[int] = set()
        for rule in (rule for version in self.ages.versions for rule in version.rules if rule.audience is not None):
            found |= {*self.planned(rule), *(end for _, end in self.look_backs(rule))}
            for leaf in rule.conditions:
                spans = [each.length for each in self.ages.of_condition(leaf).spans]
                matching = [each.time for each in self.history.events if self.history.matches(leaf.matches, each)]
                looks = spans if leaf.within is None else [leaf.within, leaf.near]
                found |= {at + span for at in matching for span in looks}
                if leaf.period is not None:
                    found |= {clock.period_end(at, zone, leaf.period) for at in matching for zone in self._zones()}
        return sorted(each for each in found if ALWAYS < each < NEVER)

    def _zones(self) -> set[ZoneInfo]:
        """Every zone that the contact may ever be in."""
        named = {clock.zone_of(event.attributes.get("timezone")) for event in self.history.events}
        return {each for each in named if each} | {version.zone for version in self.ages.versions}

    def _member(self, rule: Rule) -> bool:
        """Membership, a function of the events taken and the instant alone."""
        begun = self.history.life(self.position) < self.position
        return begun and self.holds(rule.audience or {}, None)

    def _look(self, rule: Rule, cause: Event | None) -> None:
        """Look whether the contact crossed the audience's edge; at its ready instant every member enters."""
        member, was = self._member(rule) or self._cannot_tell(rule), self.life.members.get(rule.id, False)
        self.life.members[rule.id] = member
        at_ready = cause is None and self.now == self.ready(rule)
        if member and (at_ready or not was):
            self._edge(rule, "entered", cause)
        elif was and not member:
            self._edge(rule, "exited", cause)

    def _cannot_tell(self, rule: Rule) -> bool:
        """Whether a contact that has entered stays a member, since the rule lacks what would say otherwise."""
        entered = self.life.entered_fired.get((rule.id, self.watches(rule)), False)
        decides = self.ages.versions[rule.version].policy.effective
        return entered and not decides and self.now < self.lacks_until(rule)

    def _edge(self, rule: Rule, kind: str, cause: Event | None) -> None:
        episode = Episode(
            rule, "{}", cause, None, cause, included(rule, {}, self.attributes, self.history.limits["include_bytes"])
        )
        silent = kind not in rule.emits
        self.life.caused.append(Candidate(episode, kind, self.now, silent=silent))
