"""What a new version does to the state, and how a contact is forgotten (semantics.md, 11.4, 11.5, 11.8 and 12)."""

from tests.oracle.ages import NEVER
from tests.oracle.arming import Arming
from tests.oracle.history import Event
from tests.oracle.language import Rule
from tests.oracle.state import Candidate, Episode, Life
from tests.oracle.values import key_of


class Changing(Arming):
    """One contact's state at the instants at which rules change, and at which nothing of it is left."""

    def come_into_force(self) -> None:
        """If a version begins now, carry over what is the same in it and let go of all else."""
        before = self.rules
        if self.version == self.ages.at(self.now):
            return
        self.version = self.ages.at(self.now)
        fresh = [rule for rule in self.rules if not self.ages.goes_on(rule)]
        kept = {rule.id: rule for rule in self.rules if rule not in fresh}
        for rule in before:
            if rule.id in kept:
                self._carry_over(kept[rule.id])
            else:
                self._let_go(rule, "rule_changed" if rule.id in {each.id for each in fresh} else "rule_removed")
        if not self.ages.stream:
            self._rehearse(fresh)
        for rule in fresh:
            self.life.members[rule.id] = self.life.entered_fired.get((rule.id, self.watches(rule)), False)

    def _carry_over(self, rule: Rule) -> None:
        """What is pending or deferred stays as it is; all else is asked of the rule's new text."""
        held = [each.episode for each in self.life.held.values()]
        for episode in [*self.life.episodes.values(), *held]:
            if episode.rule.id == rule.id:
                episode.rule = rule

    def _let_go(self, rule: Rule, reason: str) -> None:
        """Each pending reminder and what is deferred leaves its row; chains and totals are forgotten."""
        self._cancel([each for each in self._waiting() if each.rule is rule], reason)
        self.life.forget_rule(rule.id)

    def _waiting(self) -> list[Candidate]:
        """All that is deferred, and all that is pending."""
        found = list(self.life.held.values())
        for episode in self.life.episodes.values():
            found += self._pending(episode)
        return found

    def _pending(self, episode: Episode) -> list[Candidate]:
        return [
            Candidate(episode, "fired", due.at, slot=slot, occurrence=due.occurrence)
            for slot, due in episode.pending.items()
        ]

    def _cancel(self, candidates: list[Candidate], reason: str) -> None:
        for candidate in candidates:
            self.write(candidate, "cancelled", reason)

    # -- the whole history, in a batch ---------------------------------------------------------------------------

    def _rehearse(self, fresh: list[Rule]) -> None:
        """Let new look-backs take the events so far, as if they had been remembering all the time.

        Those of earlier lives too, for the thresholds they used up.
        """
        now, position = self.now, self.position
        self.rehearsing = True
        for event in self.history.known(position):
            self.now, self.position = event.time, event.index + 1
            for rule in self.rules:
                self._rehearse_conditions(rule, event)
            for rule in fresh:
                self._rehearse_rule(rule, event)
        self.rehearsing, self.now, self.position = False, now, position

    def _rehearse_conditions(self, rule: Rule, event: Event) -> None:
        """Record the event in the conditions that were introduced just now."""
        for condition in rule.conditions:
            if self.ages.of_condition(condition).introduced == self.version:
                self.history.record_in(condition, event)

    def _rehearse_rule(self, rule: Rule, event: Event) -> None:
        """Take the event as a step of the rule's sequence and into its totals; nothing is opened and nothing fires."""
        key = key_of(rule.per, event.properties)
        if rule.audience is not None or rule.catalog is not None or key is None:
            return
        startable = self._may_start(rule, event, key)
        matched = self._is_when(rule, event, key)
        room = startable and self.history.was_recorded(rule, event)
        counts = rule.reaches and key_of(rule.same, event.properties) is not None
        if matched and room and counts and self._amount(rule, event) is not None and self._room(rule, key):
            self.life.counted.setdefault((rule.id, key), []).append(event)

    # -- retention -----------------------------------------------------------------------------------------------

    @property
    def end_of_retention(self) -> int | None:
        """When the contact is forgotten, or what stays of it, if nothing more happens; `None`: never."""
        known = self.history.known(self.position)
        if not known:
            return None
        newest, alive = known[-1].time, self.history.alive(self.position)
        end = self.ages.forgotten_at(newest) if alive else self.ages.profile_forgotten_at(newest)
        return None if end == NEVER else end

    def forget_if_due(self) -> None:
        """At the end of retention what waits is cancelled and what the contact did is gone; at its profile's, all."""
        if self.end_of_retention != self.now:
            return
        wholly = self.ages.profile_forgotten_at(self.history.known(self.position)[-1].time) <= self.now
        stays = [] if wholly else [each for each in self._waiting() if _outlives(each.rule)]
        self._cancel([each for each in self._waiting() if wholly or not _outlives(each.rule)], "forgotten")
        before, self.life = self.life, Life()
        if not wholly:
            places = {each.episode.place for each in stays}
            self.life.episodes = {place: each for place, each in before.episodes.items() if place in places}
            self.life.held = {place: each for place, each in before.held.items() if place in places}
            self.life.firings, self.life.counted = before.firings, before.counted
        self.history.forget(self.position, wholly=wholly)


def _outlives(rule: Rule) -> bool:
    """Whether the rule waits for a date of the contact that comes again."""
    wait = rule.wait
    return wait is not None and wait.kind == "until" and wait.of_contact and wait.repeat is not None
