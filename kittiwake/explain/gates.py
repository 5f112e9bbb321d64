"""Why a due candidate did not fire, and what it would have taken: one answer for each reason.

Pure. Called for every final decision that is not `fired`, and for what is still held at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, Final, NamedTuple

from kittiwake.event_types import own_type
from kittiwake.explain.catalog import asked_words
from kittiwake.explain.conditions import Gap, tree_gap
from kittiwake.explain.facts import Consent, Facts, Firing
from kittiwake.explain.rules import cap_words, match_words
from kittiwake.explain.wording import listed, moment_words, span_words
from kittiwake.kernel.evaluate.decisions import gate_of
from kittiwake.kernel.evaluate.rollout import is_watching
from kittiwake.kernel.evaluate.variants import draw
from kittiwake.kernel.plan.gates import asked_of
from kittiwake.kernel.plan.policy import Arbitration, Calendar, Cap
from kittiwake.kernel.plan.program import ATTRIBUTES_RULE
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.state.state import Held
from kittiwake.kernel.state.trace import Step
from kittiwake.reasons import Kind, Reason
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import END_OF_TIME_US
from kittiwake.time.zones import instant_of_local, local_date

GATES: Final = {
    Reason.NOT_READY: "readiness",
    Reason.CONDITION_UNMET: "still",
    Reason.NO_CONSENT: "consent",
    Reason.REENTRY: "re-entry",
    Reason.FEED_SILENT: "feed health",
    Reason.FLOODED: "the breaker",
    Reason.QUIET_HOURS: "quiet hours",
    Reason.ARBITRATION: "arbitration",
    Reason.OUTRANKED: "rank in its round",
    Reason.FREQUENCY_CAP: "frequency cap",
    Reason.EXPIRED: "expiry",
    Reason.ROLLOUT: "rollout",
    Reason.HOLDOUT: "holdout",
    Reason.SHADOW: "shadow",
}
"""How an explanation calls the gates, in their order."""

HELD_BY: Final = {
    Reason.FEED_SILENT: ("while its feed was silent", "feed health held it"),
    Reason.FLOODED: ("by a flood", "the breaker held it"),
    Reason.QUIET_HOURS: ("in quiet hours", "quiet hours held it"),
    Reason.ARBITRATION: ("in its round", "arbitration held it"),
}
"""How an explanation says what has deferred a candidate."""


class Stopped(NamedTuple):
    """A candidate's DECISION that is not `fired`."""

    facts: Facts
    rule: RuleProgram
    step: Step

    def moment(self, time_us: int) -> str:
        """An instant, shown beside now."""
        return moment_words(time_us, self.facts.zone, self.facts.now_us)

    @property
    def due_us(self) -> int:
        """When it fell due."""
        return int(self.step.details["time_us"])

    @property
    def held_words(self) -> tuple[str, str]:
        """What has deferred it."""
        return HELD_BY[self.facts.held_by.get((self.step.rule_id, self.step.instance), Reason.QUIET_HOURS)]


def reason_gap(facts: Facts, step: Step) -> Gap:
    """What stood in the way of the candidate whose DECISION `step` is, and what it would have taken."""
    reason = Reason(step.details["reason"])
    if step.rule_id == ATTRIBUTES_RULE:
        return _NO_ROOM_FOR_ATTRIBUTES
    return PLAIN_ANSWERS.get(reason) or ANSWERS[reason](Stopped(facts, facts.rule(step), step))


def held_gap(facts: Facts, rule: RuleProgram, held: Held) -> Gap:
    """What a candidate waits for that quiet hours, arbitration or a silent feed hold."""
    release = moment_words(held.release_us, facts.zone, facts.now_us)
    without = f", and no {match_words(rule.unless)} until then" if rule.unless else ""
    channel = facts.program.policy.channel(rule.channel)
    whose = f" of channel {channel.name}" if channel is not None and channel.quiet_hours is not None else ""
    by = f"quiet hours{whose}" if gate_of(held) is Reason.QUIET_HOURS else GATES[gate_of(held)]
    return Gap(f"held by {by} until {release}", f"it is asked again at {release}: every gate has to pass{without}")


