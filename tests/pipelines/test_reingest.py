"""Dead letters and late events go back to their topic as they came; on both emulators."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import DeadLetterRecord, Stage
from kittiwake.stream.redelivery import Redelivery
from kittiwake.stream.tables.rows import dead_letter_table_row, late_event_table_row
from kittiwake.time.instants import HOUR_US, format_instant
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.emulators.bigquery import BigqueryService
    from tests.services.tables import Tables
    from tests.services.topics import Topics

pytest.importorskip("google.cloud.bigquery")
pytest.importorskip("google.pubsub_v1")
publishing = pytest.importorskip("kittiwake.pipelines.google.pubsub_client")
reingest = pytest.importorskip("kittiwake.pipelines.reingest")
pipelines_tables = pytest.importorskip("kittiwake.pipelines.google.bigquery_tables")

SECRET = "ann@example.com"  # in every message, and nowhere in what is printed
ATTRIBUTES = {"source": "shop", "topic": "a keyword of Google's client", "Zoë": "ü"}


def event(event_id: str, time_us: int = sample_records.CLOCK_US) -> bytes:
    """With a line end in it, which has to be there still when it is pulled."""
    fields = {"event_id": event_id, "account_id": "acme", "contact_id": SECRET, "type": "cart.item_added"}
    return json.dumps({**fields, "time": format_instant(time_us)}).encode() + b"\n"


def undecided(raw: bytes, **changes: object) -> DeadLetterRecord:
    """An event on which a rule raised."""
    usual = {"stage": Stage.EVALUATE, "reason": DeadLetterReason.RULE_FAILED, "attributes": ATTRIBUTES}
    return sample_records.dead(raw, **{**usual, **changes})


CHOICES = {
    "--stage intake": "ab",
    "--stage intake --stage settle": "abcd",
    "--reason too_old": "a",
    "--reason too_old --reason rule_failed": "acd",
    "--since 2026-11-03T03:00:00Z": "bcd",
    "--until 2026-11-03T03:00:00Z": "a",
    "--since 2026-11-03T03:00:00Z --until 2026-11-03T04:30:00Z": "b",
    "--release 0.2.0": "d",
    "--limit 2": "ab",
    "--stage settle --limit 1": "c",
    "--release '": "",
}


class Said(NamedTuple):
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def created(bigquery_service: BigqueryService) -> Iterator[Dataset]:
    """A dataset with the job's tables and views, whose making takes the emulator two seconds."""
    from tests.services import tables as services

    made = services.Tables(bigquery_service)
    found = dataset_of(made.create_dataset())
    assert found
    assert pipelines_tables.create_tables(made.client, found).problems == []
    yield found
    made.close()


@pytest.fixture
def dataset(tables: Tables, created: Dataset) -> Dataset:
    """The same with no row in the tables that are fed in again."""
    for name in ("dead_letters", "late_events"):
        tables.query(f"DELETE FROM `{created.table(name)}` WHERE TRUE")
    return created


@pytest.fixture
def insert(tables: Tables, dataset: Dataset) -> Callable[..., None]:
    """Writes dead letters into their table, as the job does."""

    def insert(*dead: DeadLetterRecord) -> None:
        rows = [dead_letter_table_row(one) for one in dead]
        assert tables.client.insert_rows_json(dataset.table("dead_letters"), rows) == []

    return insert


@pytest.fixture
def run(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Said]]:
    """Runs the command in this process; nobody's data is ever in what it says."""

    def run(*flags: str) -> Said:
        capsys.readouterr()
        code = reingest.main(["--dataset", dataset.path, *flags])
        said = Said(code, *capsys.readouterr())
        assert SECRET not in said.out + said.err
        return said

    return run


def test_what_was_refused_comes_back_byte_for_byte_with_its_attributes(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said]
) -> None:
    early = event("e1")
    insert(
        sample_records.dead(early, reason=DeadLetterReason.TIME_IN_FUTURE, attributes=ATTRIBUTES),
        undecided(event("e2")),
        undecided(event("e2")),  # the job wrote the row twice
    )
    pair = topics.create()
    said = run("--topic", pair.topic)
    pulled = topics.pull(pair.subscription, 2) + topics.pull_all(pair.subscription)
    assert sorted(one.data for one in pulled) == [early, event("e2")]
    assert [one.attributes for one in pulled] == [ATTRIBUTES, ATTRIBUTES]
    assert said.code == 0
    assert "2 rows of " in said.out
    assert f"2 published to {pair.topic}\n" in said.out
    assert "Running this again does no harm" in said.out


