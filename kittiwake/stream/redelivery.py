"""From a row of `dead_letters` or `late_events` to the message it was, if that is an event by now: to be fed in again.

Pure. Called by `pipelines.reingest` with every row. What is no event for this release and shape would only become a
dead letter once more, under a new message id and so as a new row: it is left where it is, and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from kittiwake.input.shapes.base import InputShape
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.reasons import DeadLetterReason, Unfed
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


class Feed(NamedTuple):
    """A message to be fed in again."""

    data: bytes
    """Byte for byte what came."""
    attributes: dict[str, str]
    """All that came, without those that are Pub/Sub's own."""
    time_us: int
    """Of its event."""


class Left(NamedTuple):
    """Why a row stays where it is."""

    why: Unfed
    refused: DeadLetterReason | None = None
    """Of what is still refused: for which reason, today."""


def feed_of(letter: DeadLetterRow, clock_us: int, shape: InputShape) -> Feed | Left:
    """The message of a row, or why it is not to be fed in again.

    By the clock of now: what lay in the future once may have happened by now.
    """
    if letter.stage in (Stage.WRITE, Stage.PUBLISH):
        return Left(Unfed.NOT_A_MESSAGE)
    if letter.raw_size != len(letter.raw):
        return Left(Unfed.TRUNCATED)
    try:
        attributes = _attributes_of(letter.attributes)
    except (msgspec.DecodeError, ValueError):
        return Left(Unfed.BAD_ATTRIBUTES)
    event = event_from(letter.raw, clock_us, shape)
    if not isinstance(event, Event):
        return Left(Unfed.STILL_REFUSED, event.reason)
    own = {name: value for name, value in attributes.items() if not name.startswith(RESERVED)}
    return Feed(letter.raw, own, event.time_us)


def line_of(feed: Feed) -> bytes:
    r"""The record as one line, for a file that a backfill reads: JSON has line ends between its tokens only.

    >>> line_of(Feed(b'{"event_id":\n"e1"}', {}, 0))
    b'{"event_id": "e1"}\n'
    """
    return feed.data.replace(b"\r", b" ").replace(b"\n", b" ").strip() + b"\n"


@dataclass
class Fed:
    """What a run has done, in numbers."""

    chosen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows, by stage and reason; two empty texts: late events."""
    left: Counter[Unfed] = field(default_factory=Counter)
    refused: Counter[DeadLetterReason] = field(default_factory=Counter)
    """Of those still refused: for which reasons."""
    messages: int = 0
    """What could be fed in."""
    old: int = 0
    """Messages whose event is older than the horizon."""

    def add(self, letter: DeadLetterRow, found: Feed | Left, horizon_us: int) -> None:
        """Count a row, and what came of it."""
        self.chosen[letter.stage or "", letter.reason or ""] += 1
        if isinstance(found, Feed):
            self.messages += 1
            self.old += found.time_us < horizon_us
            return
        self.left[found.why] += 1
        if found.refused is not None:
            self.refused[found.refused] += 1
