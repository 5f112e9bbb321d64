"""Options of recorded events: what they mean, what is refused, and that files are looked at before the launch."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.pipelines.flags import JobSettings
from kittiwake.pipelines.options.stream import parse_stream_options
from kittiwake.pipelines.runner import IN_PROCESS
from kittiwake.pipelines.sinks.json_files import FolderSink
from kittiwake.pipelines.sources.recorded import RecordedSource
from kittiwake.pipelines.stream import main
from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, Pace
from kittiwake.time.instants import MINUTE_US, SECOND_US
from kittiwake.transforms.stream.recorded_source import RECORDS_MAX
from tests.services.emulators.processes import free_port

BASE = ("--rules", "r", "--output", "out")
EVENTS = (*BASE, "--events", "a.jsonl")
QUEUE = (*BASE, "--subscription", "projects/shop-1/subscriptions/events")


def test_all_that_can_be_said_of_recorded_events() -> None:
    more = ("--events", "b/*.jsonl", "--pace", "2.5x", "--disorder", "5m", "--late", "90s", "--event_seed", "7")
    options, problems = parse_stream_options((*EVENTS, *more, "--events_per_bundle", "8", "--runner", "PrismRunner"))
    assert problems == ()
    disorder = Disorder(5 * MINUTE_US, 90 * SECOND_US, 7)
    assert options.source == RecordedSource(("a.jsonl", "b/*.jsonl"), disorder, Pace(None, 2.5), 8, stays_open=False)
    assert options.runner == "PrismRunner"
    assert options.sinks == (FolderSink(str(Path("out").absolute())),)


def test_what_is_not_said_of_them() -> None:
    options, problems = parse_stream_options(EVENTS)
    assert problems == ()
    assert options.source == RecordedSource(("a.jsonl",), Disorder(), AS_FAST_AS_CAN_BE, RECORDS_MAX, stays_open=False)
    assert options.runner == IN_PROCESS


REFUSED = {
    BASE: "events come from a --subscription or from files: name one of them",
    (*QUEUE, "--events", "a.jsonl"): "events come from a --subscription or from files: name one of them",
    (*QUEUE, "--pace", "2x"): "--pace is about recorded events: name their --events as well, or leave it out",
    (*QUEUE, "--stay_open"): "--stay_open is about recorded events",
    (*EVENTS, "--pace", "fast"): "--pace fast: write events a second (500/s) or a speed (60x)",
    (*EVENTS, "--late", "soon"): "--late soon: write 90s",
    (*EVENTS, "--event_seed", "-1"): "--event_seed -1: write a whole number",
    (*EVENTS, "--events_per_bundle", "0"): "--events_per_bundle 0: write a whole number up to 1,000,000",
    (*EVENTS, "--timestamp_attribute", "at"): "--timestamp_attribute and --id_label are about messages",
    (*EVENTS, "--stay_open"): "--stay_open needs another runner (--runner=PrismRunner)",
    (*EVENTS, "--direct_num_workers", "2"): "--direct_num_workers 2: in this process recorded events have one worker",
    (*EVENTS, "--direct_num_workers=0"): "--direct_num_workers 0: in this process recorded events have one worker",
}  # fmt: skip


@pytest.mark.parametrize(("argv", "said"), REFUSED.items(), ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_no_sense_is_refused(argv: tuple[str, ...], said: str) -> None:
    problems = parse_stream_options(argv).problems
    assert [one for one in problems if one.startswith(said)], problems


def test_packed_files_are_refused_whatever_their_name(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(gzip.compress(b"{}\n"))
    source = RecordedSource((str(path),), Disorder(), AS_FAST_AS_CAN_BE, 1, stays_open=False)
    with pytest.raises(UnusableError, match="is JSON lines in gzip: plain JSON lines are read; unpack it first"):
        source.step(JobSettings(IN_PROCESS, (), CANONICAL))


def test_a_runner_that_does_not_answer_is_reported_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules.yaml").write_text("account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n")
    (tmp_path / "events.jsonl").write_bytes(b"{}\n")
    argv = ("--rules", str(tmp_path / "rules.yaml"), "--output", str(tmp_path / "out"))
    runner = ("--runner", "PortableRunner", "--job_endpoint", f"localhost:{free_port()}")
    assert main([*argv, "--events", str(tmp_path / "events.jsonl"), *runner]) == 2
    assert "no runner answers there" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_text("account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n")
    argv = ("--rules", str(tmp_path), "--output", str(tmp_path / "out"), "--events", str(tmp_path / "none.jsonl"))
    assert main([*argv, "--check"]) == 2
    assert "error   cannot read" in capsys.readouterr().out
    assert main(argv) == 2
    assert "stream: error: cannot read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
