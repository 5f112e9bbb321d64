"""One step of a trace as one line for people, or none.

Pure over `Facts`. Called by `explain` for every step after the facts have taken it in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.event_types import is_item_change, own_type
from kittiwake.explain.catalog import changed_words, item_change_words
from kittiwake.explain.conditions import condition_gap, keys_of_event, tree_gap
from kittiwake.explain.facts import Facts
from kittiwake.explain.gates import GATES, reason_gap, silent_words
from kittiwake.explain.model import Line, Tone
from kittiwake.explain.reads import read_of
from kittiwake.explain.rules import match_words, period_words, unmet_words
from kittiwake.explain.values import SCALAR, default_words, needs_words, wait_words
from kittiwake.explain.waits import due_words
from kittiwake.explain.wording import (
    counted,
    digest_words,
    listed,
    moment_words,
    path_words,
    properties_words,
    span_words,
    value_words,
)
from kittiwake.kernel.evaluate.catalog import values_after
from kittiwake.kernel.evaluate.unusable import found_at
from kittiwake.kernel.plan.conditions import is_list_of_history
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.reasons import Found, Kind, Outcome, Reason
from kittiwake.time.zones import zone_of
from kittiwake.values import exact, is_scalar, lookup

StepWords: TypeAlias = tuple[Tone, str] | None


class At(NamedTuple):
    """A step, what is known at it, and what it says."""

    facts: Facts
    step: Step
    details: dict[str, Any]

    def moment(self, time_us: int) -> str:
        """An instant, shown beside now."""
        return moment_words(time_us, self.facts.zone, self.facts.now_us)

    def moments(self) -> str:
        """The deadlines the step sets, and why they are these."""
        wait = self.facts.rule(self.step).wait
        dues = zip(self.details["dues_us"], self.details["reminders"], strict=True)
        return listed([self.moment(due_us) + due_words(wait, reminder) for due_us, reminder in dues])


def line_of(facts: Facts, step: Step) -> Line | None:
    """The step's line; None for steps that say nothing a person would miss."""
    describe = DESCRIPTIONS.get(step.kind)
    words = describe(At(facts, step, step.details)) if describe is not None else None
    if words is None:
        return None
    tone, text = words
    zone = facts.zone_before if step.kind is StepKind.EVENT else facts.zone
    new_zone = facts.zone if zone != facts.zone else None
    return Line(step.time_us, step.kind, tone, step.rule_id, step.instance, text, zone, new_zone)


def _event_words(facts: Facts, event_id: str | None) -> str:
    """An event by type and id; the one being taken where the step names none."""
    event = facts.by_id.get(event_id) if event_id is not None else facts.event
    return f"{own_type(event.type)} ({event.event_id})" if event is not None else "the contact's change"


# ---------------------------------------------------------------- events


def _event(at: At) -> StepWords:
    if is_item_change(at.details["type"]):
        return Tone.EVENT, item_change_words(at.details["type"], at.details["event_id"], at.details["properties"])
    shown = whole = at.details["properties"]
    if not at.facts.all_properties:
        shown = read_of(at.facts.program, at.details["type"], whole)
        at.facts.left_out |= shown != whole
    properties = properties_words(shown)
    text = f"{at.details['type']} ({at.details['event_id']})" + (f" {properties}" if properties else "")
    parent = f"; derived from {at.details['parent']}" if "parent" in at.details else ""
    return Tone.EVENT, text + parent + _cast_words(at, shown) + _zone_words(at)


def _cast_words(at: At, shown: dict[str, Any]) -> str:
    """What of the properties that are shown came in as something else."""
    sent = at.details.get("as_sent", {})
    if not at.facts.all_properties:
        sent = read_of(at.facts.program, at.details["type"], sent)
    was = {name: sent[name] for name, value in shown.items() if name in sent and sent[name] is not value}
    return f"; cast from {properties_words(was)}" if was else ""


def _zone_words(at: At) -> str:
    """What is to be said of a time zone that is none."""
    name = at.details["properties"].get("timezone") if at.details["type"] == "contact.updated" else None
    if name is None or zone_of(name):
        return ""
    return f"; timezone is no IANA zone, so that of the account counts: {at.facts.program.timezone}"


