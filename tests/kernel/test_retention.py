"""What stays of a contact that is forgotten: through the kernel, as a batch and as a stream that is woken decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import pytest

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.program import ATTRIBUTES_RULE, Program
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import State, is_asleep, is_nothing, keeps_something, new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from tests.kernel.execution_modes import decided_in_every_mode
from tests.oracle.worlds_versions import VersionedWorld
from tests.properties.versions import at_once, difference, sliced

YEAR_US: Final = 365 * DAY_US
BIRTHDAY: Final = {"use": "birthday"}
MARKETING: Final = {"purpose": "marketing", "default": "granted"}
Raw = Mapping[str, Any]


def program(*rules: Raw, **policy: Any) -> Program:
    return compile_account(load_document({"account": "acme", "policy": policy, "rules": list(rules)}), "acme")


def event(at: str, kind: str, **properties: Any) -> Event:
    name = f"{kind}-{at}"
    return event_of("acme", "c1", {"event_id": name, "time": at, "type": kind, "properties": properties})


def at(text: str) -> int:
    return parse_instant(text)


def shown(decisions: Sequence[Decision]) -> list[tuple[str, str, str | None]]:
    return [(str(one.occurrence or one.rule_id), str(one.decision), one.reason) for one in decisions]


class Woken:
    """A contact of a host that wakes it whenever it asks for it, and at no other time."""

    def __init__(self, rules: Program | Versions, events: Sequence[Event]) -> None:
        self.rules, self.decisions = rules, list[Decision]()
        self.wakes = 0
        self.forgotten = 0
        self.state = new_state("c1")
        self.wake_us: int | None = None
        for given in events:
            self.sleep_to(given.time_us)
            self._advance([given], given.time_us + 1)

    def _advance(self, events: Sequence[Event], upto_us: int) -> None:
        found = advance(self.rules, self.state, events, upto_us)
        data = encode(found.state)
        state = decode(data)
        assert isinstance(state, State)
        self.state, self.wake_us = state, found.next_timer_us
        self.decisions += found.decisions
        self.forgotten += found.forgotten

    def sleep_to(self, until_us: int) -> Woken:
        """Let time pass; how often it was woken is counted in `wakes`."""
        while self.wake_us is not None and self.wake_us <= until_us:
            self.wakes += 1
            self._advance([], self.wake_us)
        return self


# ---------------------------------------------------------------- birthdays


BORN: Final = event("2020-01-07T12:00:00Z", "contact.updated", birthday="1980-02-29", timezone="America/Toronto")


def test_the_birthday_recipe_fires_every_year_for_ten_years_without_any_other_event() -> None:
    rules = program(BIRTHDAY)
    found = decided_in_every_mode(rules, [BORN], at("2030-01-07T12:00:00Z"))
    assert [(one.decision, str(one.occurrence)[:4]) for one in found] == [
        (Outcome.FIRED, str(year)) for year in range(2020, 2030)
    ]
    woken = Woken(rules, [BORN]).sleep_to(at("2030-01-07T12:00:00Z"))
    assert [one.trigger_id for one in woken.decisions] == [one.trigger_id for one in found]
    assert woken.forgotten == 1
    assert woken.wakes <= 2 * 10 + 3  # each birthday, the end of its trace, and once to be forgotten


def test_a_birthday_passes_the_gates_of_its_day_however_long_the_silence() -> None:
    consent = event("2020-01-08T12:00:00Z", "consent.withdrawn", purpose="marketing")
    rules = program(BIRTHDAY, consent=MARKETING)
    found = decided_in_every_mode(rules, [BORN, consent], at("2026-01-07T12:00:00Z"))
    assert {(one.decision, one.reason) for one in found} == {(Outcome.SUPPRESSED, Reason.NO_CONSENT)}
    assert len(found) == 6


def test_a_birthday_that_is_corrected_late_is_told_again() -> None:
    """Years after it was forgotten a contact is corrected like any other."""
    rules = program(BIRTHDAY)
    woken = Woken(rules, [BORN]).sleep_to(at("2024-02-29T14:00:00Z"))
    assert woken.decisions[-1].decision is Outcome.FIRED
    late = event("2024-02-29T13:59:00Z", "contact.updated", birthday="1980-07-01")
    found = advance(rules, woken.state, [late], at("2024-02-29T14:30:00Z"))
    assert [(one.decision, one.reason, one.late) for one in found.decisions] == [
        (Outcome.REVOKED, Reason.LATE_EVENT, True)
    ]
    assert found.next_timer_us == at("2024-07-01T13:00:00Z")  # the next one; the late event has begun its life anew
    later = advance(rules, found.state, [], at("2024-07-01T13:00:00Z"))
    assert shown(later.decisions) == [("2024-07-01", "fired", None)]


# ---------------------------------------------------------------- consent

PLAIN: Final = {"id": "thanks", "when": "order.completed"}
WITHDRAWN: Final = event("2020-01-07T12:00:00Z", "consent.withdrawn", purpose="marketing")
SIX_YEARS_LATER: Final = event("2026-01-07T12:00:00Z", "order.completed")


@pytest.mark.parametrize(
    ("policy", "reason"), [({}, Reason.NO_CONSENT), ({"profile_retention": "800d"}, None)], ids=["kept", "ended"]
)
def test_an_opt_out_refuses_after_six_years_unless_profile_retention_has_ended_it(
    policy: Raw, reason: Reason | None
) -> None:
    rules = program(PLAIN, consent=MARKETING, **policy)
    (found,) = decided_in_every_mode(rules, [WITHDRAWN, SIX_YEARS_LATER], at("2026-02-01T00:00:00Z"))
    assert found.reason is reason
    (told,) = Woken(rules, [WITHDRAWN, SIX_YEARS_LATER]).decisions
    assert told.reason is reason


def test_who_only_has_an_opt_out_holds_no_timer_and_few_bytes() -> None:
    woken = Woken(program(PLAIN, consent=MARKETING), [WITHDRAWN]).sleep_to(at("2026-01-07T12:00:00Z"))
    assert woken.wake_us is None
    assert woken.forgotten == 1
    assert (is_asleep(woken.state), is_nothing(woken.state)) == (True, False)
    assert len(encode(woken.state)) < 80
    ends = Woken(program(PLAIN, consent=MARKETING, profile_retention="800d"), [WITHDRAWN])
    ends.sleep_to(WITHDRAWN.time_us + 799 * DAY_US)
    assert ends.wake_us == WITHDRAWN.time_us + 800 * DAY_US
    ends.sleep_to(at("2026-01-07T12:00:00Z"))
    assert (ends.wake_us, is_nothing(ends.state), ends.forgotten) == (None, True, 2)


def test_who_leaves_nothing_is_nothing() -> None:
    woken = Woken(program(PLAIN), [SIX_YEARS_LATER]).sleep_to(SIX_YEARS_LATER.time_us + 2 * YEAR_US)
    assert (woken.wake_us, is_nothing(woken.state)) == (None, True)


# ---------------------------------------------------------------- records, and how long they are kept


def test_records_go_when_they_have_had_their_time_and_wake_the_contact_once_for_that() -> None:
    rule = {"id": "once", "when": "order.completed", "reentry": "once", "keep": "700d"}
    rules = program(rule, frequency=[{"max": 3, "per": "30d"}])
    fired = SIX_YEARS_LATER.time_us
    woken = Woken(rules, [SIX_YEARS_LATER]).sleep_to(fired + 699 * DAY_US)
    assert keeps_something(woken.state)
    assert woken.wake_us == fired + 700 * DAY_US + HOUR_US + 1  # and a horizon, for what may come late
    before = woken.wakes
    woken.sleep_to(fired + 5 * YEAR_US)
    assert (woken.wakes - before, woken.wake_us, is_nothing(woken.state)) == (1, None, True)


def test_a_used_threshold_without_per_needs_no_timer() -> None:
    rule = {"id": "first", "when": "order.completed", "reaches": {"count": True, "at": [1, 5]}}
    woken = Woken(program(rule), [SIX_YEARS_LATER]).sleep_to(SIX_YEARS_LATER.time_us + 5 * YEAR_US)
    assert (woken.wake_us, keeps_something(woken.state)) == (None, True)


def test_the_record_of_a_rule_that_was_taken_away_outlives_its_contacts_deeds() -> None:
    """Under three versions: the rule, none, the rule again. The oracle says the same."""
    rule = {"id": "once", "when": "a.b", "reentry": "9h"}
    other = {"id": "other", "when": "x.y"}
    policy = {"retention": "2h", "live_from": "2026-06-01T00:00:00Z"}
    _agree(
        [{"rules": [rule]}, {"rules": [other]}, {"rules": [rule]}],
        ["10:00 a.b", "18:00 a.b"],
        policy,
        ["fired None", "suppressed reentry"],
    )


def test_a_membership_that_was_forgotten_does_not_come_back_with_another_tree() -> None:
    """If whoever had entered stayed a member for the next version, it would leave him with `exited`."""
    vip = {"id": "vip", "audience": {"present": "a.b"}, "emits": ["entered", "exited"]}
    other = {**vip, "audience": {"present": "c.d"}}
    policy = {"retention": "2h", "live_from": "2026-06-01T00:00:00Z"}
    _agree(
        [{"rules": [vip]}, {"rules": [vip]}, {"rules": [other]}], ["10:00 a.b", "18:00 c.d"], policy, ["fired None"] * 2
    )


def _agree(documents: Sequence[Raw], written: Sequence[str], policy: Raw, wanted: Sequence[str]) -> None:
    """Versions from 14:00 and 16:00 on: kernel and oracle agree, in both memories, and come to what is wanted."""
    starts = (None, at("2026-06-01T14:00:00Z"), at("2026-06-01T16:00:00Z"))
    versions = [
        (start, {"account": "acme", "policy": policy, **one}) for start, one in zip(starts, documents, strict=True)
    ]
    events = [
        {
            "event_id": f"e{place}",
            "account_id": "acme",
            "contact_id": "ann",
            "time": f"2026-06-01T{when}:00Z",
            "type": kind,
        }
        for place, (when, kind) in enumerate(one.split() for one in written)
    ]
    world = VersionedWorld(versions, events, at("2026-06-01T23:00:00Z"))
    for stream in (False, True):
        for decide in (at_once, sliced([at("2026-06-01T13:00:00Z"), at("2026-06-01T15:00:00Z")])):
            assert not difference(world, decide, stream=stream)
    compiled = compile_versions([(start, load_document(dict(one))) for start, one in versions], "acme")
    found = at_once(compiled, [event_of("acme", "ann", one) for one in events], world.until_us)
    assert [f"{one.decision} {one.reason}" for one in found] == list(wanted)


# ---------------------------------------------------------------- versions that are published while it sleeps


def test_a_version_with_a_profile_retention_asks_to_be_woken_for_it() -> None:
    start_us = at("2024-01-07T12:00:00Z")
    document = {"account": "acme", "rules": [PLAIN], "policy": {"consent": MARKETING}}
    shorter = {**document, "policy": {"consent": MARKETING, "profile_retention": "500d"}}
    versions = compile_versions(
        [(None, load_document(document)), (start_us, load_document(shorter))], "acme", whole_history=False
    )
    woken = Woken(versions, [WITHDRAWN]).sleep_to(start_us - 1)
    assert woken.wake_us == start_us
    woken.sleep_to(start_us + YEAR_US)
    assert (is_nothing(woken.state), woken.wake_us) == (True, None)


# ---------------------------------------------------------------- room for attributes


def test_an_update_beyond_64_kib_is_refused_whole_and_leaves_a_row_of_no_rule() -> None:
    rules = program({"id": "gold", "when": {"event": "contact.updated", "where": {"contact": {"tier": "gold"}}}})
    first = event("2026-01-01T00:00:00Z", "contact.updated", tier="silver")
    second = event("2026-01-02T00:00:00Z", "contact.updated", tier="gold", timezone="x" * 65_536)
    (row,) = decided_in_every_mode(rules, [first, second], at("2026-01-03T00:00:00Z"))
    assert (row.rule_id, row.rule_version, row.kind) == (ATTRIBUTES_RULE, "", "fired")
    assert (row.decision, row.reason, row.instance, row.include) == (Outcome.SUPPRESSED, Reason.LIMIT, "{}", "{}")
    assert row.events is not None
    assert (row.events.first, row.events.last, row.events.count) == (second.event_id, second.event_id, 1)


def test_the_sweep_leaves_an_update_that_is_too_large_to_the_long_way() -> None:
    rules = program({"id": "quiet", "when": "a.b", "wait": "1h"})
    large = event("2026-01-01T00:00:00Z", "contact.updated", timezone="x" * 65_536)
    found = decided_in_every_mode(rules, [large, event("2026-01-01T00:30:00Z", "a.b")], at("2026-01-03T00:00:00Z"))
    assert [one.rule_id for one in found] == [ATTRIBUTES_RULE, "quiet"]


# ---------------------------------------------------------------- states of the release before


def test_a_state_that_was_written_before_anything_stayed_goes_on_and_keeps_it_from_now_on() -> None:
    rules = program(PLAIN, consent=MARKETING)
    woken = Woken(rules, [WITHDRAWN]).sleep_to(WITHDRAWN.time_us + 100 * DAY_US)
    data = encode(woken.state)
    fields = msgspec.msgpack.decode(data[1:])[: State.__struct_fields__.index("profile")]
    old = decode(data[:1] + msgspec.msgpack.encode(fields))
    assert isinstance(old, State)
    assert old.profile is None
    (row,) = advance(rules, old, [SIX_YEARS_LATER], SIX_YEARS_LATER.time_us + 1).decisions
    assert row.reason is Reason.NO_CONSENT
