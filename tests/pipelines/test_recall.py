"""What a bad rule sent is counted, and taken back under the same ids when somebody has said how much it is."""

from __future__ import annotations

import json
import re
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.model import Decision
from kittiwake.output.rows import Mode, decision_line
from kittiwake.reasons import ByHand, Outcome, Reason
from kittiwake.stream.records import decision_record
from kittiwake.stream.tables.rows import decision_table_row
from kittiwake.stream.tables.schema import DECISIONS, TRIGGERS
from kittiwake.time.instants import DAY_US, HOUR_US, format_instant
from tests.repo import pages
from tests.stream.sample_records import AT_US, CLOCK_US, decision

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics

pytest.importorskip("duckdb")
pytest.importorskip("google.pubsub_v1")
recall = pytest.importorskip("kittiwake.pipelines.recall")
recalling = pytest.importorskip("kittiwake.pipelines.decisions.recalling")
reconcile = pytest.importorskip("kittiwake.pipelines.reconcile")
pubsub_client = pytest.importorskip("kittiwake.pipelines.google.pubsub_client")

SECRET = re.compile(r"\bc-\d\b")
OTHER_VERSION = "aaaaaaaaaaaa"


def fired(number: int, fired_us: int, **changes: Any) -> Decision:
    usual = {"contact_id": f"c-{number % 2}", "time_us": fired_us, "fired_at_us": fired_us, "replaces": ()}
    return decision(f"{number:032x}", **{**usual, **changes})


def revoked(one: Decision, **changes: Any) -> Decision:
    """What a late event makes of it."""
    usual = {"decision": Outcome.REVOKED, "reason": Reason.LATE_EVENT, "fired_at_us": None, "revision": 1, "late": True}
    return decision(one.trigger_id, **{"contact_id": one.contact_id, "time_us": one.time_us, **usual, **changes})


FIRST, SECOND = fired(1, AT_US), fired(2, AT_US + HOUR_US)
NEXT_DAY = fired(3, AT_US + DAY_US, ruleset_version=OTHER_VERSION)
CORRECTED, STALE = fired(4, AT_US), fired(5, AT_US, stale=True)
OF_ANOTHER = fired(6, AT_US, rule_id="welcome")
HELD_OUT = fired(7, AT_US, decision=Outcome.SUPPRESSED, reason=Reason.HOLDOUT, fired_at_us=None)
TOLD = [FIRST, SECOND, NEXT_DAY, CORRECTED, revoked(CORRECTED), STALE, OF_ANOTHER, HELD_OUT]
SENT = [FIRST, SECOND, NEXT_DAY]
FROM = ("--from", format_instant(AT_US))
CART = ("--rule", "acme/cart", *FROM)
CONFIRM = ("--no_topic", "--confirm", "3")


def folder_of(path: Path, decisions: list[Decision], mode: Mode = Mode.STREAM) -> Path:
    """What a host has written."""
    (path / "decisions").mkdir(parents=True)
    lines = b"".join(decision_line(one, mode) + b"\n" for one in decisions)
    (path / "decisions/part-00000-of-00001.jsonl").write_bytes(lines)
    return path


def rows_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]


