"""Files of snapshots as seeds: every row, compressed or not, and a dead letter of what is no snapshot."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.snapshot_set import MANIFEST, RowSum, manifest_bytes
from kittiwake.output.snapshots import snapshot_line
from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import always
from kittiwake.stream.records import dead_letter_of, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.stream.seeding import refused_snapshot
from kittiwake.time.instants import HOUR_US
from kittiwake.transforms.snapshot_parts import SnapshotSource
from kittiwake.transforms.stream.seed import LoadSnapshots
from kittiwake.transforms.stream.snapshot_sources import RefusedRow, find_snapshots
from tests.kernel.programs import START, at, program

NO_RULES = StaticRules(always(load_document({"account": "none", "rules": []})), HOUR_US)
RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def row(contact: str) -> bytes:
    rules = program("{when: a, wait: 1h}")
    event = Event(at(START), "e1", "a", {}, rules.account_id, contact)
    found = snapshot_line(rules, advance(rules, new_state(contact), [event], at(START) + 60_000_000).state)
    assert found
    return found


def detail_of(dead: bytes) -> str:
    return dead_letter_of(dead).detail


def keys(sources: Sequence[SnapshotSource], expected: list[str], refused: Sequence[str] = ()) -> None:
    """The contacts that start from the sources, and the details of the dead letters."""
    account_id = json.loads(row("c1"))["account_id"]
    with beam.Pipeline(runner=RUNNER) as pipeline:
        found = pipeline | "Seed" >> LoadSnapshots(sources, NO_RULES)
        assert_that(found.contacts | beam.Keys(), equal_to([key_of(account_id, contact) for contact in expected]))
        details = found.dead | beam.Map(detail_of)
        assert_that(details, equal_to(list(refused)), label="refused")


def test_every_row_of_every_file_is_a_seed_wherever_it_is_cut(tmp_path: Path) -> None:
    plain, packed, empty = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.jsonl"
    rows = {path.name.removesuffix(".gz"): [row(f"{path.name[0]}{number}").rstrip() for number in range(count)]
            for path, count in ((plain, 5), (packed, 2), (empty, 0))}  # fmt: skip
    first, *others = rows["a.jsonl"]
    plain.write_bytes(first + b"\n\n" + b"\n".join(others))
    packed.write_bytes(gzip.compress(b"\n".join(rows["b.jsonl"])))
    empty.write_bytes(b"")
    (tmp_path / MANIFEST).write_bytes(manifest_bytes(RowSum.of(some).file(name) for name, some in rows.items()))
    contacts = [f"a{number}" for number in range(5)] + [f"b{number}" for number in range(2)]
    for part_bytes in (1, 2 * len(first), 100 * len(first)):
        found = find_snapshots([str(tmp_path / "*")], part_bytes)
        assert (found.name, found.refused) == ("3 file(s) of snapshots", ())
        assert sum(one.expected.rows for one in found.sources) == 7
    two_each = find_snapshots([str(tmp_path / "*")], 2 * len(first)).sources
    assert [one.expected.rows for one in two_each] == [2, 2, 1, 2]
    keys(two_each, contacts)


def test_a_part_is_held_to_what_the_launch_found(tmp_path: Path) -> None:
    file, rows = tmp_path / "a.jsonl", [row(f"c{number}").rstrip() for number in range(3)]
    source = SnapshotSource(str(file), RowSum.of(rows).file("a.jsonl"), 0, 4 * len(rows[0]))
    for content, why in (
        (rows[:2], "it has 2 rows, and manifest.json says 3"),
        ([rows[0], rows[1], row("c9").rstrip()], "their SHA-256 is another"),
    ):
        file.write_bytes(b"\n".join(content))
        with pytest.raises(Exception, match=why):
            keys([source], [])


def test_without_files_there_is_no_seed() -> None:
    keys([], [])


def test_a_row_that_is_no_snapshot_is_a_dead_letter_of_its_contact_and_stops_no_other(tmp_path: Path) -> None:
    rows = [row(f"c{number}").rstrip() for number in range(3)]
    manifest = manifest_bytes([RowSum.of(rows).file("a.jsonl")])
    bad = rows[1].replace(b'"state_version":', b'"state_version":9')
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([rows[0], bad, rows[2]]))
    (tmp_path / MANIFEST).write_bytes(manifest)
    found = find_snapshots([str(tmp_path / "*")])
    why = "the row is not as it was written: its digest is another"
    assert found.refused == (RefusedRow(f"{tmp_path / 'a.jsonl'}, line 2", why),)
    keys(found.sources, ["c0", "c2"], [why])
    dead = refused_snapshot(bad, why, 0)
    assert (dead.attributes["contact_id"], dead.raw, dead.reason.value) == ("c1", bad, "snapshot_refused")
