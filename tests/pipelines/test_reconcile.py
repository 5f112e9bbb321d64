"""Reconcile says of each trigger in which a stream and a backfill differ what differs, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.model import EventIds
from kittiwake.output.rows import Mode, decision_line, line
from kittiwake.reasons import Comparison, Difference, Outcome, Reason
from kittiwake.stream.records import DeadLetterRecord, LateEventRecord, decision_record
from kittiwake.stream.tables.rows import dead_letter_table_row, decision_table_row, late_event_table_row
from kittiwake.stream.tables.schema import DEAD_LETTERS, DECISIONS, LATE_EVENTS, RUNS
from kittiwake.time.instants import HOUR_US
from tests.stream.sample_records import AT_US, CLOCK_US, dead, decision, late

if TYPE_CHECKING:
    from tests.services.tables import Tables

pytest.importorskip("duckdb")
reconcile = pytest.importorskip("kittiwake.pipelines.reconcile")
store = pytest.importorskip("kittiwake.pipelines.decisions.store")
columns = pytest.importorskip("kittiwake.pipelines.decisions.columns")

SECRET = "c-1"
A, B = "a" * 32, "d" * 32
NEWER = {"rule_version": "000000000001"}


@dataclass
class Side:
    """What a host has written."""

    decisions: list[Any] = field(default_factory=list)
    dead: list[DeadLetterRecord] = field(default_factory=list)
    late: list[LateEventRecord] = field(default_factory=list)

    def in_folder(self, folder: Path, mode: Mode) -> Path:
        """The files of a run with it."""
        rows = {
            "decisions": [decision_line(one, mode) for one in self.decisions],
            "dead_letters": [line(dead_letter_table_row(one)) for one in self.dead],
            "late_events": [line(late_event_table_row(one)) for one in self.late],
        }
        for name, lines in rows.items():
            (folder / name).mkdir(parents=True)
            (folder / name / "part-00000-of-00001.jsonl").write_bytes(b"".join(one + b"\n" for one in lines))
        return folder


def held(trigger_id: str = A, **changes: Any) -> Any:
    """A candidate that came to nothing."""
    return decision(trigger_id, **{"decision": Outcome.SUPPRESSED, "fired_at_us": None, **changes})


def other(**changes: Any) -> Any:
    """A trigger of another contact, which both have: so far each has decided."""
    return decision("e" * 32, contact_id="c-2", time_us=AT_US + HOUR_US, fired_at_us=AT_US + HOUR_US, **changes)


def earlier(**changes: Any) -> Any:
    """A trigger of another rule, a moment before."""
    return decision(B, rule_id="welcome", time_us=AT_US - 1, fired_at_us=AT_US - 1, **changes)


def span(first_us: int, last_us: int) -> dict[str, Any]:
    """Of an episode."""
    return {"events": EventIds("e1", "e2", 2, first_us, last_us, "cart.item_added"), "threshold": None}


UNSEEN_EVENT = b'{"event_id": "e7", "contact_id": "nobody"}'
SEEN_EVENT = {"events": EventIds("e7", "e7", 1, AT_US, AT_US, "cart.item_added")}
LATER = {"time_us": AT_US + 2 * HOUR_US, "fired_at_us": AT_US + 2 * HOUR_US}
# For each reason a stream and a backfill that differ for it in a trigger; each has an account of its own.
CASES: dict[Difference, tuple[Side, Side]] = {
    Difference.NOT_YET_DUE: (Side([]), Side([decision(**LATER)])),
    Difference.OTHER_RULE_VERSION: (Side([other(**NEWER)]), Side([decision(), other()])),
    Difference.TOO_LATE: (Side(late=[late()]), Side([decision()])),
    Difference.DEAD_LETTER: (Side(dead=[dead(UNSEEN_EVENT)]), Side([decision(**SEEN_EVENT)])),
    Difference.PARTIAL_HISTORY: (Side([decision(partial_history=True)]), Side()),
    Difference.REVOKED: (
        Side([decision(), held(decision=Outcome.REVOKED, reason=Reason.LATE_EVENT, revision=1)]),
        Side([decision()]),
    ),
    Difference.ROLLOUT: (Side([held(reason=Reason.ROLLOUT)]), Side([decision()])),
    Difference.HOLDOUT: (Side([held(reason=Reason.HOLDOUT)]), Side([decision()])),
    Difference.SHADOW: (Side([held(reason=Reason.SHADOW)]), Side([decision()])),
    Difference.OTHER_ID: (
        Side([decision(A, **span(AT_US - 2, AT_US))]),
        Side([decision(B, **span(AT_US - 9, AT_US - 2))]),
    ),
    Difference.OTHER_RULESET_VERSION: (Side([other(ruleset_version="0")]), Side([decision(), other()])),
    Difference.CONSEQUENCE: (
        Side([held(reason=Reason.FREQUENCY_CAP), earlier(channel="push", **NEWER)]),
        Side([decision(), earlier()]),
    ),
    Difference.UNEXPLAINED: (Side([held(reason=Reason.NO_CONSENT)]), Side([decision()])),
}


def all_cases(which: int, *, without: Difference | None = None) -> Side:
    """The streams (0) or backfills (1) of all cases in one, and a trigger that is the last of both."""
    whole = Side([other()])
    for number, (reason, sides) in enumerate(CASES.items()):
        if reason is not without:
            own = {"account_id": reason.value}
            whole.decisions += [
                structs.replace(one, trigger_id=f"{number:02x}{one.trigger_id[2:]}", **own)
                for one in sides[which].decisions
            ]
            whole.dead += sides[which].dead
            whole.late += [structs.replace(one, **own) for one in sides[which].late]
    return whole


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Compares two sides written to files: the exit code, and what is printed as JSON."""

    def run(stream: Side, backfill: Side, *flags: str) -> tuple[int, Any]:
        folders = stream.in_folder(tmp_path / "s", Mode.STREAM), backfill.in_folder(tmp_path / "b", Mode.BACKFILL)
        capsys.readouterr()
        code = reconcile.main(["--stream", str(folders[0]), "--backfill", str(folders[1]), "--json", *flags])
        return code, json.loads(capsys.readouterr().out)

    return run


