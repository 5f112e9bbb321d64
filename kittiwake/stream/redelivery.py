"""Redelivery: a row of `dead_letters` or `late_events` as the message it was, if that is an event by now.

Pure. Called by `kittiwake.pipelines.reingest` with every row. What is no event for this release and shape would only
become a dead letter once more, under a new message id and so as a new row: it is left where it is, and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from kittiwake.input.shapes.base import InputShape
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.reasons import DeadLetterReason, NotReingested
from kittiwake.stream.records import Stage

RESERVED: Final = "goog"
"""How the names of attributes begin that Pub/Sub sets itself (for schemas, imports), and refuses from publishers."""

_attributes_of: Final = msgspec.json.Decoder(dict[str, str]).decode


class DeadLetterRow(NamedTuple):
    """What a row says of the message it holds."""

    raw: bytes
    raw_size: int
    attributes: str
    """As JSON."""
    stage: str | None = None
    """None: of a late event."""
    reason: str | None = None


class Redelivery(NamedTuple):
    """A message to be delivered again."""

    data: bytes
    """Byte for byte what came."""
    attributes: dict[str, str]
    """All that came, without those that are Pub/Sub's own."""
    time_us: int
    """Of its event."""


class NotRedelivered(NamedTuple):
    """Why a row stays where it is."""

    why: NotReingested
    refused: DeadLetterReason | None = None
    """Of what is still refused: for which reason, today."""


def redelivery_of(row: DeadLetterRow, clock_us: int, shape: InputShape) -> Redelivery | NotRedelivered:
    """The message of a row, or why it is not to be delivered again.

    By the clock of now: what lay in the future once may have happened by now.
    """
    if row.stage in (Stage.WRITE, Stage.PUBLISH):
        return NotRedelivered(NotReingested.NOT_A_MESSAGE)
    if row.raw_size != len(row.raw):
        return NotRedelivered(NotReingested.TRUNCATED)
    try:
        attributes = _attributes_of(row.attributes)
    except (msgspec.DecodeError, ValueError):
        return NotRedelivered(NotReingested.BAD_ATTRIBUTES)
    event = event_from(row.raw, clock_us, shape)
    if not isinstance(event, Event):
        return NotRedelivered(NotReingested.STILL_REFUSED, None if event is None else event.reason)
    own = {name: value for name, value in attributes.items() if not name.startswith(RESERVED)}
    return Redelivery(row.raw, own, event.time_us)


def line_of(redelivery: Redelivery) -> bytes:
    r"""The record as one line, for a file that a backfill reads: JSON has line ends between its tokens only.

    >>> line_of(Redelivery(b'{"event_id":\n"e1"}', {}, 0))
    b'{"event_id": "e1"}\n'
    """
    return redelivery.data.replace(b"\r", b" ").replace(b"\n", b" ").strip() + b"\n"


@dataclass
class RedeliveryCounts:
    """What a run has done, in numbers."""

    chosen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows, by stage and reason; two empty texts: late events."""
    not_redelivered: Counter[NotReingested] = field(default_factory=Counter)
    refused: Counter[DeadLetterReason] = field(default_factory=Counter)
    """Of those still refused: for which reasons."""
    messages: int = 0
    """What could be delivered again."""
    old: int = 0
    """Messages whose event is older than the allowed lateness."""

    def add(self, row: DeadLetterRow, found: Redelivery | NotRedelivered, too_old_us: int) -> None:
        """Count a row, and what came of it."""
        self.chosen[row.stage or "", row.reason or ""] += 1
        if isinstance(found, Redelivery):
            self.messages += 1
            self.old += found.time_us < too_old_us
            return
        self.not_redelivered[found.why] += 1
        if found.refused is not None:
            self.refused[found.refused] += 1
