"""How a file is written is known by its beginning, and what is not read is refused by what it is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from kittiwake.input.errors import InputError
from kittiwake.input.mapping.spec import Encoding, Format
from kittiwake.inspect.json_layout import layout_of_json
from kittiwake.inspect.layout import Layout, layout_of

ORDER = {"id": 1, "created_at": "2026-01-01T00:00:00Z", "line_items": [{"sku": "a"}, {"sku": "b"}]}
LINE = json.dumps(ORDER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINE + "\n" + LINE, (Format.JSON_LINES, ())),
        (json.dumps(ORDER, indent=2), (Format.JSON, ())),
        (json.dumps([ORDER, ORDER]), (Format.JSON, ())),
        (json.dumps({"orders": [ORDER]}), (Format.JSON, ("orders",))),
        (json.dumps({"orders": [ORDER]}) + "\n" + json.dumps({"orders": []}), (Format.JSON, ("orders",))),
        (json.dumps({"meta": {"n": 1}, "data": {"orders": [ORDER]}}), (Format.JSON, ("data", "orders"))),
        (json.dumps({"exported_at": "2026-01-01", "rows": [ORDER]}), (Format.JSON, ("rows",))),
        (json.dumps({"orders": [ORDER] * 9}, indent=1)[:150], (Format.JSON, ("orders",))),
        (json.dumps({"tags": ["a"], "text": "[{", "orders": [ORDER]}), (Format.JSON, ("orders",))),
        (LINE[:40], (Format.JSON, ())),
    ],
)
def test_records_of_json_are_found_where_they_lie(text: str, expected: tuple[Format, tuple[str, ...]]) -> None:
    assert layout_of_json(text)[:2] == expected


SEMICOLONS = "CSV with semicolons between, 3 columns"
ROWS = "id;when;näme\n1;2026-01-01;Zoë, the first\n2;2026-01-02;b\n"


@pytest.mark.parametrize(
    ("raw", "delimiter", "encoding", "words"),
    [
        (ROWS.encode(), ";", Encoding.UTF_8, SEMICOLONS),
        (ROWS.encode("utf-8-sig"), ";", Encoding.UTF_8, SEMICOLONS + ", with a byte order mark"),
        (ROWS.encode("windows-1252"), ";", Encoding.WINDOWS_1252, SEMICOLONS + ", in Windows-1252"),
        (ROWS.replace("ë", "\x81").encode("latin-1"), ";", Encoding.LATIN_1, SEMICOLONS + ", in Latin-1"),
        (ROWS.replace(";", "\t").encode("utf-16"), "\t", Encoding.UTF_8, "TSV, 3 columns, in UTF-16"),
        (ROWS.replace(";", "|").encode(), "|", Encoding.UTF_8, "CSV with | between, 3 columns"),
        (gzip.compress(ROWS.replace(";", "\t").encode(), mtime=0), "\t", Encoding.UTF_8, "TSV, 3 columns, in gzip"),
        (zstandard.compress(ROWS.encode()), ";", Encoding.UTF_8, SEMICOLONS + ", in zstd"),
    ],
)  # fmt: skip
def test_rows_are_known_with_their_delimiter_and_encoding(
    tmp_path: Path, raw: bytes, delimiter: str, encoding: Encoding, words: str
) -> None:
    (tmp_path / "rows").write_bytes(raw)
    assert layout_of(str(tmp_path / "rows")) == Layout(Format.CSV, words, (), delimiter, encoding)


def test_parquet_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "rows")
    assert layout_of(str(tmp_path / "rows")).format is Format.PARQUET


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.xlsx", b"PK\x03\x04....", "it is a ZIP archive, as .xlsx is too: unpack it, or save the sheet as CSV"),
        ("a.zip", b"PK\x03\x04....", "unpack it; gzip and zstd are read as they are"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "it is XML or HTML: export JSON or CSV"),
        ("a.csv", b"", "is empty: there is nothing to inspect"),
        ("a.csv", b" \n\n", "is empty: there is nothing to inspect"),
        ("a.txt", b"hello\nworld\n", "it is neither JSON nor rows with , ; | or tabs between"),
        ("a.csv", b"17850,2010-12-01,2.55\n17851,2010-12-01,3.39\n", "its rows have no header"),
        ("a.json", '{"a": "ä"}'.encode("latin-1"), "it is JSON in another encoding than UTF-8"),
        ("a.gz", b"no gzip", "cannot read"),
    ],
)
def test_what_is_not_read_is_refused_by_what_it_is(tmp_path: Path, name: str, raw: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InputError, match=f".*{name}") as error:
        layout_of(str(tmp_path / name))
    assert message in str(error.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for name, message in ((".", "it is no file but a folder"), ("none.csv", "No such file")):
        with pytest.raises(InputError) as error:
            layout_of(str(tmp_path / name))
        assert message in str(error.value)
