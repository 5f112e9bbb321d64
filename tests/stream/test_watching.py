"""A process and its target: until when it knows the rules, what may be needed, when it looks, and what it tells."""

from __future__ import annotations

import json
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kittiwake.input.shapes.base import CANONICAL
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.loader import load_files
from kittiwake.rules.publishing import publish as publishing
from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US, SKEW_US
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.freezing import freeze, unfreeze
from kittiwake.rules.publishing.layout import POINTER
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.contact.timers import Host, TimerFiring, TimerResult, on_timer
from kittiwake.stream.intake import IntakeSettings
from kittiwake.stream.records import encode
from kittiwake.stream.rules_source.poller import RulesChangeKind, complete_until_us
from kittiwake.stream.rules_source.source import PolledRules, rules_source
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import END_OF_TIME_US, HOUR_US, MINUTE_US, SECOND_US
from kittiwake.transforms.stream import rules_metrics
from kittiwake.transforms.stream.evaluate import EvaluateDoFn
from kittiwake.transforms.stream.parse import ParseDoFn
from kittiwake.transforms.stream.rules_metrics import meter_rules
from tests.rules.published import BROKEN, CART, NOW_US, SECOND, checked_by_a_newer_release, first
from tests.stream.faulty_targets import Faulty, Inline, Memory, known, numbers, polled
from tests.stream.generated_cases import arrival_of_line

publish = publishing.publish
NEXT_US = NOW_US + POLL_INTERVAL_US
SOON_US = NOW_US + MIN_LEAD_US


@pytest.fixture
def memory() -> Memory:
    found = Memory()
    first(found)
    return found


# ---------------------------------------------------------------- until when it is all there is to know


def test_what_one_look_brings_is_complete_until_the_lead_less_the_skew() -> None:
    assert complete_until_us(NOW_US, MIN_LEAD_US) == NOW_US + MIN_LEAD_US - SKEW_US - 1


def test_the_earliest_version_a_look_can_miss_begins_after_what_it_knows(memory: Memory) -> None:
    """The publisher's clock is behind by the whole skew, and he moves the pointer right after the look."""
    poll = polled(memory, pool=Inline())
    until_us = known(poll, NOW_US).until_us
    publisher_us = NOW_US - SKEW_US
    with pytest.raises(TargetError, match="nearer"):
        publish(memory, SECOND, until_us, publisher_us)
    publish(memory, SECOND, until_us + 1, publisher_us)


def evaluated(rules: RulesView, data: bytes | None, bag: list[bytes], at_us: int, clock_us: int) -> TimerResult:
    return on_timer(Host(rules, TimerSettings(0, SECOND_US)), KEY, data, lambda: bag, TimerFiring(at_us, clock_us))


LINE = b'{"account_id":"acme","contact_id":"c","event_id":"e","type":"cart.item_added","time":"2026-11-01T09:00:00Z"}'
KEY, ARRIVAL = arrival_of_line(LINE)


def outcome(result: TimerResult) -> list[tuple[str, str]]:
    rows = [json.loads(one.row) for one in result.decisions]
    return [(row["decision"], row["time"]) for row in rows]


def test_a_deadline_at_the_instant_of_a_version_that_is_not_known_waits(memory: Memory) -> None:
    """The cart is due at 10:00, when a version that a look at the latest moment has missed takes the rule away."""
    due_us = NOW_US + HOUR_US
    looked_us = due_us - MIN_LEAD_US + SKEW_US
    before = known(polled(memory, pool=Inline()), looked_us)
    publish(memory, {"a.yaml": CART.replace(b"id: cart", b"id: other")}, due_us, due_us - MIN_LEAD_US)
    after = known(polled(memory, pool=Inline()), looked_us)
    assert (numbers(before), numbers(after)) == (1, 2)
    early = evaluated(before, None, [encode(ARRIVAL)], due_us, due_us)
    assert outcome(early) == []
    later_us = due_us + SECOND_US
    late = evaluated(after._replace(until_us=END_OF_TIME_US), early.cell, [*early.buffered], later_us, later_us)
    assert outcome(late) == [("cancelled", "2026-11-01T10:00:00Z")]
    wrong = evaluated(before._replace(until_us=due_us), None, [encode(ARRIVAL)], due_us, due_us)
    assert outcome(wrong) == [("fired", "2026-11-01T10:00:00Z")], "an instant more, and it had been decided wrongly"