def test_what_cannot_be_fed_in_again_is_counted_with_the_reason(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said]
) -> None:
    insert(
        sample_records.dead(b'{"name": "%s' % SECRET.encode(), reason=DeadLetterReason.NOT_JSON),
        sample_records.dead(b'{"name": "%s"}' % SECRET.encode(), reason=DeadLetterReason.MISSING_FIELD),
        sample_records.dead(event("e1"), raw_size=3_000_000, reason=DeadLetterReason.OVERSIZE),
        sample_records.dead(event("e2"), stage=Stage.WRITE, reason=DeadLetterReason.ROW_REFUSED),
    )
    pair = topics.create()
    said = run("--topic", pair.topic)
    assert topics.pull_all(pair.subscription) == []
    assert said.code == 0
    assert said.out.splitlines()[1:-1] == [
        "  intake  missing_field         1",
        "  intake  not_json              1",
        "  intake  oversize              1",
        "  write   row_refused           1",
        f"0 published to {pair.topic}",
        "1 left: not_a_message, rows that a table refused: they are no messages",
        "2 left: still_refused, no events for this release and --input_shape either",
        "  today   missing_field         1",
        "  today   not_json              1",
        "1 left: truncated, longer than a row keeps",
    ]


def test_a_choice_is_made_by_stage_reason_time_release_and_number(
    insert: Callable[..., None], run: Callable[..., Said], tmp_path: Path
) -> None:
    at_us = sample_records.CLOCK_US
    insert(
        sample_records.dead(event("a"), reason=DeadLetterReason.TOO_OLD, happened_us=at_us),
        sample_records.dead(event("b"), reason=DeadLetterReason.BAD_TIME, happened_us=at_us + 2 * HOUR_US),
        undecided(event("c"), happened_us=at_us + 3 * HOUR_US),
        undecided(event("d"), happened_us=at_us + 4 * HOUR_US, release="0.2.0"),
    )
    found = {}
    for number, flags in enumerate(CHOICES):
        file = tmp_path / f"{number}.jsonl"
        assert run("--output", str(file), *flags.split(" ")).code == 0
        found[flags] = "".join(sorted(json.loads(line)["event_id"] for line in file.read_bytes().splitlines()))
    assert found == CHOICES


def test_late_events_come_back_and_it_is_said_that_they_will_be_late_again(
    topics: Topics, tables: Tables, dataset: Dataset, run: Callable[..., Said]
) -> None:
    rows = [late_event_table_row(sample_records.late(raw=event("e1"), attributes=ATTRIBUTES))]
    assert tables.client.insert_rows_json(dataset.table("late_events"), rows) == []
    pair = topics.create()
    said = run("--table", "late_events", "--topic", pair.topic, "--allowed_lateness", "1h")
    (pulled,) = topics.pull(pair.subscription, 1)
    assert (pulled.data, pulled.attributes) == (event("e1"), ATTRIBUTES)
    assert "warning: 1 events are older than --allowed_lateness 1h." in said.out
    young = run("--table", "late_events", "--dry_run", "--allowed_lateness", "36500d")
    assert "warning" not in young.out


def test_a_dry_run_counts_and_publishes_nothing(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said], tmp_path: Path
) -> None:
    insert(undecided(event("e1")), sample_records.dead(b"", reason=DeadLetterReason.NOT_JSON))
    pair = topics.create()
    said = run("--topic", pair.topic, "--dry_run")
    assert topics.pull_all(pair.subscription) == []
    assert said.code == 0
    assert "  settle  rule_failed         1\n1 would be sent; this was a dry run\n" in said.out
    assert run("--output", str(tmp_path / "events.jsonl"), "--dry_run").code == 0
    assert list(tmp_path.iterdir()) == []


def test_running_it_again_publishes_the_same_again(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said]
) -> None:
    insert(undecided(event("e1")))
    pair = topics.create()
    for _ in range(2):
        assert run("--topic", pair.topic).code == 0
    assert [one.data for one in topics.pull(pair.subscription, 2)] == [event("e1")] * 2


def test_many_go_in_several_requests(topics: Topics, insert: Callable[..., None], run: Callable[..., Said]) -> None:
    events = [event(f"e{number}") for number in range(1_203)]
    for start in range(0, len(events), 400):
        insert(*(undecided(one) for one in events[start : start + 400]))
    pair = topics.create()
    assert "1,203 published" in run("--topic", pair.topic).out
    assert sorted(one.data for one in topics.pull(pair.subscription, 1_203)) == sorted(events)


def test_a_topic_that_is_not_there_is_a_sentence(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said]
) -> None:
    insert(undecided(event("e1")))
    gone = "projects/kittiwake-test/topics/gone"
    said = run("--topic", gone)
    assert (said.code, said.out, said.err) == (2, "", f"reingest: error: there is no topic {gone}\n")


