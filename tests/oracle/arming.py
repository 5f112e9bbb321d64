"""From event to due: `unless`, `when`, sequences, totals, waits and room (rules.md section 3)."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock, waits
from tests.oracle.ages import Span, gone
from tests.oracle.gates import Gates
from tests.oracle.history import Event, same_as
from tests.oracle.language import PERIODS, Rule, Wait
from tests.oracle.state import Candidate, Episode, Place, included
from tests.oracle.values import canonical, is_number, key_of, value_at


@dataclass
class Periods:
    """Where a total of a calendar period stands: its first day, the thresholds used in it, and those crossed last."""

    first: date | None = None
    used: set[Fraction] = field(default_factory=set)
    crossed: list[Fraction] = field(default_factory=list)


class Arming(Gates):
    """What an event does to the rules that are no audiences.

    While `rehearsing`, a rule looks at events from before it came into force: only what it remembers of them counts.
    """

    instant_start = 0
    rehearsing = False

    def apply(self, rule: Rule, event: Event) -> None:
        """Take the event in one rule: `unless`, then history, then `when`.

        An event that a condition has no room for is a step of a sequence all the same, but it arms nothing.
        """
        self._disarm(rule, event)
        room = self.history.record(rule, event)
        if rule.catalog is not None:
            if not room:
                self.leave_limit(rule, event, None)
            return
        key = key_of(rule.per, event.properties)
        matched = False
        if key is not None:
            startable = self._may_start(rule, event, key)
            matched, room = self._is_when(rule, event, key), room and startable
        if not room:
            self.leave_limit(rule, event, key)
        elif key is not None and matched and key_of(rule.same, event.properties) is not None:
            self._matched(rule, event, key)

    def _matched(self, rule: Rule, event: Event, key: str) -> None:
        if rule.reaches:
            self._count(rule, event, key)
        elif rule.wait is None:
            self._arise(rule, event, key)
        else:
            self._arm(rule, event, key)

    def leave_limit(self, rule: Rule, event: Event, key: str | None, kind: str = "fired") -> None:
        """The one row an event leaves in a rule that has no room for it."""
        episode = self._episode(rule, event, key or "{}")
        self.write(Candidate(episode, kind, event.time, slot=-1), "suppressed", "limit")

    def _episode(self, rule: Rule, event: Event, key: str) -> Episode:
        include = included(rule, event.properties, event.attributes, self.history.limits["include_bytes"])
        date = value_at(rule.wait.path, event.properties) if rule.wait else None
        return Episode(rule, key, opener=event, newest=event, last=event, include=include, date=date)

    # -- unless ------------------------------------------------------------------------------------------------

    def _disarm(self, rule: Rule, event: Event) -> None:
        """End every episode and cancel every deferred candidate the event disarms."""
        for (of, _), episode in self.life.alive.items():
            if of == rule.id and self._disarms(event, episode) and not self._is_of_family(event, episode):
                self._end(episode)

    def _is_of_family(self, event: Event, episode: Episode) -> bool:
        """Whether the episode was opened at this instant by what the event is derived from, or with it."""
        opener = episode.opener
        return opener is not None and opener.index >= self.instant_start and opener.family == event.family

    def _disarms(self, event: Event, episode: Episode) -> bool:
        newest = episode.newest
        return newest is not None and any(
            self.history.fits(match, event) and same_as(match, event, newest) for match in episode.rule.unless
        )

    def _end(self, episode: Episode) -> None:
        held = self.life.held.pop(episode.place, None)
        if held is not None:
            self.write(held, "cancelled", "unless")
        self.life.episodes.pop(episode.place, None)

    def _disarmed_at_once(self, episode: Episode, by: Event) -> bool:
        """Whether an `unless` event taken earlier at this instant disarms the episode opened at this instant."""
        if episode.opener is None or episode.opener.index < self.instant_start:
            return False
        earlier = self.history.events[max(self.instant_start, by.life) : ceil(by.index)]
        return any(
            event.family != episode.opener.family
            and (*episode.place, event.family) not in self.life.opened
            and self._disarms(event, episode)
            for event in earlier
        )

    # -- when --------------------------------------------------------------------------------------------------

    def _is_when(self, rule: Rule, event: Event, key: str) -> bool:
        if len(rule.steps) == 1:
            return self.history.matches(rule.steps[0], event)
        if self.history.completes(rule, event, self._chain_events(rule, event, key)):
            self.life.completions[rule.id, key] = event.index
            return True
        return False

    def _may_start(self, rule: Rule, event: Event, key: str) -> bool:
        """Whether there is room for the event as the first step of a chain, if it is one; else it is no step."""
        if len(rule.steps) == 1 or not self.history.matches(rule.steps[0], event) or self._room(rule, key):
            return True
        self.life.refused_starts.add((rule.id, event.index))
        return False

    def _chain_events(self, rule: Rule, event: Event, key: str) -> list[Event]:
        """The instance's remembered events before this one that may be steps: those since the last completion."""
        start = max(event.life, self.life.completions.get((rule.id, key), -1) + 1)
        since = self.ages.of_rule(rule).since
        return [
            each
            for each in self.history.events[start : event.index]
            if since <= each.time
            and key_of(rule.per, each.properties) == key
            and (rule.id, each.index) not in self.life.refused_starts
        ]

    def _given(self, rule: Rule, event: Event) -> bool:
        return rule.given is None or self.holds(rule.given, event)

    # -- episodes ----------------------------------------------------------------------------------------------

    def _arise(self, rule: Rule, event: Event, key: str) -> None:
        """Without `wait`: an episode of its own, due when the instant's events have been taken."""
        if not self._given(rule, event):
            return None
        if not self._room(rule, key):
            return self.leave_limit(rule, event, key)
        self.life.caused.append(Candidate(self._episode(rule, event, key), "fired", event.time))
        return None

    def _arm(self, rule: Rule, event: Event, key: str) -> None:
        """Open the instance's episode, or restart or count in the one that lives."""
        episode = self.life.episodes.get((rule.id, key))
        if episode is not None and not rule.restart:
            episode.count, episode.last = episode.count + 1, event
            return None
        if episode is not None and self._falls_due_again(rule, event, episode) and self._given(rule, event):
            self.life.held.pop((rule.id, key), None)
            del self.life.episodes[episode.place]
            episode = None
        elif episode is None and not self._given(rule, event):
            return None
        planned = self._plan(rule, event, episode)
        if planned is waits.No.PAST and episode is not None:
            episode.pending.clear()
            self.end_if_over(episode)
        if isinstance(planned, waits.No):
            return None
        too_late = any(due.at - event.time > self.max_wait for due in planned.values())
        if too_late or (episode is None and not self._room(rule, key)):
            return self.leave_limit(rule, event, key)
        self._open_or_restart(rule, event, key, planned)
        return None

    def _plan(self, rule: Rule, event: Event, episode: Episode | None) -> dict[int, waits.Due] | waits.No:
        """The due times the event sets, by reminder."""
        assert rule.wait is not None
        if rule.wait.kind == "local":
            return waits.local(rule.wait, event.time, self.zone)
        if rule.wait.kind != "until":
            found = waits.delays(rule.wait, event.time, event.properties)
            return found if isinstance(found, waits.No) else dict(enumerate(found))
        value = waits.target(rule.wait, value_at(rule.wait.path, event.properties), event.attributes)
        if rule.wait.listed:
            return waits.reminders(rule.wait, value, self.zone, event.time, episode.decided if episode else ())
        due = waits.until(rule.wait, value, self.zone, episode.date_done if episode else None, event.time)
        return due if isinstance(due, waits.No) else {0: due}

    def _falls_due_again(self, rule: Rule, event: Event, episode: Episode) -> bool:
        """Whether a decided reminder comes again with the event's date, and none is deferred that does not."""
        if rule.wait is None or rule.wait.kind != "until" or not rule.wait.listed:
            return False
        planned = self._plan(rule, event, None)
        held = self.life.held.get(episode.place)
        if isinstance(planned, waits.No) or any(due.at - event.time > self.max_wait for due in planned.values()):
            return False
        return bool(episode.decided & planned.keys()) and (held is None or held.slot in planned)

    def _open_or_restart(self, rule: Rule, event: Event, key: str, planned: dict[int, waits.Due]) -> None:
        fresh = self._episode(rule, event, key)
        episode = self.life.episodes.setdefault(fresh.place, fresh)
        if episode is fresh:
            self.life.opened.add((*fresh.place, event.family))
        else:
            episode.newest, episode.last, episode.include = event, event, fresh.include
            episode.date = fresh.date
            episode.count += 1
            self._take_back(rule, key, planned)
        episode.pending = {slot: due for slot, due in planned.items() if self._undecided(rule, episode, slot)}
        if self._disarmed_at_once(episode, event):
            self._end(episode)
        self.end_if_over(episode)

    def _undecided(self, rule: Rule, episode: Episode, slot: int) -> bool:
        return slot not in episode.decided or (rule.wait is not None and rule.wait.repeat is not None)

    def _take_back(self, rule: Rule, key: str, planned: dict[int, waits.Due]) -> None:
        """A deferred reminder goes back to pending without a row; a deferred occurrence stays deferred.

        So does a reminder of a date that the new date has no more.
        """
        if rule.wait is None or rule.wait.repeat is not None:
            return
        held = self.life.held.get((rule.id, key))
        if held is not None and (rule.wait.kind != "until" or not rule.wait.listed or held.slot in planned):
            del self.life.held[rule.id, key]

    def recompute(self, event: Event) -> None:
        """After a change of the contact, work out anew what is pending towards a date."""
        before = self.history.attributes(event.index, self.version)
        for episode in list(self.life.episodes.values()):
            wait = episode.rule.wait
            if wait is None or not episode.pending or not self._moves(wait, episode, before):
                continue
            if wait.kind == "local":
                self._move_days(wait, episode, event)
                continue
            value = waits.target(wait, episode.date, self.attributes)
            if wait.listed:
                self._move_reminders(wait, episode, value, event)
                continue
            due = waits.until(wait, value, self.zone, episode.date_done, event.time)
            episode.pending.clear()
            if isinstance(due, waits.Due) and not self.refused_as_too_late(episode, due):
                episode.pending[0] = due
            self.end_if_over(episode)

    def _move_reminders(self, wait: Wait, episode: Episode, value: Any, event: Event) -> None:
        """Count the reminders of a date anew that are neither decided nor deferred."""
        held = self.life.held.get(episode.place)
        done = episode.decided | ({held.slot} if held is not None else set())
        moved = waits.reminders(wait, value, self.zone, event.time, done)
        episode.pending = {} if isinstance(moved, waits.No) else moved
        late = [(due.at, slot) for slot, due in episode.pending.items() if due.at - event.time > self.max_wait]
        if late:
            slot = min(late)[1]
            self.refused_as_too_late(episode, episode.pending[slot], slot)
            episode.pending = {}
        self.end_if_over(episode)

    def _move_days(self, wait: Wait, episode: Episode, event: Event) -> None:
        """Count the local days of what is pending anew, in the zone as it is now."""
        assert episode.newest is not None
        moved = waits.local(wait, episode.newest.time, self.zone, episode.pending, event.time)
        late = [slot for slot, due in moved.items() if due.at - event.time > self.max_wait]
        if late:
            self.refused_as_too_late(episode, moved[min(late)], min(late))
        episode.pending = {} if late else moved
        self.end_if_over(episode)

    def _moves(self, wait: Wait, episode: Episode, before: dict[str, Any]) -> bool:
        """Whether a pending wait is recomputed, the attributes having been others before this event."""
        if wait.kind == "local":
            return bool(self.zone_with(before).key != self.zone_with(self.attributes).key)
        if wait.kind != "until":
            return False
        after = self.attributes
        old, new = (canonical(waits.target(wait, episode.date, each)) for each in (before, after))
        if old != new:
            return True
        zone_changed = self.zone_with(before).key != self.zone_with(after).key
        floating = (
            wait.of_contact
            or wait.repeat is not None
            or any(each.local_days for each in (wait, *wait.later))
            or clock.parse_date(episode.date) is not None
        )
        return zone_changed and bool(floating)

    # -- totals ------------------------------------------------------------------------------------------------

    def _count(self, rule: Rule, event: Event, key: str) -> None:
        """Sum the instance's matches anew; thresholds crossed for the first time are candidates.

        A match that has nothing to add is not recorded and needs no room.
        """
        if self._amount(rule, event) is None:
            return None
        if not self._room(rule, key):
            return self.leave_limit(rule, event, key)
        counted = self.life.counted.setdefault((rule.id, key), [])
        counted.append(event)
        crossed = self._crossed(rule, counted, event)
        if not crossed or not self._given(rule, event):
            return None
        episode = self._episode(rule, event, key)
        for at in crossed:
            candidate = Candidate(episode, "fired", event.time, threshold=at, lower=at != crossed[-1])
            candidate.crossing = self._which_time(rule, event, counted)
            self.life.caused.append(candidate)
        return None

    def _crossed(self, rule: Rule, counted: list[Event], event: Event) -> list[Fraction]:
        if rule.reaches_period:
            return self._in_periods(rule, counted).crossed
        totals = self._totals(rule, counted)
        used = self._used(rule, counted, event.life)
        return [at for at in rule.reaches if max(totals[:-1]) < at <= totals[-1] and at not in used]

    def _in_periods(self, rule: Rule, counted: list[Event]) -> "Periods":
        """Count the instance's matches anew, one after the other, each in the period of its time or a later one."""
        found, total, life, newest = Periods(), Fraction(0), -1, None
        for event in counted:
            if newest is not None and gone(self._total_spans(rule), newest, event.time):
                found, total = Periods(), Fraction(0)
            elif event.life != life:
                total = Fraction(0)
                found = found if found.used else Periods()
            first = clock.period_day(event.time, self._zone_at(event), str(rule.reaches_period))
            if found.first is None or first > found.first:
                found, total = Periods(first), Fraction(0)
            before, total = total, total + (self._amount(rule, event) or 0)
            found.crossed = [at for at in rule.reaches if before < at <= total and at not in found.used]
            found.used |= {*found.crossed}
            life, newest = event.life, event.time
        return found

    def _zone_at(self, event: Event) -> Any:
        """The contact's zone at an event, else that of the account in force then."""
        version = self.ages.at(event.time)
        account = self.ages.versions[version].zone if version >= 0 else ZoneInfo("UTC")
        return clock.zone_of(event.attributes.get("timezone")) or account

    def _total_spans(self, rule: Rule) -> list[Span]:
        """For how long a total of a period is remembered, after its newest match."""
        longest = PERIODS[str(rule.reaches_period)]
        spans = self.ages.of_rule(rule).spans
        return [Span(each.start, each.end, min(each.length, longest) if rule.per else longest) for each in spans]

    def _which_time(self, rule: Rule, event: Event, counted: list[Event]) -> list[Any]:
        """Which time it is that a threshold is crossed: which text and person, which `keep`, and which period."""
        period = [str(self._in_periods(rule, counted).first)] if rule.reaches_period else []
        return [*period, self.ages.counts_anew(rule), event.person, event.time // rule.keep if rule.per else None]

    def _totals(self, rule: Rule, counted: list[Event]) -> list[Fraction]:
        """The running totals, from 0, over what is remembered of this life at the newest counted match."""
        return self._running(rule, [each for each in self._remembered(rule, counted) if each.life == counted[-1].life])

    def _running(self, rule: Rule, counted: list[Event]) -> list[Fraction]:
        totals = [Fraction(0)]
        for event in counted:
            totals.append(totals[-1] + (self._amount(rule, event) or 0))
        return totals

    def _used(self, rule: Rule, counted: list[Event], present: int) -> set[Fraction]:
        """The thresholds used up in lives before the present one, in so far as the instance was not forgotten since."""
        remembered = self._remembered(rule, counted)
        lives = {each.life for each in remembered} - {present}
        tops = [max(self._running(rule, [each for each in remembered if each.life == life])) for life in lives]
        return {at for at in rule.reaches if any(0 < at <= top for top in tops)}

    def _remembered(self, rule: Rule, counted: list[Event]) -> list[Event]:
        """The counted matches, but with `per` those before a gap so long that the instance was forgotten."""
        remembered: list[Event] = []
        spans = self.ages.of_rule(rule).spans
        for event in reversed(counted):
            if rule.per and remembered and gone(spans, event.time, remembered[-1].time):
                break
            remembered.append(event)
        return remembered[::-1]

    def _amount(self, rule: Rule, event: Event) -> Fraction | None:
        if rule.reaches_sum is None:
            return Fraction(1)
        value = value_at(rule.reaches_sum, event.properties)
        return value if is_number(value) else None

    # -- room --------------------------------------------------------------------------------------------------

    def _room(self, rule: Rule, key: str) -> bool:
        """Whether the instance is known to the rule's table of keys, or there is room for one more."""
        room = self.history.limits["keys"]
        if self.position - self.history.person(self.position) <= room:
            return True
        table = self._table(rule)
        return key in table or len(table) < room

    def _table(self, rule: Rule) -> set[str]:
        """The instances pending, deferred, part-way through a sequence, summed, or remembered for re-entry."""
        totals = [place for place in self.life.counted if place[0] == rule.id]
        places: list[Place] = [each for each in totals if self._is_summed(rule, self.life.counted[each])]
        if not self.rehearsing:
            places += [*self.life.episodes, *self.life.held]
            places += [each.episode.place for each in self.life.caused]
            places += [(each.rule_id, each.key) for each in self.life.firings if self.remembers(each)]
        return {key for of, key in places if of == rule.id} | self._part_way(rule)

    def _is_summed(self, rule: Rule, counted: list[Event]) -> bool:
        """Whether the instance's total is remembered or, of earlier lives, a threshold that it used up."""
        if rule.reaches_period:
            if gone(self._total_spans(rule), counted[-1].time, self.now):
                return False
            present = self.history.events[self.position - 1].life
            return counted[-1].life == present or bool(self._in_periods(rule, counted).used)
        if rule.per and gone(self.ages.of_rule(rule).spans, counted[-1].time, self.now):
            return False
        present = self.history.events[self.position - 1].life
        return counted[-1].life == present or bool(self._used(rule, counted, present))

    def _part_way(self, rule: Rule) -> set[str]:
        """The instances with a start of the sequence that is young and not yet completed."""
        if len(rule.steps) <= 1:
            return set()
        event = self.history.events[self.position - 1]
        starts = [
            each
            for each in self.history.events[event.life : event.index]
            if self.now < each.time + rule.within and self.history.matches(rule.steps[0], each)
        ]
        keys = {key_of(rule.per, each.properties) for each in starts} - {None}
        return {key for key in keys if key and any(each in starts for each in self._chain_events(rule, event, key))}
