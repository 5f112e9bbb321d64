"""`make bigquery-demo`: the stream and the backfill agree in the end; and what it loads, publishes and prints."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.bigquery import __main__ as demo
from examples.bigquery import history
from tests.examples.running import python
from tests.services.emulators import bigquery, pubsub
from tests.services.skipping import skip_or_fail

SPAN = history.span_before(datetime(2026, 11, 30, 13, 5, tzinfo=UTC))


@pytest.mark.nightly
def test_the_stream_from_snapshots_and_the_backfill_fire_the_same_triggers(tmp_path: Path) -> None:
    skip_or_fail(pubsub.missing())
    skip_or_fail(bigquery.missing())
    said = python("-m", "examples.bigquery", "--output", tmp_path)
    found = re.search(r"^([\d,]+) equal, 0 missing, 0 extra, 0 different$", said, re.MULTILINE)
    assert found
    assert int(found[1]) > 10


def test_the_events_end_at_midnight_whatever_the_time_of_the_day() -> None:
    some = history.records(6, SPAN)
    times = [history.instant(record) for record in some]
    assert times == sorted(times)
    assert SPAN.begin <= times[0]
    assert times[-1] < SPAN.end == datetime(2026, 11, 30, tzinfo=UTC)
    assert history.span_before(SPAN.end) == history.span_before(SPAN.end + timedelta(hours=23)) == SPAN
    expiries = [record for record in some if "expires_at" in record["properties"]]
    assert expiries
    for record in expiries:
        day = datetime.fromisoformat(record["properties"]["expires_at"]).date()
        assert timedelta(29) <= day - history.instant(record).astimezone(UTC).date() <= timedelta(31)


def test_the_stream_is_given_what_comes_after_the_cut_and_an_hour_that_it_knows() -> None:
    times = [SPAN.cut + timedelta(minutes=minutes) for minutes in (-61, -60, -1, 0, 1)]
    some = [{"time": time.isoformat()} for time in times]
    assert history.streamed(some, SPAN) == some[1:]


def test_a_command_that_is_printed_can_be_pasted() -> None:
    long = ["python", "-m", "kittiwake.pipelines.backfill", "--input", "out/a b/*.jsonl", *(["--strict"] * 12)]
    for command in (long, ["kittiwake", "freeze", "out/rules"]):
        assert shlex.split(history.typed(command).replace("\\\n", "")) == command
    assert "\n" in history.typed(long)


def test_the_rows_of_an_answer_are_shown_below_their_columns_and_the_rest_is_counted() -> None:
    rows = [{"rule_id": "vip", "reason": None, "number": number} for number in (1, 2, 3)]
    assert history.in_columns(rows, 2) == [
        "rule_id  reason  number",
        "vip              1",
        "vip              2",
        "… 1 more",
    ]
    assert history.in_columns([], 2) == ["(no rows)"]


def test_what_is_missing_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert demo.main([]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"the demo cannot start: {pubsub.missing() or bigquery.missing()}\n")
