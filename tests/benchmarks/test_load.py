"""The load generator: what it sends has the shares, the law of Zipf, the rate and the lateness that were asked for."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice, pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generate import TYPES
from benchmarks.load import __main__ as load
from benchmarks.load.arrivals import due_us
from benchmarks.load.messages import LoadMessage, messages
from benchmarks.load.pacing import EARLY_S, Pacer
from benchmarks.load.poison import POISON
from benchmarks.load.settings import LoadSettings
from benchmarks.load.zipf import Zipf
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.input.single import event_from
from kittiwake.model import DeadLetter, Event
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_instant

START_US = parse_instant("2026-11-02T00:00:00Z")
SETTINGS = LoadSettings(START_US, contacts=10_000, items=500, duplicates=0.1, poison=0.05, late=0.02)
COUNT = 20_000
SIGMAS = 5
"""A share that is off by more than this comes once in a million draws."""


@pytest.fixture(scope="module")
def sent() -> list[LoadMessage]:
    return list(islice(messages(SETTINGS), COUNT))


@pytest.fixture(scope="module")
def events(sent: list[LoadMessage]) -> dict[str, dict[str, Any]]:
    """By id, in the order in which they were first sent."""
    found: dict[str, dict[str, Any]] = {}
    for one in sent:
        if one.event_id:
            found.setdefault(one.event_id, json.loads(one.data))
    return found


def is_about(found: float, share: float, count: int) -> bool:
    """Whether so many of a number are a share of it, by chance."""
    return abs(found - share * count) <= SIGMAS * sqrt(count * share * (1 - share)) + 1


def test_the_same_settings_give_the_same_messages_and_another_seed_others() -> None:
    one, again, other = (list(islice(messages(SETTINGS._replace(seed=seed)), 500)) for seed in (7, 7, 8))
    assert one == again
    assert {message.data for message in one}.isdisjoint(message.data for message in other)


def test_a_longer_run_begins_as_a_shorter_one(sent: list[LoadMessage]) -> None:
    assert list(islice(messages(SETTINGS), 1_000)) == sent[:1_000]


def test_as_many_are_sent_again_and_as_many_are_poison_as_asked_for(sent: list[LoadMessage]) -> None:
    times = Counter(one.event_id for one in sent if one.event_id)
    assert is_about(sum(times.values()) - len(times), SETTINGS.duplicates, COUNT)
    assert is_about(sum(one.event_id is None for one in sent), SETTINGS.poison, COUNT)
    assert len({(one.event_id, one.data) for one in sent if one.event_id}) == len(times), (
        "a duplicate is the same bytes"
    )


def test_whatever_is_sent_is_an_event_or_refused_for_the_reason_it_was_made_for(sent: list[LoadMessage]) -> None:
    """Of every kind of event, and by every kind of poison."""
    refused: Counter[str] = Counter()
    types: set[str] = set()
    for one in sent:
        read = event_from(one.data, START_US + HOUR_US, CANONICAL)
        if one.event_id is None:
            assert isinstance(read, DeadLetter), one
            refused[read.reason] += 1
        else:
            assert isinstance(read, Event), one
            assert (read.event_id, read.time_us) == (one.event_id, one.time_us)
            types.add(read.type)
    assert refused.keys() == POISON.keys()
    assert types == set(TYPES)


def test_events_are_sent_after_they_happened_by_no_more_than_the_disorder_or_the_lateness(
    sent: list[LoadMessage],
) -> None:
    seen: set[str] = set()
    delays = []
    for one in sent:
        if one.event_id and one.time_us is not None and one.event_id not in seen:
            seen.add(one.event_id)
            delays.append(START_US + one.due_us - one.time_us)
    assert 0 <= min(delays) <= max(delays) <= SETTINGS.late_by_us
    beyond = sum(delay > SETTINGS.disorder_us for delay in delays)
    share = SETTINGS.late * (1 - SETTINGS.disorder_us / SETTINGS.late_by_us)
    assert is_about(beyond, share, len(delays))


def test_contacts_and_items_follow_the_law_of_zipf_and_accounts_share_alike(events: dict[str, dict[str, Any]]) -> None:
    accounts = Counter(event["account_id"] for event in events.values())
    sessions = len(events) / 4  # a contact is drawn once a session
    assert all(is_about(number / 4, 1 / SETTINGS.accounts, round(sessions)) for number in accounts.values())
    assert len(accounts) == SETTINGS.accounts
    hottest = sum(event["contact_id"] == "c-000000001" for event in events.values())
    contacts = Zipf(SETTINGS.contacts // SETTINGS.accounts, SETTINGS.contact_exponent)
    assert is_about(hottest / 4, contacts.share(1), round(sessions))
    products = [one for event in events.values() if (one := event["properties"].get("product_id"))]
    share = Zipf(SETTINGS.items, SETTINGS.item_exponent).share(1)
    assert is_about(products.count("p-0001") / 4, share, len(products) // 4)


def test_a_loud_account_has_so_many_times_the_events_of_another() -> None:
    loud = SETTINGS._replace(accounts=2, loud=100.0, poison=0.0)
    found = Counter(json.loads(one.data)["account_id"] for one in islice(messages(loud), 5_000))
    assert is_about(found["shop-1"] / 4, 1 / 101, 1_250)


def test_a_visit_is_over_within_its_time_and_visits_overlap() -> None:
    """Every contact comes once among so many, so its events are one session."""
    many = SETTINGS._replace(contacts=10**12, contact_exponent=0.0, duplicates=0.0, poison=0.0, late=0.0, disorder_us=0)
    sent = [(one.due_us, json.loads(one.data)) for one in islice(messages(many), 20_000)]
    visits: dict[tuple[str, str], list[int]] = {}
    for at_us, event in sent:
        visits.setdefault((event["account_id"], event["contact_id"]), []).append(at_us)
    longest_us = max(times[-1] - times[0] for times in visits.values())
    assert 0.8 * many.session_us < longest_us <= many.session_us
    contacts = [event["contact_id"] for _, event in sent]
    assert sum(one == two for one, two in pairwise(contacts)) < 0.02 * len(contacts)


# ---------------------------------------------------------------- Zipf's law


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.0 + 1e-10, 1.7, 4.0])
@pytest.mark.parametrize("size", [1, 2, 30])
def test_every_rank_comes_as_often_as_the_law_says(exponent: float, size: int) -> None:
    count = 100_000
    drawn = np.bincount(Zipf(size, exponent).draw(np.random.default_rng(1), count), minlength=size + 1)
    weights = np.arange(1, size + 1, dtype=float) ** -exponent
    assert drawn[0] == 0
    assert drawn.size == size + 1
    for rank, share in enumerate(weights / weights.sum(), 1):
        assert is_about(drawn[rank], share, count)
        assert abs(Zipf(size, exponent).share(rank) - share) < 1e-9


def test_a_hundred_million_contacts_cost_as_much_as_ten_and_follow_the_law() -> None:
    law = Zipf(10**8, 0.8)
    drawn = law.draw(np.random.default_rng(2), 200_000)
    first = [sum(law.share(rank) for rank in range(1, 11)), float((drawn <= 10).mean())]
    assert is_about(first[1] * drawn.size, first[0], drawn.size)
    zeta = -4.43754  # of 0.8: the sum up to x is x^0.2 / 0.2 + zeta, but for next to nothing
    half = (10 ** (8 * 0.2) / 0.2 + zeta) / 2
    assert np.median(drawn) == pytest.approx(((half - zeta) * 0.2) ** 5, rel=0.03)


# ---------------------------------------------------------------- the rate


def in_each_second(settings: LoadSettings, seconds: int) -> list[int]:
    counted: Counter[int] = Counter()
    for at_us in due_us(settings):
        if at_us >= seconds * SECOND_US:
            return [counted[second] for second in range(seconds)]
        counted[at_us // SECOND_US] += 1
    raise AssertionError


def test_the_rate_is_that_asked_for_from_the_first_second_on() -> None:
    assert set(in_each_second(SETTINGS._replace(rate=250.0), 60)) == {250}
    assert sum(in_each_second(SETTINGS._replace(rate=0.7), 1_000)) == pytest.approx(700, abs=1)


def test_within_a_burst_it_is_so_many_times_higher() -> None:
    burst = SETTINGS._replace(burst=10.0, burst_lasts_us=2 * SECOND_US, burst_every_us=10 * SECOND_US)
    found = in_each_second(burst, 32)
    assert [second for second, number in enumerate(found) if number > 500] == [10, 11, 20, 21, 30, 31]
    assert max(found) == pytest.approx(1_000, abs=2)


def test_over_a_day_it_swings_about_the_mean_and_is_highest_in_the_evening() -> None:
    day = SETTINGS._replace(swing=0.6, day_us=240 * SECOND_US, rate=100.0)
    found = in_each_second(day, 240)
    assert sum(found) == pytest.approx(24_000, abs=2)
    assert (found.index(max(found)) // 10, found.index(min(found)) // 10) in {(20, 8), (19, 7), (20, 7), (19, 8)}
    assert (max(found), min(found)) == (pytest.approx(160, abs=2), pytest.approx(40, abs=2))


def test_a_day_goes_on_where_the_clock_is() -> None:
    """One that starts at 20:00 starts at the peak."""
    evening = SETTINGS._replace(start_us=START_US + 20 * HOUR_US, swing=1.0, day_us=DAY_US)
    assert in_each_second(evening, 3) == [200, 200, 200]


class Clock:
    """A clock that sleeping moves, and working too."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def test_the_pace_is_kept_and_what_is_late_is_made_up_for_and_reported() -> None:
    clock = Clock()
    pacer = Pacer(lambda: clock.now_s, clock.sleep)
    sent_s = []
    for number in range(100):
        pacer.wait_until(number * SECOND_US // 10)
        sent_s.append(clock.now_s - 1_000.0)
        clock.now_s += 3.0 if number == 50 else 0.0001  # the machine stands still once
    assert all(at_s >= number / 10 - EARLY_S for number, at_s in enumerate(sent_s))
    assert sent_s[50] == pytest.approx(5.0)
    assert sent_s[-1] == pytest.approx(9.9), "made up for"
    assert pacer.behind_s == pytest.approx(2.9, abs=0.01)


# ---------------------------------------------------------------- the command


def test_a_file_has_the_bytes_of_its_arguments_and_the_result_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--seed", "3", "--contacts", "1e6", "--rate", "50", "--lasts", "10s", "--poison", "0.1"]
    for name in ("one.jsonl", "two.jsonl"):
        assert load.main([*arguments, "--output", str(tmp_path / "below" / name)]) == Exit.FINE
    one, two = ((tmp_path / "below" / name).read_bytes() for name in ("one.jsonl", "two.jsonl"))
    assert one == two
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["messages"] == one.count(b"\n") == 500
    assert said["events"] + said["poison"] == 500
    assert said["bytes"] == len(one) - 500
    assert said["achieved_per_s"] is None, "a file has no rate"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--topic or --output is needed"),
        (["--output", "-"], "--events or --lasts is needed"),
        (["--topic", "events", "--events", "1"], "write projects/PROJECT/topics/NAME"),
        (["--output", "-", "--events", "1", "--rate", "1e9"], "--rate is 1,000,000,000.0: write a number from"),
        (["--output", "-", "--events", "1", "--duplicates", "0.5", "--poison", "0.5"], "leave no events"),
        (["--output", "-", "--events", "1", "--rate", "1e5", "--session", "1h"], "shorten the sessions"),
        (["--output", "-", "--events", "1", "--contacts", "3"], "every one of the 10 accounts needs one"),
        (["--output", "-", "--events", "1", "--burst", "2", "--burst_lasts", "2m"], "shorter than --burst_every"),
        (["--output", "-", "--events", "1", "--late_by", "90d"], "--late_by is out of bounds"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_write(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load.main(arguments) == Exit.UNUSABLE
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("bad", [["--rate", "nan"], ["--events", "1.5"], ["--lasts", "soon"], ["--start", "today"]])
def test_what_is_no_number_is_refused_by_name(bad: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load.main([*bad, "--output", "-"])
    assert ended.value.code == Exit.UNUSABLE
    assert bad[0] in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load.main(["--output", str(tmp_path), "--events", "1"]) == Exit.UNUSABLE
    assert str(tmp_path) in capsys.readouterr().err


def test_the_usual_load_is_one_that_a_job_takes() -> None:
    usual = LoadSettings(START_US)
    assert usual.late_by_us <= HOUR_US, "the job's allowed lateness"
    assert usual.disorder_us <= 10 * SECOND_US, "its settle delay"
    assert usual.session_us == 2 * MINUTE_US
