"""What did not fire, how near it came, and what it would have taken.

Pure over `Facts`. `miss_of` answers for a step that ends something; `misses_at_end` for what
is unfinished, or never began, when the trace ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from kittiwake.explain.catalog import asked_words
from kittiwake.explain.conditions import Gap, condition_gap, keys_of_event, tree_gap
from kittiwake.explain.facts import REACHES, Facts, begins
from kittiwake.explain.gates import held_gap, reason_gap
from kittiwake.explain.model import Miss, Stage
from kittiwake.explain.rules import match_words, period_words, types_words
from kittiwake.explain.steps import disarmed_words, lacks_words, target_words, which_words
from kittiwake.explain.values import target_needed
from kittiwake.explain.wording import listed, moment_words, path_words, value_words
from kittiwake.kernel.evaluate.periods import start_us
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.conditions import is_list_of_history
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.kernel.state.state import Instance, State
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.durations import format_duration
from kittiwake.values import EXACT, exact, lookup


def _moment(facts: Facts, time_us: int) -> str:
    return moment_words(time_us, facts.zone, facts.now_us)


# ---------------------------------------------------------------- at a step


def miss_of(facts: Facts, step: Step, refusals: list[Step]) -> Miss | None:
    """The miss a step is; None if it is none. `refusals`: the GIVEN steps of it that do not hold."""
    found: tuple[Stage, Gap] | None = None
    match step.kind:
        case StepKind.LACKS:
            found = Stage.LACKED, _lacked(facts, step)
        case StepKind.REFUSED:
            found = Stage.REFUSED, _refused(facts, step, refusals)
        case StepKind.DISARMED:
            found = Stage.STOPPED, _disarmed(facts, step)
        case StepKind.DECISION if step.details["reason"] == Reason.DIGESTED:
            return None  # the digest fires in its place, or is missed
        case StepKind.DECISION if step.details["decision"] != Outcome.FIRED:
            gap = reason_gap(facts, step)
            found = Stage.GATED, gap._replace(what=f"{step.details['decision']}{which_words(step.details)}, {gap.what}")
        case _:
            return None
    return Miss(str(step.rule_id), step.instance, step.time_us, found[0], *found[1], facts.zone)


def _lacked(facts: Facts, step: Step) -> Gap:
    rule, details = facts.rule(step), step.details
    event = facts.by_id.get(details["event_id"])
    name = f"{event.type} ({event.event_id})" if event is not None else "the event"
    what = f"{name} did not arm it: {lacks_words(facts, rule, details)}"
    if not details["what"].startswith("wait"):
        lacking = listed(list(dict.fromkeys(details["paths"])))
        return Gap(what, f"a {types_words(rule.when or begins(rule))} with {lacking}")
    if details["what"].endswith("past"):
        return Gap(what, f"a usable {target_words(rule)} in the future")
    assert isinstance(rule.wait, (FieldWait, UntilWait))
    needed = f"{target_needed(rule.wait)} as {target_words(rule)}"
    of_contact = isinstance(rule.wait, UntilWait) and rule.wait.of_contact
    return Gap(what, needed if of_contact else f"a {types_words(rule.when or begins(rule))} with {needed}")


def _refused(facts: Facts, step: Step, refusals: list[Step]) -> Gap:
    rule = facts.rule(step)
    if rule.given is not None and not is_list_of_history(rule.given):
        gap = tree_gap(facts, rule, rule.given, keys_of_event(rule, facts.event))
        return Gap("given did not hold", "given to hold") if gap is None else gap._replace(what=f"given: {gap.what}")
    gaps = [condition_gap(facts, rule, one.details["condition"], facts.event) for one in refusals]
    if not gaps:
        return Gap("given did not hold", "given to hold")
    return Gap("given: " + listed([gap.what for gap in gaps]), listed([gap.needed for gap in gaps]))


def _disarmed(facts: Facts, step: Step) -> Gap:
    rule = facts.rule(step)
    dues_us = [due_us for due_us in step.details["dues_us"] if due_us >= step.time_us]
    until = f" before {_moment(facts, dues_us[0])}" if dues_us else ""
    needed = {
        "unless": f"no {match_words(rule.unless)}{until}",
        "reverted": f"the new value to hold{until}",
        "deleted": f"no contact.deleted{until}",
        "merged": f"no contact.merged{until}",
    }
    return Gap(disarmed_words(facts, step), needed.get(step.details["why"], "a date in the future to wait for"))


# ---------------------------------------------------------------- at the end


def misses_at_end(facts: Facts, state: State, last: Mapping[tuple[str, str], Step]) -> Iterator[Miss]:
    """What of each rule is unfinished when the trace ends. `last`: the newest PREFIX or TOTAL of each instance."""
    for rule in facts.rules.values():
        remembered = state.rules.get(rule.rule_id)
        if rule.audience is not None:
            if not (remembered is not None and remembered.member):
                yield from _not_a_member(facts, rule)
            yield from _held(facts, rule, remembered.instances if remembered else {})
            continue
        instances = remembered.instances if remembered is not None else {}
        yield from _waiting(facts, rule, instances)
        yield from _held(facts, rule, instances)
        yield from _part_way(facts, rule, last)


def _waiting(facts: Facts, rule: RuleProgram, instances: Mapping[str, Instance]) -> Iterator[Miss]:
    for key, one in instances.items():
        if one.episode is None or not one.episode.reminders:
            continue
        due = _moment(facts, one.episode.reminders[0].due_us)
        armed = f"armed at {_moment(facts, one.episode.opened_us)} by {one.episode.opened_id}"
        what = f"{armed}, due {due}: the end ({_moment(facts, facts.now_us)}) comes before"
        without = f" without {match_words(rule.unless)}" if rule.unless else ""
        yield Miss(
            rule.rule_id, key, facts.now_us, Stage.WAITING, what, f"time to pass until {due}{without}", facts.zone
        )


def _held(facts: Facts, rule: RuleProgram, instances: Mapping[str, Instance]) -> Iterator[Miss]:
    for key, one in instances.items():
        if one.held is not None:
            gap = held_gap(facts, rule, one.held)
            yield Miss(rule.rule_id, key, facts.now_us, Stage.GATED, *gap, facts.zone)


def _part_way(facts: Facts, rule: RuleProgram, last: Mapping[tuple[str, str], Step]) -> Iterator[Miss]:
    for (rule_id, key), step in last.items():
        if rule_id != rule.rule_id:
            continue
        gap = _chain_gap(facts, rule, step) if step.kind is StepKind.PREFIX else _total_gap(facts, rule, step)
        if gap is not None:
            yield Miss(rule_id, key, step.time_us, Stage.BEGUN, *gap, facts.zone)


def _chain_gap(facts: Facts, rule: RuleProgram, step: Step) -> Gap:
    assert rule.sequence is not None
    details = step.details
    missing = [match_words(one) for one in rule.sequence.steps[details["step"] :]]
    within = format_duration(rule.sequence.within_us)
    what = (
        f"step {details['step']} of {details['of']} at {_moment(facts, step.time_us)}, and no further within {within}"
    )
    until_us = details["started_us"] + rule.sequence.within_us
    return Gap(what, f"{', then '.join(missing)} before {_moment(facts, until_us)}")


def _total_gap(facts: Facts, rule: RuleProgram, step: Step) -> Gap | None:
    assert rule.reaches is not None
    ahead, after = step.details["next"], exact(Decimal(step.details["after"]))
    if rule.reaches.period is not None and step.time_us < start_us(rule.reaches.period, facts.zone, facts.now_us):
        ahead, after = rule.reaches.at[0], 0  # what was counted was of a period that is over
    if ahead is None:
        return None
    missing = exact(EXACT.subtract(Decimal(ahead), Decimal(after)))
    what = f"total {value_words(after)} of {value_words(ahead)}{period_words(rule.reaches.period)}"
    return Gap(what + facts.refused_words(rule, REACHES), f"{value_words(missing)} more")


def _not_a_member(facts: Facts, rule: RuleProgram) -> Iterator[Miss]:
    assert rule.audience is not None
    if not facts.by_id:
        return
    gap = tree_gap(facts, rule, rule.audience.tree, keys_of_event(rule, None))
    if gap is not None:
        yield Miss(rule.rule_id, "{}", None, Stage.BEGUN, f"not a member: {gap.what}", gap.needed, facts.zone)


def never_began(facts: Facts, rule: RuleProgram) -> Miss:
    """The miss of a rule that came to nothing worth a step."""
    if rule.rule_id not in facts.rules:
        return _unseen(facts, rule, "nothing came of it while it was in force", "the rule back")
    if rule.audience is not None:
        return _unseen(facts, rule, "no event of the contact at all", "an event")
    if rule.catalog is not None:
        return _no_change(facts, rule, rule.catalog)
    begun, unmatched = facts.begun_by.get(rule.rule_id), facts.unmatched.get(rule.rule_id)
    if begun:
        return _came_to_nothing(facts, rule, begun)
    wanted = match_words(begins(rule))
    if unmatched is None:
        since_us = facts.since_us.get(rule.rule_id)
        when = "at all" if since_us is None else f"since {_moment(facts, since_us)}, when the rule came into force"
        return _unseen(facts, rule, f"no event of type {wanted} seen {when}", f"one {wanted}")
    newest = unmatched.newest
    what = f"{unmatched.number} × {newest.type} seen, none as the rule wants it: {unmatched.why}"
    if unmatched.number > 1:
        what += f" (the newest, {newest.event_id})"
    return Miss(rule.rule_id, None, newest.time_us, Stage.UNMATCHED, what, f"one {wanted}", facts.zone)


def _no_change(facts: Facts, rule: RuleProgram, catalog: Catalog) -> Miss:
    interest, item = types_words(catalog.interest), path_words(catalog.item)
    types = {name for match in catalog.interest for name in match.types}
    showing = [event for event in facts.by_id.values() if not types or event.type in types]
    if all(lookup(event.properties, catalog.item) is None for event in showing):
        what = f"no interest in an item: no {interest} with {item} seen at all"
        return _unseen(facts, rule, what, f"one {interest} with {item}")
    lasting = format_duration(catalog.within_us)
    needed = f"an item whose {asked_words(catalog)}, within {lasting} of interest in it"
    return _unseen(facts, rule, f"no such change of an item that {interest} names by {item}", needed)


def _unseen(facts: Facts, rule: RuleProgram, what: str, needed: str) -> Miss:
    return Miss(rule.rule_id, None, None, Stage.UNSEEN, what, needed, facts.zone)


def _came_to_nothing(facts: Facts, rule: RuleProgram, begun: list[Event]) -> Miss:
    newest = begun[-1]
    what = f"{len(begun)} × {newest.type} seen, and nothing came of it"
    needed = "other events"
    if rule.reaches is not None and rule.reaches.path is not None:
        path = path_words(rule.reaches.path)
        refused = facts.refused.get((rule.rule_id, REACHES))
        why = "" if refused is None else f": {refused.why}"
        what, needed = f"{what}{why}", f"one {match_words(begins(rule))} with a number as {path}"
    return Miss(rule.rule_id, None, newest.time_us, Stage.LACKED, what, needed, facts.zone)