def newest(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of each id the newest revision, as consumers take it."""
    return {row["trigger_id"]: row for row in sorted(rows, key=lambda row: row["revision"])}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "stream", TOLD)


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(stream: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command: the exit code, and what it says, which names nobody."""

    def run(*flags: str, rows: str = str(stream)) -> tuple[int, str]:
        capsys.readouterr()
        code = recall.main(["--stream", rows, *flags])
        said = "".join(capsys.readouterr())
        assert not SECRET.search(said)
        return code, said

    return run


# ---------------------------------------------------------------- counting


def test_it_is_counted_by_rule_version_and_day_and_nothing_is_written(run: Run, stream: Path) -> None:
    before = rows_in(stream)
    code, said = run(*CART)
    lines = [line.split() for line in said.splitlines()]
    assert (code, lines[0][:8]) == (0, ["3", "to", "be", "revoked,", "of", "2", "contacts;", "rule"])
    assert lines[2][:8] == ["acme", "cart", "3349aaec3651", "2026-11-03", "4", "2", "2", "1"]
    assert lines[3] == ["acme", "cart", OTHER_VERSION, "2026-11-04", "1", "1", "1"]
    assert "1 revoked by the stream itself, 1 stale, and never sent" in said
    assert "Nothing was written. To revoke them, add: --topic TOPIC --confirm 3" in said
    assert rows_in(stream) == before


def test_a_version_is_every_rule_under_it_and_the_span_is_half_open(run: Run) -> None:
    def numbers(*flags: str) -> tuple[int, int]:
        said = json.loads(run(*flags, "--json")[1])
        return said["stands"], said["contacts"]

    until = ("--until", format_instant(AT_US + HOUR_US))
    assert numbers("--version", "3349aaec3651") == (3, 2)
    assert numbers("--version", OTHER_VERSION) == (1, 1)
    assert numbers(*CART, *until) == (1, 1)
    assert numbers("--rule", "acme/cart", "--from", until[1]) == (2, 2)


def test_whom_they_were_sent_to_is_in_a_file_that_others_cannot_read(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "sent.jsonl"
    assert run(*CART, "--list", str(listed))[0] == 0
    assert [json.loads(line) for line in listed.read_text().splitlines()] == [
        json.loads(decision_line(one, Mode.STREAM)) for one in SENT
    ]
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600


# ---------------------------------------------------------------- revoking


def test_what_was_sent_is_revoked_under_its_ids_and_again_is_nothing(run: Run, stream: Path) -> None:
    assert run(*CART, *CONFIRM)[0] == 0
    rows = rows_in(stream)
    for one in SENT:
        row = json.loads(decision_line(one, Mode.STREAM))
        assert newest(rows)[one.trigger_id] == {
            **row,
            "revision": recalling.RECALL_REVISIONS,
            "decision": "revoked",
            "reason": "recalled",
            "fired_at": None,
        }
    assert newest(rows)[OF_ANOTHER.trigger_id]["decision"] == "fired"
    assert newest(rows)[CORRECTED.trigger_id]["reason"] == "late_event"
    assert run(*CART, *CONFIRM)[0] == 0
    code, said = run(*CART)
    assert (code, said.split(",")[0], "2 recalled already" in said) == (0, "0 to be revoked", True)
    assert rows_in(stream) == rows


def test_another_number_than_was_counted_revokes_nothing(run: Run, stream: Path) -> None:
    before = rows_in(stream)
    code, said = run(*CART, "--no_topic", "--confirm", "4")
    assert (code, "--confirm 4: 3 are to be revoked; nothing was written" in said) == (2, True)
    assert rows_in(stream) == before


def test_a_run_that_was_killed_goes_on_with_the_same_command(
    run: Run, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(pubsub_client, "REQUEST_MESSAGES", 2)
        mark = recall._mark
        patched.setattr(recall, "_mark", lambda *of: _interrupt() if marked else (marked.append(1), mark(*of)))
        code, said = run(*CART, *CONFIRM)
    assert (code, "running it again goes on" in said) == (130, True)
    assert run(*CART)[1].startswith("1 to be revoked")
    assert run(*CART, *CONFIRM)[0] == 0
    recalled = [row["trigger_id"] for row in rows_in(stream) if row["reason"] == ByHand.RECALLED]
    assert sorted(recalled) == sorted(one.trigger_id for one in SENT)


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_what_the_stream_says_of_it_later_does_not_bring_it_back(run: Run, stream: Path) -> None:
    """It knows nothing of the recall, and goes on correcting."""
    assert run(*CART, *CONFIRM)[0] == 0
    again = fired(1, AT_US, revision=7, late=True)
    (stream / "decisions/later.jsonl").write_bytes(decision_line(again, Mode.STREAM) + b"\n")
    assert run(*CART)[1].startswith("0 to be revoked")
    assert newest(rows_in(stream))[FIRST.trigger_id]["decision"] == "revoked"


def test_of_what_was_sent_and_then_corrected_the_correction_is_taken_back(run: Run, stream: Path) -> None:
    """Also if consumers were not told of it, because it came too late: of what it corrects they were."""
    again = fired(1, AT_US, revision=2, late=True, stale=True)
    (stream / "decisions/later.jsonl").write_bytes(decision_line(again, Mode.STREAM) + b"\n")
    assert run(*CART, *CONFIRM)[0] == 0
    row = newest(rows_in(stream))[FIRST.trigger_id]
    assert (row["revision"], row["decision"], row["stale"]) == (recalling.RECALL_REVISIONS + 2, "revoked", False)


def test_reconcile_counts_what_was_recalled_and_calls_it_no_difference(
    run: Run, stream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backfill = folder_of(tmp_path / "backfill", [FIRST, SECOND, OF_ANOTHER], Mode.BACKFILL)
    assert run(*CART, *CONFIRM)[0] == 0
    sides = ["--stream", str(stream), "--backfill", str(backfill), "--until", format_instant(AT_US + 2 * HOUR_US)]
    assert reconcile.main([*sides, "--strict"]) == 1  # for what was stale
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 equal, 0 missing, 1 extra, 0 different, 2 recalled"
    assert "  acme  cart     recalled" in "\n".join(said)


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "say what to take back: --rule ACCOUNT/RULE, or --version RULESET_VERSION"),
        ([*CART, "--version", OTHER_VERSION], "one of the two"),
        (["--rule", "cart", *FROM], "--rule cart: write account and rule, such as acme/cart-abandonment"),
        (["--rule", "acme/cart"], "--rule needs --from"),
        (["--version", "v7"], "write the 12 hexadecimal digits of ruleset_version"),
        (["--rule", "acme/cart", "--from", "2026-11-03"], "write a time with offset, such as 2026-11-01T09:30:00Z"),
        (["--rule", "acme/cart", "--from", "2026-11-03 09:00"], "write a time with offset"),
        ([*CART, "--until", format_instant(AT_US)], "nothing is sent between them"),
        ([*CART, "--confirm", "3"], "--confirm: give --topic, where consumers hear of it, or --no_topic"),
        ([*CART, "--no_topic", "--topic", "projects/p/topics/t"], "one of the two"),
        ([*CART, "--no_topic", "--confirm", "all"], "--confirm all: write the number that was counted"),
        ([*CART, "--list", "gs://bucket/sent.jsonl"], "write a file of this machine"),
        ([*CART, "--topic", "triggers"], "write the whole name, projects/PROJECT/topics/NAME"),
        (["--rule", "acme/crt", *FROM], "--rule acme/crt has fired nothing in"),
        (["--rule", "acme/crt", *FROM], "there is acme/cart"),
        (["--version", "0" * 12], f"there is {OTHER_VERSION}, 3349aaec3651"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(run: Run, flags: list[str], said: str) -> None:
    code, found = run(*flags)
    assert (code, said in found) == (2, True), found


def test_a_table_in_the_place_of_its_dataset_is_refused_with_the_dataset(run: Run) -> None:
    code, said = run(*CART, rows="bq://shop-1.marketing.triggers")
    assert (code, "name the dataset, bq://shop-1.marketing" in said) == (2, True)


def test_a_time_in_which_nothing_fired_says_when_something_did(run: Run) -> None:
    at = ("--from", format_instant(AT_US + 30 * DAY_US))
    code, said = run("--rule", "acme/cart", *at)
    assert code == 1
    assert f"EMPTY: rule acme/cart, fired {at[0][2:]} {at[1]}: nothing" in said
    assert f"fired from {format_instant(AT_US)} to {format_instant(AT_US + DAY_US)}" in said
    assert run("--rule", "acme/cart", *at, "--allow_empty")[0] == 0


# ---------------------------------------------------------------- topics and tables

TOPIC = re.compile(r"projects/shop-1/topics/[\w-]+")
PROMPT = "$ python -m kittiwake.pipelines.recall --stream bq://shop-1.marketing "


@pytest.mark.parametrize(("page", "commands"), [("recall.md", 2), ("runbook.md", 2)])
def test_the_commands_of_the_pages_run_and_say_what_is_printed_there(
    topics: Topics, run: Run, stream: Path, root: Path, page: str, commands: int
) -> None:
    pair, text = topics.create(), (root / "docs/how-to" / page).read_text(encoding="utf-8")
    shown = [one.body for one in pages.fences(text) if one.body.startswith(PROMPT)]
    assert len(shown) == commands
    for fence in shown:
        typed, *printed = fence.removeprefix(PROMPT).replace("\\\n", " ").splitlines()
        code, said = run(*shlex.split(TOPIC.sub(pair.topic, typed)))
        assert code == 0, said
        said = said.replace(pair.topic, "projects/shop-1/topics/triggers").replace(str(stream), "bq://shop-1.marketing")
        assert set(printed) <= {"…", *said.splitlines()}
    assert {json.loads(one.data)["reason"] for one in topics.pull_all(pair.subscription)} == {"recalled"}


def test_consumers_of_the_topic_hear_of_it_under_the_same_ids(topics: Topics, run: Run, stream: Path) -> None:
    pair = topics.create()
    assert run(*CART, "--topic", f"{pair.topic}-gone", "--confirm", "3")[0] == 2
    assert run(*CART)[1].startswith("3 to be revoked"), "what no topic took is not marked"
    assert run(*CART, "--topic", pair.topic, "--confirm", "3")[0] == 0
    messages = topics.pull_all(pair.subscription)
    assert {one.attributes["trigger_id"]: dict(one.attributes)["decision"] for one in messages} == {
        one.trigger_id: "revoked" for one in SENT
    }
    marked = [row for row in rows_in(stream) if row["reason"] == ByHand.RECALLED]
    assert sorted((json.loads(one.data) for one in messages), key=str) == sorted(marked, key=str)
    assert {one.attributes["revision"] for one in messages} == {str(recalling.RECALL_REVISIONS)}


def test_tables_are_marked_as_files_are(
    tables: Tables, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two tables, and run again."""
    from kittiwake.pipelines.decisions import recall_table

    dataset = dataset_of(tables.create_dataset())
    assert dataset
    tables.create(dataset, DECISIONS, TRIGGERS)
    records = map(decision_record, TOLD)
    rows = [{**decision_table_row(one, CLOCK_US), "mode": "stream"} for one in records]
    for name in ("decisions", "triggers"):
        assert tables.client.insert_rows_json(dataset.table(name), rows) == []
    address = f"bq://{dataset.path}"
    with monkeypatch.context() as patched:
        insert = recall_table.bigquery.Client.insert_rows_json
        patched.setattr(
            recall_table.bigquery.Client,
            "insert_rows_json",
            lambda client, path, *of, **more: _interrupt() if "triggers" in path else insert(client, path, *of, **more),
        )
        assert run(*CART, *CONFIRM, rows=address)[0] == 130
    assert run(*CART, *CONFIRM, rows=address)[0] == 0
    assert run(*CART, rows=address)[1].startswith("0 to be revoked")
    marked = f"WHERE reason = '{ByHand.RECALLED}' AND decision = 'revoked' AND revision = {recalling.RECALL_REVISIONS}"
    for name, times in (("triggers", 1), ("decisions", 2)):
        found = tables.query(f"SELECT row_id FROM `{dataset.table(name)}` {marked} ORDER BY row_id")
        ids = [f"{one.trigger_id}-{recalling.RECALL_REVISIONS}" for one in SENT for _ in range(times)]
        assert {row["row_id"] for row in found} == {*ids}
        assert len(found) in (len(SENT), len(ids)), "BigQuery may drop what has the same row_id"
