"""Files of another kind are known by their first records, and the command that is named reads them."""

from __future__ import annotations

import gzip
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kittiwake.input.errors import InputError
from kittiwake.input.events import parse_event, parse_events
from kittiwake.input.files import ShapedFile
from kittiwake.input.foreign.beginnings import RECORDS_MAX, refuse_foreign
from kittiwake.input.foreign.records import foreign_record, remedy_of
from kittiwake.input.foreign.remedies import REMEDIES
from kittiwake.input.foreign.sources import SOURCES, source_of_all
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.inspect.inspection import inspect_files
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.shape_files.names import SHIPPED
from tests.input.inputs import GOOD, START_US

EVENTS = [GOOD | {"event_id": f"e{at}"} for at in range(3)]
SEGMENT = {"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "c1", "timestamp": GOOD["time"]}


def refusal(path: Path, shape: InputShape = CANONICAL) -> str:
    with pytest.raises(InputError) as caught:
        refuse_foreign([ShapedFile(str(path), shape)], START_US)
    return str(caught.value)


def is_refused(path: Path) -> bool:
    try:
        refuse_foreign([ShapedFile(str(path), CANONICAL)], START_US)
    except InputError:
        return True
    return False


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read_after(message: str, folder: Path) -> list[Event]:
    """The events of the file that the command of a message writes."""
    command = message.partition("To read it: ")[2]
    if not shutil.which(command.split()[0]):
        pytest.skip(f"{command.split()[0]} is not here")
    subprocess.run(command, shell=True, check=True, cwd=folder)
    lines = Path(shlex.split(command)[-1]).read_bytes().splitlines()
    found = [parse_event(line, "", START_US) for line in lines]
    assert all(isinstance(one, Event) for one in found), found
    return [one for one in found if isinstance(one, Event)]


EXPECTED = [parse_event(json.dumps(one).encode(), "", START_US) for one in EVENTS]
TEXTS: dict[str, tuple[Callable[[], str], str]] = {
    "array": (lambda: json.dumps(EVENTS), "a JSON array, not one object a line"),
    "array over lines": (lambda: json.dumps(EVENTS, indent=2), "a JSON array, not one object a line"),
    "pretty": (lambda: "\n".join(json.dumps(one, indent=2) for one in EVENTS), "JSON that goes on over several lines"),
    "list": (lambda: json.dumps({"next": None, "rows": EVENTS}), 'an object with the records in its list "rows"'),
    "list over lines": (lambda: json.dumps({"rows": EVENTS}, indent=1), 'the records in its list "rows"'),
}


@pytest.mark.parametrize("name", TEXTS)
def test_json_of_another_form_is_read_by_the_command_that_is_named(tmp_path: Path, name: str) -> None:
    text, what = TEXTS[name]
    message = refusal(written(tmp_path / "a b.json", text()))
    assert what in message
    assert read_after(message, tmp_path) == EXPECTED


def test_a_packed_file_is_unpacked_by_the_command_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(EVENTS).encode()))
    assert read_after(refusal(tmp_path / "a.json.gz"), tmp_path) == EXPECTED


def test_a_file_that_is_longer_than_its_beginning_is_known_too(tmp_path: Path) -> None:
    many = [GOOD | {"event_id": f"e{at}"} for at in range(3_000)]
    for text in (json.dumps(many), json.dumps({"rows": many}), json.dumps(many[0] | {"properties": many}, indent=1)):
        assert "To read it: jq" in refusal(written(tmp_path / "a.json", text))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_by_the_command_that_is_named(tmp_path: Path, encoding: str) -> None:
    message = refusal(written(tmp_path / "a.jsonl", "\n".join(map(json.dumps, EVENTS)), encoding))
    assert "text in UTF-16" in message
    assert read_after(message, tmp_path) == EXPECTED


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-16"), ("\t", "utf-8")])
def test_csv_is_named_with_its_columns_and_read_by_the_command(tmp_path: Path, delimiter: str, encoding: str) -> None:
    columns = ["event_id", "account_id", "contact_id", "type", "time"]
    rows = [columns, *[[str(one[column]) for column in columns] for one in EVENTS]]
    path = written(tmp_path / "a.csv", "\n".join(delimiter.join(row) for row in rows), encoding)
    message = refusal(path)
    assert "CSV" in message
    assert "event_id, account_id, contact_id, type, time" in message
    assert message.endswith(
        f"To read it: kittiwake inspect {path} --output shape.yaml, and add --input_shape shape.yaml"
    )
    assert inspect_files([str(path)], "acme", START_US, lambda *_: None).outcome.events == 3


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            b"PK\x03\x04\x14\x00\x06\x00rows",
            "it is a ZIP archive, as .xlsx is too: unpack it, or save the sheet as CSV",
        ),
        (b"\x89PNG\r\n\x1a\n\x00\x01\xfe", "it is no text; UTF-16 is known by its byte order mark"),
        (b"shop\tweb\t\t1\nshop\tapp\t\t2\n", "rows of 4 columns with tabs between, and no header"),
    ],
)
def test_what_is_no_text_or_has_no_header_is_answered_by_what_it_is(tmp_path: Path, raw: bytes, said: str) -> None:
    (tmp_path / "export").write_bytes(raw)
    assert said in refusal(tmp_path / "export")


