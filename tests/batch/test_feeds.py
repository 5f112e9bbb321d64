"""Feeds in batch hosts: what their events cover, whatever the files and blocks, and what runs say of them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from kittiwake.batch.feeds.covered import FeedHealth, FeedOf, covered, health_of, note, silences_by_account, unite
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import from_text
from kittiwake.cli.main import app
from kittiwake.errors import UnusableError
from kittiwake.input.bulk import new_table
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


@pytest.mark.parametrize("starts", [False, True])
def test_snapshots_are_refused_by_name(tmp_path: Path, *, starts: bool) -> None:
    events = str(write_lines(tmp_path / "events.jsonl", LINES))
    settings = RunSettings(START, UNTIL, snapshots=not starts)
    with pytest.raises(UnusableError, match="--start-from" if starts else "--snapshots"):
        replay(programs(), [events], tmp_path / "out", settings, start_from=["x"] if starts else [])


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
