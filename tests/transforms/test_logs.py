"""The log is lines of JSON of a closed set of events."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pytest

from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.stream.logs import LOG_EVENTS, RULES_READ, LogEvent, line_of
from kittiwake.stream.records import BufferedEvent, encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US
from kittiwake.transforms.logs import log
from kittiwake.transforms.stream.evaluate import EvaluateRules

RESERVED = {"severity", "message", "event"}


@pytest.mark.parametrize("event", LOG_EVENTS, ids=lambda event: event.name)
def test_a_line_is_one_line_of_json_with_all_its_fields(event: LogEvent, caplog: pytest.LogCaptureFixture) -> None:
    fields = dict.fromkeys(event.fields, "two\nlines %s é")
    with caplog.at_level(logging.INFO):
        log(event, **fields)
    (text,) = caplog.messages
    assert len(text.splitlines()) == 1
    assert json.loads(text) == {**fields, "severity": event.severity, "message": event.message, "event": event.name}
    assert caplog.records[0].levelname == event.severity
    assert not RESERVED & set(event.fields)


def test_a_line_with_other_fields_than_its_events_is_a_fault_of_ours() -> None:
    for fields in ({}, {"detail": "1", "contact_id": "c-42"}, {"contact_id": "c-42"}):
        with pytest.raises(AssertionError):
            line_of(RULES_READ, fields)


def test_names_of_events_are_told_apart() -> None:
    assert len({event.name for event in LOG_EVENTS}) == len(LOG_EVENTS)


def test_a_main_writes_the_lines_as_they_are_and_once(root: Path) -> None:
    code = (
        "from kittiwake.transforms.logs import log, log_to_stderr\nfrom kittiwake.stream.logs import RULES_READ\n"
        "log_to_stderr(); log_to_stderr(); log(RULES_READ, detail='a1')"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stderr == line_of(RULES_READ, {"detail": "a1"}) + "\n"


def test_the_host_logs_what_it_refuses_and_not_what_it_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "acme.yaml").write_text("account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n")
    rules = StaticRules(always(load(tmp_path)), HOUR_US)
    arrivals = [
        (key_of("acme", f"zuzu-{n}"), encode(BufferedEvent(HOUR_US, "zuzu", "zuzu", b"zuzu"))) for n in range(3)
    ]
    pipeline = new_pipeline(runner_named(None), [])
    hosted = pipeline | beam.Create(arrivals, reshuffle=False) | EvaluateRules(rules, clock=_late)
    _ = hosted.dead_letters | beam.Map(len)
    with caplog.at_level(logging.DEBUG):
        pipeline.run().wait_until_finish()
    assert [text for text in caplog.messages if "zuzu" in text] == []
    lines = [json.loads(entry.getMessage()) for entry in caplog.records if entry.name == "kittiwake"]
    assert {(line["event"], line["stage"], line["reason"]) for line in lines} == {
        ("messages_refused", "settle", "not_json")
    }
    assert sum(line["number"] for line in lines) == 3


def _late() -> int:
    return 1_800_000_000_000_000
