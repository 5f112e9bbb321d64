"""The same records in every format are the same events; and what is no record leaves as it came."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.settings import RunSettings
from kittiwake.input.errors import InputError
from kittiwake.input.formats.json_documents import blocks_of_records
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.reading import blocks_of, read_records
from kittiwake.input.shapes.base import InputShape
from kittiwake.input.splits import splits_of_size
from tests.shape_files.shaping import START_US, TIME, events_in, shape

ROWS: Final = [
    {"id": f"e{n}", "who": name, "what": "order.completed", "at": TIME, "note": note}
    for n, (name, note) in enumerate(
        [("ann", "plain"), ("Bøb", 'say "hi", [you] {there}'), ("c\\d", "two\nlines"), ("ann", "a,b;c\td")]
    )
]
NOTED: Final = "{note: note}"


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=2)
    return sink.getvalue()


WRITTEN: Final[dict[str, tuple[str, Callable[[list[dict[str, Any]]], bytes]]]] = {
    "json lines": ("{}", lambda rows: as_lines(rows).encode()),
    "with a mark": ("{}", lambda rows: b"\xef\xbb\xbf" + as_lines(rows).encode()),
    "in utf-16": ("{}", lambda rows: as_lines(rows).encode("utf-16")),
    "in utf-16, big-endian": ("{}", lambda rows: b"\xfe\xff" + as_lines(rows).encode("utf-16-be")),
    "in gzip": ("{}", lambda rows: gzip.compress(as_lines(rows).encode())),
    "a list": ("{format: json}", lambda rows: json.dumps(rows, ensure_ascii=False).encode()),
    "a list over lines": ("{format: json}", lambda rows: json.dumps(rows, indent=4).encode()),
    "a list in utf-16": ("{format: json}", lambda rows: json.dumps(rows, ensure_ascii=False).encode("utf-16")),
    "documents": ("{format: json}", lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows).encode()),
    "documents side by side": ("{format: json}", lambda rows: "".join(map(json.dumps, rows)).encode()),
    "lines as documents": ("{format: json}", lambda rows: as_lines(rows).encode()),
    "under a key": (
        "{format: json, at: data.rows}",
        lambda rows: json.dumps({"n": [[1]], "data": {"rows": rows}}).encode(),
    ),
    "pages under a key": (
        "{format: json, at: rows}",
        lambda rows: json.dumps([{"rows": rows[:1]}, {"more": "]"}, {"rows": rows[1:]}]).encode(),
    ),
    "csv": ("{format: csv}", lambda rows: as_csv(rows).encode()),
    "csv with a mark": ("{format: csv}", lambda rows: b"\xef\xbb\xbf" + as_csv(rows).encode()),
    "csv with semicolons": ('{format: csv, delimiter: ";"}', lambda rows: as_csv(rows, ";").encode()),
    "csv with tabs": ('{format: csv, delimiter: "\\t"}', lambda rows: as_csv(rows, "\t").encode()),
    "csv of windows": ("{format: csv, encoding: windows-1252}", lambda rows: as_csv(rows).encode("cp1252")),
    "csv in utf-16": ("{format: csv}", lambda rows: as_csv(rows).encode("utf-16")),
    "csv in gzip": ("{format: csv}", lambda rows: gzip.compress(as_csv(rows).encode())),
    "parquet": ("{format: parquet}", parquet),
}


def written(folder: Path, content: bytes, name: str = "records") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_records_in_every_format_are_the_same_events(tmp_path: Path, name: str) -> None:
    records, write = WRITTEN[name]
    expected = events_in(written(tmp_path, as_lines(ROWS).encode(), "plain"), shape(properties=NOTED))
    assert len(expected) == len(ROWS)
    found = events_in(written(tmp_path, write(ROWS)), shape(records=records, properties=NOTED))
    assert found == expected


def raws(path: Path, mapping: RecordMapping) -> list[tuple[int, bytes]]:
    return [(one.number, one.raw) for one in read_records(str(path), shape=InputShape(mapping))]


def test_a_record_is_kept_as_it_came(tmp_path: Path) -> None:
    rows = shape(records="{format: csv}")
    assert raws(written(tmp_path, b'a,b\n1, "x" \r\n"y\nz",2\n\n'), rows) == [(2, b'1, "x" '), (3, b'"y\nz",2')]
    documents = shape(records="{format: json}")
    assert raws(written(tmp_path, b'[ {"a":  1},\n\n{"b":[ 2 ]} , 3, "x" ]'), documents) == [
        (1, b'{"a":  1}'), (2, b'{"b":[ 2 ]}'), (3, b"3"), (4, b'"x"'),
    ]  # fmt: skip


def test_a_row_of_another_width_is_a_dead_letter_and_its_neighbours_are_events(tmp_path: Path) -> None:
    lines = as_csv(ROWS[:1]).split("\r\n")
    path = written(
        tmp_path, "\n".join([lines[0], lines[1], "e7,ann", lines[1].replace("e0", "e8"), "\xff"]).encode("latin-1")
    )
    mapping = InputShape(shape(records="{format: csv}", properties=NOTED))
    intake = Intake(RunSettings(START_US, shape=mapping), lambda _: None, Counts())
    with path.open("rb") as stream:
        taken = [intake.take("f", block) for block in blocks_of(stream, "f", shape=mapping)]
    assert [ids for one in taken for ids in one.table.event_ids] == ["e0", "e8"]
    dead = [one for each in taken for one in each.dead_letters]
    assert [(one.reason.value, one.raw, one.source) for one in dead] == [
        ("wrong_type", b"e7,ann", "f:3"),
        ("not_utf8", b"\xff", "f:5"),
    ]
    assert dead[0].detail == "the row has 2 cells, the header has 5"


def test_a_quote_that_is_never_closed_costs_no_more_than_one_dead_letter_after_another(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n"' + b"x,1\n" * 100_000)
    found = raws(path, shape(records="{format: csv}"))
    assert b"\n".join(raw for _, raw in found) + b"\n" == path.read_bytes()[4:]
    assert len(found) > 1


def test_rows_that_are_equal_are_numbered_in_their_file_however_it_is_split(tmp_path: Path) -> None:
    lines = ['{"x":1}', '{"x":2}', '{"x":1}', '{"x": 1}', '{"x":1}'] * 300
    path = written(tmp_path, "\n".join(lines).encode())
    mapping = InputShape(shape(event_id="{fields: [x], ordinal: true}"))
    ordinals = [one.context.ordinal for one in read_records(str(path), shape=mapping)]
    assert ordinals[:6] == [1, 1, 2, 1, 3, 4]
    found = []
    for split in splits_of_size(path.stat().st_size, 1_000):
        with path.open("rb") as stream:
            found += [
                one for block in blocks_of(stream, path.name, split=split, shape=mapping) for one in block.ordinals
            ]
    assert found == ordinals


def test_columns_of_parquet_are_numbers_lists_and_local_times(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 11, 2, 10)  # noqa: DTZ001 - of a clock without a zone
    row = {"Customer ID": 17850, "at": moment, "lines": [{"sku": "a", "n": 2}], "total": 12.5, "not_read": b"\xff"}
    mapping = shape(
        records="{format: parquet}",
        contact="{path: Customer ID, as: text}",
        type="{value: order.completed}",
        time="{path: at, zone: Europe/Berlin}",
        event_id="[Customer ID, at]",
        properties="{lines: lines, total: total}",
    )
    (event,) = events_in(written(tmp_path, parquet([row])), mapping)
    assert (event.contact_id, event.time_us // 10**6) == ("17850", 1793610000)
    assert event.properties == {"lines": [{"sku": "a", "n": 2}], "total": 12.5}
    with pytest.raises(InputError, match="it has none of the columns"):
        events_in(written(tmp_path, parquet([{"other": 1}])), mapping)
    with pytest.raises(InputError, match="it is Parquet: write records"):
        events_in(written(tmp_path, parquet([row])), shape())
    with pytest.raises(InputError, match="it is JSON lines: write records"):
        events_in(written(tmp_path, b"{}"), mapping)


@pytest.mark.parametrize("text", ["[1, 2", '{"a": "', "[1 2]", "]", "[" * 700])
def test_a_document_that_is_broken_or_cut_off_stops_the_run(tmp_path: Path, text: str) -> None:
    for records in ("{format: json, at: a}", "{format: json}"):
        with pytest.raises(InputError):
            raws(written(tmp_path, text.encode()), shape(records=records))


@pytest.mark.parametrize("header", ["a,b,a\n1,2,3\n", ",".join(f"c{n}" for n in range(2_001)) + "\n"])
def test_a_header_that_names_a_column_twice_or_too_many_stops_the_run(tmp_path: Path, header: str) -> None:
    with pytest.raises(InputError, match="its header has"):
        raws(written(tmp_path, header.encode()), shape(records="{format: csv}"))


def test_documents_are_the_same_wherever_their_bytes_are_cut() -> None:
    dice = random.Random(0)
    text = json.dumps([{"x": 'a"]\\', "y": [{}, [1.5, -2e3, None]], "é": "\u2028"}, 17, "s", []] * 5, indent=1).encode()
    (whole,) = blocks_of_records(iter([text]), ())
    for _ in range(200):
        cuts = sorted({0, len(text), *(dice.randrange(len(text)) for _ in range(dice.randint(0, 30)))})
        pieces = [text[begin:end] for begin, end in pairwise(cuts)]
        (found,) = blocks_of_records(iter(pieces), ())
        assert found == whole