def test_who_knows_less_than_whoever_settled_a_contact_leaves_its_late_events(memory: Memory) -> None:
    start_us = NOW_US + 10 * MINUTE_US
    before = known(polled(memory, pool=Inline()), NOW_US)
    publish(memory, {"a.yaml": CART.replace(b"id: cart", b"id: other")}, start_us, NOW_US)
    after = known(polled(memory, pool=Inline()), NOW_US)._replace(until_us=END_OF_TIME_US)
    at_us = start_us + HOUR_US // 2
    cell = evaluated(after, None, [encode(ARRIVAL)], at_us, at_us).cell
    _, late = arrival_of_line(LINE.replace(b'"e"', b'"late"').replace(b"09:00", b"09:10"))
    at_us += MINUTE_US
    held = evaluated(before, cell, [encode(late)], at_us, at_us)
    assert not held.writes_cell
    assert held.own_timer_us is not None
    assert held.own_timer_us > at_us
    assert held.counts.held == 1
    assert evaluated(after, cell, [encode(late)], at_us, at_us).counts.corrected == 1


# ---------------------------------------------------------------- what may be needed


def test_an_event_that_only_a_coming_version_needs_passes_from_its_instant_on(memory: Memory) -> None:
    publish(memory, {"a.yaml": CART.replace(b"cart.item_added", b"order.completed")}, SOON_US, NOW_US)
    rules = known(polled(memory, pool=Inline()), NOW_US)._replace(until_us=END_OF_TIME_US)
    needed = [
        (name, rules.may_need("acme", name, SOON_US - 1), rules.may_need("acme", name, SOON_US))
        for name in ("cart.item_added", "order.completed", "page.viewed")
    ]
    assert needed == [("cart.item_added", True, False), ("order.completed", False, True), ("page.viewed", False, False)]


def test_what_lies_beyond_what_is_known_is_never_dropped(memory: Memory) -> None:
    rules = known(polled(memory, pool=Inline()), NOW_US)
    assert not rules.may_need("acme", "page.viewed", rules.until_us - 1)
    assert rules.may_need("acme", "page.viewed", rules.until_us)
    assert rules.may_need("nobody", "page.viewed", END_OF_TIME_US)


# ---------------------------------------------------------------- looks


def test_a_look_is_due_once_an_interval_and_brings_its_news_to_who_asks_next(memory: Memory) -> None:
    poll = polled(memory, pool=Inline())
    poll.view(NOW_US)
    publish(memory, SECOND, SOON_US, NOW_US)
    assert numbers(known(poll, NEXT_US - 1)) == 1
    assert numbers(known(poll, NEXT_US)) == 2
    assert [one.kind for one in poll.take_changes()] == [RulesChangeKind.READ, RulesChangeKind.READ]
    assert poll.take_changes() == ()


def test_versions_that_were_read_are_not_read_again_and_nothing_is_compiled_anew(memory: Memory) -> None:
    poll = polled(memory, pool=Inline())
    programs = known(poll, NOW_US).programs
    memory.reads.clear()
    later = known(poll, NEXT_US)
    assert memory.reads == [POINTER]
    assert later.programs is programs
    assert later.until_us == complete_until_us(NEXT_US, MIN_LEAD_US)
    publish(memory, SECOND, SOON_US + HOUR_US, NOW_US)
    memory.reads.clear()
    assert known(poll, NEXT_US + POLL_INTERVAL_US).programs is not programs
    assert len(memory.reads) == 2, "the pointer and the one that is new"