def _not_ready(stopped: Stopped) -> Gap:
    rule, facts = stopped.rule, stopped.facts
    first = [(one, facts.known_us if one.outlives else facts.first_us) for one in rule.look_backs]
    lacking = [one for one, first_us in first if first_us is not None and first_us < one.since_us]
    known = [] if rule.partial or stopped.facts.versions.whole_history else lacking
    ready_us = max([one.ready_us for one in known] + ([] if rule.ready_us is None else [rule.ready_us]))
    due = stopped.moment(stopped.due_us)
    if ready_us == END_OF_TIME_US:
        since = stopped.moment(max(one.since_us for one in known))
        return Gap(
            f"not_ready: due {due}, and the rule looks back on what is only remembered since {since}",
            f"a contact whose first event comes at {since} or later, its whole history, or history_from: effective",
        )
    ready = stopped.moment(ready_us)
    return Gap(
        f"not_ready: due {due}, and the rule is ready from {ready}",
        f"a candidate due at {ready} or later (live_from and history_from say when)",
    )


def _condition_unmet(stopped: Stopped) -> Gap:
    rule, facts, instance = stopped.rule, stopped.facts, stopped.step.instance
    assert rule.still is not None
    gap = tree_gap(facts, rule, rule.still, lambda index: facts.still_keys.get((rule.rule_id, instance, index), ""))
    if gap is None:
        return Gap("condition_unmet: still did not hold", "still to hold")
    return gap._replace(what=f"condition_unmet: {gap.what}")


# ---------------------------------------------------------------- consent, holdout, re-entry


def _no_consent(stopped: Stopped) -> Gap:
    policy, rule = stopped.facts.program.policy, stopped.rule
    consent, channel = asked_of(rule, policy).consent, policy.channel(rule.channel)
    assert consent is not None
    of_channel = f", which channel {channel.name} asks for" if channel is not None and channel.consent else ""
    said = _newest_consent(stopped.facts, consent.purpose)
    if said is None:
        what = f"no_consent: no consent event for purpose {consent.purpose}{of_channel}, and the default is withdrawn"
    else:
        event = said.event
        at = f"withdrawn at {stopped.moment(event.time_us)} ({event.event_id})"
        what = (
            f"no_consent: purpose {consent.purpose}{of_channel}, {at}"
            if of_channel
            else (f"no_consent: purpose {consent.purpose} {at}")
        )
    return Gap(what, f'consent.granted with purpose "{consent.purpose}" before {stopped.moment(stopped.facts.now_us)}')


def _newest_consent(facts: Facts, purpose: str) -> Consent | None:
    said = [one for one in (facts.consents.get(None), facts.consents.get(purpose)) if one is not None]
    return max(said, key=lambda one: (one.event.time_us, one.event.event_id), default=None)


def _holdout(stopped: Stopped) -> Gap:
    if stopped.step.details["kind"] == Kind.EXITED:
        return Gap("holdout: its last entered was held out, and so is the exit", "an entered that fires")
    holdout = stopped.facts.program.policy.holdout
    assert holdout is not None
    what = f"holdout: contact {stopped.facts.contact_id} is among the {holdout.percent} percent of salt {holdout.salt}"
    return Gap(what, "nothing this contact does: it is decided like any other, and sent nothing while the salt stands")


def _rollout(stopped: Stopped) -> Gap:
    if stopped.step.details["kind"] == Kind.EXITED:
        return Gap("rollout: the contact is outside of the rollout", "a rollout that has come to it when it enters")
    rollout, facts = stopped.rule.rollout, stopped.facts
    assert rollout is not None
    drawn = draw(rollout.salt, facts.program.account_id, facts.contact_id)
    needed = ceil(Fraction(drawn + 1, 2**64) * 100_000) / Decimal(1000)
    what = f"contact {facts.contact_id} is not among the first {rollout.percent} percent of salt {rollout.salt}"
    return Gap(f"rollout: {what}", f"a rollout of {needed.normalize():f} percent or more, which comes to this contact")


def _reentry(stopped: Stopped) -> Gap:
    assert stopped.rule.reentry is not None
    facts, rule = stopped.facts, stopped.rule
    watched = is_watching(rule, facts.program.account_id, facts.contact_id)
    newest = [one for one in facts.record if one.is_of(rule, stopped.step.instance, watched=watched)][-1]
    last = f"{_fired(newest)} at {stopped.moment(newest.time_us)} (trigger {newest.trigger_id})"
    within_us = stopped.rule.reentry.within_us
    if within_us is None:
        return Gap(f"reentry: once, and {last}", "nothing: the rule fires once for a contact and instance")
    free = stopped.moment(newest.time_us + within_us)
    return Gap(f"reentry: {format_duration(within_us)}, and {last}", f"a candidate due at {free} or later")


def _fired(firing: Firing) -> str:
    return "it fired" if firing.fired else "it would have fired"


# ---------------------------------------------------------------- caps


