"""Visitors who become customers, in a stream: Segment's calls decide what a batch decides of them, and leave little."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from kittiwake.input.events import parse_events
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.kernel.batch import decide_history
from kittiwake.model import DeadLetter, Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.records import encode, key_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, format_instant
from tests.stream.fault_injecting_runner import Bundle
from tests.stream.generated_cases import FAR_US, emitted_by_key, standing
from tests.stream.test_faults import START_US, Host

RULES = b"""
account: acme
policy: {quiet_hours: {from: "11:00", to: "12:30"}}
rules:
  - {id: cart, when: cart.item_added, wait: [30m, 2h], unless: order.completed}
  - {id: seen, when: page.viewed, reentry: 1h}
  - {id: in, audience: {present: cart.item_added, within: 1h}, emits: [entered, exited], transactional: false}
  - {id: quiet, audience: {absent: cart.item_added}}
"""
SEGMENT = IntakeSettings(InputShape(Shape.SEGMENT, "acme"))
FAR_AHEAD_US = START_US + 12 * HOUR_US


def call(number: int, at_us: int, **fields: Any) -> bytes:
    """A call of the Segment Spec."""
    return json.dumps({"messageId": f"m{number:03}", "timestamp": format_instant(at_us), **fields}).encode()


def drawn(rng: random.Random) -> list[bytes]:
    """Calls of a few browsers and customers, many at one instant, some twice."""
    found, at_us = [], START_US
    for number in range(rng.randint(1, 40)):
        at_us += rng.choice((0, 0, 1, 5, 20)) * MINUTE_US
        known = {"userId": rng.choice(("u1", "u2"))} if rng.random() < 0.4 else {}
        browser = {"anonymousId": rng.choice(("a1", "a2"))} if not known or rng.random() < 0.7 else {}
        what = rng.choice((
            {"type": "track", "event": "Product Added"},
            {"type": "track", "event": "Order Completed"},
            {"type": "page"},
            {"type": "identify", "traits": {"timezone": "Europe/Paris"}},
        ))  # fmt: skip
        found += [call(number, at_us, **what, **known, **browser)] * rng.choice((1, 1, 1, 2))
    return found


class SegmentHost(Host):
    """A host of Segment's calls."""

    def __init__(self, rules: bytes = RULES, **options: Any) -> None:
        super().__init__(always(load_files({"a.yaml": rules})), shape=SEGMENT.shape, **options)

    def take(self, data: bytes) -> None:
        found = take(Message(data), FAR_AHEAD_US, self.view(self.clock_us), SEGMENT)
        assert isinstance(found, Brought)
        for key, arrival in found.needed:
            self.runner.run(Bundle([(key, encode(arrival))]))


def batch(calls: list[bytes], until_us: int) -> dict[bytes, list[dict[str, Any]]]:
    """What a batch decides of the calls, by key."""
    programs = Programs(always(load_files({"a.yaml": RULES})), HOUR_US, whole_history=False)
    events: dict[bytes, list[Event]] = defaultdict(list)
    for data in calls:
        found = parse_events(data, "", FAR_US, SEGMENT.shape)
        assert not isinstance(found, DeadLetter)
        for event in found:
            assert event.contact_id is not None
            events[key_of("acme", event.contact_id)].append(event)
    rows = {}
    for key, of_key in events.items():
        contact_id = json.loads(key)[1]
        decided = decide_history(programs.of("acme"), contact_id, of_key, until_us).decisions
        final = [one for one in decided if one.decision is not Outcome.DEFERRED]
        rows[key] = standing([decision_row(one, Mode.STREAM) for one in final])
    return {key: found for key, found in rows.items() if found}


