"""A trigger as a message of a queue.

Pure. Called by `transforms.delivering`, tests. Messages have no ordering key: Beam publishes in any order, and a key
would hold up a contact's messages behind one that fails. Consumers order by `trigger_id` and `revision`.
"""

from __future__ import annotations

from typing import NamedTuple

from kittiwake.stream.messages import TRACEPARENT, Told


class TriggerMessage(NamedTuple):
    """What is published."""

    data: bytes
    """The row, as in docs/output.md."""
    attributes: dict[str, str]
    """What a subscription may filter by, or a consumer decide by, without reading the row."""


def trigger_message(told: Told) -> TriggerMessage:
    """The message of a row that `is_sent`. Its ids have at most 128 characters: no attribute is too long."""
    attributes = {
        "trigger_id": told.trigger_id,
        "revision": str(told.revision),
        "account_id": told.account_id,
        "rule_id": told.rule_id,
        "kind": told.kind,
        "decision": told.decision,
    }
    if told.traceparent:
        attributes[TRACEPARENT] = told.traceparent
    return TriggerMessage(told.row, attributes)
