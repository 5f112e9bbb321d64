"""From due to fired: the gates, deferral, and what a decision does to its episode (rules.md section 4)."""

import hashlib
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock, digests, waits
from tests.oracle.ages import ALWAYS, NEVER, Version, gone
from tests.oracle.feeds import flooded, silent_feeds
from tests.oracle.history import Event, History
from tests.oracle.language import PERIODS, Cap, Policy, Rule
from tests.oracle.needs import attributes_read
from tests.oracle.state import Candidate, Episode, Firing, Life, named, row
from tests.oracle.values import where_holds

HOLDING = ("feed_silent", "flooded", "quiet_hours", "arbitration")
"""Gates that defer."""


def would_fire(reason: str | None) -> bool:
    """Whether a candidate that was gated fires, or would but for rollout, holdout or shadow: it is remembered."""
    return reason in (None, "rollout", "holdout", "shadow")


class Gates:
    """One contact's walk as far as the gates see it: `now`, and how many events have been taken."""

    def __init__(self, history: History, account: str, contact: str) -> None:
        self.ages = history.ages
        self.history = history
        self.max_wait = history.limits["max_wait_us"]
        self.subject = f"{account}:{contact}"
        self.life = Life()
        self.rows: list[dict[str, Any]] = []
        self.now = ALWAYS
        self.version = self.ages.at(ALWAYS)
        self.position = 0
        self.winners: list[dict[str, Any]] = []

    @property
    def in_force(self) -> Version | None:
        """The version in force; `None` before the first."""
        return self.ages.versions[self.version] if self.version >= 0 else None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return self.in_force.rules if self.in_force else ()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.in_force.policy if self.in_force else Policy()

    @property
    def attributes(self) -> dict[str, Any]:
        """The contact's attributes after the events taken."""
        return self.history.attributes(self.position, self.version)

    @property
    def zone(self) -> ZoneInfo:
        """The contact's zone in force, else the account's."""
        return self.zone_with(self.attributes)

    def zone_with(self, attributes: dict[str, Any]) -> ZoneInfo:
        """The zone of a contact with these attributes, else the account's in force."""
        account = self.in_force.zone if self.in_force else ZoneInfo("UTC")
        return clock.zone_of(attributes.get("timezone")) or account

    def holds(self, tree: dict[str, Any], asker: Event | None) -> bool:
        """Whether the tree holds now, over the events taken; `asker` is the event whose keys `same` refers to."""
        ((name, parts),) = tree.items()
        match name:
            case "leaf":
                return self.history.holds(parts, self.position, self.now, asker)
            case "contact":
                return where_holds(parts, self.attributes, self.attributes)
            case "not":
                return not self.holds(parts, asker)
            case "all":
                return all(self.holds(part, asker) for part in parts)
            case _:
                return any(self.holds(part, asker) for part in parts)

    def gate_together(self, candidates: Iterable[Candidate], part: int) -> None:
        """Let the candidates of one part of an instant pass in their order."""
        self.winners = []
        together = sorted(candidates, key=lambda each: each.order)
        for name in dict.fromkeys(each.rule.id for each in together):
            of_rule = [each for each in together if each.rule.id == name]
            if of_rule[0].rule.digest:
                self._gate_digest(of_rule, part)
            else:
                for candidate in of_rule:
                    self._gate(candidate)
        for candidate in together:
            self.end_if_over(candidate.episode)

    def _gate(self, candidate: Candidate) -> None:
        if candidate.kind == "exited":
            return self._gate_exit(candidate)
        first_time = candidate.release is None
        reason = "superseded" if candidate.lower else self._refusal(candidate)
        if candidate.kind == "entered":
            which = candidate.rule.id, self.watches(candidate.rule)
            self.life.entered_fired[which] = would_fire(reason)
            self.life.entered_held_out[which] = reason == "holdout"
        if reason in HOLDING:
            self._defer(candidate, reason)
        else:
            self._decide(candidate, reason)
        if first_time:
            self._next_occurrence(candidate)
        return None

    # -- digests -----------------------------------------------------------------------------------------------

    def _gate_digest(self, candidates: list[Candidate], part: int) -> None:
        """Ask each candidate as if it were alone; what passes leaves in one trigger, which counts once."""
        passed: list[Candidate] = []
        fate = None
        for candidate in candidates:
            first_time, reason = candidate.release is None, self._refusal(candidate)
            if would_fire(reason):
                passed.append(candidate)
                fate = reason
            elif reason in HOLDING:
                self._defer(candidate, reason)
            else:
                self._decide(candidate, reason)
            if first_time:
                self._next_occurrence(candidate)
        if passed:
            self._leave_digest(passed, fate, part)

    def _leave_digest(self, passed: list[Candidate], reason: str | None, part: int) -> None:
        rule = passed[0].rule
        assert rule.digest
        newest, older = digests.newest_of_each(passed)
        for candidate in older:
            self._decide(candidate, "superseded")
        ranked = digests.best_first(newest)
        listed, entries, partial = ranked[: rule.digest[0]], [], False
        for candidate in ranked:
            self._decide(candidate, "digested" if candidate in listed else "unlisted")
            if candidate in listed:
                partial = partial or self.rows[-1]["partial_history"]
                entries.append(digests.entry(self.rows[-1]))
        of_best = self.rows[-len(ranked)]
        whole = of_best | {
            "time_us": self.now,
            "fired_at_us": self.now if reason is None else None,
            "instance": {},
            "reminder": None,
            "occurrence": None,
            "events": digests.events_of_all(listed),
            "decision": "fired" if reason is None else "suppressed",
            "reason": reason,
            "opener": ["digest", self.now, part],
            "partial_history": partial,
            "digest": {"count": len(ranked), "listed": entries},
        }
        for each in self.rows[-len(ranked) :]:
            each["digest_id"] = named(whole)
        self.rows.append(whole)
        watches = self.watches(rule)
        if not watches and not rule.transactional:
            self.winners.append(whole)
        for candidate in listed:
            key, counts = candidate.episode.key, candidate is listed[0]
            self.life.firings.append(
                Firing(rule.id, key, self.now, watches, rule.group, rule.transactional, rule.channel, counts)
            )
            candidate.episode.fired.add(watches)

    # -- the gates ---------------------------------------------------------------------------------------------

    def _refusal(self, candidate: Candidate) -> str | None:
        """The first gate that refuses now, or `None`."""
        rule, policy = candidate.rule, self.policy
        ready = self.ready(rule)
        if ready is not None and candidate.due < ready:
            return "not_ready"
        if rule.still is not None and not self.holds(rule.still, candidate.episode.newest):
            return "condition_unmet"
        consent = policy.consent_of(rule)
        if consent is not None and not self.history.consents(self.position, self.version, consent):
            return "no_consent"
        if self._too_soon_again(candidate):
            return "reentry"
        if self.now - candidate.due < rule.expires:
            if any(holds for _, holds in self._silent(rule)):
                return "feed_silent"
            if any(holds for _, holds in self._flooded(candidate)):
                return "flooded"
        quiet = policy.quiet_of(rule)
        if not rule.transactional and quiet and clock.is_quiet(self.now, self.zone, quiet):
            return "quiet_hours"
        if not rule.transactional and policy.arbitration and candidate.release is None:
            return "arbitration"
        if not rule.transactional and not self.watches(rule) and policy.arbitration and self._is_outranked():
            return "outranked"
        if not rule.transactional and any(self._used_up(cap, rule) for cap in policy.caps):
            return "frequency_cap"
        if self.now != candidate.due and self.now - candidate.due >= rule.expires:
            return "expired"
        if not rule.shadow and self.watches(rule):
            return "rollout"
        if rule.holdout and policy.holdout_percent is not None and self._held_out(policy.holdout_percent):
            return "holdout"
        return "shadow" if rule.shadow else None

    def _silent(self, rule: Rule) -> list[tuple[int, bool]]:
        """The feeds that are silent now and on which the rule leans."""
        return silent_feeds(self.in_force, rule, self.history.feeds, self.now) if self.in_force else []

    def _flooded(self, candidate: Candidate) -> list[tuple[int, bool]]:
        """The breakers beyond which the newest event was that armed it."""
        newest = candidate.episode.newest
        if not self.in_force or newest is None:
            return []
        return flooded(self.in_force, candidate.rule, self.history.named, newest.time)

    def _is_outranked(self) -> bool:
        """Whether as many as may fire have passed every gate at this instant."""
        return self.policy.arbitration is not None and len(self.winners) >= self.policy.arbitration[1]

    def watches(self, rule: Rule) -> bool:
        """Whether nothing of the rule is sent to this contact: it is in shadow, or has not come so far."""
        return rule.shadow or (rule.rollout is not None and not self._is_below(rule.rollout, rule.rollout_salt))

    def _held_out(self, percent: Fraction) -> bool:
        return self._is_below(percent, self.policy.holdout_salt)

    def _is_below(self, percent: Fraction, salt: str) -> bool:
        """Whether the contact's draw by a salt lies in the first so many percent."""
        digest = hashlib.sha256(f"{salt}:{self.subject}".encode()).digest()
        return int.from_bytes(digest[:8], "big") * 100 < percent * 2**64

    def _variant(self, rule: Rule) -> str | None:
        """The first variant whose share, and those before it, the draw lies in."""
        taken = Fraction(0)
        for name, share in rule.variants:
            taken += share
            if self._is_below(taken, rule.salt):
                return name
        return None

    def _too_soon_again(self, candidate: Candidate) -> bool:
        episode, watches = candidate.episode, self.watches(candidate.rule)
        if watches in episode.fired and candidate.occurrence is None:
            return False
        return any(
            (each.rule_id, each.key) == episode.place and each.watched == watches and self.remembers(each)
            for each in self.life.firings
        )

    def remembers(self, firing: Firing) -> bool:
        """Whether the firing still counts for re-entry now."""
        return not gone(self.ages.reentry_spans(firing.rule_id), firing.at, self.now)

    def _used_up(self, cap: Cap, rule: Rule) -> bool:
        if not cap.concerns(rule.group, rule.channel):
            return False
        return sum(self._counts(cap, firing) for firing in self.life.firings) >= cap.maximum

    def _counts(self, cap: Cap, firing: Firing) -> bool:
        if not firing.counts or firing.watched or firing.transactional:
            return False
        if not cap.concerns(firing.group, firing.channel):
            return False
        if gone(self.ages.cap_spans(firing.group, firing.channel), firing.at, self.now):
            return False
        if cap.calendar is None:
            return firing.at > self.now - cap.span
        return clock.period(firing.at, self.zone, cap.calendar) == clock.period(self.now, self.zone, cap.calendar)

    # -- readiness ---------------------------------------------------------------------------------------------

    def ready(self, rule: Rule) -> int | None:
        """The instant before which the rule's candidates are not ready, if any."""
        lacking = [] if self.ages.versions[rule.version].policy.effective else [self.lacks_until(rule)]
        instants = [*self.planned(rule), *lacking]
        return max([each for each in instants if each > ALWAYS], default=None)

    def planned(self, rule: Rule) -> list[int]:
        """The instants of readiness that are the same for all contacts."""
        policy = self.ages.versions[rule.version].policy
        live_from = self.ages.there_since(rule) if rule.live_from is None else rule.live_from
        return [live_from] if policy.history_from is None else [live_from, policy.history_from + rule.longest]

    def lacks_until(self, rule: Rule) -> int:
        """The instant up to which a look-back of the rule lacks what this contact did before it was introduced."""
        first = next((each.time for each in self.history.alive(self.position)), NEVER)
        known = next((each.time for each in self.history.known(self.position)), NEVER)
        ends = [end for since, end in self._of_this_life(rule) if first < since]
        return max([*ends, *(end for since, end in self._of_the_person(rule) if known < since)], default=ALWAYS)

    def look_backs(self, rule: Rule) -> list[tuple[int, int]]:
        """Since when each look-back of the rule remembers, and when one that was introduced then is complete."""
        return [*self._of_this_life(rule), *self._of_the_person(rule)]

    def _of_this_life(self, rule: Rule) -> list[tuple[int, int]]:
        """The look-backs on what a forgotten contact has lost: history conditions and its sequence."""
        found = []
        for condition in rule.conditions:
            since = self.ages.of_condition(condition).since
            found.append((since, NEVER if condition.within is None else since + condition.within))
        if rule.catalog is not None:
            since = self.ages.of_interest(rule.catalog).since
            found.append((since, since + rule.catalog.within))
        since = self.ages.of_rule(rule).since
        if len(rule.steps) > 1:
            found.append((since, since + rule.within))
        return found

    def _of_the_person(self, rule: Rule) -> list[tuple[int, int]]:
        """Those on what stays of a forgotten contact: used thresholds, attributes, consent."""
        found = []
        if rule.reaches:
            since = self.ages.of_rule(rule).since
            found.append((since, since + PERIODS[rule.reaches_period] if rule.reaches_period else NEVER))
        found += [(self.ages.attribute_since(rule.version, name), NEVER) for name in attributes_read(rule)]
        consent = self.ages.versions[rule.version].policy.consent_of(rule)
        if consent is not None:
            found.append((self.ages.consent_since(rule.version, consent.purpose), NEVER))
        return found

    def _is_partial(self, candidate: Candidate) -> bool:
        """Whether the candidate was decided all the same, though its rule lacks some of the contact's history."""
        rule = candidate.rule
        return self.ages.versions[rule.version].policy.effective and candidate.due < self.lacks_until(rule)

    # -- outcomes ----------------------------------------------------------------------------------------------

    def _gate_exit(self, candidate: Candidate) -> None:
        """An exit cancels a deferred entry; emitted, it does as the last entry did."""
        rule = candidate.rule
        entered = self.life.held.pop(candidate.episode.place, None)
        if entered is not None:
            self.write(entered, "cancelled", "exited")
        watches = self.watches(rule)
        had_fired = self.life.entered_fired.pop((rule.id, watches), False)
        held_out = self.life.entered_held_out.pop((rule.id, watches), False)
        if candidate.silent:
            return
        if not had_fired:
            self.write(candidate, "suppressed", "not_entered")
        elif held_out:
            self.write(candidate, "suppressed", "holdout")
        elif watches:
            self.write(candidate, "suppressed", "shadow" if rule.shadow else "rollout")
        else:
            self.write(candidate, "fired", None)

    def _defer(self, candidate: Candidate, reason: str) -> None:
        """Hold the candidate until quiet hours or its round end; what was held in its place is superseded."""
        place = candidate.episode.place
        older = self.life.held.get(place)
        candidate.held_for = reason
        if reason in ("feed_silent", "flooded"):
            wrong = [*self._silent(candidate.rule), *self._flooded(candidate)]
            candidate.release = self.now + max(span for span, holds in wrong if holds)
        elif reason == "arbitration":
            candidate.release = self._end_of_round(candidate)
        else:
            candidate.release = clock.quiet_end(self.now, self.zone, self.policy.quiet_of(candidate.rule))
        self.life.held[place] = candidate
        if older is not None:
            self._decide(older, "superseded")

    def _end_of_round(self, candidate: Candidate) -> int:
        """Of the round that is open, or of the one that the candidate opens; of what is only watched, its own."""
        assert self.policy.arbitration is not None
        if self.life.round_end is not None and candidate.due < self.life.round_end:
            return self.life.round_end
        end = candidate.due + self.policy.arbitration[0]
        if not self.watches(candidate.rule):
            self.life.round_end = end
        return end

    def _decide(self, candidate: Candidate, reason: str | None) -> None:
        """The final decision of a candidate that was gated."""
        episode, rule = candidate.episode, candidate.rule
        watches = self.watches(rule)
        if would_fire(reason):
            firing = Firing(rule.id, episode.key, self.now, watches, rule.group, rule.transactional, rule.channel)
            self.life.firings.append(firing)
            episode.fired.add(watches)
        self.write(candidate, "fired" if reason is None else "suppressed", reason)
        if reason == "outranked":
            self.rows[-1]["outranked_by"] = named(self.winners[-1])
        if reason in (None, "holdout") and not watches and not rule.transactional:
            self.winners.append(self.rows[-1])
        episode.decided.add(candidate.slot)

    def write(self, candidate: Candidate, decision: str, reason: str | None) -> None:
        """Leave the row of a decision made now."""
        versions = {"ruleset": self.version, "rule_of": candidate.rule.version}
        partial = {
            "partial_history": self._is_partial(candidate),
            "variant": self._variant(candidate.rule),
            "channel": candidate.rule.channel,
        }
        self.rows.append(
            row(candidate, decision, reason, self.now if decision == "fired" else None) | versions | partial
        )

    def _next_occurrence(self, candidate: Candidate) -> None:
        """After an occurrence was gated for the first time, the next one is pending."""
        wait, episode = candidate.rule.wait, candidate.episode
        if candidate.occurrence is None or wait is None or episode.newest is None:
            return
        episode.date_done = candidate.occurrence
        value = waits.target(wait, episode.date, self.attributes)
        due = waits.until(wait, value, self.zone, episode.date_done, self.now + 1)
        if isinstance(due, waits.Due) and not self.refused_as_too_late(episode, due):
            episode.pending[0] = due

    def refused_as_too_late(self, episode: Episode, due: waits.Due, slot: int = 0) -> bool:
        """Whether a due time worked out now lies too far ahead; if so it leaves `suppressed: limit`."""
        if due.at - self.now <= self.max_wait:
            return False
        self.write(Candidate(episode, "fired", due.at, slot=slot, occurrence=due.occurrence), "suppressed", "limit")
        episode.date_done = due.occurrence
        return True

    def end_if_over(self, episode: Episode) -> None:
        """Forget an episode that has nothing pending and nothing deferred."""
        held = self.life.held.get(episode.place)
        busy = episode.pending or (held is not None and held.episode is episode)
        if not busy and self.life.episodes.get(episode.place) is episode:
            del self.life.episodes[episode.place]