def reasons(said: Any) -> dict[tuple[str, str | None], int]:
    """How many triggers came out how, and why."""
    return {(one["found"], one["reason"]): one["number"] for one in said["rules"]}


def explained(said: Any) -> set[str]:
    """The accounts of cases in which something differs, each for the reason that it is called by."""
    return {one["account_id"] for one in said["rules"] if one["reason"] == one["account_id"]}


def test_every_reason_has_its_case() -> None:
    assert set(CASES) == set(Difference)


def test_what_differs_comes_with_the_reason_that_was_found(run: Callable[..., tuple[int, Any]]) -> None:
    code, said = run(all_cases(0), all_cases(1))
    assert explained(said) == {str(reason) for reason in Difference}
    assert (code, said["ok"], said["unexplained"], said["equal"]) == (1, False, 1, 3)


def test_either_side_may_lack_a_trigger(run: Callable[..., tuple[int, Any]]) -> None:
    _, said = run(all_cases(1, without=Difference.UNEXPLAINED), all_cases(0, without=Difference.UNEXPLAINED))
    of_streams = {Difference.TOO_LATE, Difference.REVOKED, Difference.UNEXPLAINED}
    assert explained(said) >= {str(reason) for reason in Difference if reason not in of_streams}


def test_what_is_explained_is_no_finding_unless_it_has_to_be_equal(run: Callable[..., tuple[int, Any]]) -> None:
    sides = all_cases(0, without=Difference.UNEXPLAINED), all_cases(1, without=Difference.UNEXPLAINED)
    code, said = run(*sides)
    assert (code, said["ok"], said["unexplained"]) == (0, True, 0)


def test_equal_triggers_are_equal_however_a_host_came_to_them(run: Callable[..., tuple[int, Any]]) -> None:
    stream = [decision(revision=0, channel="sms"), decision(revision=1, late=True, replaces=("9" * 32,)), other()]
    code, said = run(Side(stream), Side([decision(replaces=()), other(**NEWER), held("8" * 32)]), "--strict")
    assert (code, reasons(said)) == (0, {(Comparison.EQUAL, None): 2})


