"""Laws of a streaming host: what it decides is what the kernel decides of each contact's events, in one call.

For whoever runs Kittiwake on another stream processor. A host keeps each contact's state and timers as a
`kittiwake.stream.contact.store.ContactStore`, calls `buffer_event` and `on_timer`, and does as the result asks.
Wrapped as a `StreamingHost` it is put through the laws, one by one:

    @pytest.mark.parametrize("law", LAWS, ids=name_of)
    def test_my_host(law):
        law(MyHost)

`InMemoryHost` is the least that passes: the example to begin with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from kittiwake.rules.versions import always
from kittiwake.stream.contact.store import apply_result, buffer_event
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.contact.timers import Host, TimerFiring, on_timer
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.records import DeadLetterRecord, DecisionRecord, LateEventRecord, encode, key_of
from kittiwake.stream.rules_source.view import RulesSource, StaticRules
from kittiwake.testing.runs import ruleset_of, run
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, format_instant, parse_instant
from kittiwake.values import parse_json

START_US: Final = parse_instant("2026-11-02T10:00:00Z")
"""When the first event of every law happens."""
CLOCK_US: Final = START_US + 30 * DAY_US
"""What the clock says in every law: later than all that happens, so that no host has to wait for it."""
LATENESS_US: Final = DAY_US
"""How late an event may come and still be put in its place."""
SETTINGS: Final = TimerSettings(settle_delay_us=10 * SECOND_US, resolution_us=SECOND_US)
ACCOUNT: Final = "acme"

RULES: Final = """
account: acme
timezone: America/Toronto
rules:
  - id: cart-abandonment
    when: cart.item_added
    wait: 1h
    unless: order.completed
  - id: loyalty
    when: order.completed
    reaches: {sum: total, at: [100]}
"""


class HostSetup(NamedTuple):
    """What a host is made with."""

    rules: RulesSource
    settings: TimerSettings
    clock: Callable[[], int]
    """Microseconds since 1970. It stands still."""


class StreamingHost(Protocol):
    """A host under test. It may do all of its work when it is first asked for what came of it."""

    def add(self, key: bytes, record: bytes) -> None:
        """An event of a contact (`BufferedEvent`, as bytes) has come."""

    def advance_watermark(self, to_us: int) -> None:
        """Event time has come so far, in whole milliseconds: fire what is due, and what is set meanwhile and due."""

    def decisions(self) -> Iterable[DecisionRecord]:
        """What has been put out, corrections too, once the watermark has come that far."""

    def late_events(self) -> Iterable[LateEventRecord]:
        """Events that came later than is allowed."""

    def dead_letters(self) -> Iterable[DeadLetterRecord]:
        """Events that nothing could be decided about."""


NewHost: TypeAlias = Callable[[HostSetup], StreamingHost]
Law: TypeAlias = Callable[[NewHost], None]
"""Raises `AssertionError` where a host breaks it."""


def name_of(law: Law) -> str:
    """A law's name, for a test's id."""
    return getattr(law, "__name__", str(law))


# ---------------------------------------------------------------- the least host


@dataclass
class InMemoryStore:
    """A contact's state and timers in dictionaries."""

    cell: bytes | None = None
    bag: list[bytes] = field(default_factory=list)
    buckets_us: set[int] = field(default_factory=set)
    own_us: int | None = None

    def write_cell(self, data: bytes | None) -> None:
        """As `ContactStore`."""
        self.cell = data

    def add_to_bag(self, element: bytes) -> None:
        """As `ContactStore`."""
        self.bag.append(element)

    def write_bag(self, elements: Sequence[bytes]) -> None:
        """As `ContactStore`."""
        self.bag = [*elements]

    def set_bucket_timer(self, at_us: int) -> None:
        """As `ContactStore`."""
        self.buckets_us.add(at_us)

    def set_own_timer(self, at_us: int) -> None:
        """As `ContactStore`."""
        self.own_us = at_us

    def next_us(self) -> int | None:
        """When the next timer fires."""
        return min([*self.buckets_us, *([] if self.own_us is None else [self.own_us])], default=None)

    def forget_timers(self, at_us: int) -> None:
        """Those of this instant have fired."""
        self.buckets_us.discard(at_us)
        self.own_us = None if self.own_us == at_us else self.own_us


