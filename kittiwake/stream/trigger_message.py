"""A trigger as a message of a queue, and which are none.

Pure. Called by `kittiwake.transforms.sinks.pubsub`, tests. Messages have no ordering key: Beam publishes in any order,
and a key would hold up a contact's messages behind one that fails. Consumers order by `trigger_id` and `revision`.

What Pub/Sub refuses for good is found here, before it is published: Dataflow publishes with the bundle, and tries one
that is refused again for ever.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from kittiwake import __version__
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import TRACEPARENT, DeadLetterRecord, DecisionRecord, Stage

MESSAGE_BYTES_MAX: Final = 5_000_000
"""Bytes of a message, attributes and all. Pub/Sub takes 10 MB, and Dataflow refuses from 7 MB on, since it counts what
base64 makes of them. The kernel's rows have less than a twentieth, but for thousands of ids in `replaces`."""
ATTRIBUTE_BYTES_MAX: Final = 1_024
"""Bytes of an attribute's value: what Pub/Sub takes. An id of 128 characters has 512 at most."""


class TriggerMessage(NamedTuple):
    """What is published."""

    data: bytes
    """The row, as in docs/reference/output.md."""
    attributes: dict[str, str]
    """What a subscription may filter by, or a consumer decide by, without reading the row."""


def trigger_message(record: DecisionRecord) -> TriggerMessage:
    """The message of a row that `is_sent`."""
    attributes = {
        "trigger_id": record.trigger_id,
        "revision": str(record.revision),
        "account_id": record.account_id,
        "rule_id": record.rule_id,
        "kind": record.kind,
        "decision": record.decision,
    }
    if record.channel:
        attributes["channel"] = record.channel
    if record.traceparent:
        attributes[TRACEPARENT] = record.traceparent
    return TriggerMessage(record.row, attributes)


def refusal_of(message: TriggerMessage) -> str | None:
    """Why no topic takes the message, without values; None: it does.

    >>> refusal_of(TriggerMessage(b"{}", {"rule_id": "é" * 600}))
    'attribute rule_id has 1200 bytes, 1024 are allowed'
    """
    size = len(message.data)
    for name, value in message.attributes.items():
        bytes_of_value = len(value.encode())
        if bytes_of_value > ATTRIBUTE_BYTES_MAX:
            return f"attribute {name} has {bytes_of_value} bytes, {ATTRIBUTE_BYTES_MAX} are allowed"
        size += len(name) + bytes_of_value
    return None if size <= MESSAGE_BYTES_MAX else f"the message has {size} bytes, {MESSAGE_BYTES_MAX} are allowed"


class _Line(msgspec.Struct):
    ruleset_version: str


_line_of: Final = msgspec.json.Decoder(_Line).decode


def unsent(message: TriggerMessage, why: str, happened_us: int) -> DeadLetterRecord:
    """The dead letter of a message that no topic takes: `raw` is the row, and its attributes say which it is."""
    return DeadLetterRecord(
        Stage.PUBLISH,
        DeadLetterReason.MESSAGE_REFUSED,
        why,
        message.data,
        len(message.data),
        {name: value[: ATTRIBUTE_BYTES_MAX // 4] for name, value in message.attributes.items()},
        "",
        None,
        happened_us,
        _line_of(message.data).ruleset_version,
        __version__,
    )
