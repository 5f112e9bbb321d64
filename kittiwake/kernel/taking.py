"""What one event does, at its place in `(time, event_id)` (docs/semantics.md, section 3).

First the contact's own events, then each rule: `unless`, history, `when`; then audiences.
Called by `advance`.
"""

from __future__ import annotations

from kittiwake.kernel.arming import candidate_of_event, cause, lacks, refuse_for_room
from kittiwake.kernel.audiences import look
from kittiwake.kernel.episodes import arm, move_dates, take_unless
from kittiwake.kernel.gating import cancel_all
from kittiwake.kernel.history import answer, key_of, measured, record
from kittiwake.kernel.index import DELETED, GRANTED, UPDATED, WITHDRAWN
from kittiwake.kernel.matching import instance_key, key_values, meets
from kittiwake.kernel.program import RuleProgram
from kittiwake.kernel.reaching import reach
from kittiwake.kernel.roles import Role
from kittiwake.kernel.run import SINGLE, Run
from kittiwake.kernel.sequences import completes
from kittiwake.kernel.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind, Reason


def take(run: Run, event: Event) -> None:
    """Let one event do all it does."""
    if run.trace is not None:
        about = {"event_id": event.event_id, "type": event.type, "properties": dict(event.properties)}
        run.note(StepKind.EVENT, None, None, **about)
        if not run.program.wants(event.type):
            return
    if event.type == DELETED:
        _delete(run)
        return
    run.state.started = True
    if event.type == UPDATED:
        _update(run, event)
    elif event.type in (GRANTED, WITHDRAWN):
        _consent(run, event)
    for role in run.program.roles_of(event.type):
        _take_into_rule(run, role, event)


# ---------------------------------------------------------------- the contact's own events


def _update(run: Run, event: Event) -> None:
    """Set attributes key by key; null removes. Only those that rules read are kept."""
    before, zone_before = dict(run.attributes), run.zone()
    for name, value in event.properties.items():
        if name not in run.program.attributes:
            continue
        if value is None:
            run.attributes.pop(name, None)
        else:
            run.attributes[name] = value
    if run.program.dated and run.attributes != before:
        move_dates(run, before, zone_before)


def _consent(run: Run, event: Event) -> None:
    """Keep the newest word on the purpose the policy asks about; without a purpose it is about every one."""
    consent = run.program.policy.consent
    if consent is None:
        return
    purpose, granted = event.properties.get("purpose"), event.type == GRANTED
    if purpose is None or purpose == consent.purpose:
        run.state.consents[consent.purpose] = granted
    elif not isinstance(purpose, str) and not granted:
        run.state.consents[consent.purpose] = False


def _delete(run: Run) -> None:
    """Empty the state; what is deferred, or caused earlier at this instant, leaves `cancelled: deleted`."""
    cancel_all(run, [(i, key, candidate) for i, key, candidate, _ in run.caused], Reason.DELETED)
    for index, found in enumerate(run.rules):
        instances = {} if found is None else found.instances
        held = [(index, key, one.held.candidate) for key, one in sorted(instances.items()) if one.held is not None]
        cancel_all(run, held, Reason.DELETED)
        run.rules[index] = None
    state = run.state
    state.rules, state.firings, state.consents, state.started = {}, [], {}, False
    run.attributes, run.caused = {}, []
    run.unless_taken.clear()
    run.opened.clear()
    run.reserved.clear()
    run.rebuild_agenda()


# ---------------------------------------------------------------- rules


def _take_into_rule(run: Run, role: Role, event: Event) -> None:
    if role.rule.audience is not None:
        if not _record(run, role, event):
            refuse_for_room(run, role.rule_index, SINGLE, event, "history")
        look(run, role.rule_index, event)
        return
    if role.unless:
        take_unless(run, role, event)
    has_room = not role.conditions or _record(run, role, event)
    if has_room and not role.when and not role.steps:
        return
    key = instance_key(role.rule.per, event.properties)
    if not has_room:
        refuse_for_room(run, role.rule_index, key or SINGLE, event, "history")
    if _is_when(run, role, key, event) and has_room:
        assert key is not None
        _take_when(run, role.rule_index, role.rule, key, event)


def _record(run: Run, role: Role, event: Event) -> bool:
    """Remember the event for the history conditions it matches; False if one had no room."""
    index, rule, has_room = role.rule_index, role.rule, True
    for i, matches in role.conditions:
        if not meets(matches, event, run.attributes):
            continue
        slots = run.rule_state(index).history[i]
        if not record(rule.conditions[i], slots, event, rule.keep_us, run.program.limits):
            has_room = False
        elif run.trace is not None:
            run.note(StepKind.RECORDED, index, None, event_id=event.event_id, condition=i)
    return has_room


def _is_when(run: Run, role: Role, key: str | None, event: Event) -> bool:
    """Whether the event is a `when` match of an instance; a sequence takes it into its chains."""
    if role.steps:
        return key is not None and completes(run, role, key, event)
    if not meets(role.when, event, run.attributes):
        return False
    if key is None:
        lacks(run, role.rule_index, None, event, "per")
    return key is not None


def _take_when(run: Run, index: int, rule: RuleProgram, key: str, event: Event) -> None:
    same = key_values(rule.same, event.properties)
    if same is None:
        lacks(run, index, key, event, "same")
    elif rule.reaches is not None:
        reach(run, index, key, event, same, lambda: _is_given(run, index, rule, key, event))
    elif rule.wait is not None:
        one = run.instance(index, key)
        pending = one is not None and one.episode is not None
        arm(run, index, key, event, same, admitted=pending or _is_given(run, index, rule, key, event))
    elif _is_given(run, index, rule, key, event):
        _cause_at_once(run, index, rule, key, event, same)


def _is_given(run: Run, index: int, rule: RuleProgram, key: str, event: Event) -> bool:
    """Whether every history condition holds, that event included. All are asked, so that a trace shows all."""
    if not rule.conditions:
        return True
    history = run.rule_state(index).history
    admitted = True
    for i, condition in enumerate(rule.conditions):
        of = key_of(condition, event)
        assert of is not None, "an event that lacks a `same` property does not arm"
        value = measured(condition, history[i], of, run.now_us, rule.keep_us)
        holds = answer(condition, value)
        admitted = admitted and holds
        if run.trace is not None:
            run.note(StepKind.GIVEN, index, key, event_id=event.event_id, condition=i, value=value, holds=holds)
    if not admitted and run.trace is not None:
        run.note(StepKind.REFUSED, index, key, event_id=event.event_id)
    return admitted


def _cause_at_once(run: Run, index: int, rule: RuleProgram, key: str, event: Event, same: list[str]) -> None:
    """Without `wait`: a candidate due now, if there is room to remember what may become of it."""
    if not run.reserve(index, key):
        refuse_for_room(run, index, key, event, "keys")
        return
    cause(run, index, key, candidate_of_event(run, rule, event, same, Kind.FIRED))
