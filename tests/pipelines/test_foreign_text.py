"""Who sends events or names files cannot write on the terminal, or into the log, of whoever runs a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kittiwake.pipelines import backfill
from kittiwake.stream.logs import LOG_EVENTS, LogEvent, line_of
from kittiwake.terminal.exit_codes import Exit
from tests.cli.test_foreign_text import EVIL, EVIL_FILE, EVIL_YAML, FORGED, assert_clean, evil_event
from tests.input.inputs import write_lines
from tests.pipelines.running import Job

if TYPE_CHECKING:
    from tests.services.tables import Tables


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert_clean(said.out, "stdout")
    assert_clean(said.err, "stderr")
    return said.out + said.err


def _events(folder: Path) -> Path:
    lines = [
        evil_event("cart.item_added", "2026-03-01T10:00:00Z"),
        evil_event("cart.item_added", "2026-03-01T10:00:00"),
        "{" + EVIL.replace("\n", ""),
    ]
    return write_lines(folder / f"{EVIL_FILE.replace('[', '')}.jsonl", [line.encode() for line in lines])


# ---------------------------------------------------------------- the backfill


def test_a_backfill_tells_of_its_input_in_clean_words(job: Job, tmp_path: Path) -> None:
    job.rules.write_text(job.rules.read_text().replace("account: acme", 'account: "*"'))
    ran = job(_events(tmp_path))
    assert ran.code == Exit.FINE
    assert_clean(ran.out)
    assert_clean(ran.err)
    assert "2 dead letters" in ran.out


def test_a_backfill_refuses_what_it_cannot_use_in_clean_words(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = _events(tmp_path)
    (tmp_path / "in").mkdir()
    write_lines(tmp_path / "in" / EVIL_FILE, [b"not ours"])
    for inputs, flags, output in (
        (tmp_path / EVIL, [], "out"),
        (events, ["--until", EVIL], "out"),
        (events, ["--runner", EVIL], "out"),
        (events, [f"--{EVIL}"], "out"),
        (events, [], EVIL_FILE),
        (events, [], "in"),
    ):
        ran = job(inputs, *flags, output=output)
        assert ran.code == Exit.UNUSABLE
        assert_clean(ran.out)
        assert_clean(ran.err)
    bad = json.dumps(
        {"account": EVIL_YAML, "rules": [{"id": EVIL_YAML, "when": EVIL_YAML, EVIL_YAML: EVIL_YAML}, {"id": "x"}]}
    )
    job.rules = write_lines(tmp_path / f"bad{EVIL_FILE}.yaml", [bad.encode()])
    refused = job(events)
    assert_clean(refused.err)
    assert refused.err.count("backfill: error: ") > 1  # every error has a line of its own
    with pytest.raises(SystemExit):
        backfill.main(["--format", EVIL, "--rules", EVIL, "--input", EVIL, "--output", EVIL])
    _said(capsys)


def test_a_crash_is_told_in_clean_words(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError(f"element {EVIL}")

    monkeypatch.setattr(backfill, "backfill", crash)
    ran = job(_events(tmp_path))
    assert ran.code == Exit.FAILED
    assert_clean(ran.err)
    assert FORGED in ran.err
    assert all(line.startswith("backfill: ") for line in ran.err.splitlines())


# ---------------------------------------------------------------- the stream


def test_a_check_of_a_stream_tells_of_files_in_clean_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("google.cloud.bigquery")
    pytest.importorskip("google.pubsub_v1")
    from kittiwake.pipelines import stream

    bad = write_lines(
        tmp_path / f"bad{EVIL_FILE}.yaml", [json.dumps({EVIL_YAML: EVIL_YAML, "rules": EVIL_YAML}).encode()]
    )
    runs = [
        ["--rules", str(bad), "--events", str(tmp_path / EVIL), "--output", str(tmp_path / EVIL_FILE)],
        ["--rules", str(tmp_path / EVIL), "--events", str(_events(tmp_path)), "--pace", EVIL],
        ["--rules", EVIL, "--subscription", EVIL, "--trigger_topic", EVIL, "--dataset", EVIL, "--snapshots", EVIL],
        ["--rules", str(bad), "--events", str(_events(tmp_path)), f"--{EVIL}"],
    ]
    for flags in runs:
        for more in (["--check"], []):
            assert stream.main([*flags, *more]) == Exit.UNUSABLE
            assert "error" in _said(capsys)
    with pytest.raises(SystemExit):
        stream.main(["--rules"])


@pytest.mark.parametrize("event", LOG_EVENTS, ids=lambda event: event.name)
def test_a_log_line_means_what_it_was_given_and_shows_all_of_it(event: LogEvent) -> None:
    fields = dict.fromkeys(event.fields, EVIL)
    line = line_of(event, fields)
    assert line.isprintable()
    assert json.loads(line).items() >= fields.items()


# ---------------------------------------------------------------- feeding in again


def test_reingest_tells_of_rows_in_clean_words(
    tables: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kittiwake.input.bigquery.addresses import dataset_of
    from kittiwake.pipelines import reingest
    from kittiwake.pipelines.google.bigquery_tables import create_tables
    from kittiwake.stream.tables.rows import dead_letter_table_row
    from tests.stream import sample_records

    dataset = dataset_of(tables.create_dataset())
    assert dataset is not None
    assert create_tables(tables.client, dataset).problems == []
    row: dict[str, Any] = {**dead_letter_table_row(sample_records.dead(EVIL.encode())), "reason": EVIL, "stage": EVIL}
    assert tables.client.insert_rows_json(dataset.table("dead_letters"), [row]) == []
    assert reingest.main(["--dataset", dataset.path, "--output", str(tmp_path / f"{EVIL_FILE}.jsonl")]) == Exit.FINE
    assert "1 rows of" in _said(capsys)
    for flags in (["--output", str(tmp_path)], ["--since", EVIL], ["--topic", EVIL]):
        assert reingest.main(["--dataset", dataset.path, *flags]) in (Exit.FINE, Exit.UNUSABLE)
        _said(capsys)
    with pytest.raises(SystemExit):
        reingest.main(["--dataset", dataset.path, "--reason", EVIL, f"--{EVIL}"])
    _said(capsys)