def _frequency_cap(stopped: Stopped) -> Gap:
    caps = asked_of(stopped.rule, stopped.facts.program.policy).caps
    full = [(cap, used) for cap in caps if (used := _used(stopped, cap)) is not None]
    cap, used = full[0]
    by = listed([f"{one.rule.rule_id} at {stopped.moment(one.time_us)} ({_named(one)})" for one in used])
    free = stopped.moment(max(_free_us(stopped, one, taken) for one, taken in full))
    return Gap(
        f"frequency_cap: {cap_words(cap)} used by {by}",
        f"one firing fewer, or a candidate due at {free} or later",
    )


def _named(firing: Firing) -> str:
    return f"trigger {firing.trigger_id}" + ("" if firing.fired else ", held out")


def _used(stopped: Stopped, cap: Cap) -> list[Firing] | None:
    """The firings that fill a cap that holds the rule; None if it is not full."""
    used = [
        one
        for one in stopped.facts.record
        if one.counts and cap.concerns(one.rule.group, one.rule.channel) and _counts(stopped, cap, one.time_us)
    ]
    return used if len(used) >= cap.max_fired else None


def _counts(stopped: Stopped, cap: Cap, fired_us: int) -> bool:
    if cap.calendar is None:
        return fired_us > stopped.facts.now_us - cap.within_us
    first = _period_begins(cap.calendar, local_date(stopped.facts.zone, stopped.facts.now_us))
    return _period_begins(cap.calendar, local_date(stopped.facts.zone, fired_us)) == first


def _free_us(stopped: Stopped, cap: Cap, used: list[Firing]) -> int:
    """When a full cap lets the next one pass."""
    if cap.calendar is None:
        return used[-cap.max_fired].time_us + cap.within_us
    first = _period_begins(cap.calendar, local_date(stopped.facts.zone, stopped.facts.now_us))
    days = {Calendar.DAY: 1, Calendar.WEEK: 7, Calendar.MONTH: 32}[cap.calendar]
    return instant_of_local(stopped.facts.zone, _period_begins(cap.calendar, first + timedelta(days=days)), 0)


def _period_begins(calendar: Calendar, day: date) -> date:
    match calendar:
        case Calendar.DAY:
            return day
        case Calendar.WEEK:
            return day - timedelta(days=day.weekday())
        case Calendar.MONTH:
            return day.replace(day=1)


# ---------------------------------------------------------------- the rest


def _outranked(stopped: Stopped) -> Gap:
    details, arbitration = stopped.step.details, stopped.facts.program.policy.arbitration
    assert arbitration is not None
    last = next(one for one in reversed(stopped.facts.record) if one.trigger_id == details["outranked_by"])
    rank = last.rule.priority
    what = f"outranked: {last.rule.rule_id}, of priority {rank}, was {_standing(arbitration)} released at that instant"
    others = f"to fall due in another round, or a max above {arbitration.max_fired}"
    if last.rule.rule_id != stopped.rule.rule_id:
        others = f"a priority above {rank}, which is {stopped.rule.priority}; {others}"
    return Gap(f"{what} ({_named(last)})", others)


def _standing(arbitration: Arbitration) -> str:
    most = arbitration.max_fired
    return "the best of what was" if most == 1 else f"the last of the best {most} that were"


def _expired(stopped: Stopped) -> Gap:
    expires_us = stopped.rule.expires_us
    held = span_words(stopped.facts.now_us - stopped.due_us)
    return Gap(
        f"expired: released {held} after it was due, and the rule expires after {format_duration(expires_us)}",
        f"a release before {stopped.moment(stopped.due_us + expires_us)}, or a longer expires",
    )


def _superseded(stopped: Stopped) -> Gap:
    threshold = stopped.step.details["threshold"]
    if threshold is not None and stopped.due_us == stopped.facts.now_us:
        return Gap(
            f"superseded: the event that crossed {threshold} crossed a higher threshold too",
            "an event that crosses this threshold alone",
        )
    where, _ = stopped.held_words
    return Gap(f"superseded: a newer candidate took its place {where}", "no newer candidate before its release")


def _digested(stopped: Stopped) -> Gap:
    return Gap(f"digested: it is listed in trigger {stopped.step.details['digest_id']}", "no digest")


def _unlisted(stopped: Stopped) -> Gap:
    digest = stopped.rule.digest
    assert digest is not None
    first = "newer" if digest.field is None else f"better by {digest.field}"
    what = f"unlisted: digest {stopped.step.details['digest_id']} has no place for it, what it lists is {first}"
    return Gap(what, f"to be among the best {digest.max_listed}, or a max above that")


def _unless(stopped: Stopped) -> Gap:
    event = stopped.facts.event
    by = f"{event.type} ({event.event_id})" if event is not None else "an event"
    _, held = stopped.held_words
    return Gap(f"unless: {by} came while {held}", f"no {match_words(stopped.rule.unless)} before its release")


