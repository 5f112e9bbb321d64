"""Feeds and breakers in batch hosts: what is kept of events, whatever the files and blocks, and what runs say."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from kittiwake.batch.feeds.covered import FeedHealth, FeedOf, Flooding, health_of, note, silences_by_account, unite
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import from_text
from kittiwake.cli.main import app
from kittiwake.input.bulk import new_table
from kittiwake.kernel.evaluate.feeds import covered
from kittiwake.kernel.evaluate.floods import COUNTED_MAX, first_of, floods_of, is_counted, mark_of
from kittiwake.kernel.plan.feeds import FeedsOfRules
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.input.inputs import rows, write_lines

START = parse_instant("2035-01-01T00:00:00Z")
RULES = """
account: acme
policy: {feeds: {order.completed: {every: 6h, mode: MODE}}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
"""
DAY = "2026-11-02"


def programs(mode: str = "hold") -> Programs:
    return Programs(load_files({"acme.yaml": RULES.replace("MODE", mode).encode()}))


def event(name: str, contact: str, kind: str, hour: str) -> bytes:
    found = {"event_id": name, "account_id": "acme", "contact_id": contact, "type": kind, "time": f"{DAY}T{hour}:00Z"}
    return json.dumps(found).encode()


LINES = [
    event("o1", "x", "order.completed", "00:00"),
    event("o2", "y", "order.completed", "04:00"),
    event("c1", "c1", "cart.item_added", "03:00"),
    event("c2", "c2", "cart.item_added", "11:00"),
    event("o3", "x", "order.completed", "16:00"),
    event("c3", "c3", "cart.item_added", "23:00"),
]
UNTIL = parse_instant("2026-11-03T00:30:00Z")


def decided(folder: Path, mode: str = "hold") -> list[tuple[str, str, str | None]]:
    inputs = [
        str(write_lines(folder / name, part)) for name, part in (("a.jsonl", LINES[::2]), ("b.jsonl", LINES[1::2]))
    ]
    replay(programs(mode), inputs, folder / "out", RunSettings(START, UNTIL))
    return sorted((one["contact_id"], one["decision"], one["fired_at"]) for one in rows(folder / "out" / "decisions"))


def test_what_is_due_in_a_silence_is_held_and_the_summary_says_so(tmp_path: Path) -> None:
    assert decided(tmp_path) == [
        ("c1", "fired", f"{DAY}T04:00:00Z"),
        ("c2", "fired", f"{DAY}T18:00:00Z"),
        ("c3", "deferred", None),
    ]
    text = (tmp_path / "out" / "summary.json").read_text()
    said = json.loads(text)
    (feed,) = said["feeds"]
    assert feed == {
        "account_id": "acme",
        "type": "order.completed",
        "every": "6h",
        "silences": 2,
        "longest": "6h",
        "silent_since": f"{DAY}T22:00:00Z",
    }
    assert said["silent"] == [{"account_id": "acme", "rule_id": "cart", "type": "order.completed", "count": 2}]
    assert from_text(text).feeds == (
        FeedHealth("acme", "order.completed", 6 * HOUR_US, 2, 6 * HOUR_US, parse_instant(f"{DAY}T22:00:00Z")),
    )


def test_in_shadow_everything_fires_and_the_same_is_counted(tmp_path: Path) -> None:
    assert [one[1] for one in decided(tmp_path, "shadow")] == ["fired", "fired", "fired"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["silent"][0]["count"] == 2


def test_an_explanation_says_which_feed_was_silent_and_since_when(tmp_path: Path) -> None:
    events, rules = write_lines(tmp_path / "events.jsonl", LINES), tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("MODE", "hold"))
    said = CliRunner().invoke(app, ["explain", "--rules", str(rules), "--input", str(events), "--contact", "c2"])
    assert "held by feed health until" in said.output, said.output
    assert "order.completed silent since" in said.output


def test_a_simulation_counts_what_a_replay_decides(tmp_path: Path) -> None:
    events, rules = write_lines(tmp_path / "events.jsonl", LINES), tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("MODE", "hold"))
    asked = ["simulate", str(rules), str(events), "--until", "2026-11-03T00:30:00Z", "--json"]
    said = CliRunner().invoke(app, asked)
    assert '"feed_silent"' in said.output, said.output


def test_parts_in_any_order_cover_what_all_events_cover() -> None:
    rng = Random(4)
    feeds = FeedsOfRules(frozenset({"o"}), {"a": [Rhythm("o", 10), Rhythm("o", 3)]}, ())
    for _ in range(200):
        times = [rng.randrange(60) for _ in range(rng.randrange(1, 12))]
        total: dict[FeedOf, Any] = {}
        while times:
            part, table = dict[FeedOf, Any](), new_table()
            for time_us in [times.pop() for _ in range(min(len(times), rng.randrange(1, 5)))]:
                for column, value in zip(table, ("a", "c", time_us, "e", "o", b"{}"), strict=True):
                    column.append(value)
            note(part, feeds, table)
            unite(total, part)
            total.setdefault(FeedOf("a", "o", 0), []).extend((t, t) for t in table.times_us)
        every = [t for t, _ in total.pop(FeedOf("a", "o", 0))]
        assert total == {FeedOf("a", "o", each): covered(every, each) for each in (10, 3)}
        silences = silences_by_account(total)["a"]
        for at in range(80):
            before = [t for t in every if t < at]
            assert silences.is_silent(Rhythm("o", 10), at) is (bool(before) and max(before) + 10 <= at)


def test_a_feed_that_begins_after_the_end_of_a_run_is_not_said() -> None:
    assert health_of({FeedOf("a", "o", 5): [(10, 15)]}, 10) == ()


BREAKER = """
account: acme
policy: {breaker: {cart.item_added: {max: 2, per: 1h, mode: MODE}}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
"""
CARTS = [event(f"c{n}", f"c{n}", "cart.item_added", f"03:{n}0") for n in range(4)] + [
    event("c1", "c1", "cart.item_added", "03:10"),
    event("c5", "c5", "cart.item_added", "04:00"),
    event("x", "x", "order.completed", "05:20"),
]


def of_breaker(folder: Path, mode: str) -> list[tuple[str, str]]:
    inputs = [
        str(write_lines(folder / name, part)) for name, part in (("a.jsonl", CARTS[::2]), ("b.jsonl", CARTS[1::2]))
    ]
    rules = Programs(load_files({"acme.yaml": BREAKER.replace("MODE", mode).encode()}))
    replay(rules, inputs, folder / "out", RunSettings(START, parse_instant("2026-11-02T05:30:00Z")))
    return sorted((one["contact_id"], one["decision"]) for one in rows(folder / "out" / "decisions"))


def test_what_a_flood_arms_is_held_and_the_summary_says_so(tmp_path: Path) -> None:
    assert of_breaker(tmp_path, "hold") == [
        ("c0", "fired"),
        ("c1", "fired"),
        ("c2", "deferred"),
        ("c3", "deferred"),
        ("c5", "fired"),
    ]
    text = (tmp_path / "out" / "summary.json").read_text()
    said = json.loads(text)
    about = {"account_id": "acme", "type": "cart.item_added"}
    ends = {"first": f"{DAY}T03:20:00Z", "newest": f"{DAY}T03:20:00Z"}
    assert said["breakers"] == [{**about, "max": 2, "per": "1h", "floods": 1, **ends}]
    assert (said["flooded"], said["silent"]) == ([{**about, "rule_id": "cart", "count": 2}], [])
    begun_us = parse_instant(f"{DAY}T03:20:00Z")
    read = from_text(text)
    assert read.breakers == (Flooding("acme", "cart.item_added", 2, HOUR_US, 1, begun_us, begun_us),)
    assert {one.flooded: number for one, number in read.counts.silent.items()} == {True: 2}


def test_a_breaker_in_shadow_holds_nothing_and_counts_the_same(tmp_path: Path) -> None:
    assert {one[1] for one in of_breaker(tmp_path, "shadow")} == {"fired"}
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["flooded"][0]["count"] == 2


def test_an_explanation_says_which_type_was_flooded_and_since_when(tmp_path: Path) -> None:
    events, rules = write_lines(tmp_path / "events.jsonl", CARTS), tmp_path / "rules.yaml"
    rules.write_text(BREAKER.replace("MODE", "hold"))
    said = CliRunner().invoke(app, ["explain", "--rules", str(rules), "--input", str(events), "--contact", "c3"])
    assert "held by the breaker until" in said.output, said.output
    assert "cart.item_added flooded since" in said.output


@pytest.mark.parametrize("most", [1, 3, COUNTED_MAX, COUNTED_MAX + 1, 5_000])
def test_the_first_events_of_parts_in_any_order_are_those_of_all(most: int) -> None:
    rng, rhythm = Random(most), Rhythm("o", 1_000, most)
    for _ in range(20):
        every = [(rng.randrange(3_000), mark_of("c", str(rng.randrange(4 * most)))) for _ in range(min(3 * most, 900))]
        counted = [one for one in every if is_counted(rhythm, one[1])]
        kept, rest = list[tuple[int, int]](), [*counted, *rng.choices(counted, k=3)] if counted else []
        rng.shuffle(rest)
        while rest:
            part = [rest.pop() for _ in range(min(len(rest), rng.randrange(1, 9)))]
            kept = first_of(rhythm, [*kept, *first_of(rhythm, part)])
        assert kept == first_of(rhythm, counted)
        for begins, ends in floods_of(rhythm, kept):
            number = len({mark for time_us, mark in counted if ends - 1_000 <= time_us < begins})
            assert number * -(-most // COUNTED_MAX) <= most
            assert len({mark for time_us, mark in counted if ends - 1_000 <= time_us <= begins}) > number


def test_a_great_max_is_met_within_some_tenth_by_one_event_in_some() -> None:
    rhythm, begins = Rhythm("o", HOUR_US, 10_000), list[int]()
    for hour in range(20):
        events = [(hour * HOUR_US + n, mark_of(f"c{n % 977}", f"{hour}-{n}")) for n in range(20_000)]
        firsts = first_of(rhythm, [one for one in events if is_counted(rhythm, one[1])])
        assert len(firsts) == COUNTED_MAX + 1
        begins += [begun_us - hour * HOUR_US for begun_us, _ in floods_of(rhythm, firsts)]
    assert len(begins) == 20
    assert 7_000 < min(begins) < max(begins) < 13_000
    assert 9_000 < sum(begins) / 20 < 11_000
