"""What has to hold of a contact's state after every call: bounded, honest about its wake, empty where it has to be."""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.evaluate.retention import outlives
from kittiwake.kernel.late.emitted import events_of
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import STATE_BYTES_MAX, decode, encode
from kittiwake.kernel.state.remembered import Amounts, Values
from kittiwake.kernel.state.state import RuleState, Since, State, keeps_something
from tests.simulation.engine.check_events import Arrivals
from tests.simulation.engine.machines import Call
from tests.simulation.engine.wrong import demand

DELETED: Final = "contact.deleted"


class Watch:
    """What a contact's last call said, by which the next one is judged."""

    def __init__(self) -> None:
        self._wake_us: int | None = None
        self._versions: Versions | None = None

    def look(self, call: Call, arrivals: Arrivals) -> None:
        """Check the state that a call leaves."""
        state, evaluated_to_us = call.advanced.state, call.before.evaluated_to_us
        data = encode(state)
        demand(decode(data) == state, "through bytes")
        demand(len(data) <= STATE_BYTES_MAX, "bytes", len(data))
        self._check_settled(call)
        _check_limits(call.versions, state)
        _check_kept(call.versions, state)
        _check_deleted(call.versions, state, call.advanced.next_timer_us, arrivals)
        if evaluated_to_us is not None and self._versions is call.versions and not call.given:
            self._check_wake(call)
        wake_us = call.advanced.next_timer_us
        demand(
            wake_us is None or state.evaluated_to_us is None or wake_us > state.evaluated_to_us,
            "a wake to come",
            wake_us,
        )
        self._wake_us, self._versions = wake_us, call.versions

    def _check_settled(self, call: Call) -> None:
        before_us, frozen_us = call.before.evaluated_to_us, call.versions.frozen_at_us
        upto_us = call.upto_us if frozen_us is None else min(call.upto_us, frozen_us)
        wanted_us = upto_us if before_us is None else max(upto_us, before_us)
        demand(
            call.advanced.state.evaluated_to_us == wanted_us,
            "settled time",
            call.advanced.state.evaluated_to_us,
            wanted_us,
        )

    def _check_wake(self, call: Call) -> None:
        """Without events nothing happens before the wake that was asked for (an event waits until just before it)."""
        early = [row for row in call.advanced.decisions if self._wake_us is None or row.decided_us < self._wake_us - 1]
        demand(not early, "a wake for what falls due", self._wake_us, *early)


def _check_limits(versions: Versions, state: State) -> None:
    assert state.evaluated_to_us is not None
    limits = versions.at(state.evaluated_to_us).limits
    for rule in state.rules.values():
        demand(len(rule.instances) <= limits.keys, "limits", "instances", len(rule.instances))
        for slots in rule.history:
            demand(len(slots) <= max(limits.keys, 1), "limits", "same keys", len(slots))
        demand(_values(rule) <= limits.distinct * max(1, len(rule.history)), "limits", "distinct", _values(rule))
        demand(_entries(rule) <= limits.sum_entries * max(1, len(rule.history)), "limits", "sums", _entries(rule))


def _values(rule: RuleState) -> int:
    return sum(len(one.newest_us) for slots in rule.history for one in slots.values() if isinstance(one, Values))


def _entries(rule: RuleState) -> int:
    return sum(len(one.times_us) for slots in rule.history for one in slots.values() if isinstance(one, Amounts))


def _check_kept(versions: Versions, state: State) -> None:
    """What is kept for corrections is bounded by what lies inside the horizon."""
    assert state.evaluated_to_us is not None
    since, edge_us = state.since or Since(), state.evaluated_to_us - versions.horizon_us
    if not versions.horizon_us:
        demand(not since.chunks and since.checkpoint is None, "kept without a horizon")
    behind = sum(max(1, chunk.count) for chunk in since.chunks if chunk.newest_us < edge_us)
    inside = sum(max(1, chunk.count) for chunk in since.chunks if chunk.newest_us >= edge_us)
    demand(not behind or behind < inside, "kept too long", f"{behind} behind the horizon, {inside} inside")
    demand((since.checkpoint is None) == (not since.chunks), "checkpoint and events go together")
    oldest_us = state.evaluated_to_us - 2 * versions.horizon_us if state.from_us is None else state.from_us
    demand(all(one.time_us >= oldest_us for one in events_of(since)), "events from before the checkpoint")


def _check_deleted(versions: Versions, state: State, wake_us: int | None, arrivals: Arrivals) -> None:
    """Of a contact who is gone, its trace stays for a horizon, the ids of its events for another."""
    evaluated_to_us, horizon_us = state.evaluated_to_us, versions.horizon_us
    assert evaluated_to_us is not None
    newest_us = arrivals.newest_us(evaluated_to_us)
    if state.first_us is not None or newest_us is None:
        return
    demand(state.newest_us is None, "no newest event of who is gone")
    if state.profile is None:
        demand(not keeps_something(state), "nothing of who is gone", state.attributes)
    else:
        _check_forgotten(versions, state, wake_us)
    ends_us = newest_us + horizon_us + 1
    if evaluated_to_us >= ends_us and not _newer_chunks(state, evaluated_to_us - horizon_us):
        demand(state.since is None or not state.since.chunks, "events of who is gone", newest_us, evaluated_to_us)
    elif horizon_us and evaluated_to_us < ends_us and state.since is not None and state.since.chunks:
        demand(wake_us is not None, "a wake for the trace of who is gone")
    if evaluated_to_us > newest_us + 2 * horizon_us:
        demand(not (state.seen or state.counted), "ids of who is gone", newest_us, evaluated_to_us)
    elif state.seen or state.counted:
        demand(wake_us is not None, "a wake for the trace of who is gone")


def _check_forgotten(versions: Versions, state: State, wake_us: int | None) -> None:
    """Of what a forgotten contact did nothing is left; what it is needs no wake, but for what is pending or ends."""
    assert state.evaluated_to_us is not None
    program = versions.at(state.evaluated_to_us)
    rules = dict(zip(program.state_keys, program.rules, strict=True))
    for key, left in state.rules.items():
        demand(not (left.member or left.entered_fired or any(left.history)), "no deeds of who is forgotten", key)
        for one in left.instances.values():
            totals = one.reached is not None and (one.reached.total != 0 or not one.reached.used)
            demand(not (one.prefixes or totals), "no deeds of who is forgotten", key, one)
            waits = one.episode is not None or one.held is not None
            demand(not waits or outlives(rules[key]), "no wait of who is forgotten but on what it is", key, one)
    ends = program.policy.profile_retention_us is not None
    if (
        state.rules
        or state.records
        or state.firings
        or state.since
        or state.seen
        or state.counted
        or state.inbox
        or ends
    ):
        return
    demand(
        wake_us is None or bool(versions.later(state.evaluated_to_us)), "no wake for who has only a profile", wake_us
    )


def _newer_chunks(state: State, edge_us: int) -> bool:
    """Whether something was decided inside the horizon, when a contact was forgotten, say."""
    return any(chunk.newest_us >= edge_us for chunk in (state.since or Since()).chunks)