def _duplicate(at: At) -> StepWords:
    return Tone.ASIDE, f"{at.details['type']} ({at.details['event_id']}): a copy, dropped"


def _repeat(at: At) -> StepWords:
    return Tone.ASIDE, f"{at.details['type']} ({at.details['event_id']}): a repeat, dropped"


def _late(at: At) -> StepWords:
    return Tone.STOPPED, f"{at.details['type']} ({at.details['event_id']}): too late, changes nothing"


def _corrected(at: At) -> StepWords:
    return Tone.ASIDE, arrived_words(at.details, at.step.time_us, at.facts.zone)


def arrived_words(details: dict[str, Any], arrived_us: int, zone: str) -> str:
    """A late event that is put in its place; details of CORRECTED."""
    late = span_words(arrived_us - details["time_us"])
    moment = moment_words(details["time_us"], zone, arrived_us)
    event = f"{own_type(details['type'])} ({details['event_id']})"
    return f"{event} arrives {late} late and takes its place at {moment}"


# ---------------------------------------------------------------- the contact, the rules


def _forgotten(at: At) -> StepWords:
    silent, setting = at.facts.silence()
    what = "the contact is forgotten" if at.details["wholly"] else "what the contact did is forgotten"
    return Tone.STOPPED, f"no event for {silent}: {what} ({setting})"


def _in_force(at: At) -> StepWords:
    before, now = at.facts.before, at.facts.program
    had = {rule.rule_id: rule.version for rule in before.rules if not rule.foreseen}
    has = {rule_id: rule.version for rule_id, rule in at.facts.rules.items()}
    words = [f"{rule_id} is new" for rule_id in has if rule_id not in had]
    words += [f"{rule_id} is changed" for rule_id in has if rule_id in had and had[rule_id] != has[rule_id]]
    words += [f"{rule_id} is gone" for rule_id in had if rule_id not in has]
    if before.policy != now.policy:
        words.append("the policy is changed")
    if before.timezone != now.timezone:
        words.append(f"the account's timezone is {now.timezone}")
    return Tone.EVENT, f"other rules come into force: {listed(words) or 'for this account as they were'}"


# ---------------------------------------------------------------- arming


def lacks_words(facts: Facts, rule: RuleProgram, details: dict[str, Any]) -> str:
    """What an event lacks to arm a rule, or what it has instead."""
    properties = facts.by_id[details["event_id"]].properties
    if not details["what"].startswith("wait"):
        return _keys_lacked(rule, properties)
    if details["what"].endswith("past"):
        return "the date it would wait for has passed"
    assert isinstance(rule.wait, (FieldWait, UntilWait))
    return wait_words(rule.wait, properties, facts.attributes)


def _keys_lacked(rule: RuleProgram, properties: dict[str, Any]) -> str:
    paths = [path for path in dict.fromkeys(rule.per + rule.same) if not is_scalar(lookup(properties, path))]
    lacking = [path_words(path) for path in paths if found_at(properties, path) is Found.MISSING]
    words = [f"it lacks {listed(lacking)}"] if lacking else []
    words += [needs_words(properties, path, SCALAR) for path in paths if path_words(path) not in lacking]
    return listed(words)


def target_words(rule: RuleProgram) -> str:
    """Where a wait reads its number or its date."""
    assert isinstance(rule.wait, (FieldWait, UntilWait))
    of_contact = isinstance(rule.wait, UntilWait) and rule.wait.of_contact
    return ("contact." if of_contact else "") + path_words(rule.wait.path)


def _lacks(at: At) -> StepWords:
    event = _event_words(at.facts, at.details["event_id"])
    return Tone.STOPPED, f"not armed by {event}: {lacks_words(at.facts, at.facts.rule(at.step), at.details)}"


_ROOM: Final = {
    "keys": "the rule remembers as many instances as it may",
    "history": "a look-back remembers as much as it may",
    "wait": "the wait is longer than the longest allowed",
    "attributes": "the attributes that rules read would be too many, or too long: none is changed",
}


def _no_room(at: At) -> StepWords:
    return Tone.STOPPED, f"no room: {_ROOM[at.details['what']]}"


def _prefix(at: At) -> StepWords:
    until = at.moment(at.details["started_us"] + at.details["within_us"])
    return Tone.PROGRESS, f"step {at.details['step']} of {at.details['of']}, the last one before {until}"