@pytest.mark.parametrize(("time", "unit"), [(1741000000, "seconds"), ("1741000000123", "milliseconds")])
def test_times_since_1970_are_read_with_all_their_digits(tmp_path: Path, time: Any, unit: str) -> None:
    path = written(tmp_path / "a.jsonl", "\n".join(json.dumps(one | {"time": time}) for one in EVENTS))
    message = refusal(path)
    assert f"a number of {unit} since 1970" in message
    expected_us = int(time) * (1_000_000 if unit == "seconds" else 1_000)
    assert {one.time_us for one in read_after(message, tmp_path)} == {expected_us}


def test_segment_without_its_shape_is_answered_with_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", json.dumps(SEGMENT))
    assert refusal(path).endswith(
        "holds calls of Segment. To read it: add --input_shape segment --input_account ACCOUNT"
    )
    refuse_foreign([ShapedFile(str(path), InputShape(Shape.SEGMENT, "acme"))], START_US)


def test_canonical_events_in_another_shape_are_answered_with_none(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", json.dumps(GOOD))
    assert "leave out --input_shape" in refusal(path, InputShape(Shape.SEGMENT, "acme"))


def test_a_ga4_export_is_known(tmp_path: Path) -> None:
    row = {"event_date": "20250303", "event_timestamp": "1741000000123456", "event_name": "purchase"}
    assert "events of Google Analytics 4" in refusal(written(tmp_path / "a.json", json.dumps(row)))


def test_an_export_of_a_known_source_is_answered_with_its_shape_and_read_by_it(tmp_path: Path) -> None:
    order = {"id": 5, "line_items": [], "financial_status": "paid"}
    path = written(tmp_path / "a.json", json.dumps({"orders": [order] * 9_000}, indent=1))
    assert refusal(path).endswith("orders of Shopify. To read it: add --input_shape shopify --input_account ACCOUNT")


def test_json_lines_in_utf_16_with_a_mark_are_read_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "\n".join(map(json.dumps, EVENTS)), "utf-16")
    assert not is_refused(path)


def test_every_source_has_a_shape_that_comes_with_the_product() -> None:
    assert {*SOURCES} == {*Shape, *SHIPPED} - {"canonical", "segment-no-zone"}


def test_every_source_that_is_known_is_known_by_fields_that_no_event_has() -> None:
    assert [name for name, source in SOURCES.items() if source.is_source_of(GOOD)] == []
    assert source_of_all([GOOD]) == "canonical"


def test_objects_without_ids_are_named_by_their_fields(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", json.dumps({"order": 5, "email": "ann@example.com"}))
    message = refusal(path)
    assert "they have order, email" in message
    assert message.endswith("a.jsonl --output shape.yaml, and add --input_shape shape.yaml")
    assert "ann@example.com" not in message


def test_a_file_with_one_event_among_its_first_records_is_read(tmp_path: Path) -> None:
    lines = [json.dumps(SEGMENT)] * (RECORDS_MAX - 1) + [json.dumps(GOOD)]
    assert not is_refused(written(tmp_path / "a.jsonl", "\n".join(lines)))
    assert is_refused(written(tmp_path / "b.jsonl", "\n".join(lines[:-1])))


@pytest.mark.parametrize("text", ["", "\n \n", "no event\n", '["01JBN6", "acme"]\n', '{"event_id": "01J\n', "{\n"])
def test_what_is_no_known_kind_is_left_to_the_run(tmp_path: Path, text: str) -> None:
    assert not is_refused(written(tmp_path / "a.jsonl", text))


def test_every_reason_has_a_remedy() -> None:
    assert set(REMEDIES) == set(DeadLetterReason)


def test_a_dead_letter_is_answered_by_what_it_is_or_else_by_its_reason() -> None:
    dead = [parse_events(raw, "a.jsonl:3", START_US) for raw in (json.dumps(SEGMENT).encode(), b"x")]
    remedies = [remedy_of(one, CANONICAL) for one in dead if isinstance(one, DeadLetter)]
    assert remedies == [
        "calls of Segment: add --input_shape segment --input_account ACCOUNT", "write one whole JSON object a line",
    ]  # fmt: skip


def test_a_record_is_known_whatever_its_values_are() -> None:
    for value in (None, True, 1.5, [], {}, "x" * 20):
        segment = foreign_record("a", dict.fromkeys(("messageId", "userId"), value), CANONICAL)
        assert segment is not None
        assert segment.what == "calls of Segment"
        assert foreign_record("a", dict.fromkeys(GOOD, value), CANONICAL) is None
