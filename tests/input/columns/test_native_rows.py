"""Rows of columns read by the accelerator: whatever it takes, the row's line is the same event."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.events import AHEAD_MAX_US, TIME_MIN_US, parse_event
from kittiwake.input.native import blocks as native
from kittiwake.input.native.rows import read_rows
from kittiwake.input.parquet import block_of, columns_of, lines_of_rows
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical, parse_sound
from tests.accelerator import needed
from tests.input.damaged_records import OTHER, PLAIN, TIMES, damaged

START_US = parse_instant("2026-11-02T00:00:00Z")
LATEST_US = START_US + AHEAD_MAX_US
RULES = """
account: "*"
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
  - {id: seen, when: page.viewed, wait: [30m, 2h]}
"""

IDS = ("e1", "e2", "é", "🐦" * 128, "🐦" * 129, "x" * 128, "x" * 129, "", '"', "\\", "\n", "\u2028", "\x7f", None)
TYPES = ("cart.item_added", "page.viewed", "order.completed", "contact.updated", "a..b", "a b", "a*", "né", "", None)
TEXTS = (
    "{}", '{"a":1}', ' {"a":1}', '{"a":1} ', '{"a": 1.50}', '{"a":1e3}', '{"a":1e999}', '{"a":1,"a":2}',
    '{"a":"\\u00e9"}', r'{"a":"\ud800"}', '{"a":"\n"}', '{"a":01}', '{"a":NaN}', "{}{}", "{", "[]", "null", '""', "",
    '{"a":' + "9" * 400 + "}", '{"a":' + "[" * 70 + "]" * 70 + "}", '{"a":"' + "x" * 50_000 + '"}',
    '{"timezone":"Mars"}', None,
)  # fmt: skip
KINDS = (pa.string(), pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view())
UNITS = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1}


# ---------------------------------------------------------------- rows at random


def _texts(dice: random.Random, values: list[str | None], kinds: tuple[pa.DataType, ...] = KINDS) -> pa.Array:
    array, kind = pa.array(values, pa.string()), dice.choice(kinds)
    return array.dictionary_encode() if pa.types.is_dictionary(kind) else array.cast(kind)


def _cells(
    dice: random.Random, rows: int, usual: Callable[[int], str | None], others: tuple[str | None, ...]
) -> list[Any]:
    odd = dice.choice((0, 0.05, 0.5))
    return [dice.choice(others) if dice.random() < odd else usual(at) for at in range(rows)]


def _times(dice: random.Random, rows: int) -> pa.Array:
    if dice.random() < 0.4:
        return _texts(dice, _cells(dice, rows, lambda at: f"2026-11-01T10:{at % 60:02}:00.5+01:00", (*TIMES, None)))
    unit = dice.choice(tuple(UNITS))
    edges = (TIME_MIN_US, LATEST_US, 0, START_US, -(2**62), 2**62)
    found: list[int | None] = []
    for at in range(rows):
        time_us = dice.choice(edges) + dice.randint(-2, 2) if dice.random() < 0.1 else START_US - at * 1_234_567
        counted = time_us * 1_000 + dice.randrange(1_000) if unit == "ns" else time_us // UNITS[unit]
        found.append(counted if -(2**63) <= counted < 2**63 and dice.random() < 0.98 else None)
    stamps = pa.array(found, pa.int64()).cast(pa.timestamp(unit))
    return stamps.cast(pa.timestamp(unit, dice.choice(("UTC", "Europe/Berlin", "-05:00"))))


def _properties(dice: random.Random, rows: int) -> pa.Array:
    kind = dice.randrange(6)
    if kind == 0:
        values = [dice.choice([None, {"a": dice.choice([1.5, 1e300, None]), "b": "é\n"}]) for _ in range(rows)]
        return pa.array(values, pa.struct([("a", pa.float64()), ("b", pa.string())]))
    if kind == 1:
        pairs = [[("a", dice.choice(["x", None])), ("b", "y")][: dice.randrange(3)] for _ in range(rows)]
        return pa.array(pairs, pa.map_(pa.string(), pa.string()))
    if kind == 2:
        return pa.nulls(rows)
    return _texts(dice, _cells(dice, rows, lambda at: f'{{"price":{at}.5,"name":"é {at}"}}', TEXTS))


def _batch(dice: random.Random, rows: int) -> pa.RecordBatch:
    """A block of rows, cut from a longer one, some of whose columns have other types, are missing or are all null."""
    before, behind = dice.randrange(20), dice.randrange(3)
    number = before + rows + behind
    columns = {
        "event_id": _texts(dice, _cells(dice, number, lambda at: f"e{at}", IDS)),
        "account_id": _texts(dice, _cells(dice, number, lambda at: ("acme", "née")[at % 2], IDS)),
        "contact_id": _texts(dice, _cells(dice, number, lambda at: f"c{at % 7}", IDS)),
        "item_id": _texts(dice, _cells(dice, number, lambda _: None, IDS)),
        "type": _texts(dice, _cells(dice, number, lambda at: TYPES[at % 4] or "", TYPES)),
        "time": _times(dice, number),
        "properties": _properties(dice, number),
    }
    for name in ("item_id", "properties", "contact_id"):
        if dice.random() < (0.05 if name == "contact_id" else 0.3):
            del columns[name]
    if dice.random() < 0.05:
        columns[dice.choice(("contact_id", "type"))] = pa.array([b"\xff", b"c1"] * number, pa.binary())[:number].view(
            pa.string()
        )
    return pa.record_batch(columns).slice(before, rows)


def _of_records(dice: random.Random, rows: int) -> pa.RecordBatch:
    """Rows whose columns hold what damaged records do, as far as it is text."""
    found: dict[str, list[str | None]] = {
        name: [] for name in ("event_id", "account_id", "contact_id", "type", "time", "properties")
    }
    for _ in range(rows):
        try:
            fields = json.loads(dice.choice((damaged(dice), PLAIN, OTHER)))
        except ValueError:
            fields = {}
        for name, cells in found.items():
            cell = fields.get(name) if isinstance(fields, dict) else None
            cells.append(json.dumps(cell) if name == "properties" else cell if isinstance(cell, str) else None)
    return pa.record_batch({name: _texts(dice, _of_utf8(cells)) for name, cells in found.items()})


def _of_utf8(cells: list[str | None]) -> list[str | None]:
    return [None if cell is None else cell.encode("utf-8", "replace").decode() for cell in cells]


@pytest.fixture(params=[40, pytest.param(4_000, marks=pytest.mark.nightly)])
def batches(request: pytest.FixtureRequest, seed: int) -> list[pa.RecordBatch]:
    """Blocks of rows of all sorts."""
    dice = random.Random(seed)
    return [dice.choice((_batch, _batch, _of_records))(dice, dice.choice((1, 2, 9, 60))) for _ in range(request.param)]


def _events_of(table: Table) -> list[Event]:
    rows = zip(*table, strict=True)
    return [
        Event(time_us, name, kind, parse_sound(text), account, contact)
        for account, contact, time_us, name, kind, text in rows
    ]


# ---------------------------------------------------------------- laws


class _Reading:
    """The accelerator; says what it took."""

    def __init__(self) -> None:
        found = native.installed()
        assert found is not None
        self._module, self.found = found.module, list[Any]()

    def read_rows(self, *asked: Any) -> Any:
        columns, *more = found = self._module.read_rows(*asked)
        self.found.append((tuple(map(list, columns)), *more))  # what is left is put to the columns themselves
        return found


def _nothing(_: str) -> frozenset[str]:
    return frozenset()


@needed
def test_what_it_takes_are_the_events_of_the_rows_lines(batches: list[pa.RecordBatch]) -> None:
    taken = 0
    for batch in batches:
        reading = _Reading()
        read_rows(batch, TIME_MIN_US, LATEST_US, lambda _: None, _nothing, reading)
        for columns, number, newest_us, left, pairs, kept in reading.found:
            read, lines = _events_of(Table(*columns)), lines_of_rows(batch, None)
            expected = [parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in set(left)]
            assert read == expected
            assert (number, kept) == (len(read), 0)
            assert newest_us == max((event.time_us for event in read), default=newest_us)
            assert set(pairs) == {(event.account_id, event.type) for event in read}
            taken += number
    assert taken > len(batches)


@needed
def test_intake_is_the_same_without_it(batches: list[pa.RecordBatch], monkeypatch: pytest.MonkeyPatch) -> None:
    programs, own, theirs = Programs(load_files({"rules.yaml": RULES.encode()}, [])), Counts(), Counts()
    with_it, without = (Intake(RunSettings(START_US), programs, counts) for counts in (own, theirs))
    for batch in batches:
        found = with_it.take("events.parquet", block_of(1, batch))
        with monkeypatch.context() as patched:
            patched.setattr(native, "installed", lambda: None)
            expected = without.take("events.parquet", block_of(1, batch))
        assert found.dead_letters == expected.dead_letters
        assert _rows(found.table) == _rows(expected.table)
        assert _rows(found.items) == _rows(expected.items)
        assert own == theirs


def _rows(table: Table) -> list[tuple[str, ...]]:
    """In one order; a line has the names of its properties in theirs."""
    rows = zip(*table, strict=True)
    return sorted((*map(str, row[:-1]), canonical(parse_sound(row[-1]))) for row in rows)


@needed
@pytest.mark.parametrize("stamp", ["text", "s", "ms", "us", "ns"])
def test_ordinary_rows_are_taken(stamp: str) -> None:
    """Or all would be right, and slow: in a block cut from a longer one too, and where nulls stand between."""
    times: Any = pa.array(["2026-11-01T10:00:00Z"] * 5)
    if stamp != "text":
        times = times.cast(pa.timestamp("s", "UTC")).cast(pa.timestamp(stamp, "UTC"))
    contacts = ["c1", "é", None, "c2", "c3"]
    names = {"account_id": ["acme"] * 5, "contact_id": contacts, "type": ["page.viewed"] * 5}
    names |= {"event_id": ["e0", "e1", "e2", "🐦" * 128, "e4"], "item_id": [None] * 5}
    batch = pa.record_batch({**names, "time": times, "properties": [None, '{"a":1}', "{}", '{"b": 0.10}', None]})
    for cut, left in ((batch, [2]), (batch.slice(1), [1]), (batch.slice(3), [])):
        reading = _Reading()
        found = read_rows(cut, TIME_MIN_US, LATEST_US, lambda _: None, _nothing, reading)
        (taken,) = reading.found
        assert taken[3] == left
        assert found.contacts.table.contact_ids == [one for one in contacts[5 - len(cut) :] if one is not None]


@needed
@pytest.mark.parametrize("runs", [2, pytest.param(200, marks=pytest.mark.nightly)])
def test_replay_of_files_writes_the_same_to_the_byte_without_it(
    runs: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(load_files({"rules.yaml": RULES.encode()}, []))
    for number in range(runs):
        dice, folder = random.Random(f"{seed} {number}"), tmp_path / str(number)
        folder.mkdir()
        _write(dice, folder)
        for name, found in (("with", native.installed()), ("without", None)):
            monkeypatch.setattr(native, "installed", lambda found=found: found)
            replay(
                programs, [f"{folder}/*.parquet", f"{folder}/*.jsonl"], folder / name, RunSettings(START_US, START_US)
            )
        assert _files(folder / "with") == _files(folder / "without")
        assert (folder / "with" / "triggers").stat().st_size


def _write(dice: random.Random, folder: Path) -> None:
    """Files of rows, of which some stand in several, in lines as well."""
    batches = [_batch(dice, dice.choice((30, 200))) for _ in range(3)]
    for number, batch in enumerate([*batches, batches[0]]):
        plain = pa.record_batch({name: _without_views(batch.column(name)) for name in columns_of(batch.schema)})
        pq.write_table(
            pa.Table.from_batches([plain]), folder / f"{number}.parquet", row_group_size=dice.choice((7, 1_000))
        )
    lines = lines_of_rows(batches[1], None)
    (folder / "some.jsonl").write_bytes(b"\n".join([PLAIN, *lines]))


def _without_views(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) else column


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
