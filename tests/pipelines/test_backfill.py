"""The main job on files: what it writes, what it says, how it ends."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings, Stop
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.terminal.exit_codes import Exit
from tests.input.inputs import DEAD, START_US, as_sets, record, rows, write_lines
from tests.input.parquet_lines import lines_below
from tests.input.shaped import SEGMENT, as_segment
from tests.pipelines.running import ROOT, Job, arguments, as_a_process

SHOP_RULES = ROOT / "examples" / "shop" / "rules"
CART = record(event_id="e1", time="2026-11-02T09:00:00-05:00")
LATER = record(event_id="e2", contact_id="c9", type="page.viewed", time="2026-11-03T09:00:00-05:00")


@pytest.fixture(scope="module")
def shop() -> list[bytes]:
    """Lines of a generated shop: two accounts, copies, broken ones."""
    return shop_lines(60, 1, 60)


# ---------------------------------------------------------------- the promise


def test_the_job_decides_what_replay_decides(job: Job, shop: list[bytes], tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", shop)
    job.rules = SHOP_RULES
    ran = job(events)
    by_replay = replay(Programs(load(SHOP_RULES)), [str(events)], tmp_path / "replay", RunSettings(START_US))
    assert ran.code == Exit.FINE
    assert as_sets(ran.output, without=["mode"]) == as_sets(tmp_path / "replay", without=["mode"])
    assert (ran.summary.counts, ran.summary.until_us) == (by_replay.counts, by_replay.until_us)
    assert {row["mode"] for row in rows(ran.output / "decisions")} == {"backfill"}
    assert by_replay.triggers > 50
    assert by_replay.dead_letters > 5


def test_the_job_decides_what_replay_decides_of_records_of_another_shape(
    job: Job, shop: list[bytes], tmp_path: Path
) -> None:
    of_acme = [line for line in shop if b'"account_id":"acme","contact_id"' in line]
    calls = [as_segment(json.loads(line)) for line in of_acme] + [b'{"type": "alias", "userId": "c1"}']
    events = write_lines(tmp_path / "calls.jsonl.gz", calls)
    job.rules = SHOP_RULES
    ran = job(events, "--input_shape", "segment", "--input_account", "acme")
    settings = RunSettings(START_US, shape=SEGMENT)
    by_replay = replay(Programs(load(SHOP_RULES)), [str(events)], tmp_path / "replay", settings)
    assert ran.code == Exit.FINE
    assert as_sets(ran.output, without=["mode"]) == as_sets(tmp_path / "replay", without=["mode"])
    assert ran.summary.counts == by_replay.counts
    assert by_replay.triggers > 50
    assert by_replay.counts.dead_letters == {"two_subjects": 1}


def test_shuffled_and_repeated_lines_in_other_files_give_equal_rows(
    job: Job, shop: list[bytes], tmp_path: Path, seed: int
) -> None:
    job.rules = SHOP_RULES
    whole = job(write_lines(tmp_path / "whole.jsonl", shop), output="whole")
    rng = random.Random(seed)
    lines = rng.sample(shop, len(shop)) + rng.sample(shop, 200)
    parts = [
        write_lines(tmp_path / "part-1.jsonl", lines[:7], end=b"\r\n"),
        write_lines(tmp_path / "part-2.jsonl", []),
        write_lines(tmp_path / "part-3.jsonl.gz", lines[7:900]),
        write_lines(tmp_path / "part-4.jsonl", lines[900:]),
    ]
    split = job(tmp_path / "part-*", output="split")
    assert (whole.code, split.code) == (Exit.FINE, Exit.FINE)
    assert as_sets(split.output) == as_sets(whole.output)
    assert split.summary.counts.files == len(parts)


def test_two_workers_decide_what_one_decides(job: Job, shop: list[bytes], tmp_path: Path) -> None:
    job.rules = SHOP_RULES
    write_lines(tmp_path / "a.jsonl", shop[::2])
    write_lines(tmp_path / "b.jsonl.gz", shop[1::2])
    one = job(tmp_path / "*.jsonl*", output="one")
    flags = ("--direct_num_workers=2", "--runner=DirectRunner")
    ran = as_a_process(arguments(SHOP_RULES, tmp_path / "*.jsonl*", tmp_path / "two", flags))
    assert (one.code, ran.returncode) == (Exit.FINE, Exit.FINE), ran.stderr
    assert as_sets(tmp_path / "two") == as_sets(tmp_path / "one")
    assert [line for line in ran.stderr.splitlines() if not line.startswith("backfill: ")] == []
    assert ran.stdout == one.out


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_workers_share_gives_the_same_rows_and_the_same_summary(
    job: Job, shop: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    broken = [
        line for number, line in enumerate(shop) for line in ((line, b"", b"{") if number % 50 == 25 else (line,))
    ]
    events = write_lines(tmp_path / "events.jsonl", broken, end=b"\r\n")
    write_lines(tmp_path / "events.jsonl.gz", broken[:30])
    job.rules = SHOP_RULES
    inputs = [str(tmp_path / "events.jsonl*")]
    by_replay = replay(Programs(load(SHOP_RULES)), inputs, tmp_path / "replay", RunSettings(START_US))
    monkeypatch.setattr("kittiwake.input.splits.SPLIT_BYTES", events.stat().st_size // 40)
    ran = job(inputs, f"--direct_num_workers={workers}")
    assert as_sets(ran.output, without=["mode"]) == as_sets(tmp_path / "replay", without=["mode"])
    summary = (tmp_path / "replay" / "summary.json").read_text().replace('"replay"', '"backfill"')
    assert (ran.output / "summary.json").read_text() == summary
    assert by_replay.counts.files == 2


def test_a_job_over_parquet_is_a_job_over_lines(
    job: Job, shop: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.rules = SHOP_RULES
    objects = [fields for line in shop if line.startswith(b"{") and (fields := as_object(line))]
    events = write_lines(tmp_path / "events.jsonl", [json.dumps(fields).encode() for fields in objects])
    texts = [{name: json.dumps(v) if name == "properties" else v for name, v in one.items()} for one in objects]
    kinds = pa.schema([(name, pa.string()) for name in PARQUET_COLUMNS])
    pq.write_table(pa.Table.from_pylist(texts, kinds), tmp_path / "events.parquet", row_group_size=200)
    monkeypatch.setattr("kittiwake.input.splits.SPLIT_BYTES", 10_000)
    here, there = job(tmp_path / "events.parquet"), job(events, output="lines")
    assert as_sets(here.output)["decisions"] == as_sets(there.output)["decisions"] != set()
    assert (here.summary.counts.files, here.summary.dead_letters) == (1, there.summary.dead_letters)


PARQUET_COLUMNS = ("event_id", "account_id", "contact_id", "item_id", "type", "time", "properties")


@pytest.mark.parametrize("name", ["events.parquet", "events"])
def test_parquet_is_refused_in_another_shape(job: Job, tmp_path: Path, name: str) -> None:
    kinds = pa.schema([(name, pa.string()) for name in PARQUET_COLUMNS])
    pq.write_table(kinds.empty_table(), tmp_path / name)
    ran = job(tmp_path / name, "--input_shape", "segment", "--input_account", "acme")
    assert (ran.code, ran.output.exists()) == (Exit.UNUSABLE, False)
    assert f"{name} as segment: Parquet is read in the canonical shape only" in ran.err


def as_object(line: bytes) -> dict[str, Any] | None:
    """The fields of a record that Parquet can hold."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    is_plain = all(isinstance(value, str) for name, value in fields.items() if name != "properties")
    return fields if is_plain else None


