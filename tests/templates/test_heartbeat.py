"""A heartbeat reaches the job's subscription, and is nothing that anybody decides about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("google.pubsub_v1")

from google.auth.exceptions import DefaultCredentialsError

from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from templates.heartbeat import MESSAGE, main
from tests.input.inputs import write_rules

if TYPE_CHECKING:
    from tests.services.topics import Topics


def test_it_is_published_as_often_as_asked_and_its_attribute_is_new_each_time(topics: Topics) -> None:
    pair = topics.create("heartbeat")
    assert main(["--topic", pair.topic, "--every", "1s", "--times", "2", "--attribute", "time"]) == Exit.FINE
    pulled = topics.pull(pair.subscription, 2)
    assert [message.data for message in pulled] == [MESSAGE, MESSAGE]
    first, second = sorted(parse_instant(message.attributes["time"]) for message in pulled)
    assert first < second


def test_the_job_counts_it_and_does_nothing_else_with_it_however_old_its_time_is(tmp_path: Path) -> None:
    now = parse_instant(json.loads(MESSAGE)["time"]) + 4_000 * DAY_US
    known = StaticRules(always(load(write_rules(tmp_path / "rules.yaml"))), HOUR_US).view(now)
    found = take(Message(MESSAGE, {}, "1", now), now, known, IntakeSettings(max_age_us=DAY_US))
    assert isinstance(found, Brought)
    assert (found.needed, list(found.of_items), found.unneeded, found.unknown_accounts) == ([], [], 1, 1)


def test_what_cannot_be_sent_is_said(capsys: pytest.CaptureFixture[str], topics: Topics) -> None:
    assert main(["--topic", "projects/p/topics/t", "--every", "soon"]) == Exit.UNUSABLE
    assert main(["--topic", topics.create("gone").topic + "-x", "--times", "1"]) == Exit.UNUSABLE
    assert capsys.readouterr().err.startswith("--every soon: write 10s or 1m\nprojects/")


def test_without_credentials_it_says_so_and_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise DefaultCredentialsError("none were found")

    monkeypatch.setattr("templates.heartbeat.PublisherClient", none)
    assert main(["--topic", "projects/p/topics/t", "--times", "1"]) == Exit.UNUSABLE
    assert capsys.readouterr().err == "projects/p/topics/t: none were found\n"
