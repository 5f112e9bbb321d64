"""Tables as the output of a backfill: what an emulator of BigQuery holds after runs, reruns, deaths, two at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.output.folder import OutputError
from kittiwake.output.snapshot_rows import SnapshotError
from kittiwake.pipelines.backfill import main
from kittiwake.pipelines.options.backfill import parse_options
from kittiwake.pipelines.preflight.snapshots import find_all
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.seeding import seed_of
from kittiwake.stream.tables.rows import decision_table_row
from kittiwake.stream.tables.run_rows import WrittenRun, dead_letter_line_row, decision_line_row
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import parse_instant
from kittiwake.transforms.snapshot_parts import encoded_part, rows_of_part
from tests.input.inputs import RULES, START_US, record, write_lines, write_rules
from tests.pipelines.running import arguments
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.tables import Tables

run_tables = pytest.importorskip("kittiwake.pipelines.google.run_tables")

UNTIL = "2026-11-02T00:00:00Z"
LINES = [
    record(),
    record(event_id="e2", contact_id="c-2"),
    b"{",
    record(event_id="e3", contact_id="c-3", time="2026-11-01T23:30:00Z"),  # waits beyond the end
    record(event_id="o", type="order.completed", time="2026-11-01T20:00:00Z"),  # its feed falls silent after the end
]
FEED_RULES = RULES.replace("policy:", "policy:\n  feeds: {order.completed: {every: 6h, mode: hold}}")


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """The rows of the files of a folder."""
    return [json.loads(line) for path in folder.iterdir() for line in path.read_bytes().splitlines()]


def test_a_run_into_tables_writes_what_one_into_files_does_and_the_next_of_its_name_replaces_it(
    tables: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tables.create_dataset()
    rules, events = write_rules(tmp_path / "rules.yaml", FEED_RULES), write_lines(tmp_path / "events.jsonl", LINES)
    flags = [f"--until={UNTIL}", f"--output=bq://{dataset}.backfill_"]
    into_tables = arguments(rules, events, tmp_path / "out", flags)
    settings = RunSettings(START_US, until_us=parse_instant(UNTIL))
    replay(Programs(load_rules(rules)), [str(events)], tmp_path / "out", settings)
    into_tables.remove(str(tmp_path / "out"))
    into_tables.remove("--output")
    assert main([*into_tables, "--snapshots"]) == Exit.FINE
    written = f"SELECT * FROM `{dataset}.backfill_{{}}`"
    for name in ("triggers", "decisions"):
        expected = rows_in(tmp_path / "out" / name)
        found = tables.query(written.format(f"{name}_latest"))
        assert {row["trigger_id"] for row in found} == {row["trigger_id"] for row in expected}
        assert {row["mode"] for row in found} == {"backfill"}
        assert len({row["run_id"] for row in found} - {None}) == 1
    assert [row["raw"] for row in tables.query(written.format("dead_letters"))] == [b"{"]
    goes_on(tables, f"{dataset}.backfill_snapshots", rules, tmp_path, capsys)
    write_lines(events, LINES[1:2])
    assert main(into_tables) == Exit.FINE
    assert tables.query(written.format("snapshots")) == []
    assert [row["contact_id"] for row in tables.query(written.format("triggers"))] == ["c-2"]
    assert tables.query(written.format("dead_letters")) == []
    first, second = tables.query(written.format("runs") + " ORDER BY started_at")
    assert first["replaced_at"] == second["finished_at"]
    assert json.loads(second["summary"])["mode"] == "backfill"
    assert [table for table in tables.client.list_tables(dataset) if "staging" in table.table_id] == []


LOST = (
    ("INSERT INTO `{0}` SELECT * FROM `{0}` WHERE contact_id = 'c1'", "wrote 4 rows, and 5 are there, 1 of them twice"),
    ("DELETE FROM `{0}` WHERE contact_id = 'c-3'", "wrote 4 rows, and 4 are there, 1 of them twice"),
    ("DELETE FROM `{0}` WHERE contact_id = 'c1'", "wrote 4 rows, and 2 are there. A contact without its row"),
    ("DELETE FROM `{0}` WHERE contact_id IS NULL", "wrote 4 rows, and 1 are there"),
)
"""What may be done to the rows of a run, one after the other, and what a launch says of it."""


def goes_on(tables: Tables, table: str, rules: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run from the snapshots in a table fires what waited in them; a row that was altered is one contact's.

    What is known of feeds goes on: the cart of the afternoon is held, for no order has come since the evening before.
    """
    afternoon = record(event_id="e10", contact_id="c-9", time="2026-11-02T15:00:00Z")
    second = write_lines(folder / "2.jsonl", [record(event_id="e9", time=UNTIL), afternoon])
    (run,) = tables.query(f"SELECT DISTINCT run_id FROM `{table}`")
    from_table = ["--start_from", f"bq://{table}@{run['run_id']}", "--until=2026-11-03T00:00:00Z"]
    capsys.readouterr()
    assert main(arguments(rules, second, folder / "next", from_table)) == Exit.FINE
    assert f"4 snapshots of run {run['run_id']} in bq://{table}, evaluated up to {UNTIL}" in capsys.readouterr().err
    assert sorted(row["contact_id"] for row in rows_in(folder / "next" / "triggers")) == ["c-3"]
    held = [row["contact_id"] for row in rows_in(folder / "next" / "decisions") if row["reason"] == "feed_silent"]
    assert held == ["c-9"]
    tables.query(f"UPDATE `{table}` SET snapshot = REPLACE(snapshot, 'acme', 'acma') WHERE contact_id = 'c-2'")
    assert main(arguments(rules, second, folder / "next", from_table)) == Exit.UNUSABLE
    refused = capsys.readouterr().err
    assert "1 row(s) are no snapshots" in refused
    assert "the row is not as it was written" in refused
    found = find_all([f"bq://{table}"])
    kinds = [kind_of(row) for part in found.sources for row in rows_of_part(encoded_part(part))]
    assert (sorted(kinds), found.has_feeds) == (["FeedSnapshot", "Seeded", "Seeded", "SnapshotError"], True)
    for sql, words in LOST:
        tables.query(sql.format(table))
        with pytest.raises(UnusableError, match=words):
            find_all([f"bq://{table}"])
    gone = found.sources[0].__class__(**{**structs.asdict(found.sources[0]), "written_us": 0})
    with pytest.raises(UnusableError, match="has not the rows there that it had at the launch, 0 of 4"):
        list(rows_of_part(encoded_part(gone)))
    runs = table.replace("snapshots", "runs")
    not_snapshots = "is no table of snapshots, it has no column written_at, shard"
    for name, words in (
        (f"bq://{runs}", not_snapshots),
        (f"bq://{runs}@daily", not_snapshots),
        (f"bq://{table}@gone", "no run is called gone there"),
        (f"bq://{table}s", "there is no bq://"),
    ):
        with pytest.raises(UnusableError, match=words):
            find_all([name])