class InMemoryHost:
    """A host in this process: no bundles, no commits, timers in order of time."""

    new_store: type[InMemoryStore] = InMemoryStore

    def __init__(self, setup: HostSetup) -> None:
        self._setup = setup
        self._stores: dict[bytes, InMemoryStore] = {}
        self._decisions: list[DecisionRecord] = []
        self._late: list[LateEventRecord] = []
        self._dead: list[DeadLetterRecord] = []

    def add(self, key: bytes, record: bytes) -> None:
        """As `StreamingHost`."""
        buffer_event(self._stores.setdefault(key, self.new_store()), record, self._setup.settings)

    def advance_watermark(self, to_us: int) -> None:
        """As `StreamingHost`."""
        for key, store in self._stores.items():
            while (at_us := store.next_us()) is not None and at_us <= to_us:
                store.forget_timers(at_us)
                self._fire(key, store, at_us)

    def _fire(self, key: bytes, store: InMemoryStore, at_us: int) -> None:
        clock_us = self._setup.clock()
        host = Host(self._setup.rules.view(clock_us), self._setup.settings)
        result = on_timer(host, key, store.cell, lambda: store.bag, TimerFiring(at_us, clock_us))
        apply_result(store, result)
        self._decisions += result.decisions
        self._late += result.late_events
        self._dead += result.dead_letters

    def decisions(self) -> Iterable[DecisionRecord]:
        """As `StreamingHost`."""
        return self._decisions

    def late_events(self) -> Iterable[LateEventRecord]:
        """As `StreamingHost`."""
        return self._late

    def dead_letters(self) -> Iterable[DeadLetterRecord]:
        """As `StreamingHost`."""
        return self._dead


# ---------------------------------------------------------------- histories


def _event(event_id: str, after_us: int, event_type: str, contact_id: str = "c1", **properties: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "account_id": ACCOUNT,
        "contact_id": contact_id,
        "type": event_type,
        "time": format_instant(START_US + after_us),
        "properties": properties,
    }


_CART: Final = _event("e1", 0, "cart.item_added")
_BOUGHT: Final = _event("e2", 30 * MINUTE_US, "order.completed", total=60)
_CART_AGAIN: Final = _event("e3", 3 * HOUR_US, "cart.item_added")
_BOUGHT_AGAIN: Final = _event("e4", 9 * HOUR_US, "order.completed", total=60)
_OF_ANOTHER: Final = _event("e1", 5 * MINUTE_US, "cart.item_added", "c2")
_HISTORY: Final = (_CART, _BOUGHT, _CART_AGAIN, _BOUGHT_AGAIN, _OF_ANOTHER)


def _new(make: NewHost) -> StreamingHost:
    return make(HostSetup(_rules(), SETTINGS, lambda: CLOCK_US))


def _rules() -> StaticRules:
    return StaticRules(always(ruleset_of(RULES)), LATENESS_US)


def _add(host: StreamingHost, *events: Mapping[str, Any]) -> None:
    """The events take the way of messages; all of them are needed."""
    known = _rules().view(CLOCK_US)
    for event in events:
        found = take(Message(json.dumps(event).encode()), CLOCK_US, known, IntakeSettings())
        assert isinstance(found, Brought)
        for key, arrival in found.needed:
            host.add(key, encode(arrival))


def _advance(host: StreamingHost, after_us: int) -> None:
    host.advance_watermark(START_US + after_us)


def _in_the_end(host: StreamingHost) -> list[tuple[str, str, str, str]]:
    """The newest revision of each decision: contact, rule, when it fell due, and what became of it."""
    newest: dict[str, DecisionRecord] = {}
    for one in host.decisions():
        before = newest.get(one.trigger_id)
        assert before is None or before.revision != one.revision or before.row == one.row, "a revision is one row"
        if before is None or one.revision > before.revision:
            newest[one.trigger_id] = one
    return sorted(_words_of(parse_json(one.row)) for one in newest.values() if one.decision != "revoked")


def _wanted(events: Sequence[Mapping[str, Any]], until_after_us: int) -> list[tuple[str, str, str, str]]:
    """What one call with all of a contact's events decides, of each contact."""
    contacts = {event["contact_id"] for event in events}
    rows = [
        row
        for contact in contacts
        for row in run(RULES, events, START_US + until_after_us, account=ACCOUNT, contact=contact)
        if row["decision"] != "deferred"
    ]
    return sorted(map(_words_of, rows))