def test_a_freeze_is_heard_of_by_the_next_look_without_compiling(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = polled(memory, pool=Inline())
    known(poll, NOW_US).plan("acme")
    monkeypatch.setattr(Programs, "_new_plan", None)
    freeze(memory, NOW_US + 5)
    frozen = known(poll, NEXT_US)
    assert (frozen.frozen_at_us, frozen.plan("acme").versions.frozen_at_us) == (NOW_US + 5, NOW_US + 5)
    assert frozen.programs.used.frozen_at_us == NOW_US + 5
    assert poll.status(NEXT_US).frozen_at_us == NOW_US + 5
    unfreeze(memory)
    thawed = known(poll, NEXT_US + POLL_INTERVAL_US)
    assert (thawed.frozen_at_us, thawed.plan("acme").versions.frozen_at_us) == (None, None)


def test_a_clock_that_was_set_back_does_not_stop_the_looks_nor_does_one_a_moment_behind_make_more(
    memory: Memory,
) -> None:
    line = Faulty(memory)
    poll = polled(line, pool=Inline())
    known(poll, NOW_US)
    known(poll, NOW_US - SECOND_US)
    assert line.pointers == 1
    assert known(poll, NOW_US - HOUR_US).until_us == complete_until_us(NOW_US - HOUR_US, MIN_LEAD_US)
    assert line.pointers == 2


@pytest.mark.parametrize("clock_us", [NOW_US, NEXT_US, NOW_US + HOUR_US], ids=["first", "due", "stale"])
def test_of_eight_threads_that_ask_at_once_one_looks(memory: Memory, clock_us: int) -> None:
    line = Faulty(memory)
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(8) as threads:
        poll = polled(line, pool=pool)
        if clock_us != NOW_US:
            poll.view(NOW_US)
            line.pointers = 0
        line.open.clear()
        asked = [threads.submit(poll.view, clock_us) for _ in range(8)]
        line.open.set()
        assert {numbers(one.result(30)) for one in asked} == {1}
        pool.submit(int).result(30)  # who is not too late does not wait for the look
        assert line.pointers == 1


def test_copies_of_the_rules_in_a_process_share_one_look(tmp_path: Path) -> None:
    first(LocalTarget(tmp_path))
    rules = PolledRules(str(tmp_path), HOUR_US)
    copy = pickle.loads(pickle.dumps(rules))
    assert copy.view(NOW_US).programs is rules.view(NOW_US).programs
    assert len(pickle.dumps(rules)) < 500, "what has been read stays behind"
    assert PolledRules(str(tmp_path), 2 * HOUR_US).view(NOW_US).programs is not rules.view(NOW_US).programs


# ---------------------------------------------------------------- where the rules come from


def test_a_target_is_polled_and_files_are_always_known(tmp_path: Path) -> None:
    first(LocalTarget(tmp_path / "target"))
    (tmp_path / "a.yaml").write_bytes(CART)
    source = rules_source(tmp_path / "target", allowed_lateness_us=HOUR_US)
    assert isinstance(source, PolledRules)
    assert source.view(NOW_US).until_us == complete_until_us(NOW_US, MIN_LEAD_US)
    always = rules_source(tmp_path / "a.yaml", allowed_lateness_us=HOUR_US)
    assert isinstance(always, StaticRules)
    assert always.view(NOW_US).until_us == END_OF_TIME_US
    with pytest.raises(TargetError, match="stand alone"):
        rules_source(tmp_path / "a.yaml", tmp_path / "target", allowed_lateness_us=HOUR_US)
    with pytest.raises(RulesError):
        rules_source(tmp_path / "nowhere", allowed_lateness_us=HOUR_US)


def test_a_lead_that_would_hold_every_look_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1m"):
        PolledRules("gs://b/p", HOUR_US, min_lead_us=POLL_INTERVAL_US + SKEW_US)
    PolledRules("gs://b/p", HOUR_US, min_lead_us=POLL_INTERVAL_US + SKEW_US + 1)


# ---------------------------------------------------------------- what is reported


def test_a_worker_tells_the_age_of_its_rules_failed_looks_and_a_freeze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr(rules_metrics, "observe", lambda metric, value: seen.append((metric.name, value)))
    monkeypatch.setattr(rules_metrics, "count", lambda metric, number: seen.append((metric.name, number)))
    caplog.set_level(logging.INFO, "kittiwake")
    target = LocalTarget(tmp_path)
    first(target)
    freeze(target, NOW_US)
    rules = PolledRules(str(tmp_path), HOUR_US)
    rules.view(NOW_US)
    meter_rules(rules, NOW_US + 7 * SECOND_US)
    assert seen == [("rule_set_age_s", 7), ("bundles_rules_old", 0), ("bundles_frozen", 1), ("rules_unreadable", 0)]
    (tmp_path / POINTER).unlink()
    rules.view(NOW_US + HOUR_US)
    meter_rules(rules, NOW_US + HOUR_US)
    assert seen[4:] == [
        ("rule_set_age_s", 3600),
        ("bundles_rules_old", 1),
        ("bundles_frozen", 1),
        ("rules_unreadable", 1),
    ]
    lines = [json.loads(record.message) for record in caplog.records]
    assert [line["event"] for line in lines] == ["rules_read", "rules_unreadable"]
    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]
    assert "frozen at 2026-11-01T09:00:00Z" in lines[0]["detail"]