def kind_of(row: bytes) -> str:
    try:
        return type(seed_of(row)).__name__
    except SnapshotError as error:
        return type(error).__name__


class Runs:
    """Last steps of runs, without a job before them."""

    def __init__(self, tables: Tables, folder: Path) -> None:
        found = dataset_of(tables.create_dataset())
        assert found
        self.dataset, self._tables, self._folder, self._number = found, tables, folder, 0
        with run_tables.client_of(found) as client:
            for table in (*run_tables.ROWS, run_tables.RUNS):
                made = run_tables.bigquery.Table(
                    found.table(table.name), [run_tables.field_of(column) for column in table.columns]
                )
                client.create_table(made)

    def written(self, text: str, run_id: str = "daily") -> run_tables.FinishTables:
        """A run whose workers have written a trigger of a contact."""
        self._number += 1
        attempt = run_tables.RunAttempt(run_id, text, sample_records.CLOCK_US + self._number)
        row = decision_table_row(sample_records.trigger(contact_id=text), attempt.started_us)
        folder = self._folder / str(self._number)
        (folder / "triggers").mkdir(parents=True)
        write_lines(folder / "triggers" / "part.jsonl", [json.dumps({**row, "run_id": run_id}).encode()])
        (folder / "summary.json").write_text(text)
        with run_tables.client_of(self.dataset) as client:
            run_tables.announce(client, self.dataset, attempt, "1.0")
        return run_tables.FinishTables(self.dataset, attempt, str(folder))

    def finish(self, run: run_tables.FinishTables) -> None:
        run.finish([f"{run.folder}/triggers/part.jsonl"])

    def contacts(self) -> list[str]:
        found = self._tables.query(f"SELECT contact_id FROM `{self.dataset.table('triggers')}` ORDER BY contact_id")
        return [row["contact_id"] for row in found]


