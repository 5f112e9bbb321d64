"""Records between the steps of the streaming job: buffered events, decisions, dead letters, late events. All as bytes.

Pure. Records are written as msgpack arrays, so their field order is the wire format: fields are only ever added at the
end, with a default, for a job that is updated reads what the one before has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from kittiwake import __version__
from kittiwake.event_types import is_item_change
from kittiwake.input.events import RAW_BYTES_MAX
from kittiwake.input.shapes.base import InputShape
from kittiwake.input.single import events_from
from kittiwake.model import DeadLetter, Decision, Event
from kittiwake.output.rows import Mode, decision_line
from kittiwake.reasons import DeadLetterReason, Outcome
from kittiwake.time.instants import END_OF_TIME_US
from kittiwake.values import parse_json

TRACEPARENT: Final = "traceparent"
"""The attribute of a message that carries its W3C trace context, taken from the event to its triggers."""

TRACE_CHARS_MAX: Final = 128
"""Characters of a trace context: version 00 has 55, a later one may have more. They are kept, and published again."""

ARRIVAL, SEED = 1, 2
"""What is buffered for a contact begins with one of them."""


class BufferedEvent(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=ARRIVAL):
    """A message on its way to its contact, whole, with what is needed of its event before it is parsed again."""

    time_us: int
    event_id: str
    type: str
    data: bytes
    attributes: dict[str, str] = {}
    message_id: str = ""
    publish_us: int | None = None
    """When the queue took it; None: it does not say."""
    index: int = 0
    """Which of the message's events it is: 0 is its own, those that it brings beside it follow."""


class InitialState(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=SEED):
    """What a snapshot knows of a contact, on its way to it: a new job starts from there."""

    time_us: int
    """How far it was evaluated."""
    state: bytes
    """As `kernel.codec.encode` writes it."""


class RecordHeader(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The beginning of a `BufferedEvent` or `InitialState`, which is read without the rest."""

    tag: int
    time_us: int


def trace_of(attributes: Mapping[str, str]) -> str | None:
    """The trace context of a message; what is longer than one can be, or not ASCII, is none."""
    found = attributes.get(TRACEPARENT)
    return found if found is not None and len(found) <= TRACE_CHARS_MAX and found.isascii() else None


class DecisionRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row that the host puts out, on its way to the sinks."""

    row: bytes
    """`output.rows.decision_line` of mode stream."""
    trigger_id: str
    revision: int
    account_id: str
    rule_id: str
    kind: str
    decision: str
    time_us: int
    stale: bool
    traceparent: str | None = None
    channel: str | None = None
    due_us: int | None = None
    """When it could be decided at the earliest; None: a late event brought it, which says nothing of a delay."""

    @property
    def is_trigger(self) -> bool:
        """Whether it fired, or is what became of an id that may have."""
        return self.decision == Outcome.FIRED or self.revision > 0

    @property
    def is_sent(self) -> bool:
        """Whether consumers hear of it: what is stale is recorded and not sent."""
        return self.is_trigger and not self.stale


class Stage(StrEnum):
    """Which step of the streaming job made a dead letter."""

    INTAKE = "intake"
    """A message was no event."""
    ITEMS = "items"
    """An event of an item came to a state that cannot be read."""
    EVALUATE = "settle"
    """An event could not be decided about."""
    WRITE = "write"
    """A table refused a row."""
    PUBLISH = "publish"
    """A row is no message that the topic of triggers takes."""


class DeadLetterRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A dead letter of the stream: the message whole, where it failed, why, and under which rules and release."""

    stage: Stage
    reason: DeadLetterReason
    detail: str
    """For a person; names fields, never their values."""
    raw: bytes
    raw_size: int
    attributes: dict[str, str]
    message_id: str
    publish_us: int | None
    happened_us: int
    """By the host's clock."""
    ruleset_version: str
    """The newest that the host knew."""
    release: str


class LateEventRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event that came later than is allowed: it changed nothing, and leaves whole."""

    account_id: str
    contact_id: str
    event_id: str
    type: str
    time_us: int
    evaluated_to_us: int
    """How far its contact had been evaluated when it came."""
    raw: bytes
    attributes: dict[str, str]
    message_id: str
    publish_us: int | None
    happened_us: int


encode: Final = msgspec.msgpack.Encoder().encode
"""Any of them to bytes."""

header_of: Final = msgspec.msgpack.Decoder(RecordHeader).decode
buffered_of: Final = msgspec.msgpack.Decoder(BufferedEvent | InitialState).decode
"""What is buffered for a contact."""
buffered_event_of: Final = msgspec.msgpack.Decoder(BufferedEvent).decode
decision_of: Final = msgspec.msgpack.Decoder(DecisionRecord).decode
dead_letter_of: Final = msgspec.msgpack.Decoder(DeadLetterRecord).decode
late_event_of: Final = msgspec.msgpack.Decoder(LateEventRecord).decode


def event_of(buffered: BufferedEvent, shape: InputShape) -> Event | DeadLetter:
    """The event of a message on its way: the very same that the intake has seen, whatever the clock says by now.

    A dead letter only if another release, or an intake of another shape, has taken the message. What an item's step
    gives a contact is no message: its properties are the data.
    """
    if is_item_change(buffered.type):
        return Event(buffered.time_us, buffered.event_id, buffered.type, parse_json(buffered.data))
    found = events_from(buffered.data, END_OF_TIME_US, shape)
    if isinstance(found, DeadLetter):
        return found
    if buffered.index < len(found):
        return found[buffered.index]
    detail = "the message does not bring the event any more for which it was taken"
    return DeadLetter(DeadLetterReason.WRONG_TYPE, detail, buffered.data, "", len(buffered.data))


def decision_record(decision: Decision, traceparent: str | None = None) -> DecisionRecord:
    """The row of a decision, ready for the sinks."""
    return DecisionRecord(
        decision_line(decision, Mode.STREAM),
        decision.trigger_id,
        decision.revision,
        decision.account_id,
        decision.rule_id,
        decision.kind,
        decision.decision,
        decision.time_us,
        decision.stale,
        traceparent,
        decision.channel,
        None if decision.late else decision.decided_us,
    )


class CompleteMessage(Protocol):
    """What a dead letter keeps of a message: a `BufferedEvent`, or the `intake.Message` it came of."""

    @property
    def data(self) -> bytes: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    @property
    def message_id(self) -> str: ...
    @property
    def publish_us(self) -> int | None: ...


def dead_letter(
    stage: Stage, reason: DeadLetterReason, detail: str, of: CompleteMessage, clock_us: int, ruleset_version: str
) -> DeadLetterRecord:
    """The dead letter of a message, of this release."""
    return DeadLetterRecord(
        stage,
        reason,
        detail,
        of.data[:RAW_BYTES_MAX],
        len(of.data),
        dict(of.attributes),
        of.message_id,
        of.publish_us,
        clock_us,
        ruleset_version,
        __version__,
    )


def key_of(account_id: str, contact_id: str) -> bytes:
    """The key under which everything of a contact meets; unambiguous, and readable in a runner's logs of hot keys.

    >>> key_of("acme", "c-42"), subject_of(key_of("a", '"'))
    (b'["acme","c-42"]', ('a', '"'))
    """
    return msgspec.json.encode((account_id, contact_id))


def subject_of(key: bytes) -> tuple[str, str]:
    """Account and contact of a key."""
    return _subject_of(key)


_subject_of: Final = msgspec.json.Decoder(tuple[str, str]).decode