def _completed(at: At) -> StepWords:
    return Tone.PROGRESS, f"sequence complete, begun {at.moment(at.details['started_us'])}"


def _given(at: At) -> StepWords:
    rule = at.facts.rule(at.step)
    if at.details["holds"] or _is_tree(rule):
        return None
    gap = condition_gap(at.facts, rule, at.details["condition"], at.facts.event)
    return Tone.STOPPED, f"given does not hold: {gap.what}"


def _is_tree(rule: RuleProgram) -> bool:
    """Whether one question that is answered no refuses nothing by itself: what refuses is the whole."""
    return rule.given is not None and not is_list_of_history(rule.given)


def _interested(at: At) -> StepWords:
    catalog = at.facts.rule(at.step).catalog
    assert catalog is not None, "only a catalogue rule remembers it"
    return Tone.PROGRESS, f"interested in the item until {at.moment(at.step.time_us + catalog.within_us)}"


def _changed(at: At) -> StepWords:
    catalog = at.facts.rule(at.step).catalog
    assert catalog is not None, "only a catalogue rule asks for it"
    words = changed_words(catalog, at.details)
    if at.details["stood"]:
        return Tone.STOPPED, f"{words}, but so was the value before: nothing new"
    if not at.details["is_so"] or at.details["fits"]:
        return Tone.PROGRESS if at.details["is_so"] else Tone.STOPPED, words
    event = at.facts.event
    assert catalog.where is not None, "it refuses"
    assert event is not None, "a change is taken"
    values = values_after(event.properties, catalog.asked_of_item())
    return Tone.STOPPED, f"{words}, but {unmet_words(catalog.where, values, at.facts.attributes)}"


def _refused(at: At) -> StepWords:
    rule = at.facts.rule(at.step)
    if rule.given is None or not _is_tree(rule):
        return None
    gap = tree_gap(at.facts, rule, rule.given, keys_of_event(rule, at.facts.event))
    return None if gap is None else (Tone.STOPPED, f"given does not hold: {gap.what}")


def _armed(at: At) -> StepWords:
    return Tone.PROGRESS, f"armed, due {at.moments()}{_by_default(at)}{_passed_over(at)}"


def _restarted(at: At) -> StepWords:
    so_far = counted(at.details["count"], "event")
    return Tone.PROGRESS, f"restarted ({so_far} so far), due {at.moments()}{_by_default(at)}"


def _passed_over(at: At) -> str:
    """Which reminders of a date an event has come too late for, or another is due with."""
    wait = at.facts.rule(at.step).wait
    if not isinstance(wait, UntilWait) or not wait.numbered:
        return ""
    missing = [str(index) for index in range(len(wait.later) + 1) if index not in at.details["reminders"]]
    return f" (passed over: reminder {listed(missing)})" if missing else ""


def _by_default(at: At) -> str:
    """That the wait is the default, and why; nothing where it is not."""
    wait = at.facts.rule(at.step).wait
    if not isinstance(wait, FieldWait):
        return ""
    words = default_words(wait, at.facts.by_id[at.details["event_id"]].properties)
    return "" if words is None else f", {words}"


def _counted(at: At) -> StepWords:
    return Tone.ASIDE, f"counted ({counted(at.details['count'], 'event')} so far), the deadline stands"


def _moved(at: At) -> StepWords:
    return Tone.PROGRESS, f"deadline moved to {at.moments()}"


def disarmed_words(facts: Facts, step: Step) -> str:
    """Who disarmed an episode, and how long before its deadline."""
    by = _event_words(facts, step.details["event_id"])
    why = {
        "unless": f"disarmed by {by}",
        "reverted": f"disarmed by {by}: the change holds no more",
        "past": f"disarmed by {by}: the date it names has passed",
        "changed": f"disarmed by {by}: the date it waited for is gone or past",
        "deleted": "disarmed: the contact was deleted",
        "merged": "disarmed: the contact was merged into another",
    }[step.details["why"]]
    dues_us = [due_us for due_us in step.details["dues_us"] if due_us >= step.time_us]
    if not dues_us:
        return why
    left = span_words(dues_us[0] - step.time_us)
    return f"{why}, {left} before its deadline {moment_words(dues_us[0], facts.zone, facts.now_us)}"


