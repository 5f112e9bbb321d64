"""From a row of `snapshots` to what a contact of a new job starts from, or to a dead letter of its contact.

Pure. Called by `kittiwake.transforms.stream.seed` with every row, and at launch with the first of each file, and with
all rows of a file that is not as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from kittiwake.kernel.state.codec import encode
from kittiwake.output.feed_snapshots import FeedSnapshot
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.output.snapshot_rows import snapshot_of_line
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.contact.cell import decoded
from kittiwake.stream.feeds.seeding import feed_seeds, waits_of_contact, waits_of_item
from kittiwake.stream.intake import Message
from kittiwake.stream.items.routing import Routed, seeds_of
from kittiwake.stream.records import DeadLetterRecord, InitialState, Stage, dead_letter, key_of, subject_of
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.values import parse_json

NAMES: Final = ("account_id", "contact_id", "item_id", "settled_until", "ruleset_version")
"""Fields of a row by which a person finds what it is of. Attributes of its dead letter, where they can be read."""
NAME_CHARS_MAX: Final = 1_024
"""Of an attribute: longer is none that a run wrote."""


def refused_snapshot(line: bytes, why: str, clock_us: int) -> DeadLetterRecord:
    """The dead letter of a line that is none: its contact starts with nothing."""
    row = _object(line)
    names = {name: row[name][:NAME_CHARS_MAX] for name in NAMES if isinstance(row.get(name), str)}
    message = Message(line, names)
    return dead_letter(
        Stage.INTAKE, DeadLetterReason.SNAPSHOT_REFUSED, why, message, clock_us, names.get("ruleset_version", "")
    )


def _object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; empty: it is none."""
    try:
        found = parse_json(line)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class Seeded(NamedTuple):
    """A seed, and the key of its contact."""

    key: bytes
    seed: InitialState

    @property
    def account_id(self) -> str:
        """Whose contact it is."""
        return subject_of(self.key)[0]


def seed_of(line: bytes) -> Seeded | ItemSnapshot | FeedSnapshot:
    """The seed of a line: of a contact, or what it knows of an item or a feed.

    Raises:
        SnapshotError: it is none. Its contact would start with nothing, and hear again what it has heard.
    """
    found = snapshot_of_line(line)
    if isinstance(found, (ItemSnapshot, FeedSnapshot)):
        return found
    key = key_of(found.account_id, found.state.contact_id)
    return Seeded(key, InitialState(found.evaluated_to_us, encode(found.state)))


def routed_seeds(rules: RulesView, found: Seeded | ItemSnapshot | FeedSnapshot, shards: int) -> Iterator[Routed]:
    """What a row brings to the step that joins items: what is known of an item or a feed, and who waits for a feed."""
    feeds = rules.plan(found.account_id).feeds
    if isinstance(found, ItemSnapshot):
        yield from seeds_of(found, shards)
    if feeds is None:
        return
    if isinstance(found, FeedSnapshot):
        yield from feed_seeds(feeds, found, shards)
    elif isinstance(found, ItemSnapshot):
        yield from waits_of_item(feeds, found, shards)
    else:
        yield from waits_of_contact(feeds, found.account_id, decoded(found.seed.state), shards)