@pytest.mark.parametrize("seed", range(30))
def test_a_stream_of_calls_decides_what_a_batch_decides_of_them_however_they_come(seed: int) -> None:
    """Late ones too: within the horizon of an hour."""
    rng = random.Random(seed)
    calls = drawn(rng)
    host = SegmentHost()
    times = {data: json.loads(data)["timestamp"] for data in calls}
    coming = sorted(calls, key=lambda data: (times[data], rng.random()))
    while coming:  # each of the next three may come first, and time passes meanwhile
        data = coming.pop(rng.randrange(min(3, len(coming))))
        host.take(data)
        if rng.random() < 0.3 and coming:
            behind_us = min(_time_us(one) for one in coming)
            host.pass_to(max(host.runner.watermark_us, behind_us + rng.randint(0, 50) * MINUTE_US, START_US))
    until_us = FAR_AHEAD_US + 12 * HOUR_US
    host.pass_to(until_us + 10 * SECOND_US)
    assert not host.runner.late
    assert not host.runner.dead
    assert emitted_by_key(host.runner.emitted) == batch(calls, until_us)


def _time_us(data: bytes) -> int:
    found = parse_events(data, "", FAR_US, SEGMENT.shape)
    assert not isinstance(found, DeadLetter)
    return found[0].time_us


# ---------------------------------------------------------------- what is left

BOTH = {"type": "page", "userId": "u1", "anonymousId": "a1"}
VISITOR = key_of("acme", "anonymous:a1")


def test_a_customers_calls_leave_of_a_visitor_nobody_knew_no_more_than_a_deletion_does() -> None:
    """How far it was settled, in a few bytes; no timer; and with an age beyond which nothing is taken, nothing."""
    host = SegmentHost()
    for number in range(50):
        host.take(call(number, START_US + number * MINUTE_US, **BOTH))
    host.pass_to(START_US + 4 * HOUR_US)
    left = host.runner.kept[VISITOR]
    deleted = Host(always(load_files({"a.yaml": RULES})))
    deleted.give("e1", "contact.deleted", START_US)
    deleted.pass_to(START_US + 4 * HOUR_US)
    of_deletion = deleted.runner.kept[key_of("acme", "c1")]
    assert left.cell is not None
    assert of_deletion.cell is not None
    assert len(left.cell) <= len(of_deletion.cell) + len("anonymous:")
    assert (left.bag, left.timers) == (of_deletion.bag, of_deletion.timers) == ([], {})
    assert not [one for one in host.runner.emitted if one.rule_id == "quiet" and b"anonymous" in one.row]


def test_with_an_age_beyond_which_nothing_is_taken_nothing_is_left_of_a_merged_visitor() -> None:
    host = SegmentHost(max_age_us=7 * DAY_US)
    host.take(call(1, START_US, **BOTH))
    host.pass_to(START_US + 9 * DAY_US)
    assert host.runner.kept[VISITOR].cell is None
    host.pass_to(START_US + 30 * DAY_US)
    assert host.runner.kept[VISITOR].cell is None
    assert not host.runner.kept[VISITOR].timers


def test_that_the_visitor_is_a_customer_may_come_late_and_takes_the_reminder_back() -> None:
    host = SegmentHost()
    host.take(call(1, START_US, type="track", event="Product Added", anonymousId="a1"))
    host.pass_to(START_US + 35 * MINUTE_US)
    assert [(one.rule_id, one.decision) for one in host.runner.emitted] == [("in", "fired"), ("cart", "fired")]
    host.take(call(2, START_US + 10 * MINUTE_US, **BOTH))
    host.pass_to(START_US + 3 * HOUR_US)
    taken_back = [one for one in host.runner.emitted if one.rule_id == "cart" and b"anonymous" in one.row]
    assert [(one.decision, one.revision) for one in taken_back] == [("fired", 0), ("revoked", 1)]


def test_a_late_call_leaves_whole_for_each_of_its_events() -> None:
    host = SegmentHost()
    added = {**BOTH, "type": "track", "event": "Product Added"}
    host.take(call(1, START_US, **added))
    host.pass_to(START_US + 5 * HOUR_US)
    late = call(2, START_US + MINUTE_US, **added)
    host.take(late)
    host.pass_to(START_US + 6 * HOUR_US)
    assert sorted((one.contact_id, one.type, one.raw == late) for one in host.runner.late) == [
        ("anonymous:a1", "contact.merged", True),
        ("u1", "cart.item_added", True),
    ]
