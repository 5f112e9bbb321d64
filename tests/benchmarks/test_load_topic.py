"""The load generator with a real topic, and the streaming job with its load."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

import kittiwake
from benchmarks.load import __main__ as load
from benchmarks.load import publishing
from benchmarks.load.messages import LoadMessage
from benchmarks.rulesets import ONE, write_rules
from kittiwake.pipelines import stream
from kittiwake.terminal.exit_codes import Exit
from tests.examples.running import Ran
from tests.runners.shops import differing, twice
from tests.services.topics import Topics

LOAD = ("--seed", "5", "--contacts", "60", "--accounts", "2", "--duplicates", "0.1", "--poison", "0.05", "--rate", "2")
"""Few contacts, so that each does much."""


def test_a_topic_gets_the_messages_of_the_file_at_the_rate_asked_for(
    topics: Topics, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair, path = topics.create(), tmp_path / "sent.jsonl"
    where = ["--topic", pair.topic, "--output", str(path), "--timestamp_attribute", "at", "--id_label", "id"]
    asked = ["--rate", "200", "--lasts", "2s", "--duplicates", "0.1", "--poison", "0.1"]
    assert load.main([*where, *asked]) == Exit.FINE
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["published"] == said["messages"] == 400
    assert said["asked_per_s"] == pytest.approx(200, rel=0.01)
    assert said["achieved_per_s"] <= 210, "never faster"
    assert said["achieved_per_s"] >= 400 / (2.0 + said["behind_s"] + 3.0), "as slow as the machine was, and an answer"
    pulled = topics.pull(pair.subscription, 400)
    assert Counter(one.data for one in pulled) == Counter(path.read_bytes().splitlines())
    for one in pulled:
        if one.attributes:
            event = json.loads(one.data)
            assert one.attributes == {"at": event["time"], "id": event["event_id"]}
    assert sum(not one.attributes for one in pulled) == said["poison"]


def test_a_topic_that_is_not_there_ends_the_load_with_its_name(
    topics: Topics, capsys: pytest.CaptureFixture[str]
) -> None:
    name = topics.create().topic + "-gone"
    assert load.main(["--topic", name, "--lasts", "1s"]) == Exit.FAILED
    assert name in capsys.readouterr().err


def hand_over(topic: publishing.Topic, handed: list[LoadMessage]) -> None:
    """More and more, until one was not taken."""
    with suppress(publishing.NotPublishedError):
        while True:
            topic.publish(message := LoadMessage(0, b"{}"))
            handed.append(message)


def test_a_topic_that_does_not_answer_holds_the_load_back_and_then_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the bound is under way, however much there is to send."""
    bound = 10
    monkeypatch.setattr(publishing, "UNDER_WAY", publishing.UNDER_WAY._replace(message_limit=bound))
    monkeypatch.setattr(publishing, "TRIED_S", 1.0)
    monkeypatch.setattr(publishing, "AGAIN", publishing.AGAIN.with_timeout(1.0))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        topic = publishing.open_topic("projects/p/topics/silent", None, None)
        handed: list[LoadMessage] = []
        thread = threading.Thread(target=hand_over, args=(topic, handed))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert len(handed) == bound
        thread.join(30)
        assert not thread.is_alive()
        with pytest.raises(publishing.NotPublishedError, match="silent"):
            topic.finish()


def test_the_streaming_job_decides_of_a_load_what_replay_decides(tmp_path: Path) -> None:
    """By a rule that waits an hour: nothing is left until now."""
    events, rules = tmp_path / "events.jsonl", write_rules(ONE, tmp_path / "rules")
    assert load.main([*LOAD, "--events", "120", "--output", str(events)]) == Exit.FINE
    kittiwake.replay(kittiwake.load_rules(rules), events, tmp_path / "replay", until="2026-11-04T00:00:00Z")
    where = ["--rules", str(rules), "--events", str(events), "--output", str(tmp_path / "out")]
    assert stream.main([*where, "--disorder", "5m", "--late", "30m"]) == Exit.FINE
    replayed, ran = Ran(tmp_path / "replay", ""), Ran(tmp_path / "out", "")
    rows = ran.rows("decisions")
    assert not differing(replayed.rows("decisions"), rows)
    assert not twice(rows)
    assert Counter(row["decision"] for row in rows)["fired"] >= 5
    dead = [Counter(row["reason"] for row in one.rows("dead_letters")) for one in (replayed, ran)]
    assert dead[0] == dead[1]
    assert dead[0].total() >= 5
