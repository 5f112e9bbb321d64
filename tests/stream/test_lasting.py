"""What stays of a contact that was forgotten: by default it ends, and what does not is counted."""

from __future__ import annotations

from collections import Counter

import pytest

from kittiwake.pipelines.options.stream import MAX_AGE_US
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.contact.timer_counts import TimerCounts
from kittiwake.stream.records import encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant
from kittiwake.transforms.stream import evaluate
from tests.stream.fault_injecting_runner import Bundle
from tests.stream.generated_cases import arrival_of_line
from tests.stream.test_faults import START_US, Host
from tests.stream.test_quiet_contacts import Published, published

KEY = key_of("acme", "c1")
RULES = b"""
account: acme
policy: {retention: 9d, consent: {purpose: mail}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h}
  - {id: tier, when: order.completed, given: {contact: {tier: gold}}, wait: 1h}
"""
CART = b"rules: [{id: cart, when: cart.item_added, wait: 1h}]"
ENDING = RULES.replace(b"retention: 9d,", b"retention: 9d, profile_retention: 20d,")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often contacts came to what stays of them."""
    found: Counter[str] = Counter()

    def count(counts: TimerCounts, _: int) -> None:
        found.update(consents=counts.consents_kept, profiles=counts.profiles_kept)

    monkeypatch.setattr(evaluate, "count_firing", count)
    return found


def host_of(rules: bytes) -> Host:
    host = Host(max_age_us=MAX_AGE_US)
    host.rules = StaticRules(always(load_files({"a.yaml": rules})), HOUR_US)
    return host


def give_tier(host: Host, at_us: int) -> None:
    data = (
        f'{{"event_id":"u1","account_id":"acme","contact_id":"c1","type":"contact.updated",'
        f'"time":"{format_instant(at_us)}","properties":{{"tier":"gold"}}}}'
    )
    key, arrival = arrival_of_line(data.encode())
    host.runner.run(Bundle([(key, encode(arrival))]))


def pass_days(host: Host, *days: int) -> None:
    for day in days:
        host.pass_to(START_US + day * DAY_US)


def test_what_a_rule_that_fires_once_remembers_ends_with_its_keep(counted: Counter[str]) -> None:
    host = host_of(b"account: acme\n" + CART)
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, 1, 390)
    assert host.rows == [("fired", 0)]
    assert host.runner.kept[KEY].cell
    pass_days(host, 410, 805)
    kept = host.runner.kept[KEY]
    assert (kept.cell, kept.bag, kept.timers) == (None, [], {})
    assert not +counted


def test_a_contact_of_whom_consents_alone_stay_is_counted_when_it_comes_to_that(counted: Counter[str]) -> None:
    host = host_of(RULES)
    host.give("e1", "consent.withdrawn", START_US)
    pass_days(host, 8)
    assert not +counted
    pass_days(host, 10, 500, 2_000)
    assert +counted == {"consents": 1}
    assert not host.runner.kept[KEY].timers
    host.give("e0", "cart.item_added", START_US - MINUTE_US)
    pass_days(host, 2_001)
    assert +counted == {"consents": 1}, "a late event of it counts it no second time"
    host.give("e2", "cart.item_added", START_US + 2_001 * DAY_US)
    pass_days(host, 2_500)
    assert +counted == {"consents": 2}


def test_a_contact_of_whom_an_attribute_stays_is_counted_apart(counted: Counter[str]) -> None:
    host = host_of(RULES)
    host.give("e1", "consent.withdrawn", START_US)
    give_tier(host, START_US + MINUTE_US)
    pass_days(host, 8, 10, 500, 2_000)
    assert +counted == {"profiles": 1}


def test_with_a_profile_retention_nothing_stays_and_nothing_is_counted(counted: Counter[str]) -> None:
    host = host_of(ENDING)
    host.give("e1", "consent.withdrawn", START_US)
    give_tier(host, START_US + MINUTE_US)
    pass_days(host, 8, 10, 21, 430)
    assert not +counted
    assert host.runner.kept[KEY].cell is None


def test_a_freeze_puts_off_no_longer_than_it_lasts_that_nothing_is_kept_of_a_contact() -> None:
    rules = published(b"account: acme\npolicy: {retention: 5d}\n" + CART)
    host = begun(rules)
    rules.freezes_us = START_US + 30 * DAY_US
    pass_days(host, *range(30, 40))
    assert host.runner.kept[KEY].cell
    rules.freezes_us = None
    pass_days(host, 41)
    kept = host.runner.kept[KEY]
    assert (kept.cell, kept.bag, kept.timers) == (None, [], {})


def test_a_version_shortly_before_the_end_of_a_contact_does_not_put_it_off() -> None:
    text = b"account: acme\npolicy: {retention: 5d}\n" + CART
    ends_us = begun(published(text)).runner.kept[KEY].timers["wake", ""]
    host = begun(published(text, text.replace(b"1h", b"2h"), starts_us=(ends_us - HOUR_US // 2,)))
    host.pass_to(ends_us)
    kept = host.runner.kept[KEY]
    assert (kept.cell, kept.bag, kept.timers) == (None, [], {})


def begun(rules: Published) -> Host:
    """With a contact that was forgotten weeks ago, and whose end is near."""
    host = Host(max_age_us=30 * DAY_US)
    host.rules = rules
    host.give("e1", "cart.item_added", START_US)
    pass_days(host, *range(1, 30))
    assert len(host.runner.kept[KEY].cell or b"") < 100
    return host
