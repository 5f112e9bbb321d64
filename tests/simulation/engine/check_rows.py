"""What has to hold of the rows that are told of one contact, and of a sender who goes by them.

The book is kept from the rows alone, but for what is still to come after a correction: that it sees in the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.rule import Mode
from kittiwake.kernel.state.state import Instance, State
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from tests.simulation.engine.machines import Call
from tests.simulation.engine.truth import facts, shown
from tests.simulation.engine.wrong import demand

FIRED: Final = Outcome.FIRED
REVOKED: Final = Outcome.REVOKED

Thing: TypeAlias = tuple[str, str, str | None, str, int | None]
"""Something that is still to come: rule, instance, id and type of the event that opened it, reminder."""


class Book:
    """All that was told of one contact."""

    def __init__(self) -> None:
        self.newest: dict[str, Decision] = {}
        self.delivered: set[str] = set()
        """What a sender has sent: rows that fire and are not stale, and replace nothing that he has sent."""
        self._same: dict[str, set[str]] = {}
        """By id: those it is the same thing as, for a correction took them back and made or left this one."""
        self._owed: dict[Thing, set[str]] = {}

    def standing(self) -> list[Decision]:
        """The newest revisions, `revoked` left out."""
        return [row for row in self.newest.values() if row.decision is not REVOKED]

    def write(self, call: Call) -> None:
        """Take the rows of a call, and see that they may be told."""
        rows = call.advanced.decisions
        late = [row for row in rows if row.late]
        demand(rows[: len(late)] == tuple(late), "corrections first", *map(shown, rows))
        taken_back = [row for row in late if self._is_taken_back(row, call)]
        names = {name for row in taken_back for name in self._closure(row.trigger_id)}
        instead = {_place(row) for row in late if _fires(row, call) and self._is_new(row)}
        for row in late:
            if self._is_new(row):
                self._learn_of(row, self._take_owed(row))
            if _fires(row, call):
                self._learn_of(row, names)
            self._record(row, call)
        self._owe(call, [row for row in taken_back if row.decision is REVOKED and _place(row) not in instead])
        for row in rows[len(late) :]:
            self._learn_of(row, self._take_owed(row))
            self._record(row, call)

    def _record(self, row: Decision, call: Call) -> None:
        self._check(row, call)
        self._deliver(row, call)
        self.newest[row.trigger_id] = row

    # ------------------------------------------------------------ one row

    def _check(self, row: Decision, call: Call) -> None:
        before, evaluated_to_us = self.newest.get(row.trigger_id), call.advanced.state.evaluated_to_us
        assert evaluated_to_us is not None
        demand(row.revision == (0 if before is None else before.revision + 1), "revisions", shown(row), before)
        if before is not None:
            moved = _fires(before, call) and _fires(row, call) and before.decided_us != row.decided_us
            demand(moved or facts(before) != facts(row), "never twice alike", shown(row), shown(before))
        if row.decision is REVOKED:
            demand(before is not None and before.decision is not REVOKED, "revoked what stands", shown(row))
            demand(row.late and row.reason is Reason.LATE_EVENT and row.fired_at_us is None, "revoked", shown(row))
        demand(row.decided_us <= evaluated_to_us, "before its time", shown(row), f"settled {evaluated_to_us}")
        if row.decision is FIRED:
            demand(row.time_us <= (row.fired_at_us or 0) <= evaluated_to_us, "before its time", shown(row))
        demand(row.trigger_id not in row.replaces, "replaces itself", shown(row))
        known = {*self.newest, *(each.trigger_id for each in call.advanced.decisions)}
        demand(known.issuperset(row.replaces), "replaces what was told", shown(row))
        self._check_side(row, call)
        self._check_stale(row, before, call)

    def _check_side(self, row: Decision, call: Call) -> None:
        """Corrections are of what was settled, caused by something; all else is of what was not."""
        evaluated_to_us = call.before.evaluated_to_us
        if row.late:
            demand(
                evaluated_to_us is not None and row.decided_us <= evaluated_to_us,
                "a correction of what was",
                shown(row),
            )
            demand(call.advanced.corrected, "a correction needs a late event", shown(row))
        else:
            demand(
                evaluated_to_us is None or row.decided_us >= evaluated_to_us, "late unsaid", shown(row), evaluated_to_us
            )

    def _check_stale(self, row: Decision, before: Decision | None, call: Call) -> None:
        expires_us = call.versions.at(row.decided_us).expires_us(row.rule_id)
        old = _fires(row, call) and call.clock_us - row.time_us >= expires_us
        if before is not None and _fires(before, call):
            old = before.stale and _fires(row, call)
        demand(row.stale == old, "stale", shown(row), f"clock {call.clock_us}, expires {expires_us}")

    # ------------------------------------------------------------ the same thing

    def _is_taken_back(self, row: Decision, call: Call) -> bool:
        before = self.newest.get(row.trigger_id)
        lost = before is not None and _fires(before, call) and not _fires(row, call)
        return row.decision is REVOKED or lost

    def _is_new(self, row: Decision) -> bool:
        before = self.newest.get(row.trigger_id)
        return before is None or before.decision is REVOKED

    def _closure(self, trigger_id: str) -> set[str]:
        return {trigger_id, *self._same.get(trigger_id, ())}

    def _learn_of(self, row: Decision, ids: set[str]) -> None:
        if ids:
            self._same.setdefault(row.trigger_id, set()).update(ids - {row.trigger_id})

    def _take_owed(self, row: Decision) -> set[str]:
        opened = (None, "") if row.events is None else (row.events.first, row.events.first_type)
        return self._owed.pop((row.rule_id, row.instance, *opened, row.reminder), set())

    def _owe(self, call: Call, taken_back: list[Decision]) -> None:
        if not taken_back:
            return
        assert call.before.evaluated_to_us is not None
        corrected = advance(call.versions, call.before, call.given, call.before.evaluated_to_us).state
        for row in taken_back:
            for thing in _still_to_come(corrected, row):
                self._owed.setdefault(thing, set()).update(self._closure(row.trigger_id))

    def _deliver(self, row: Decision, call: Call) -> None:
        if not _fires(row, call) or row.stale or self.delivered.intersection((row.trigger_id, *row.replaces)):
            return
        twice = self.delivered.intersection(self._same.get(row.trigger_id, ()))
        demand(not twice, "delivered twice", shown(row), *(shown(self.newest[each]) for each in sorted(twice)))
        self.delivered.add(row.trigger_id)


def _fires(row: Decision, call: Call) -> bool:
    """Whether a row fired, or would have but for the holdout, which changes nothing else: the rule then was live."""
    if row.reason is not Reason.HOLDOUT:
        return row.decision is FIRED
    rules = call.versions.at(row.decided_us).rules
    return any(rule.state_key == row.rule_id and rule.mode is Mode.LIVE for rule in rules)


def _place(row: Decision) -> tuple[str, str, int | None]:
    return row.rule_id, row.instance, row.reminder


def _still_to_come(state: State, row: Decision) -> Iterator[Thing]:
    """What is deferred, else pending, in the instance of a row and with its reminder."""
    rule = state.rules.get(row.rule_id)
    one = None if rule is None else rule.instances.get(row.instance)
    for opened in [] if one is None else _opened(one, row.reminder)[:1]:
        yield row.rule_id, row.instance, *opened, row.reminder


def _opened(one: Instance, reminder: int | None) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = []
    if one.held is not None and one.held.candidate.reminder == reminder:
        found.append((one.held.candidate.opened_id, one.held.candidate.opened_type))
    if one.episode is not None:
        indices = [each.index if one.episode.numbered else None for each in one.episode.reminders]
        found += [(one.episode.opened_id, one.episode.opened_type)] if reminder in indices else []
    return found
