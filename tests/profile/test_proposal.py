"""Feeds and breakers that a profile proposes: what they are learnt from, and that their own events keep to them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiwake.batch.feeds.covered import Covered, floods_until, health_of, note
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.writing import plan_data
from kittiwake.kernel.plan.feeds import FeedsOfRules
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.model import Event
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.measure.rhythm import STEP_US
from kittiwake.profile.report.as_delivery import Read
from kittiwake.profile.report.as_plan import event_plan
from kittiwake.profile.report.proposal import EVERY_US, WHY, Proposal, Reason, lines_left_out, policy_lines, proposal
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.limits import FEED_EVERY_MAX_US, FEED_EVERY_MIN_MINUTES
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.cli.command import kittiwake, write
from tests.profile.tables import START_US, event, profile_of, table_of

FEW = settings(max_examples=15)
CHANCE = st.integers(0, 10**9).map(Random)
SINCE_US = START_US - 60 * DAY_US


def plan_of(*parts: Sequence[Event]) -> PlanObject:
    found = profile_of(*parts)
    return event_plan(found, Read(found.events, {}, 0, {}))


def proposed(*parts: Sequence[Event]) -> Proposal:
    return proposal(plan_of(*parts))


def hourly(event_type: str = "order.completed", days: int = 20, hours: Sequence[int] = range(24)) -> list[Event]:
    """An event each of some hours of each day."""
    times = [SINCE_US + day * DAY_US + hour * HOUR_US for day in range(days) for hour in hours]
    return [event(f"{event_type}{at}", event_type, at_us=at_us) for at, at_us in enumerate(times)]


def drawn(chance: Random) -> list[Event]:
    """Events of two types at any times of some days, some of them twice, at the same time and at another."""
    days = chance.choice([1, 20, 90])
    found = [
        event(
            f"e{chance.randrange(300)}",
            chance.choice(["order.completed", "cart.item_added"]),
            chance.choice(["ann", "bob"]),
            SINCE_US + chance.randrange(days * DAY_US) // MINUTE_US * MINUTE_US,
        )
        for _ in range(chance.choice([1, 30, 250]))
    ]
    return [*found, *chance.choices(found, k=len(found) // 4)]


# ---------------------------------------------------------------- what is measured


def reasons(found: Proposal) -> set[tuple[str, str, Reason]]:
    return {(one.type, one.key, one.reason) for one in found.not_proposed}


@FEW
@given(CHANCE)
def test_the_longest_pause_and_the_busiest_hour_are_those_that_plain_python_finds(chance: Random) -> None:
    events = drawn(chance)
    for name, found in plan_of(events).events.items():
        own = [one for one in events if one.type == name]
        steps = sorted({one.time_us // STEP_US for one in own})
        outages = [(parse_instant(gap.from_), parse_instant(gap.to)) for gap in found.gaps or ()]
        pauses = [
            (begin * STEP_US + STEP_US, end * STEP_US)
            for begin, end in pairwise(steps)
            if not any(begin * STEP_US + STEP_US < to_us and from_us < end * STEP_US for from_us, to_us in outages)
        ]
        longest = max(pauses, key=lambda pause: (pause[1] - pause[0], -pause[0]), default=None)
        said = found.pause and (parse_instant(found.pause.from_), parse_instant(found.pause.to))
        assert said == longest
        assert found.volume is not None
        width_us = span_us(found.volume.per)
        ids = {(one.time_us // width_us, one.contact_id, one.event_id) for one in own}
        numbers = {at: sum(interval == at for interval, *_ in ids) for at, *_ in ids}
        assert (found.volume.max, found.volume.events) == (max(numbers.values()), len(ids))
        assert numbers[parse_instant(found.volume.from_) // width_us] == found.volume.max


def rhythms(found: Profile) -> str:
    """What is known of the rhythm of each type."""
    known = (found.rhythms.by_type or {}).items()
    return str([(name, one.pauses.longest(()), one.volume.busiest()) for name, one in sorted(known)])


@pytest.mark.usefixtures("bounds")
def test_neither_the_order_of_events_nor_parts_nor_duplicates_change_what_is_learnt() -> None:
    @FEW
    @given(CHANCE)
    def law(chance: Random) -> None:
        events = [*drawn(chance), *(hourly("a.third") if chance.random() < 0.2 else ())]
        again = [*events, *chance.choices(events, k=len(events) // 2)]
        chance.shuffle(again)
        middle = chance.randint(0, len(again))
        first = profile_of(again[:middle])
        first.merge(profile_of(again[middle:]))
        assert rhythms(first) == rhythms(profile_of(events)) == rhythms(profile_of(events[::-1], events[::2]))

    law()


def test_of_many_events_the_busiest_hour_is_right_within_some_tenths() -> None:
    crowd = [event(f"x{n}", contact=f"c{n % 97}", at_us=SINCE_US + n % 3_600) for n in range(5_000)]
    (found,) = plan_of(crowd, hourly()).events.values()
    assert found.volume is not None
    assert found.volume.max == pytest.approx(5_000, rel=0.3)
    assert found.volume.from_ == format_instant(SINCE_US)


# ---------------------------------------------------------------- what is proposed


@FEW
@given(CHANCE)
def test_events_keep_to_what_they_propose(chance: Random) -> None:
    """No feed is silent in them, but for gaps, and no breaker opens."""
    events = drawn(chance)
    found = proposed(events)
    feeds = [Rhythm(one.type, span_us(one.written["every"])) for one in found.feeds]
    breakers = [Rhythm(one.type, span_us(one.written["per"]), one.written["max"]) for one in found.breaker]
    types = frozenset(one.type for one in (*feeds, *breakers))
    covered: Covered = {}
    note(covered, FeedsOfRules(types, {"acme": [*feeds, *breakers]}, ()), table_of(events))
    for health in health_of(covered, max(one.time_us for one in events)):
        assert health.silences <= len(plan_of(events).events[health.type].gaps or ())
    assert [one.floods for one in floods_until(covered, 2**60)] == [0] * len(breakers)


def test_a_feed_may_stay_away_for_three_times_its_longest_pause_and_gaps_are_none() -> None:
    days = hourly(days=30, hours=range(6, 22))
    outage_us = (SINCE_US + 10 * DAY_US, SINCE_US + 14 * DAY_US)
    lasting = [one for one in days if not outage_us[0] <= one.time_us < outage_us[1]]
    (feed,) = proposed(lasting).feeds
    assert feed.written == {"every": "36h", "mode": "shadow"}
    assert feed.evidence == (
        "none from 2026-09-02T21:10:00Z to 2026-09-03T06:00:00Z, the longest pause but for 1 gap of 416 events"
        " in 29 days"
    )


def test_a_breaker_lets_three_times_the_busiest_interval_through_and_never_less_than_a_hundred() -> None:
    rush = [event(f"r{n}", contact=f"c{n}", at_us=SINCE_US + HOUR_US + n) for n in range(67)]
    (breaker,) = proposed(hourly(), rush).breaker
    assert breaker.written == {"max": 210, "per": "1h", "mode": "shadow"}
    assert breaker.evidence.startswith("68 in 1h from 2026-09-02T01:00:00Z, the most of 547 events in 19 days")
    assert [one.written["max"] for one in proposed(hourly()).breaker] == [100]


def test_a_long_history_is_counted_by_the_day() -> None:
    seldom = [event(f"o{day}.{n}", at_us=START_US - day * DAY_US + n) for day in range(1, 1_100) for n in range(2)]
    (found,) = plan_of(seldom).events.values()
    assert found.volume is not None
    assert (found.volume.per, found.volume.intervals, found.volume.max) == ("1d", 1_024, 2)


def test_every_reason_why_nothing_is_proposed_is_met() -> None:
    few, short = hourly("a.few", 19, [1]), hourly("b.short", 13)
    stopped, seldom = hourly("c.stopped", 20), hourly("d.seldom", 60, [0])[::3]
    starred = hourly("e.*")
    found = proposed(few, short, stopped, seldom, starred, hourly("lasting", 60))
    met = reasons(found)
    assert {("a.few", "feeds", Reason.TOO_FEW_EVENTS), ("a.few", "breaker", Reason.TOO_FEW_EVENTS)} <= met
    assert ("b.short", "feeds", Reason.TOO_FEW_DAYS) in met
    assert {("c.stopped", "feeds", Reason.STOPPED), ("d.seldom", "feeds", Reason.TOO_SELDOM)} <= met
    assert ("e.*", "breaker", Reason.NO_TYPE_OF_RULES) in met
    assert [one.type for one in found.feeds] == ["lasting"]
    assert {one.type for one in found.breaker} == {"lasting", "c.stopped"} | {"d.seldom"}
    several = reasons(proposed(hourly(), [event("z", account="zeta")]))
    assert several == {("order.completed", key, Reason.SEVERAL_ACCOUNTS) for key in ("feeds", "breaker")}
    many = proposed([one for number in range(21) for one in hourly(f"t.{number:02}", 20 + (number > 0), [1, 2])])
    assert ("t.00", "feeds", Reason.RARER_THAN_OTHERS) in reasons(many)
    assert len(many.feeds) == len(many.breaker) == 20
    more = proposed([event(str(number), f"t.{number}") for number in range(101)])
    assert {one.reason for one in more.not_proposed} == {Reason.TOO_MANY_TYPES}
    crowd = plan_data(plan_of(hourly()))
    crowd["events"]["order.completed"]["volume"]["max"] = 10**9
    assert {reason for *_, reason in reasons(proposal(PlanObject.model_validate(crowd)))} == {Reason.TOO_MANY_EVENTS}
    assert set(WHY) == set(Reason)


def test_each_every_that_is_proposed_is_one_that_rules_may_have() -> None:
    assert sorted(EVERY_US) == list(EVERY_US)
    assert (EVERY_US[0], EVERY_US[-1]) == (FEED_EVERY_MIN_MINUTES * MINUTE_US, FEED_EVERY_MAX_US)


def test_contacts_and_consents_have_no_rhythm() -> None:
    found = proposed([one for name in ("contact.updated", "consent.granted") for one in hourly(name)])
    assert (found.policy, found.not_proposed) == ({}, ())


def test_why_nothing_is_proposed_is_a_line_for_each_reason() -> None:
    found = proposed([one for n in range(7) for one in hourly(f"t.{n}", 13)])
    (line,) = lines_left_out(found)
    assert line == (
        "no feeds and no breaker (too_few_days: less than 14 days from the first to the last):"
        " t.0, t.1, t.2, t.3, t.4 and 2 more"
    )


def rules_with(policy: Sequence[str], name: str) -> str:
    """Rules that rely on a type and on `cart.item_added`, each as a feed and as a breaker."""
    quoted = "'" + name.replace("'", "''") + "'"
    return "\n".join(
        [
            "account: acme",
            *policy,
            "rules:",
            f"- {{id: a, when: cart.item_added, wait: 1h, unless: {quoted}}}",
            f"- {{id: b, when: {quoted}, wait: 1h, unless: cart.item_added}}\n",
        ]
    )


def test_what_is_proposed_can_be_pasted_into_rules_and_found_good(tmp_path: Path) -> None:
    policy = policy_lines(proposed(hourly(), hourly("cart.item_added")))
    ran = kittiwake("validate", write(tmp_path / "rules.yaml", rules_with(policy, "order.completed")))
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("name", ["no", "a: b", "'\"#", "12", "{x}", "é\U0001f600", "k" * 128, "- y", "1h"])
def test_types_of_any_name_are_proposed_as_the_texts_they_are(name: str) -> None:
    found = proposed(hourly(name), hourly("cart.item_added"))
    policy = load_files({"rules.yaml": rules_with(policy_lines(found), name).encode()}).policy_of("acme")
    assert policy is not None
    assert {one.type: (line.every, line.mode) for one in found.feeds for line in [(policy.feeds or {})[one.type]]} == {
        one.type: tuple(one.written.values()) for one in found.feeds
    }
    assert set(policy.feeds or ()) == set(policy.breaker or ()) == {name, "cart.item_added"}