def test_what_pubsub_refuses_stops_the_run(
    topics: Topics, insert: Callable[..., None], run: Callable[..., Said]
) -> None:
    insert(undecided(event("e1")))
    bad_name = "projects/kittiwake-test/topics/!"
    said = run("--topic", bad_name)
    assert said.code == 1
    assert f"0 published to {bad_name}\n" in said.out
    assert "stopped: Pub/Sub refuses: " in said.out


def test_a_topic_that_goes_away_meanwhile_stops_the_run_which_says_how_much_was_published(topics: Topics) -> None:
    pair = topics.create()
    asked: list[int] = []

    def feeds() -> Iterator[Redelivery]:
        for number in range(20 * publishing.REQUEST_MESSAGES):
            if number == publishing.REQUEST_MESSAGES + 1:  # the first request is made
                assert len(topics.pull(pair.subscription, publishing.REQUEST_MESSAGES)) == publishing.REQUEST_MESSAGES
                publishing.PublisherClient().delete_topic(topic=pair.topic)
            asked.append(number)
            yield Redelivery(event(f"e{number}"), {}, 0)

    published = publishing.publish(pair.topic, feeds())
    assert published == (publishing.REQUEST_MESSAGES, f"there is no topic {pair.topic} any more")
    assert len(asked) < 10 * publishing.REQUEST_MESSAGES


def test_tables_that_are_not_there_are_a_sentence(
    topics: Topics, tables: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tables.create_dataset()
    assert reingest.main(["--dataset", empty, "--dry_run"]) == 2
    said = capsys.readouterr().err
    assert said == (
        f"reingest: error: there is no {empty}.dead_letters_latest: "
        "see --dataset, and launch the job once with --create_tables\n"
    )


def test_the_file_it_writes_is_an_input_of_the_backfill(
    insert: Callable[..., None], run: Callable[..., Said], tmp_path: Path
) -> None:
    insert(undecided(event("e1")), undecided(json.dumps(json.loads(event("e2")), indent=1).encode()))
    file = tmp_path / "again" / "events.jsonl"
    said = run("--output", str(file))
    assert (said.code, f"2 written to {file}\n" in said.out) == (0, True)
    assert "warning" not in said.out
    rules = tmp_path / "rules.yaml"
    rules.write_text("account: acme\nrules:\n  - id: cart\n    when: cart.item_added\n    wait: 1s\n")
    backfill = ["kittiwake.pipelines.backfill", "--rules", rules, "--input", file, "--output", tmp_path / "out"]
    subprocess.run([sys.executable, "-m", *map(str, backfill), "--until", "2026-11-04T00:00:00Z"], check=True)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["events"], summary["dead_letters"]) == (2, {})
    again = run("--output", str(file))
    assert (again.code, again.err) == (2, f"reingest: error: --output {file} is there already: name another file\n")


def test_what_cannot_be_written_is_a_sentence_and_leaves_nothing(
    insert: Callable[..., None], run: Callable[..., Said], tmp_path: Path
) -> None:
    insert(undecided(event("e1")))
    (tmp_path / "file").write_text("")
    said = run("--output", str(tmp_path / "file" / "events.jsonl"))
    assert said.code == 2
    assert "cannot write to" in said.err


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--dataset", "shop", "--dry_run"], "--dataset shop: write project.dataset"),
        (["--topic", "events"], "--topic events: write projects/PROJECT/topics/TOPIC"),
        ([], "say where they go"),
        (["--topic", "projects/p/topics/t", "--output", "a.jsonl"], "--topic and --output"),
        (["--output", "gs://bucket/a.jsonl"], "write a file of this machine"),
        (["--output", "a.parquet"], "write a file of this machine"),
        (["--dry_run", "--table", "late_events", "--reason", "too_old"], "late events have no --stage"),
        (["--dry_run", "--since", "yesterday"], "--since yesterday: write a time with offset"),
        (["--dry_run", "--since", "2026-11-02T00:00:00Z", "--until", "2026-11-01T00:00:00Z"], "nothing happened"),
        (["--dry_run", "--limit", "0"], "--limit 0: write a number from 1 on"),
        (["--dry_run", "--allowed_lateness", "long"], "--allowed_lateness long"),
        (["--dry_run", "--input_shape", "segment"], "--input_account"),
    ],
)
def test_what_is_typed_wrongly_is_a_sentence(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reingest.main([*([] if "--dataset" in flags else ["--dataset", "shop-1.marketing"]), *flags]) == 2
    said = capsys.readouterr().err
    assert said.startswith("reingest: error: ")
    assert message in said
    assert said.count("\n") == 1
