"""Rows in Parquet: read back and written as lines they are the lines of `--format jsonl`, byte for byte."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.model import DeadLetter, Decision, EventIds
from kittiwake.output import parquet_rows
from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, FOLDERS, TRIGGERS
from kittiwake.output.formats import Format
from kittiwake.output.parquet_rows import SCHEMAS, ParquetFile
from kittiwake.output.rows import Mode, dead_letter_line, dead_letter_row, decision_line, decision_row
from kittiwake.reasons import DeadLetterReason, Kind, Outcome, Reason
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical, exact
from tests.input.inputs import START_US, write_lines, write_rules
from tests.input.parquet_lines import lines_of
from tests.output.test_rows import FIRED

ROOT = Path(__file__).parent.parent.parent

texts = st.text(max_size=4) | st.sampled_from(["\u2028", "\x85", "\x00", '"\\/', "null", "é", "😀"])
instants = st.integers(parse_instant("0001-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59.999999Z"))
numbers = st.integers(-(10**30), 10**30) | st.decimals(
    min_value=Decimal("-1e300"), max_value=Decimal("1e300"), allow_nan=False, allow_infinity=False
).filter(lambda number: not number or number.adjusted() > -300).map(exact)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)
objects = st.dictionaries(texts, values, max_size=3).map(canonical)
decisions = st.builds(
    Decision,
    trigger_id=texts, account_id=texts, contact_id=texts, rule_id=texts, rule_version=texts,
    kind=st.sampled_from(Kind), time_us=instants, decision=st.sampled_from(Outcome),
    reason=st.none() | st.sampled_from(Reason), decided_us=instants, fired_at_us=st.none() | instants,
    instance=objects, include=objects, threshold=st.none() | numbers, reminder=st.none() | st.integers(0, 99),
    occurrence=st.none() | st.dates(), events=st.none() | st.builds(EventIds, texts, texts, st.integers(0, 10**9)),
    ruleset_version=texts, partial_history=st.booleans(), revision=st.integers(0, 9), late=st.booleans(),
    replaces=st.lists(texts, max_size=2).map(tuple), stale=st.booleans(), variant=st.none() | texts,
    channel=st.none() | texts,
    outranked_by=st.none() | texts,
    digest=st.none() | objects,
    digest_id=st.none() | texts,
)  # fmt: skip
dead_letters = st.builds(
    DeadLetter, st.sampled_from(DeadLetterReason), texts, st.binary(max_size=9) | texts.map(str.encode), texts,
    st.integers(0, 2**40),
)  # fmt: skip


def there_and_back(folder: str, *lines: bytes) -> list[bytes]:
    """What is read of a file to which lines were written, the first alone."""
    target = io.BytesIO()
    rows = ParquetFile(target, folder)
    for joined in (lines[:1], lines[1:]):
        if joined:
            rows.write(b"\n".join(joined))
    rows.close()
    return lines_of(target)  # type: ignore[arg-type]


@given(st.lists(decisions, max_size=4))
def test_decisions_come_back_as_their_lines(some: list[Decision]) -> None:
    lines = [decision_line(one, Mode.BACKFILL) for one in some]
    assert there_and_back(DECISIONS, *lines) == there_and_back(TRIGGERS, *lines) == lines


@given(st.lists(dead_letters, max_size=4))
def test_dead_letters_come_back_as_their_lines(some: list[DeadLetter]) -> None:
    lines = [dead_letter_line(one) for one in some]
    assert there_and_back(DEAD_LETTERS, *lines) == lines


def test_a_column_stands_for_every_field_in_the_order_of_the_contract() -> None:
    dead = DeadLetter(DeadLetterReason.NOT_JSON, "", b"", "", 0)
    assert SCHEMAS[TRIGGERS] == SCHEMAS[DECISIONS]
    assert SCHEMAS[DECISIONS].names == list(decision_row(FIRED))
    assert SCHEMAS[DEAD_LETTERS].names == list(dead_letter_row(dead))


def test_columns_have_types_to_ask_by() -> None:
    target = io.BytesIO()
    rows = ParquetFile(target, DECISIONS)
    rows.write(decision_line(FIRED, Mode.REPLAY))
    rows.close()
    (row,) = pq.read_table(target).to_pylist()
    told: dict[str, Any] = {
        "time": datetime(2026, 11, 1, 10, tzinfo=UTC), "occurrence": date(2026, 11, 1), "threshold": "500.5",
        "include": '{"price":68.74}', "replaces": [], "reason": None, "late": False, "revision": 0,
        "events": {
            "first": "e1", "last": "e3", "count": 3,
            "first_time": datetime(2026, 11, 1, 8, tzinfo=UTC),
            "last_time": datetime(2026, 11, 1, 9, 0, 0, 500_000, tzinfo=UTC),
        },
    }  # fmt: skip
    assert {name: row[name] for name in told} == told


def test_a_field_that_has_no_column_is_not_lost_silently() -> None:
    line = decision_line(FIRED, Mode.REPLAY)[:-1] + b',"new":1}'
    with pytest.raises(msgspec.ValidationError, match="unknown field `new`"):
        there_and_back(DECISIONS, line)


def test_what_is_held_is_written_before_it_grows_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "GROUP_BYTES", 2_000)
    target = io.BytesIO()
    rows = ParquetFile(target, DECISIONS)
    lines = [decision_line(msgspec.structs.replace(FIRED, contact_id=f"c{n}"), Mode.REPLAY) for n in range(20)]
    for line in lines:
        rows.write(line)
    rows.close()
    assert pq.ParquetFile(target).metadata.num_row_groups > 3
    assert lines_of(target) == lines  # type: ignore[arg-type]


def test_a_replay_writes_the_same_rows_in_either_format(tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", shop_lines(60, 1, 60))
    programs = Programs(load(ROOT / "examples" / "shop" / "rules"))
    for written in Format:
        replay(programs, [str(events)], tmp_path / written.value, RunSettings(START_US), written=written)
    for folder in FOLDERS:
        lines = (tmp_path / "jsonl" / folder / "part-00000-of-00001.jsonl").read_bytes().splitlines()
        assert lines_of(tmp_path / "parquet" / folder / "part-00000-of-00001.parquet") == lines != []
    summaries = {(tmp_path / written.value / "summary.json").read_bytes() for written in Format}
    assert len(summaries) == 1


def test_a_run_without_rows_writes_files_with_the_columns(tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", [])
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    replay(programs, [str(events)], tmp_path / "out", RunSettings(START_US), written=Format.PARQUET)
    for folder in FOLDERS:
        found = pq.read_table(tmp_path / "out" / folder / "part-00000-of-00001.parquet")
        assert (found.num_rows, found.schema) == (0, SCHEMAS[folder])