def test_dead_letters_are_found_by_their_lines_wherever_a_file_was_cut(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [LATER] * 100
    lines[70] = lines[85] = lines[97] = b"{"
    events = write_lines(tmp_path / "events.jsonl", lines)
    monkeypatch.setattr("kittiwake.input.splits.SPLIT_BYTES", 1_000)
    examples = job(events).summary.counts.examples["not_json"]
    assert [location.source for location in examples] == [f"{events}:{number}" for number in (71, 86, 98)]


# ---------------------------------------------------------------- in and out


def test_a_person_reads_what_fired_and_opens_what_was_written(job: Job, tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", [CART, LATER])
    ran = as_a_process(arguments(job.rules, events, tmp_path / "out"))
    assert ran.returncode == Exit.FINE, ran.stderr
    assert ran.stdout.splitlines()[-3:] == [
        "1 decision, 1 trigger",
        "    rule              kind   decision  reason  number",
        "    cart-abandonment  fired  fired                  1",
    ]
    assert ran.stderr.startswith("backfill: 1 file(s), 0.0 MB, rule set ")
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert files == [
        ".kittiwake",
        "dead_letters/part-00000-of-00001.jsonl",
        "decisions/part-00000-of-00001.jsonl",
        "summary.json",
        "triggers/part-00000-of-00001.jsonl",
    ]


def test_rows_in_parquet_are_the_rows_in_lines(job: Job, shop: list[bytes], tmp_path: Path) -> None:
    job.rules = SHOP_RULES
    events = write_lines(tmp_path / "events.jsonl", shop)
    lines, parquet = job(events, output="lines"), job(events, "--format", "parquet", output="parquet")
    for folder in ("triggers", "decisions", "dead_letters"):
        parts = (path.read_bytes().splitlines() for path in (lines.output / folder).iterdir())
        assert lines_below(parquet.output / folder) == sorted(line for part in parts for line in part)
    assert {path.name for path in parquet.output.rglob("part-*")} == {"part-00000-of-00001.parquet"}
    assert parquet.summary == lines.summary


def test_a_run_without_rows_writes_parquet_with_the_columns(job: Job, tmp_path: Path) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", []), "--format", "parquet")
    assert ran.code == Exit.FINE
    assert pq.read_table(ran.output / "triggers" / "part-00000-of-00001.parquet").num_rows == 0


def test_every_dead_letter_reason_comes_out_with_its_bytes(job: Job, tmp_path: Path) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", [*DEAD.values(), CART]))
    written = rows(ran.output / "dead_letters")
    assert {row["reason"]: row["raw"] for row in written if row["raw_encoding"] == "utf-8"} == {
        reason: raw.decode() for reason, raw in DEAD.items() if reason != "not_utf8"
    }
    assert {row["reason"] for row in written} == set(DEAD)
    assert ran.code == Exit.FINE
    assert ran.summary.counts.dead_letters == dict.fromkeys(DEAD, 1)
    assert f"{tmp_path}/events.jsonl:" in ran.out, "the commonest reasons have a place each"


def test_an_empty_input_gives_empty_files(job: Job, tmp_path: Path) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", []))
    assert ran.code == Exit.FINE
    assert as_sets(ran.output) == {"triggers": set(), "decisions": set(), "dead_letters": set()}
    assert "0 decisions, 0 triggers" in ran.out


def test_until_ends_the_run_earlier_or_later(job: Job, tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", [CART])
    early = job(events, "--until", "2026-11-02T09:59:59.999999-05:00")
    assert rows(early.output / "decisions") == []
    late = job(events, "--until", "2026-11-02T10:00:00-05:00")
    assert [row["decision"] for row in rows(late.output / "triggers")] == ["fired"]


def test_the_horizon_tells_copies_from_new_events(job: Job, tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.jsonl", [CART, record(event_id="e1", time="2026-11-02T11:00:00-05:00")])
    assert job(events).summary.counts.duplicates == 0
    assert job(events, "--allowed_lateness", "2h").summary.counts.duplicates == 1


def test_a_second_run_replaces_the_rows_of_the_first(job: Job, tmp_path: Path) -> None:
    job(write_lines(tmp_path / "first.jsonl", [CART, LATER]))
    ran = job(write_lines(tmp_path / "second.jsonl", [LATER]))
    assert (ran.code, rows(ran.output / "triggers")) == (Exit.FINE, [])


def test_events_of_items_are_counted_and_decide_nothing(job: Job, tmp_path: Path) -> None:
    item = record(contact_id=..., item_id="p1", type="item.updated", time="2026-11-05T00:00:00Z")
    ran = job(write_lines(tmp_path / "events.jsonl", [CART, item]))
    assert (ran.summary.counts.catalogue, ran.summary.counts.contacts, ran.summary.triggers) == (1, 1, 1)


# ---------------------------------------------------------------- how it ends otherwise


@pytest.mark.parametrize("ratio", ["0", "0.3333"])
def test_too_many_dead_letters_stop_the_job_with_nothing_in_triggers(job: Job, tmp_path: Path, ratio: str) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", [CART, LATER, b"{"]), "--max_dead_letter_ratio", ratio)
    assert (ran.code, ran.summary.stopped) == (Exit.FINDINGS, Stop.DEAD_LETTERS)
    assert (rows(ran.output / "triggers"), rows(ran.output / "decisions")) == ([], [])
    assert len(rows(ran.output / "dead_letters")) == 1
    assert "stopped: 1 of 3 records are dead letters" in ran.out


def test_a_file_of_something_else_stops_the_job_by_itself(job: Job, tmp_path: Path) -> None:
    assert job(write_lines(tmp_path / "events.csv", [b"id,time"] * 1_000)).code == Exit.FINDINGS


def test_as_many_dead_letters_as_allowed_do_not_stop_it(job: Job, tmp_path: Path) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", [CART, b"{"]), "--max_dead_letter_ratio", "0.5")
    assert (ran.code, ran.summary.triggers, ran.summary.dead_letters) == (Exit.FINE, 0, 1)


def torn(path: Path, megabytes: int) -> Path:
    """A gzip file whose end is missing; of a large one the beginning can be read."""
    note = random.Random(0).randbytes(500).hex()
    write_lines(path, [record(event_id=f"e{n}", note=note) for n in range(megabytes * 900 + 1)])
    path.write_bytes(path.read_bytes()[:-4])
    return path


@pytest.mark.parametrize("megabytes", [0, 3])
def test_a_torn_file_is_named_and_nothing_is_written(job: Job, tmp_path: Path, megabytes: int) -> None:
    write_lines(tmp_path / "sound.jsonl", [CART, LATER])
    torn(tmp_path / "torn.jsonl.gz", megabytes)
    ran = job(tmp_path / "*.jsonl*")
    assert ran.code == Exit.UNUSABLE
    assert ran.err.splitlines()[-1] == (
        f"backfill: error: cannot read {tmp_path}/torn.jsonl.gz: the gzip file is cut off before its end"
    )
    assert (ran.out, ran.output.exists()) == ("", False)


def test_a_torn_file_leaves_an_earlier_run_as_it_was(job: Job, tmp_path: Path) -> None:
    before = as_sets(job(write_lines(tmp_path / "sound.jsonl", [CART, LATER])).output)
    assert job([tmp_path / "sound.jsonl", torn(tmp_path / "torn.jsonl.gz", 3)]).code == Exit.UNUSABLE
    assert as_sets(tmp_path / "out") == before
    assert [path.name for path in (tmp_path / "out").glob(".partial*")] == []


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("gone.jsonl", "cannot read {folder}/gone.jsonl: No such file or directory"),
        ("gone-*", "no file matches {folder}/gone-*"),
        ("", "cannot read {folder}/: it is no file but a folder: write {folder}/*.jsonl"),
    ],
)
def test_an_input_that_is_not_there_is_named(job: Job, tmp_path: Path, inputs: str, message: str) -> None:
    ran = job(f"{tmp_path}/{inputs}")
    assert (ran.code, ran.err) == (Exit.UNUSABLE, f"backfill: error: {message.format(folder=tmp_path)}\n")


@pytest.mark.parametrize(
    "name", ["[shop-1:raw.events]", "`shop-1.raw.events`", "shop-1:raw.events", "shop-1.raw.events"]
)
def test_a_table_that_is_written_otherwise_is_no_file_that_is_gone(job: Job, name: str) -> None:
    ran = job(name)
    said = f"there is no file {name}: if a table is meant, write bq://shop-1.raw.events"
    assert (ran.code, ran.err) == (Exit.UNUSABLE, f"backfill: error: {said}\n")
    assert "cannot read a.b.jsonl: No such file" in job("a.b.jsonl").err


def test_an_output_that_is_not_ours_is_refused(job: Job, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    ran = job(write_lines(tmp_path / "events.jsonl", [CART]))
    assert ran.code == Exit.UNUSABLE
    assert "is not empty and no earlier run wrote it" in ran.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_rules_with_errors_are_refused_with_all_of_them(job: Job, tmp_path: Path) -> None:
    job.rules.write_text("rules:\n  - {id: a, when: x.y, wait: 1 hour}\n  - {id: b, wen: x.y}\n")
    ran = job(write_lines(tmp_path / "events.jsonl", [CART]))
    assert ran.code == Exit.UNUSABLE
    assert f"{job.rules}:2:" in ran.err
    assert f"{job.rules}:3:" in ran.err
    assert not ran.output.exists()


def test_a_bug_fails_the_job_with_an_exit_of_its_own_and_leaves_no_output(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(*_: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("kittiwake.transforms.batch.evaluate.end_of_run", buggy)
    ran = job(write_lines(tmp_path / "events.jsonl", [CART]))
    assert ran.code == Exit.FAILED
    assert "AssertionError: a bug" in ran.err
    assert not ran.output.exists()


def test_a_person_may_stop_a_job(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kittiwake.transforms.batch.evaluate.end_of_run", stopped)
    ran = job(write_lines(tmp_path / "events.jsonl", [CART]))
    assert ran.code == Exit.INTERRUPTED
    assert ran.err.endswith("backfill: interrupted; the output is as it was\n")
    assert "Traceback" not in ran.err
    assert not ran.output.exists()


@pytest.mark.parametrize("output", ["o[1]", "o\udcff"])
def test_an_output_that_beam_would_not_find_again_is_refused(job: Job, tmp_path: Path, output: str) -> None:
    ran = job(write_lines(tmp_path / "events.jsonl", [CART]), output=output)
    assert ran.code == Exit.UNUSABLE
    assert "write it without [ and in UTF-8" in ran.err
    assert not ran.output.exists()
