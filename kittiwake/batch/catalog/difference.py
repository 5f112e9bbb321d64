"""Two snapshots compared: an event for each item that came, changed or went, in the order of the items.

Works on temporary files (`external_sort`), in bounded memory. All of both snapshots is read and compared before the
first event is given, so that a snapshot with a mistake in it changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from heapq import merge
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.batch.catalog.columns import Columns, Product, ProductReader, wrong
from kittiwake.batch.catalog.snapshot import read_snapshot
from kittiwake.batch.external_sort import Sorter
from kittiwake.input.decompression import OnRead
from kittiwake.input.errors import InputError
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical, canonical_bytes, parse_sound

HELD_BYTES: Final = 64 * 1024 * 1024
"""Products of each snapshot that stay in memory; Python takes about as much again to sort them."""

PRODUCT_BYTES: Final = 256
"""What a product takes in memory besides its texts."""

STOCK: Final = "quantity"
"""What is 0, by the name under which it is sent, of an item that is not in the new snapshot."""

_decoder: Final = msgspec.msgpack.Decoder(list[tuple[str, int, bytes]])
_Filed: TypeAlias = tuple[str, int, bytes]


class Change(StrEnum):
    """What has happened to an item: the type of its event."""

    ADDED = "item.added"
    UPDATED = "item.updated"
    REMOVED = "item.removed"


class Settings(NamedTuple):
    """What an author says of two snapshots."""

    account_id: str
    time_us: int
    """Of the new one: the time of every event."""
    columns: Columns
    delimiter: str
    """Between the fields of CSV."""


class Counts(NamedTuple):
    """Items by what has happened to them."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    without_id: int = 0
    """Rows of both snapshots that were passed over."""

    @property
    def old(self) -> int:
        """Items of the old snapshot."""
        return self.updated + self.removed + self.unchanged

    def plus(self, change: Change | None) -> Counts:
        """One more; None: of those that did not change."""
        if change is None:
            return self._replace(unchanged=self.unchanged + 1)
        if change is Change.UPDATED:
            return self._replace(updated=self.updated + 1)
        if change is Change.ADDED:
            return self._replace(added=self.added + 1)
        return self._replace(removed=self.removed + 1)


def write_difference(old: str | None, new: str, settings: Settings, into: IO[bytes], on_read: OnRead) -> Counts:
    """Write the events between two snapshots as canonical JSON Lines; without an old one, every item is added.

    Raises:
        InputError: a snapshot cannot be read, or has an item twice; what was written is of no use.
    """
    counts, reader = Counts(), ProductReader(settings.columns)
    with Sorter[_Filed](_decoder, HELD_BYTES) as before, Sorter[_Filed](_decoder, HELD_BYTES) as after:
        if old is not None:
            _sort(before, read_snapshot(old, reader, settings.delimiter, False, on_read))
        _sort(after, read_snapshot(new, reader, settings.delimiter, True, on_read))
        for item_id, was, values in _pairs(_once(before, old or ""), _once(after, new)):
            found = _change(was, values)
            counts = counts.plus(found[0] if found else None)
            if found:
                into.write(_event(settings, item_id, *found) + b"\n")
    return counts._replace(without_id=reader.without_id)


def spool() -> IO[bytes]:
    """Where events wait until all of them are known: in memory, or, where they are many, in a file without a name."""
    return SpooledTemporaryFile(max_size=HELD_BYTES, prefix="kittiwake-")


def _sort(sorter: Sorter[_Filed], products: Iterator[Product]) -> None:
    for product in products:
        sorter.put(product, PRODUCT_BYTES + len(product.values))


def _once(sorter: Sorter[_Filed], file: str) -> Iterator[Product]:
    """The products in the order of their items.

    Raises:
        InputError: an item is there twice: which row holds, nobody knows.
    """
    before: Product | None = None
    for filed in sorter.in_order():
        product = Product(*filed)
        if before is not None and before.item_id == product.item_id:
            advice = "name a column with --id of which every product has another"
            raise wrong(file, product.line, f"the item {product.item_id!r} is at line {before.line} too: {advice}")
        yield product
        before = product


def _pairs(old: Iterator[Product], new: Iterator[Product]) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Each item of either side, with its values in both."""
    sides = merge(((one.item_id, 0, one.values) for one in old), ((one.item_id, 1, one.values) for one in new))
    held: tuple[str, bytes] | None = None
    for item_id, side, values in sides:
        if held is not None and (side == 0 or held[0] != item_id):
            yield held[0], held[1], None
            held = None
        if side == 0:
            held = (item_id, values)
        else:
            yield item_id, held[1] if held is not None else None, values
            held = None
    if held is not None:
        yield held[0], held[1], None


def _change(old: bytes | None, new: bytes | None) -> tuple[Change, dict[str, Any]] | None:
    """What has happened to an item, and the properties of the event; None: nothing."""
    if old == new:
        return None
    was, values = parse_sound(old or b"{}"), parse_sound(new or b"{}")
    if new is None:
        return Change.REMOVED, {STOCK: 0} if STOCK in was else {}
    if old is None:
        return Change.ADDED, {name: value for name, value in values.items() if value is not None}
    names = [name for name in {**was, **values} if _differ(was.get(name), values.get(name))]
    return (Change.UPDATED, {name: values.get(name) for name in names}) if names else None


def _differ(left: Any, right: Any) -> bool:
    """Whether two values are not the same, types included: `true` is not `1`."""
    return left is not right and canonical(left) != canonical(right)


def _event(settings: Settings, item_id: str, change: Change, properties: dict[str, Any]) -> bytes:
    """The event as canonical JSON; its id is of all that it says, so that a second run gives the same."""
    event = {
        "account_id": settings.account_id,
        "item_id": item_id,
        "type": change.value,
        "time": format_instant(settings.time_us),
        "properties": properties,
    }
    digest = hashlib.sha256(canonical_bytes(event)).hexdigest()[:32]
    return canonical_bytes({**event, "event_id": f"catalog-{digest}"})


def refuse_emptied(counts: Counts, share_max: float, new: str) -> None:
    """Refuse a new snapshot that lacks more than a share of the old one's items: an export that broke off.

    Raises:
        InputError: it does.
    """
    if counts.old and counts.removed > share_max * counts.old:
        lacking = f"{counts.removed:,} of {counts.old:,} items are not in it any more"
        advice = "if that is so, say --max-removed 1; if it broke off, or holds but a part of them, export all"
        raise InputError(f"{new}: {lacking}, more than the share of {share_max:g} that --max-removed allows: {advice}")