def _words_of(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return row["contact_id"], row["rule_id"], row["time"], row["decision"]


def _check(host: StreamingHost, events: Sequence[Mapping[str, Any]], until_after_us: int) -> None:
    found, wanted = _in_the_end(host), _wanted(events, until_after_us - SETTINGS.settle_delay_us)
    assert found == wanted, f"decided {found}, the kernel decides {wanted}"
    assert not [*host.late_events()], "nothing came too late"
    assert not [*host.dead_letters()], "nothing is wrong with the events"


# ---------------------------------------------------------------- laws


def events_in_order_decide_what_the_kernel_decides(make: NewHost) -> None:
    """The watermark follows the events."""
    host = _new(make)
    for event in sorted(_HISTORY, key=lambda one: str(one["time"])):
        _add(host, event)
        _advance(host, parse_instant(event["time"]) - START_US)
    _advance(host, 2 * DAY_US)
    assert len(_in_the_end(host)) >= 3
    _check(host, _HISTORY, 2 * DAY_US)


def the_order_of_arrival_is_no_matter(make: NewHost) -> None:
    """All events come before the watermark moves, in another order."""
    host = _new(make)
    _add(host, *_HISTORY[::-1])
    _advance(host, 2 * DAY_US)
    _check(host, _HISTORY, 2 * DAY_US)


def a_copy_changes_nothing(make: NewHost) -> None:
    """A queue may deliver twice, before its event is decided about and after."""
    host = _new(make)
    _add(host, *_HISTORY, _CART, _OF_ANOTHER)
    _advance(host, 2 * HOUR_US)
    _add(host, _CART, _BOUGHT)
    _advance(host, 2 * DAY_US)
    _check(host, _HISTORY, 2 * DAY_US)


def nothing_is_decided_before_the_watermark(make: NewHost) -> None:
    """A trigger that is due in an hour needs the watermark to have passed it, and the delay."""
    host = _new(make)
    _add(host, _CART)
    _advance(host, HOUR_US + SETTINGS.settle_delay_us - SECOND_US)
    assert not [*host.decisions()], "it is not due yet"


def no_event_postpones_what_another_waits_for(make: NewHost) -> None:
    """Each timer bucket has a timer of its own: an event decides at its time, whatever else has come by then."""
    host = _new(make)
    _add(host, _event("e6", 0, "order.completed", total=100), _BOUGHT_AGAIN)
    _advance(host, MINUTE_US)
    assert [one.rule_id for one in host.decisions()] == ["loyalty"], "its time has come"


def the_contacts_own_timer_fires_without_an_event(make: NewHost) -> None:
    """A wait ends by itself: the contact's own timer is set when its event is decided about."""
    host = _new(make)
    _add(host, _CART)
    _advance(host, MINUTE_US)
    _advance(host, 2 * HOUR_US)
    _check(host, [_CART], 2 * HOUR_US)
    assert [(one.rule_id, one.decision, one.revision) for one in host.decisions()] == [("cart-abandonment", "fired", 0)]


def an_event_that_comes_late_corrects_what_was_decided(make: NewHost) -> None:
    """Within the allowed lateness a decision is revoked as if the event had come in time."""
    host = _new(make)
    _add(host, _CART)
    _advance(host, 2 * HOUR_US)
    _add(host, _BOUGHT)
    _advance(host, 2 * DAY_US)
    _check(host, [_CART, _BOUGHT], 2 * DAY_US)
    assert {one.revision for one in host.decisions()} == {0, 1}, "what was sent is taken back under its id"


def an_event_later_than_allowed_leaves_whole(make: NewHost) -> None:
    """And changes nothing of what was decided."""
    host, much_later = _new(make), _event("e5", 20 * DAY_US, "cart.item_added")
    _add(host, _CART_AGAIN, much_later)
    _advance(host, 21 * DAY_US)
    _add(host, _CART)
    _advance(host, 22 * DAY_US)
    assert [(one.event_id, one.raw) for one in host.late_events()] == [("e1", json.dumps(_CART).encode())]
    assert _in_the_end(host) == _wanted([_CART_AGAIN, much_later], 22 * DAY_US)


def contacts_are_apart(make: NewHost) -> None:
    """What one contact does is nothing to another with events of the same ids."""
    host = _new(make)
    _add(host, _CART, _OF_ANOTHER, _BOUGHT)
    _advance(host, DAY_US)
    _check(host, [_CART, _OF_ANOTHER, _BOUGHT], DAY_US)
    assert {words[0] for words in _in_the_end(host) if words[3] == "fired"} == {"c2"}


def what_cannot_be_parsed_is_a_dead_letter(make: NewHost) -> None:
    """Of what another release has let in nothing is lost, and nothing else is held up."""
    host = _new(make)
    key = key_of(ACCOUNT, "c1")
    known = _rules().view(CLOCK_US)
    found = take(Message(json.dumps(_CART).encode()), CLOCK_US, known, IntakeSettings())
    assert isinstance(found, Brought)
    broken = type(found.needed[0].arrival)(START_US, "e9", "cart.item_added", b"{")
    host.add(key, encode(broken))
    _add(host, _CART)
    _advance(host, 2 * HOUR_US)
    assert [one.raw for one in host.dead_letters()] == [b"{"]
    assert [words[1] for words in _in_the_end(host)] == ["cart-abandonment"]


LAWS: Final[tuple[Law, ...]] = (
    events_in_order_decide_what_the_kernel_decides,
    the_order_of_arrival_is_no_matter,
    a_copy_changes_nothing,
    nothing_is_decided_before_the_watermark,
    no_event_postpones_what_another_waits_for,
    the_contacts_own_timer_fires_without_an_event,
    an_event_that_comes_late_corrects_what_was_decided,
    an_event_later_than_allowed_leaves_whole,
    contacts_are_apart,
    what_cannot_be_parsed_is_a_dead_letter,
)
"""All of them."""
