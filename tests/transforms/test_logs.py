"""The log is lines of JSON of a closed set of events."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake.stream.logs import LOG_EVENTS, RULES_READ, LogEvent, line_of
from transforms.logs import log

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
    for fields in ({}, {"rules": "1", "contact_id": "c-42"}, {"contact_id": "c-42"}):
        with pytest.raises(AssertionError):
            line_of(RULES_READ, fields)


def test_names_of_events_are_told_apart() -> None:
    assert len({event.name for event in LOG_EVENTS}) == len(LOG_EVENTS)


def test_a_main_writes_the_lines_as_they_are_and_once(root: Path) -> None:
    code = (
        "from transforms.logs import log, log_to_stderr\nfrom kittiwake.stream.logs import RULES_READ\n"
        "log_to_stderr(); log_to_stderr(); log(RULES_READ, rules='a1')"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stderr == line_of(RULES_READ, {"rules": "a1"}) + "\n"
