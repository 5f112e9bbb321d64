"""From blocks of lines to events of contacts, counted; what is no event becomes a dead letter.

Pure. Called by both hosts with every block they read. Ordinary records are read in bulk, all others one
by one, which alone says what is wrong.
"""

from __future__ import annotations

from itertools import compress
from typing import Any, Final, NamedTuple, Protocol

from kittiwake.batch.counts import Counts, count_dead_letter, count_events, count_record, count_unknown_zone
from kittiwake.batch.coverage.arrivals import Arrivals
from kittiwake.batch.feeds.covered import note
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import ParsedBlocks, Table, Wants, new_table
from kittiwake.input.columns.blocks import AnyBlock, ColumnBlock, records_at
from kittiwake.input.events import AHEAD_MAX_US, TIME_MIN_US, parse_events
from kittiwake.input.lines import Block, is_cut
from kittiwake.input.native.blocks import KeepsEvents, read_blocks
from kittiwake.input.shapes.base import InputShape, Mapped, Shape
from kittiwake.kernel.plan.feeds import NO_FEEDS, FeedsOfRules
from kittiwake.model import DeadLetter, Event
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.time.zones import zone_of
from kittiwake.values import canonical, parse_sound

CONTACT_UPDATED: Final = "contact.updated"

ZONE_CHARS_MAX: Final = 64
"""Characters shown of a time zone that is none: longer than any that is one."""


class Taken(NamedTuple):
    """What came of a block."""

    table: Table
    """Its events of contacts that are wanted; all others are counted only."""
    dead_letters: list[DeadLetter]
    items: Table
    """Its events of items, of accounts that want them; their ids stand in the column of contacts."""


class Needs(Protocol):
    """Which events are wanted: by the rules of `Programs`, or of several."""

    @property
    def refused(self) -> frozenset[str]:
        """Accounts of which nothing is run."""

    @property
    def named_types(self) -> frozenset[str] | None:
        """Types that rules of some account name; None: some need every type."""

    def wanted(self, account_id: str) -> frozenset[str] | None:
        """The types of events that are wanted of an account; None: all."""

    def wanted_of_items(self, account_id: str) -> frozenset[str] | None:
        """The types of events of items that are wanted of an account; None: all."""

    def named(self, account_id: str) -> tuple[str, frozenset[str]]:
        """The types that rules of an account name, and under which account they are: "*" if no rules name it."""

    @property
    def feeds(self) -> FeedsOfRules:
        """The feeds of the rules."""


class NoRules:
    """Stands for the programs of rules where there are none: events are wanted for themselves."""

    refused: frozenset[str] = frozenset()
    named_types: frozenset[str] | None = None
    feeds: FeedsOfRules = NO_FEEDS

    def __init__(self, wanted: Wants = lambda _: None, wanted_of_items: Wants = lambda _: frozenset()) -> None:
        """`wanted` says which types, as of programs, and `wanted_of_items` which of items; left out: all, and none."""
        self._wanted, self._wanted_of_items = wanted, wanted_of_items

    def wanted(self, account_id: str) -> frozenset[str] | None:
        """As it was given."""
        return self._wanted(account_id)

    def wanted_of_items(self, account_id: str) -> frozenset[str] | None:
        """As it was given."""
        return self._wanted_of_items(account_id)

    def named(self, account_id: str) -> tuple[str, frozenset[str]]:  # noqa: ARG002 (as of rules)
        """No rule names any."""
        return EVERY_ACCOUNT, frozenset()


