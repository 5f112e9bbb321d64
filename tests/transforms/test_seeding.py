"""Files of snapshots as seeds: every row, compressed or not, and none that is no snapshot."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.snapshot_set import RowSum, SnapshotFile
from kittiwake.output.snapshots import snapshot_line
from kittiwake.stream.records import key_of
from tests.kernel.programs import START, at, program
from transforms.stream.seed import LoadSnapshots, SnapshotSource

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def row(contact: str) -> bytes:
    rules = program("{when: a, wait: 1h}")
    event = Event(at(START), "e1", "a", {}, rules.account_id, contact)
    found = snapshot_line(rules, advance(rules, new_state(contact), [event], at(START) + 60_000_000).state)
    assert found
    return found


def keys(files: list[Path], expected: list[str], manifest: Mapping[str, SnapshotFile] | None = None) -> None:
    account_id = json.loads(row("c1"))["account_id"]
    sources = [SnapshotSource(str(path), (manifest or {}).get(path.name)) for path in files]
    with beam.Pipeline(runner=RUNNER) as pipeline:
        found = (pipeline | "Seed" >> LoadSnapshots(sources)).contacts | beam.Keys()
        assert_that(found, equal_to([key_of(account_id, contact) for contact in expected]))


def test_every_row_of_every_file_is_a_seed(tmp_path: Path) -> None:
    plain, packed, empty = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.jsonl"
    plain.write_bytes(row("c1").rstrip() + b"\n\n" + row("c2"))
    packed.write_bytes(gzip.compress(row("c3")))
    empty.write_bytes(b"")
    keys([plain, packed, empty], ["c1", "c2", "c3"])


def test_a_file_is_held_to_what_its_manifest_says(tmp_path: Path) -> None:
    file, rows = tmp_path / "a.jsonl", [row(f"c{number}").rstrip() for number in range(3)]
    manifest = {"a.jsonl": RowSum.of(rows).file("a.jsonl")}
    for content in (rows, [*rows, b""]):
        file.write_bytes(b"\n".join(content))
        keys([file], ["c0", "c1", "c2"], manifest)
    for content, why in (
        (rows[:2], "it has 2 rows, and manifest.json says 3"),
        ([], "it has 0 rows, and manifest.json says 3"),
        ([*rows, rows[0]], "it has 4 rows, and manifest.json says 3"),
        ([rows[0], rows[1], row("c9").rstrip()], "their SHA-256 is another"),
    ):
        file.write_bytes(b"\n".join(content))
        with pytest.raises(Exception, match=why):
            keys([file], [], manifest)


def test_without_files_there_is_no_seed() -> None:
    keys([], [])


def test_a_row_that_is_no_snapshot_fails_its_file_with_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "a.jsonl"
    bad.write_bytes(row("c1").rstrip() + b"\n{}\n")
    with pytest.raises(Exception, match=r"a\.jsonl, line 2: not a snapshot row: it has no state"):
        keys([bad], [])
