"""From due to fired: the gates, deferral, and what a decision does to its episode (rules.md section 4)."""

import hashlib
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock, waits
from tests.oracle.history import History
from tests.oracle.language import Cap, Rule, RuleSet
from tests.oracle.state import Candidate, Episode, Firing, Life, row


class Gates:
    """One contact's walk as far as the gates see it: `now`, and how many events have been taken."""

    def __init__(self, rules: RuleSet, history: History, account: str, contact: str) -> None:
        self.policy = rules.policy
        self.rules = rules.rules
        self.account_zone = rules.zone
        self.history = history
        self.max_wait = history.limits["max_wait_us"]
        self.subject = f"{account}:{contact}"
        self.life = Life()
        self.rows: list[dict[str, Any]] = []
        self.now = 0
        self.position = 0

    @property
    def attributes(self) -> dict[str, Any]:
        """The contact's attributes after the events taken."""
        return self.history.attributes(self.position)

    @property
    def zone(self) -> ZoneInfo:
        """The contact's zone in force, else the account's."""
        return clock.zone_of(self.attributes.get("timezone")) or self.account_zone

    def gate_together(self, candidates: Iterable[Candidate]) -> None:
        """Let the candidates of one instant pass in their order."""
        together = sorted(candidates, key=lambda each: each.order)
        for candidate in together:
            self._gate(candidate)
        for candidate in together:
            self.end_if_over(candidate.episode)

    def _gate(self, candidate: Candidate) -> None:
        if candidate.kind == "exited":
            return self._gate_exit(candidate)
        first_time = candidate.release is None
        reason = "superseded" if candidate.lower else self._refusal(candidate)
        if candidate.kind == "entered":
            self.life.entered_fired[candidate.rule] = reason == self._passed(candidate.rule)
        if reason == "quiet_hours":
            self._defer(candidate)
        else:
            self._decide(candidate, reason)
        if first_time:
            self._next_occurrence(candidate)
        return None

    def _passed(self, rule: Rule) -> str | None:
        """The reason of a candidate that passed every gate."""
        return "shadow" if rule.shadow else None

    # -- the gates ---------------------------------------------------------------------------------------------

    def _refusal(self, candidate: Candidate) -> str | None:
        """The first gate that refuses now, or `None`."""
        rule, policy = candidate.rule, self.policy
        if rule.ready is not None and candidate.due < rule.ready:
            return "not_ready"
        if policy.purpose is not None and not self._consents():
            return "no_consent"
        if policy.holdout_percent is not None and self._held_out(policy.holdout_percent):
            return "holdout"
        if self._too_soon_again(candidate):
            return "reentry"
        if not rule.transactional and policy.quiet and clock.is_quiet(self.now, self.zone, *policy.quiet):
            return "quiet_hours"
        if not rule.transactional and any(self._used_up(cap, rule) for cap in policy.caps):
            return "frequency_cap"
        if self.now != candidate.due and self.now - candidate.due >= rule.expires:
            return "expired"
        return self._passed(rule)

    def _consents(self) -> bool:
        return self.history.consents(self.position, self.policy.purpose or "", self.policy.consent_default)

    def _held_out(self, percent: Fraction) -> bool:
        digest = hashlib.sha256(f"{self.policy.holdout_salt}:{self.subject}".encode()).digest()
        return int.from_bytes(digest[:8], "big") * 100 < percent * 2**64

    def _too_soon_again(self, candidate: Candidate) -> bool:
        episode = candidate.episode
        if episode.fired and candidate.occurrence is None:
            return False
        return any((each.rule, each.key) == episode.place and self._remembers(each) for each in self.life.firings)

    def _remembers(self, firing: Firing) -> bool:
        """Whether the firing still counts for re-entry now."""
        rule = firing.rule
        if rule.reentry == "always":
            return False
        return self.now < firing.at + (rule.keep if rule.reentry == "once" else clock.duration(rule.reentry))

    def _used_up(self, cap: Cap, rule: Rule) -> bool:
        if cap.group is not None and cap.group != rule.group:
            return False
        return sum(self._counts(cap, firing) for firing in self.life.firings) >= cap.maximum

    def _counts(self, cap: Cap, firing: Firing) -> bool:
        rule = firing.rule
        if rule.shadow or rule.transactional or (cap.group is not None and cap.group != rule.group):
            return False
        if cap.calendar is None:
            return firing.at > self.now - cap.span
        return clock.period(firing.at, self.zone, cap.calendar) == clock.period(self.now, self.zone, cap.calendar)

    # -- outcomes ----------------------------------------------------------------------------------------------

    def _gate_exit(self, candidate: Candidate) -> None:
        """An exit cancels a deferred entry; emitted, it fires if and only if the last entry did."""
        rule = candidate.rule
        entered = self.life.held.pop(candidate.episode.place, None)
        if entered is not None:
            self.write(entered, "cancelled", "exited")
        if candidate.silent:
            return
        if not self.life.entered_fired.get(rule, False):
            self.write(candidate, "suppressed", "not_entered")
        elif rule.shadow:
            self.write(candidate, "suppressed", "shadow")
        else:
            self.write(candidate, "fired", None)

    def _defer(self, candidate: Candidate) -> None:
        """Hold the candidate until quiet hours end; what was held in its place is superseded."""
        assert self.policy.quiet is not None
        place = candidate.episode.place
        older = self.life.held.get(place)
        candidate.release = clock.quiet_end(self.now, self.zone, *self.policy.quiet)
        self.life.held[place] = candidate
        if older is not None:
            self._decide(older, "superseded")

    def _decide(self, candidate: Candidate, reason: str | None) -> None:
        """The final decision of a candidate that was gated."""
        episode = candidate.episode
        if reason == self._passed(candidate.rule):
            self.life.firings.append(Firing(candidate.rule, episode.key, self.now))
            episode.fired = True
        self.write(candidate, "fired" if reason is None else "suppressed", reason)
        episode.decided.add(candidate.slot)

    def write(self, candidate: Candidate, decision: str, reason: str | None) -> None:
        """Leave the row of a decision made now."""
        self.rows.append(row(candidate, decision, reason, self.now if decision == "fired" else None))

    def _next_occurrence(self, candidate: Candidate) -> None:
        """After an occurrence was gated for the first time, the next one is pending."""
        wait, episode = candidate.rule.wait, candidate.episode
        if candidate.occurrence is None or wait is None or episode.newest is None:
            return
        episode.date_done = candidate.occurrence
        value = waits.target(wait, episode.newest.properties, self.attributes)
        due = waits.until(wait, value, self.zone, episode.date_done, self.now + 1)
        if isinstance(due, waits.Due) and not self.refused_as_too_late(episode, due):
            episode.pending[0] = due

    def refused_as_too_late(self, episode: Episode, due: waits.Due) -> bool:
        """Whether a due time worked out now lies too far ahead; if so it leaves `suppressed: limit`."""
        if due.at - self.now <= self.max_wait:
            return False
        self.write(Candidate(episode, "fired", due.at, occurrence=due.occurrence), "suppressed", "limit")
        episode.date_done = due.occurrence
        return True

    def end_if_over(self, episode: Episode) -> None:
        """Forget an episode that has nothing pending and nothing deferred."""
        held = self.life.held.get(episode.place)
        busy = episode.pending or (held is not None and held.episode is episode)
        if not busy and self.life.episodes.get(episode.place) is episode:
            del self.life.episodes[episode.place]