class Intake:
    """Takes in the records of a run, and counts them."""

    def __init__(
        self, settings: RunSettings, programs: Needs, counts: Counts, keeping: KeepsEvents | None = None
    ) -> None:
        """Events of accounts whose rules are refused are counted by account, and left out; those that `keeping` keeps
        are counted, and in no table.
        """
        wants, refused = programs.wanted, programs.refused
        self._start_us, self._until_us = settings.start_us, settings.until_us
        self._shape = settings.shape
        self._wants: Wants = (lambda name: None if name in refused else wants(name)) if refused else wants
        self._wants_of_items: Wants = programs.wanted_of_items
        self._refused = refused
        self._counts = counts
        self._keeping = keeping
        self._feeds = programs.feeds
        self._arrivals = Arrivals(programs.named, programs.named_types, counts)
        self.bytes_taken = 0
        """Bytes of the blocks, and of properties that had to be written anew: all their digits, where numbers are
        written in few."""

    def take(self, file: str, block: AnyBlock, shape: InputShape | None = None) -> Taken:
        """The events of a block of `file`, in no order; no record is lost. `shape` is that of the file (None: all)."""
        shape = self._shape if shape is None else shape
        self.bytes_taken += block.size
        table, items, left = self._read_in_bulk(block, shape)
        dead: list[DeadLetter] = []
        start = 0 if isinstance(block, ColumnBlock) else block.start
        for record in records_at(block, left):
            source = f"{file}:{record.number}"
            found = parse_events(
                record.raw, source, self._start_us, shape, raw_size=record.size, context=record.context
            )
            if isinstance(found, DeadLetter):
                count_dead_letter(self._counts, found, start, lambda one: _remedy_of(one, shape))
                dead.append(found)
            else:
                count_record(self._counts, found)
                if shape.shape is Shape.CANONICAL:
                    self._arrivals.note_fields(record.raw)
                for event in found:
                    self._add(table if event.contact_id is not None else items, event)
        table = self._without_refused(table) if self._refused else table
        self._count_zones(table)
        if self._feeds.types:
            note(self._counts.feeds, self._feeds, table, self._until_us)
        return Taken(table, dead, items)

    def _without_refused(self, table: Table) -> Table:
        """The events of accounts that are not refused; the others are counted by account."""
        kept = [account_id not in self._refused for account_id in table.account_ids]
        if all(kept):
            return table
        for account_id in table.account_ids:
            if account_id in self._refused:
                self._counts.refused[account_id] = self._counts.refused.get(account_id, 0) + 1
        columns: list[list[Any]] = [list(compress(column, kept)) for column in table]
        return Table(*columns)

    def _count_zones(self, table: Table) -> None:
        """Count the time zones of contacts that are none; most blocks have no such event."""
        texts = [] if self._keeping is None else self._keeping.take_zones()
        if CONTACT_UPDATED in table.types:
            updates = zip(table.types, table.properties, strict=True)
            texts += [text for event_type, text in updates if event_type == CONTACT_UPDATED]
        for text in texts:
            if b"timezone" in text or b"\\" in text:
                name = parse_sound(text).get("timezone")
                if name is not None and zone_of(name) is None:
                    count_unknown_zone(self._counts, _shown(name))

    def _read_in_bulk(self, block: AnyBlock, shape: InputShape) -> tuple[Table, Table, list[int]]:
        """What is ordinary, counted, and which lines are left: of another shape all, and a line that was cut off."""
        latest_us = self._start_us + AHEAD_MAX_US
        if isinstance(block, ColumnBlock):
            from kittiwake.input.native.rows import read_rows  # noqa: PLC0415 - needs an extra

            if block.unread:
                self._arrivals.note_unread(block.unread)
            wants, wants_of_items = self._wants, self._wants_of_items
            found = read_rows(block.batch, TIME_MIN_US, latest_us, wants, wants_of_items, self._keeping)
            return self._counted(found)
        if is_cut(block):
            return new_table(), new_table(), [0]
        if not isinstance(shape.shape, Shape):
            table, left = self._read_mapped(block, shape.shape, shape.account_id)
            return table, new_table(), left
        if shape.shape is not Shape.CANONICAL:
            return new_table(), new_table(), list(range(len(block.lines)))
        wants, wants_of_items = self._wants, self._wants_of_items
        return self._counted(read_blocks(block.lines, TIME_MIN_US, latest_us, wants, wants_of_items, self._keeping))

    def _counted(self, parsed: ParsedBlocks) -> tuple[Table, Table, list[int]]:
        """What was parsed of a block, and which of its lines are left."""
        found, items = parsed
        count_events(self._counts, found.taken, found.taken - found.kept - len(found.table.types), found.newest_us)
        self._arrivals.note_block(found.account_ids, found.types, found.pairs)
        count_events(self._counts, items.taken, 0, items.newest_us)
        self._counts.catalogue += items.taken
        return found.table, items.table, sorted(found.left + items.left)

    def _read_mapped(self, block: Block, mapping: Mapped, account_id: str | None) -> tuple[Table, list[int]]:
        """As `_read_in_bulk`, of a shape file."""
        from kittiwake.input.mapping.bulk import block_reader  # noqa: PLC0415 - 20 ms, for shape files only
        from kittiwake.input.mapping.mapping import RecordMapping  # noqa: PLC0415 - likewise

        assert isinstance(mapping, RecordMapping), "it is the only one"
        reader = block_reader(mapping)
        if not reader.reads:
            return new_table(), list(range(len(block.lines)))
        found = reader.read(block, account_id, self._start_us, self._wants)
        count_events(self._counts, found.taken, found.taken - len(found.table.types), found.newest_us)
        self._arrivals.note_block(found.account_ids, found.types, found.pairs)
        self._counts.records += found.left_out
        self._counts.left_out += found.left_out
        return found.table, found.left

    def _add(self, table: Table, event: Event) -> None:
        """Put an event to those of contacts, or of items, if it is wanted."""
        subject_id = event.contact_id or event.item_id
        assert subject_id is not None, "an event has a subject"
        if event.contact_id is not None:
            self._arrivals.note(event.account_id, event.type)
        wanted = (self._wants_of_items if event.contact_id is None else self._wants)(event.account_id)
        if wanted is not None and event.type not in wanted:
            self._counts.unneeded += event.contact_id is not None
            return
        properties = canonical(event.properties).encode()
        self.bytes_taken += len(properties)
        table.account_ids.append(event.account_id)
        table.contact_ids.append(subject_id)
        table.times_us.append(event.time_us)
        table.event_ids.append(event.event_id)
        table.types.append(event.type)
        table.properties.append(properties)


def _remedy_of(dead: DeadLetter, shape: InputShape) -> str:
    from kittiwake.input.foreign.records import remedy_of  # noqa: PLC0415 - where all are events, none is asked for

    return remedy_of(dead, shape)


def _shown(name: Any) -> str:
    """A value of `timezone` for people: text as it is, all else as JSON."""
    text = name if isinstance(name, str) else canonical(name)
    return text if len(text) <= ZONE_CHARS_MAX else text[: ZONE_CHARS_MAX - 1] + "…"