def test_a_step_that_died_in_its_transaction_leaves_the_old_rows_and_one_tried_again_doubles_none(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(tables, tmp_path)
    runs.finish(runs.written("old"))
    new, sql = runs.written("new"), run_tables.replacing_sql
    with monkeypatch.context() as patched:
        failing = "SELECT ERROR('died'); COMMIT"
        patched.setattr(run_tables, "replacing_sql", lambda *some: sql(*some).replace("COMMIT", failing))
        patched.setattr(run_tables, "CONFLICTS", ())
        with pytest.raises(OutputError, match="they are as they were"):
            runs.finish(new)
    assert runs.contacts() == ["old"]
    for _ in range(2):
        runs.finish(new)
    assert runs.contacts() == ["new"]


@pytest.mark.nightly
def test_of_two_runs_of_one_name_at_once_the_rows_are_those_of_one_and_another_name_has_its_own(
    tables: Tables, tmp_path: Path
) -> None:
    runs = Runs(tables, tmp_path)
    both = [runs.written("one"), runs.written("two"), runs.written("else", "of another day")]
    with ThreadPoolExecutor() as pool:
        ended = [pool.submit(runs.finish, run).exception() for run in both]
    assert [error for error in ended if error] == []
    assert runs.contacts() in (["else", "one"], ["else", "two"])


def test_a_row_of_a_table_says_what_the_line_says() -> None:
    run = WrittenRun("daily", sample_records.CLOCK_US, "3349aaec3651", "1.0")
    line = sample_records.trigger().row
    row = json.loads(decision_line_row(line, run))
    assert row == {**decision_table_row(sample_records.trigger(), run.written_us), "run_id": "daily"}
    dead = {"reason": "not_json", "detail": "no JSON", "raw": "/w==", "raw_encoding": "base64", "raw_size": 1}
    found = json.loads(dead_letter_line_row(json.dumps(dead).encode(), run))
    assert (found["raw"], found["run_id"], found["happened_at"]) == ("/w==", "daily", row["written_at"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--output=bq://shop-1",), "write a dataset as bq://PROJECT.DATASET"),
        (("--output=bq://shop-1.marketing", "--format=parquet"), "--format is about files"),
        (("--output=bq://shop-1.marketing", "--runner=DataflowRunner"), "write --temp_location gs://"),
        (("--output=out", "--run_id=daily"), "--run_id is what a run into tables is called"),
        (("--output=bq://shop-1.marketing", "--run_id=a b"), "--run_id a b: write up to 200 letters"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(flags: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnusableError, match=message):
        parse_options(["--rules=rules", "--input=events.jsonl", *flags])


@pytest.mark.parametrize(("project", "pays"), [("other-1", "other-1"), (None, "shop-1")])
def test_whoever_pays_asks_about_a_table_of_snapshots(
    monkeypatch: pytest.MonkeyPatch, project: str | None, pays: str
) -> None:
    asked: list[str] = []

    def refuse(dataset: Dataset) -> None:
        asked.append(dataset.project)
        raise UnusableError("no")

    monkeypatch.setattr("kittiwake.pipelines.google.snapshot_tables.client_of", refuse)
    with pytest.raises(UnusableError, match="no"):
        find_all(["bq://shop-1.marketing.snapshots"], project)
    assert asked == [pays]