def _disarmed(at: At) -> StepWords:
    return Tone.STOPPED, disarmed_words(at.facts, at.step)


def _total(at: At) -> StepWords:
    after, ahead = at.details["after"], at.details["next"]
    reaches = at.facts.rule(at.step).reaches
    within = "" if reaches is None else period_words(reaches.period)
    text = f"total {value_words(exact(Decimal(after)))}"
    if ahead is None:
        return Tone.PROGRESS, f"{text}{within}, with no threshold left"
    return Tone.PROGRESS, f"{text} of {value_words(ahead)}{within}"


# ---------------------------------------------------------------- candidates


def _due(at: At) -> StepWords:
    rule = at.facts.rule(at.step)
    if at.details["kind"] == Kind.ENTERED:
        return Tone.PROGRESS, "becomes a member"
    if at.details["kind"] == Kind.EXITED:
        return Tone.PROGRESS, "is a member no longer"
    if at.details["threshold"] is not None:
        return Tone.PROGRESS, f"crosses {value_words(exact(Decimal(at.details['threshold'])))}"
    if rule.wait is None:
        return Tone.PROGRESS, "due at once"
    without = f" without {match_words(rule.unless)}" if rule.unless else ""
    return Tone.PROGRESS, f"deadline reached{without}{which_words(at.details)}"


def which_words(details: dict[str, Any]) -> str:
    """Which of several candidates: reminder, occurrence or threshold, and its variant; details of DUE or DECISION."""
    named = ((name, details.get(name)) for name in ("reminder", "occurrence", "threshold", "variant"))
    words = [f"{name} {_which_value(name, value)}" for name, value in named if value is not None]
    return f" ({', '.join(words)})" if words else ""


def _which_value(name: str, value: Any) -> Any:
    return date.fromordinal(value).isoformat() if name == "occurrence" else value


def _deferred(at: At) -> StepWords:
    until, reason = at.moment(at.details["release_us"]), Reason(at.details["reason"])
    if reason is Reason.ARBITRATION:
        return Tone.HELD, f"held by arbitration until {until}{', a round that it opens' * at.details['opens_round']}"
    word = {Reason.FEED_SILENT: "silent", Reason.FLOODED: "flooded"}.get(reason)
    since = "" if word is None else f", {silent_words(at.details[word], at.moment, word)}"
    return Tone.HELD, f"held by {GATES[reason]} until {until}{since}"


def _decision(at: At) -> StepWords:
    details = at.details
    if details["decision"] == Outcome.FIRED:
        fired = f"{str(details['kind']).upper()}{which_words(details)} trigger {details['trigger_id']}"
        return Tone.FIRED, fired + digest_words(details)
    gap = reason_gap(at.facts, at.step)
    if details["reason"] == Reason.DIGESTED:
        return Tone.PROGRESS, f"passes{which_words(details)}, {gap.what}"
    return Tone.STOPPED, f"{details['decision']}{which_words(details)}, {gap.what}{digest_words(details)}"


DESCRIPTIONS: Final[dict[StepKind, Callable[[At], StepWords]]] = {
    StepKind.EVENT: _event,
    StepKind.DUPLICATE: _duplicate,
    StepKind.REPEAT: _repeat,
    StepKind.LATE: _late,
    StepKind.CORRECTED: _corrected,
    StepKind.FORGOTTEN: _forgotten,
    StepKind.IN_FORCE: _in_force,
    StepKind.LACKS: _lacks,
    StepKind.NO_ROOM: _no_room,
    StepKind.PREFIX: _prefix,
    StepKind.COMPLETED: _completed,
    StepKind.GIVEN: _given,
    StepKind.REFUSED: _refused,
    StepKind.INTERESTED: _interested,
    StepKind.CHANGED: _changed,
    StepKind.ARMED: _armed,
    StepKind.RESTARTED: _restarted,
    StepKind.COUNTED: _counted,
    StepKind.MOVED: _moved,
    StepKind.DISARMED: _disarmed,
    StepKind.TOTAL: _total,
    StepKind.DUE: _due,
    StepKind.DEFERRED: _deferred,
    StepKind.DECISION: _decision,
}
"""The kinds that have a line. The gates of one candidate make one line together (`explain`)."""
