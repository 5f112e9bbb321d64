"""What consumers of triggers hear, and what they do not."""

from __future__ import annotations

import json

import pytest

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.model import Decision
from kittiwake.output.rows import Mode, decision_line
from kittiwake.reasons import Outcome, Reason
from kittiwake.stream.records import TRACE_CHARS_MAX, decision_record, trace_of
from kittiwake.stream.tables.rows import dead_letter_table_row
from kittiwake.stream.trigger_message import MESSAGE_BYTES_MAX, refusal_of, trigger_message, unsent
from kittiwake.transforms.sinks.bigquery import PAYLOAD_BYTES_MAX
from kittiwake.values import KEY_CHARS_MAX, canonical
from tests.stream import sample_records


def test_a_message_is_the_row_with_what_a_consumer_decides_by_beside_it() -> None:
    message = trigger_message(sample_records.trigger(traceparent=sample_records.TRACE, revision=2))
    assert message.data == decision_line(sample_records.decision(revision=2), Mode.STREAM)
    assert message.attributes == {
        "trigger_id": "a" * 32,
        "revision": "2",
        "account_id": "acme",
        "rule_id": "cart",
        "kind": "fired",
        "decision": "fired",
        "traceparent": sample_records.TRACE,
    }


def test_a_message_without_a_trace_has_no_attribute_of_it() -> None:
    assert "traceparent" not in trigger_message(sample_records.trigger()).attributes


def test_attributes_say_what_the_row_says() -> None:
    decision: Decision = sample_records.decision(decision=Outcome.REVOKED, reason=Reason.LATE_EVENT, revision=1)
    message = trigger_message(decision_record(decision))
    row = json.loads(message.data)
    assert {name: str(row[name]) for name in message.attributes} == message.attributes


# ---------------------------------------------------------------- what no topic takes


def test_the_heaviest_row_that_the_kernel_makes_is_a_message() -> None:
    """Ids of four bytes a character, five keys, an include at its limit, and a thousand ids that it replaces."""
    wide = "\N{ROCKET}" * 128
    heavy = sample_records.trigger(
        account_id=wide,
        contact_id=wide,
        rule_id="r" * 64,
        traceparent="0" * TRACE_CHARS_MAX,
        instance=canonical({f"key{number}": "\x01" * KEY_CHARS_MAX for number in range(5)}),
        include=canonical({"p": "x" * (DEFAULT_LIMITS.include_bytes - 8)}),
        replaces=tuple(f"{number:032x}" for number in range(1_000)),
    )
    message = trigger_message(heavy)
    assert refusal_of(message) is None
    assert len(message.data) < MESSAGE_BYTES_MAX // 20


def test_a_row_too_heavy_for_a_topic_becomes_a_dead_letter_that_says_which_trigger_it_is() -> None:
    message = trigger_message(sample_records.trigger(include=canonical({"p": "x" * 12_000_000})))
    why = refusal_of(message)
    size = len(message.data) + sum(len(name) + len(value) for name, value in message.attributes.items())
    assert why == f"the message has {size} bytes, 5000000 are allowed"
    dead = unsent(message, why, sample_records.CLOCK_US)
    assert (dead.stage, dead.reason, dead.raw_size) == ("publish", "message_refused", len(message.data))
    assert dead.attributes["trigger_id"] == "a" * 32
    row = dead_letter_table_row(dead)
    assert len(canonical(row)) < PAYLOAD_BYTES_MAX
    assert (row["raw_size"], row["ruleset_version"]) == (len(message.data), "3349aaec3651")


@pytest.mark.parametrize("trace", ["0" * (TRACE_CHARS_MAX + 1), "é"])
def test_what_is_no_trace_context_is_not_handed_on(trace: str) -> None:
    assert trace_of({"traceparent": trace}) is None
    assert trace_of({"traceparent": sample_records.TRACE}) == sample_records.TRACE
