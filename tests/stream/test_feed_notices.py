"""What a contact knows of feeds does not depend on the order in which notices come to it.

`KITTIWAKE_FEED_WORLDS` is a tenth of how many random histories (default 20).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from kittiwake.kernel.evaluate.feeds import covered, silences_of
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.feeds import NEVER_SILENT, Silences
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.state.state import State, corrected_from_us
from kittiwake.model import Event
from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import always
from kittiwake.stream.contact.feeds import NOTHING_KNOWN, learned
from kittiwake.stream.feeds import shard as feeds
from kittiwake.stream.feeds.records import FeedShard
from kittiwake.stream.items.records import FeedEvent, ShownInterest, encode
from kittiwake.stream.records import BufferedEvent, buffered_event_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US
from tests.oracle.worlds import ACCOUNT
from tests.stream.test_feeds import Shard

HISTORIES = 10 * int(os.environ.get("KITTIWAKE_FEED_WORLDS", "20"))
END_US = 3 * DAY_US
HORIZON_US = END_US
"""So long that nothing of a history is forgotten."""
STEP_US = HOUR_US // 2
ORDERS = Rhythm("order", 2 * HOUR_US)
RHYTHMS = (ORDERS, Rhythm("visit", 3 * HOUR_US))
RULES = {
    "account": ACCOUNT,
    "policy": {"feeds": {"order": {"every": "2h", "mode": "hold"}, "visit": {"every": "3h", "mode": "hold"}}},
    "rules": [{"id": "cart", "when": "a", "wait": "1h", "unless": ["order", "visit"]}],
}
PLAN = StaticRules(always(load_document(RULES)), HORIZON_US).view(0).plan(ACCOUNT)


class History(NamedTuple):
    """What a contact is notified of, and what is right in the end."""

    notices: list[BufferedEvent]
    waits: list[HeldInterest]
    silences: Silences


def history(dice: random.Random) -> History:
    """Feeds whose events come in any order, and a contact that waits now and then, while the watermark rises."""
    waits, notices, times_us = list(_waits(dice)), list[bytes](), dict[Rhythm, list[int]]()
    for rhythm in RHYTHMS:
        times_us[rhythm] = [dice.randrange(0, END_US, STEP_US) for _ in range(dice.randint(1, 12))]
        notices += _notices(dice, rhythm, waits, times_us[rhythm])
    silences = {rhythm: list(silences_of(covered(times_us[rhythm], rhythm.every_us))) for rhythm in RHYTHMS}
    return History([buffered_event_of(data) for data in notices], waits, Silences(silences))


def _waits(dice: random.Random) -> Iterator[HeldInterest]:
    for _ in range(dice.randint(1, 5)):
        from_us = dice.randrange(0, END_US, STEP_US)
        yield HeldInterest("c", from_us, from_us + dice.randint(1, 20) * STEP_US)


def _notices(dice: random.Random, rhythm: Rhythm, waits: list[HeldInterest], times_us: list[int]) -> Iterator[bytes]:
    store, feed = Shard(), FeedShard(ACCOUNT, rhythm, 0)
    records = [encode(FeedEvent(at_us)) for at_us in times_us] + [encode(ShownInterest(one)) for one in waits]
    watermarks_us = sorted(dice.randrange(END_US) for _ in records)
    for watermark_us, record in zip(watermarks_us, dice.sample(records, len(records)), strict=True):
        yield from (data for _, data in feeds.on_timer(store, feed, watermark_us, HORIZON_US))
        yield from (data for _, data in feeds.on_record(store, feed, record, HORIZON_US))
    yield from (data for _, data in feeds.on_timer(store, feed, END_US, HORIZON_US))


class Heard(NamedTuple):
    """What a contact has heard at a time of its own."""

    state: State
    before: Silences
    after: Silences
    late: list[Event]


def hearing(dice: random.Random, notices: list[BufferedEvent]) -> Iterator[Heard]:
    """A contact that hears of some notices at a time, in any order, some twice, while its own time goes on."""
    came = dice.sample([*notices, *notices[::3]], len(notices) + len(notices[::3]))
    known, before, evaluated_to_us, back_us = NOTHING_KNOWN, NEVER_SILENT, 0, dice.choice((1, 8, 999)) * STEP_US
    while came:
        some, came = came[:3], came[3:]
        evaluated_to_us = min(END_US, evaluated_to_us + dice.choice((0, 0, 1, 5, 20)) * STEP_US)
        state = State("c", evaluated_to_us=evaluated_to_us, from_us=evaluated_to_us - back_us)
        found = learned(PLAN, known, some, state)
        known, after = found.known, found.plan.versions.silences
        yield Heard(state, before, after, found.events)
        before = after


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_all_that_a_contact_waits_for_is_known_whatever_the_order_of_the_notices(seed: int) -> None:
    dice = random.Random(seed)
    given = history(dice)
    known = [*hearing(dice, given.notices)][-1].after if given.notices else NEVER_SILENT
    for rhythm in RHYTHMS:
        for one in given.waits:
            for at_us in range(one.from_us, min(one.to_us, END_US), STEP_US):
                assert known.is_silent(rhythm, at_us) == given.silences.is_silent(rhythm, at_us), (seed, rhythm, at_us)


def test_who_waits_from_later_on_is_notified_that_a_silence_before_has_been_filled() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, ORDERS, 0)
    later, sooner = ShownInterest(_wait(50, 60)), ShownInterest(_wait(36, 37))
    notices = list[bytes]()
    for record in (FeedEvent(0), later, FeedEvent(35 * HOUR_US), sooner):
        notices += (data for _, data in feeds.on_record(store, feed, encode(record), HORIZON_US))
        notices += (data for _, data in feeds.on_timer(store, feed, 45 * HOUR_US, HORIZON_US))
    came = [buffered_event_of(data) for data in notices]
    silences = learned(PLAN, NOTHING_KNOWN, came, State("c")).plan.versions.silences
    assert [hour for hour in (34, 36, 55) if silences.is_silent(ORDERS, hour * HOUR_US)] == [34, 55]


def test_who_waits_for_longer_than_is_known_is_decided_anew_from_the_oldest_instant_that_may_be() -> None:
    store, feed, state = Shard(), FeedShard(ACCOUNT, ORDERS, 0), State("c", evaluated_to_us=31 * HOUR_US)
    state.from_us = 30 * HOUR_US
    list(feeds.on_record(store, feed, encode(FeedEvent(0)), HORIZON_US))
    list(feeds.on_timer(store, feed, 34 * HOUR_US, HORIZON_US))
    known, times_us = NOTHING_KNOWN, list[tuple[str, int]]()
    for one in (_wait(10, 20), _wait(10, 40)):
        ((_, data),) = feeds.on_record(store, feed, encode(ShownInterest(one)), HORIZON_US)
        found = learned(PLAN, known, [buffered_event_of(data)], state)
        known = found.known
        times_us += [(late.event_id, late.time_us) for late in found.events if late.event_id.endswith("/from")]
    (first, second) = times_us
    assert first[1] == second[1] == 30 * HOUR_US
    assert first[0] != second[0], "the second would be a duplicate of the first"


def _wait(from_hour: int, to_hour: int) -> HeldInterest:
    return HeldInterest("c", from_hour * HOUR_US, to_hour * HOUR_US)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_is_decided_already_is_decided_anew_wherever_a_notice_says_otherwise(seed: int) -> None:
    dice = random.Random(seed)
    names = set[tuple[str, str, int]]()
    for heard in hearing(dice, history(dice).notices):
        evaluated_to_us = heard.state.evaluated_to_us or 0
        for rhythm in RHYTHMS:
            changed_us = _changed_us(rhythm, heard, evaluated_to_us)
            begins_us = [one.time_us for one in heard.late if one.type.endswith(rhythm.type)]
            assert changed_us is None or min(begins_us) < changed_us, (seed, rhythm)
        assert all(one.time_us < evaluated_to_us for one in heard.late), seed
        came = {(one.type, one.event_id, one.time_us) for one in heard.late}
        assert len(came) == len(heard.late)
        assert not came & names, (seed, "one would be a duplicate of an earlier one")
        names |= came


def _changed_us(rhythm: Rhythm, heard: Heard, evaluated_to_us: int) -> int | None:
    """The first instant that may be decided anew of which something else is known now."""
    oldest_us = corrected_from_us(heard.state, evaluated_to_us, HORIZON_US)
    instants_us = range(max(0, oldest_us + STEP_US), evaluated_to_us + 1, STEP_US) if evaluated_to_us else ()
    said = (us for us in instants_us if heard.before.is_silent(rhythm, us) != heard.after.is_silent(rhythm, us))
    return next(said, None)
