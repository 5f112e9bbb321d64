"""What consumers of triggers hear, and what they do not."""

from __future__ import annotations

import json

from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.replay.rows import Mode, decision_line
from kittiwake.stream.delivery import trigger_message
from kittiwake.stream.messages import told
from tests.stream import tellings


def test_a_message_is_the_row_with_what_a_consumer_decides_by_beside_it() -> None:
    message = trigger_message(tellings.trigger(traceparent=tellings.TRACE, revision=2))
    assert message.data == decision_line(tellings.decision(revision=2), Mode.STREAM)
    assert message.attributes == {
        "trigger_id": "a" * 32,
        "revision": "2",
        "account_id": "acme",
        "rule_id": "cart",
        "kind": "fired",
        "decision": "fired",
        "traceparent": tellings.TRACE,
    }


def test_a_message_without_a_trace_has_no_attribute_of_it() -> None:
    assert "traceparent" not in trigger_message(tellings.trigger()).attributes


def test_attributes_say_what_the_row_says() -> None:
    decision: Decision = tellings.decision(decision=Outcome.REVOKED, reason=Reason.LATE_EVENT, revision=1)
    message = trigger_message(told(decision))
    row = json.loads(message.data)
    assert {name: str(row[name]) for name in message.attributes} == message.attributes