def test_rules_that_never_change_are_not_watched(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(CART)
    meter_rules(rules_source(tmp_path / "a.yaml", allowed_lateness_us=HOUR_US), NOW_US)


def test_both_steps_tell_it_with_every_bundle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first(LocalTarget(tmp_path))
    caplog.set_level(logging.INFO, "kittiwake")
    rules = PolledRules(str(tmp_path), HOUR_US), PolledRules(str(tmp_path), 2 * HOUR_US)
    for one in rules:
        one.view(NOW_US)
    parse = ParseDoFn(rules[0], IntakeSettings(), lambda: NOW_US)
    parse.setup()
    parse.start_bundle()
    EvaluateDoFn(rules[1], TimerSettings(), CANONICAL, None, lambda: NOW_US).start_bundle()
    assert [json.loads(record.message)["event"] for record in caplog.records] == ["rules_read"] * 2


# ---------------------------------------------------------------- rules of one account

GLOBEX = CART.replace(b"acme", b"globex")


def published_by_a_newer_release(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts, of which one gets rules that this release refuses."""
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)
    first(memory, {"acme.yaml": CART, "globex.yaml": GLOBEX})
    files = {"acme.yaml": CART.replace(b"id: cart", b"id: new"), "globex.yaml": BROKEN}
    publish(memory, files, SOON_US, NOW_US)


def test_an_account_whose_newest_rules_cannot_be_used_keeps_its_last_good_version_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Memory()
    published_by_a_newer_release(memory, monkeypatch)
    poll = polled(memory, pool=Inline())
    rules = known(poll, NOW_US)
    in_force = {
        name: [rule.rule_id for rule in rules.plan(name).versions.at(SOON_US).rules if not rule.foreseen]
        for name in ("acme", "globex")
    }
    assert in_force == {"acme": ["new"], "globex": ["cart"]}
    assert rules.plan("globex").versions.at(SOON_US).ruleset_version == rules.programs.used.refused[0].keeps
    assert poll.status(NOW_US).error is None
    changes = {one.kind: one.text for one in poll.take_changes()}
    assert set(changes) == {RulesChangeKind.READ, RulesChangeKind.ACCOUNT_REFUSED}
    assert "globex.yaml" in changes[RulesChangeKind.ACCOUNT_REFUSED]
    known(poll, NEXT_US)
    assert poll.take_changes() == (), "it is reported once"


def test_nothing_pending_of_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    published_by_a_newer_release(memory, monkeypatch)
    rules = known(polled(memory, pool=Inline()), NOW_US)._replace(until_us=END_OF_TIME_US)
    for account, expected in (("acme", "cancelled"), ("globex", "fired")):
        key, arrival = arrival_of_line(LINE.replace(b"acme", account.encode()))
        at_us = NOW_US + HOUR_US
        result = on_timer(
            Host(rules, TimerSettings(0, SECOND_US)),
            key,
            None,
            lambda one=arrival: [encode(one)],
            TimerFiring(at_us, at_us),
        )
        assert [decision for decision, _ in outcome(result)] == [expected], account


def test_an_account_that_never_had_good_rules_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)
    first(
        memory,
        {
            "acme.yaml": CART,
            "globex.yaml": BROKEN,
            "all.yaml": CART.replace(b"acme", b'"*"').replace(b"id: cart", b"id: all"),
        },
    )
    rules = known(polled(memory, pool=Inline()), NOW_US)
    assert [rule.rule_id for rule in rules.plan("globex").versions.newest.rules] == []
    assert [rule.rule_id for rule in rules.plan("initech").versions.newest.rules] == ["all"]


def test_what_is_wrong_with_every_accounts_rules_is_a_look_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)
    first(memory)
    poll = polled(memory, pool=Inline())
    known(poll, NOW_US)
    monkeypatch.setattr(publishing, "checked", lambda _: load_files(SECOND))
    publish(memory, {"all.yaml": BROKEN.replace(b"globex", b'"*"')}, SOON_US, NOW_US)
    rules = known(poll, NEXT_US)
    assert numbers(rules) == 1
    assert [one.kind for one in poll.take_changes()] == [RulesChangeKind.READ, RulesChangeKind.UNREADABLE]


def test_a_refused_account_is_counted_and_logged_once_without_its_name(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    target = LocalTarget(tmp_path / "target")
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)
    first(target, {"a.yaml": CART, "b.yaml": BROKEN})
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr(rules_metrics, "count", lambda metric, number: seen.append((metric.name, number)))
    monkeypatch.setattr(rules_metrics, "observe", lambda *_: None)
    rules = PolledRules(str(tmp_path / "target"), HOUR_US)
    rules.view(NOW_US)
    with caplog.at_level(logging.INFO):
        meter_rules(rules, NOW_US)
        meter_rules(rules, NOW_US)
    assert ("rules_account_refused", 1) in seen
    lines = [json.loads(record.message) for record in caplog.records]
    assert [line["event"] for line in lines].count("rules_account_refused") == 1
    (line,) = [line for line in lines if line["event"] == "rules_account_refused"]
    assert "b.yaml" in line["detail"]
    assert "globex" not in line["detail"]