def test_each_column_that_a_consumer_acts_on_is_compared(run: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    changed = {"include": "{}", "variant": "b", "threshold": Decimal("0.2"), "time_us": AT_US + 1}
    output = tmp_path / "rows.jsonl"
    output.write_text("what an earlier run has left\n")
    code, said = run(
        Side([decision(**changed), other()]), Side([decision(), other()]), "--strict", "--output", str(output)
    )
    assert (code, said["different"], said["equal"]) == (1, 1, 1)
    (row,) = map(json.loads, output.read_text().splitlines())
    assert row["detail"] == "time, threshold, include, variant"
    assert (row["trigger_id"], row["contact_id"], row["time"]) == (A, SECRET, "2026-11-03T02:15:00.000001Z")


def test_only_what_fell_due_within_the_time_asked_for_is_compared(run: Callable[..., tuple[int, Any]]) -> None:
    until = "2026-11-03T03:15:00.000001Z"  # when `other` fell due
    _, said = run(Side([decision()]), Side([decision(), other()]), "--until", until)
    assert reasons(said) == {(Comparison.EQUAL, None): 1}


def test_nothing_to_compare_is_no_success(run: Callable[..., tuple[int, Any]]) -> None:
    assert run(Side([held()]), Side([held()]))[0] == 1


def test_what_cannot_be_used_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = str(Side([decision()]).in_folder(tmp_path / "one", Mode.STREAM))
    (tmp_path / "broken/decisions").mkdir(parents=True)
    (tmp_path / "broken/decisions/part.jsonl").write_text('{"trigger_id": "c-1"}\n')
    for flags, said in (
        (("--backfill", str(tmp_path)), "has no files of decisions or triggers: name the folder of a run"),
        (("--backfill", str(tmp_path / "broken")), "part.jsonl:1: no row of Kittiwake's output"),
        (("--backfill", one, "--from", "2026-11-03"), "--from 2026-11-03: write a time with offset"),
        (("--backfill", one, "--output", "rows.csv"), "--output rows.csv: write a file of this machine"),
        (("--backfill", "bq://shop"), "bq://shop: write a dataset as bq://PROJECT.DATASET"),
    ):
        assert reconcile.main(["--stream", one, *flags]) == 2
        found = capsys.readouterr().err
        assert said in found
        assert SECRET not in found


def test_a_row_of_the_columns_is_the_line_that_it_was() -> None:
    for one in (decision(), held(reason=Reason.LIMIT, events=None, threshold=None, occurrence=None, replaces=())):
        text = decision_line(one, Mode.STREAM)
        assert columns.line_of(dict(zip(columns.NAMES, columns.values_of_line(text), strict=True))) == text


# ---------------------------------------------------------------- tables


def filled(tables: Tables, stream: Side, backfill: Side) -> Dataset:
    """A dataset with the tables of a job, in which both sides have written."""
    found = dataset_of(tables.create_dataset())
    assert found
    tables.create(found, DECISIONS, DEAD_LETTERS, LATE_EVENTS, RUNS)

    def insert(name: str, rows: Iterable[Any]) -> None:
        if rows := list(rows):
            assert tables.client.insert_rows_json(found.table(name), rows) == []

    at = "2026-11-04T00:00:00Z"
    ended = {
        "started_at": at,
        "finished_at": at,
        "attempt_id": "a",
        "release": "1",
        "summary": '{"until": "2026-12-01T00:00:00Z"}',
    }
    insert("runs", ({"run_id": one, **ended} for one in ("meant", "another")))
    for side, mode, run_id in ((stream, Mode.STREAM, None), (backfill, Mode.BACKFILL, "meant")):
        records = map(decision_record, side.decisions)
        insert("decisions", ({**decision_table_row(one, CLOCK_US), "mode": mode, "run_id": run_id} for one in records))
        insert("dead_letters", (dead_letter_table_row(one, run_id) for one in side.dead))
        insert("late_events", map(late_event_table_row, side.late))
    return found


def test_tables_are_compared_as_files_are_and_what_differs_goes_into_a_table(
    tables: Tables, run: Callable[..., tuple[int, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Side([other(), held(reason=Reason.NO_CONSENT)], [dead(UNSEEN_EVENT)], [late(contact_id="c-3")])
    backfill = Side([decision(**SEEN_EVENT), decision(B, contact_id="c-3", events=None), other(include="{}")])
    dataset = filled(tables, stream, backfill)
    another = {
        **decision_table_row(decision_record(decision("7" * 32, account_id="more")), CLOCK_US),
        "run_id": "another",
    }
    assert tables.client.insert_rows_json(dataset.table("decisions"), [{**another, "mode": "backfill"}]) == []
    # so that to all runs together the stream's dead letter makes no difference
    of_another = dead_letter_table_row(dead(UNSEEN_EVENT), "another")
    assert tables.client.insert_rows_json(dataset.table("dead_letters"), [of_another]) == []
    both = ["--stream", f"bq://{dataset.path}", "--backfill", f"bq://{dataset.path}", "--json"]
    found = []
    for flags in ([], ["--run_id", "meant"]):  # the second replaces what the first has written
        code = reconcile.main([*both, "--output", f"bq://{dataset.path}.differences", *flags])
        said = capsys.readouterr()
        assert said.err == ""
        found.append((code, json.loads(said.out)))
    of_files, (of_all, of_one) = run(stream, backfill), found
    assert (of_one[0], reasons(of_one[1])) == (of_files[0], reasons(of_files[1]))
    assert of_all[1]["missing"] == of_one[1]["missing"] + 1
    assert ("missing", "dead_letter") in reasons(of_one[1])
    assert ("missing", "dead_letter") not in reasons(of_all[1])
    assert reconcile.main([*both, "--run_id", "gone"]) == 2
    refused = capsys.readouterr().err
    assert "--run_id gone: no such run is in" in refused
    assert "meant" in refused
    rows = tables.query(f"SELECT found, reason, detail FROM `{dataset.path}.differences` ORDER BY found, reason")
    assert [tuple(row.values()) for row in rows] == [
        ("different", "unexplained", "include"),
        ("missing", "dead_letter", "suppressed: no_consent"),
        ("missing", "too_late", ""),
    ]


def test_tables_that_are_not_there_are_said(tables: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = tables.create_dataset()
    assert reconcile.main(["--stream", f"bq://{dataset}", "--backfill", f"bq://{dataset}"]) == 2
    assert f"there is no {dataset}.triggers: name the dataset of a stream" in capsys.readouterr().err


def test_every_column_of_the_rows_has_its_row_on_the_page(root: Path) -> None:
    from kittiwake.pipelines.decisions.differences import COLUMNS

    page = (root / "docs/how-to/reconcile.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        [f"`{one.name}`", one.type, one.mode.lower(), f"{one.description[0].upper()}{one.description[1:]}."]
        for one in COLUMNS
    ]