def _reverted(stopped: Stopped) -> Gap:
    event, catalog = stopped.facts.event, stopped.rule.catalog
    by = f"{own_type(event.type)} ({event.event_id})" if event is not None else "a change"
    _, held = stopped.held_words
    asked = "its change" if catalog is None else asked_words(catalog)
    return Gap(f"reverted: {by} took the change back while {held}", f"{asked} to hold until its release")


def _exited(stopped: Stopped) -> Gap:
    _, held = stopped.held_words
    return Gap(f"exited: the contact left the audience while {held}", "to stay a member")


def _forgotten(stopped: Stopped) -> Gap:
    silent, setting = stopped.facts.silence()
    return Gap(
        f"forgotten: no event for {silent}, after which a contact is forgotten ({setting})",
        f"any event before {stopped.moment(stopped.facts.now_us)}",
    )


def _rule_changed(stopped: Stopped) -> Gap:
    now = stopped.moment(stopped.facts.now_us)
    return Gap(
        f"rule_changed: the rule that comes into force at {now} is not the same, so what it had begun ends",
        "an edit that leaves when, per, the kind of wait and the same of unless as they are",
    )


def _rule_removed(stopped: Stopped) -> Gap:
    now = stopped.moment(stopped.facts.now_us)
    return Gap(f"rule_removed: the rule is gone or off from {now}", f"the rule in force after {now}")


ANSWERS: Final[dict[Reason, Callable[[Stopped], Gap]]] = {
    Reason.NOT_READY: _not_ready,
    Reason.CONDITION_UNMET: _condition_unmet,
    Reason.NO_CONSENT: _no_consent,
    Reason.HOLDOUT: _holdout,
    Reason.ROLLOUT: _rollout,
    Reason.REENTRY: _reentry,
    Reason.OUTRANKED: _outranked,
    Reason.FREQUENCY_CAP: _frequency_cap,
    Reason.EXPIRED: _expired,
    Reason.SUPERSEDED: _superseded,
    Reason.DIGESTED: _digested,
    Reason.UNLISTED: _unlisted,
    Reason.UNLESS: _unless,
    Reason.REVERTED: _reverted,
    Reason.EXITED: _exited,
    Reason.FORGOTTEN: _forgotten,
    Reason.RULE_CHANGED: _rule_changed,
    Reason.RULE_REMOVED: _rule_removed,
}

PLAIN_ANSWERS: Final = {
    Reason.SHADOW: Gap("shadow: it passed every gate, and the rule only watches", "mode: live"),
    Reason.LIMIT: Gap("limit: the rule has no room for it", "fewer instances or values, or a shorter wait"),
    Reason.NOT_ENTERED: Gap("not_entered: its last entered did not fire", "an entered that fires"),
    Reason.MERGED: Gap(
        "merged: the contact was merged into another before it could fire", "no contact.merged before it"
    ),
    Reason.DELETED: Gap("deleted: the contact was deleted before it could fire", "no contact.deleted before it"),
    Reason.LATE_EVENT: Gap("late_event: an event that came late took it back", "no such event"),
    Reason.FEED_SILENT: Gap("held by feed health when the run ended", "its feed to be back at its release"),
    Reason.FLOODED: Gap("held by the breaker when the run ended", "rules whose breaker lets it through at its release"),
    Reason.QUIET_HOURS: Gap("held by quiet hours when the run ended", "time to pass until its release"),
    Reason.ARBITRATION: Gap("held by arbitration when the run ended", "time to pass until its release"),
}
"""Answers that are the same for every candidate."""

_NO_ROOM_FOR_ATTRIBUTES: Final = Gap(
    "limit: more attributes that rules read than there is room for, so the update sets none",
    "shorter values, or fewer attributes that rules read",
)


def gates_words(asked: list[dict[str, Any]]) -> str:
    """The gates a candidate was asked, and how each answered."""
    words = (f"{GATES[Reason(one['gate'])]} {'✓' if one['passes'] else '✗'}{_watched(one)}" for one in asked)
    return "gates: " + ", ".join(words)


def silent_words(types: list[tuple[str, int]], moment: Callable[[int], str], what: str = "silent") -> str:
    """The types that are silent, or flooded, and since when."""
    return listed([f"{name} {what} since {moment(since_us)}" for name, since_us in types])


def _watched(one: dict[str, Any]) -> str:
    """The feeds that were silent, and the types that were flooded, and held nothing."""
    words = [word for word in ("silent", "flooded") if one.get(word) and one["passes"]]
    return "".join(f" ({listed([name for name, _ in one[word]])} {word})" for word in words)
