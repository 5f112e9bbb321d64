"""The smoke run's parts, without a service: what it sends, compares, reports, and that it always tears down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("google.cloud.bigquery")

from kittiwake.pipelines.decisions.columns import NAMES
from kittiwake.rules.loader import load
from kittiwake.terminal.ending import StopRequest
from kittiwake.terminal.exit_codes import Exit
from templates.smoke import hosting, run
from templates.smoke.__main__ import main, run_id
from templates.smoke.comparing import compare
from templates.smoke.journal import Done, Journal, JournalError, Outcome, read_journal
from templates.smoke.report import lines, report_of
from templates.smoke.run import RULES, Deadline, StepFailedError
from templates.smoke.settings import Settings
from templates.smoke.shop import LATE_S, deliveries, parts
from templates.smoke.steps import STEPS, Step
from tests.templates.dataflow_service import refused

EMAIL = "kittiwake-stream@shop-1.iam.gserviceaccount.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    template = "gs://shop-1-templates/templates/stream-1.json"
    return Settings("1130-0800-ab12", "shop-1", "europe-west4", "shop-1-dataflow", template, tmp_path / "run")


# ---------------------------------------------------------------- what is sent


def test_a_thousand_events_are_sent_some_late_some_twice_and_the_same_each_time() -> None:
    sent = deliveries("r", 1_000, 3)
    events = [one for one in sent if not one.is_copy]
    assert (len(events), len(sent)) == (1_000, 1_100)
    assert len({one.fields["event_id"] for one in events}) == 1_000
    assert sum(one.delay_s >= LATE_S for one in events) > 50
    assert sum(0 < one.delay_s < LATE_S for one in events) > 20, "tills that were offline"
    assert [one.at_s for one in sent] == sorted(one.at_s for one in sent)
    assert deliveries("r", 1_000, 3) == sent
    assert deliveries("s", 1_000, 3)[0].fields["event_id"] != sent[0].fields["event_id"]


@pytest.mark.parametrize("number", [1, 110, 1_100])
def test_each_is_sent_in_one_part(number: int) -> None:
    found = list(parts(number).values())
    assert [found[0].begin, found[-1].end] == [0, number]
    assert [one.end for one in found[:-1]] == [one.begin for one in found[1:]]


def test_an_update_brings_one_rule_more_and_the_others_stay_as_they_are() -> None:
    first, second = (yaml.safe_load((RULES / name / "acme.yaml").read_text())["rules"] for name in ("first", "second"))
    load(RULES / "second")
    assert second[: len(first)] == first
    assert [one["id"] for one in second[len(first) :]] == ["thank-you"]


def test_the_form_of_the_template_takes_what_is_sent(settings: Settings) -> None:
    assert refused(settings.parameters("gs://shop-1-dataflow/x/snapshots/*.jsonl")) == []
    assert refused({"dataset": "no dataset", "colour": "red"}) != []


# ---------------------------------------------------------------- what is compared

ROW = dict.fromkeys(NAMES) | {
    "trigger_id": "t1", "rule_id": "cart", "contact_id": "ada-0", "time": "2026-11-30T08:00:00Z", "decision": "fired",
    "revision": 0, "mode": "replay", "late": False,
}  # fmt: skip


def row(**fields: Any) -> dict[str, Any]:
    return {**ROW, **fields}


def test_rows_that_say_the_same_are_equal_however_a_host_came_to_them() -> None:
    found = compare([row()], [row(decision="revoked"), row(revision=2, mode="stream", late=True)])
    assert (found.rows, found.fired, found.taken_back, found.differences) == (1, 1, 0, [])


def test_each_way_to_differ_is_told() -> None:
    replay = [row(), row(trigger_id="t2", decision="suppressed", reason="capped"), row(trigger_id="t3")]
    stream = [
        row(include="{}", rule_version="b"),
        row(trigger_id="t3", revision=1, decision="revoked"),
        row(trigger_id="t4"),
    ]
    found = compare(replay, stream)
    assert [(one.trigger_id, one.replay, one.stream, one.columns) for one in found.differences] == [
        ("t1", "fired", "fired", ("rule_version", "include")),
        ("t2", "suppressed capped", "", ()),
        ("t3", "fired", "", ()),
        ("t4", "", "fired", ()),
    ]
    assert found.taken_back == 1


def test_what_only_waits_for_the_end_of_a_run_is_no_row() -> None:
    assert compare([row(decision="deferred")], []).differences == []


# ---------------------------------------------------------------- the command


def test_a_dry_run_says_what_would_be_made_and_paid_for_and_asks_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--project", "shop-1", "--region", "europe-west4", "--bucket", "b-1", "--dry_run"]
    assert main([*asked, "--template", "gs://b-1/templates/stream-1.json"]) == Exit.FINE
    said = capsys.readouterr().out
    for step in STEPS:
        assert f" {step.name} " in said
    for wanted in ("-events", "-triggers", "shop-1.kittiwake_smoke_", "gs://b-1/kittiwake-smoke-", "vCPU hours"):
        assert wanted in said


def test_options_that_are_wrong_are_refused_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["--bucket", "gs://b-1", "--events", "5", "--subnetwork", "kittiwake", "--service_account_email", "me"]
    assert main(["--project", "shop-1", "--region", "moon", *wrong]) == Exit.UNUSABLE
    said = [line.split()[2] for line in capsys.readouterr().err.splitlines()]
    assert said == ["--region", "--bucket", "--template", "--service_account_email", "--subnetwork", "--events"]


def test_a_folder_that_holds_no_run_is_refused(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--resume", str(tmp_path / "none")]) == Exit.UNUSABLE
    settings.output.mkdir()
    Journal(settings, is_torn_down=True).save()
    assert main(["--tear_down", str(settings.output)]) == Exit.UNUSABLE
    said = capsys.readouterr().out.splitlines()
    assert ["holds no run" in said[0], "is deleted: begin a new one" in said[1]] == [True, True]


def test_no_two_runs_have_one_name() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert len({run_id(now) for _ in range(20)}) > 10


def test_a_journal_is_read_as_it_was_written(settings: Settings) -> None:
    settings.output.mkdir()
    journal = Journal(settings)
    assert journal.begin("topic", settings.events_topic) is False
    assert journal.begin("topic", settings.events_topic) is True
    journal.started("7")
    journal.record(Done("check", Outcome.DONE, "2026-11-30T08:00:00Z", 1.0, {"rows": 1}))
    assert read_journal(settings.output) == journal
    journal.file.write_text("{}")
    with pytest.raises(JournalError, match="holds no run"):
        read_journal(settings.output)


# ---------------------------------------------------------------- it always ends


class Places:
    """A cloud in which nothing is, and nothing happens."""

    def __init__(self, *_: Any) -> None:
        self.left: list[str] = []
        PLACES.append(self)

    def delete(self) -> list[str]:
        self.deleted = True
        return self.left


class Jobs:
    def __init__(self, *_: Any) -> None:
        self.cancelled: list[str] = []

    def active(self) -> list[str]:
        return [] if self.cancelled else ["7"]

    def ask_for(self, job_id: str, _: Any) -> None:
        self.cancelled.append(job_id)

    def errors(self, _: str) -> list[str]:
        return []


PLACES: list[Any] = []


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., None]]:
    """What the steps do, which a test may replace: nothing."""
    PLACES.clear()
    done: dict[str, Callable[..., None]] = {one.name: lambda *_: None for one in STEPS}
    monkeypatch.setattr(run, "_DO", done)
    monkeypatch.setattr(hosting, "Places", Places)
    monkeypatch.setattr(hosting, "Dataflow", Jobs)

    @contextmanager
    def no_clients(_: Any) -> Iterator[None]:
        yield

    monkeypatch.setattr(hosting, "clients_of", no_clients)
    return done


def start(settings: Settings, *, keep: bool = False) -> tuple[int, dict[str, Any]]:
    code = hosting.new_run(settings, keep=keep, stop=StopRequest(), say=lambda _: None)
    found: dict[str, Any] = json.loads((settings.output / "report.json").read_text())
    return code, found


def test_a_run_whose_steps_are_done_has_passed(settings: Settings, steps: dict[str, Any]) -> None:
    code, report = start(settings)
    assert (code, report["passed"], report["not_begun"], PLACES[0].deleted) == (Exit.FINE, True, [], True)


def test_a_step_that_fails_is_reported_with_what_to_do_and_everything_is_deleted(
    settings: Settings, steps: dict[str, Any]
) -> None:
    def fail(*_: Any) -> None:
        raise StepFailedError(f"job 7 of shop-1: {EMAIL} may not read gs://shop-1-dataflow")

    steps["launch"] = fail
    code, report = start(settings)
    assert (code, report["passed"], PLACES[0].deleted) == (Exit.FINDINGS, False, True)
    assert [(one["name"], one["outcome"]) for one in report["steps"]] == [
        ("check", "done"), ("create", "done"), ("launch", "failed"),
    ]  # fmt: skip
    assert report["not_begun"] == ["update", "freeze", "drain", "warm_start", "go_on"]
    assert report["steps"][-1]["problem"] == "job 7 of PROJECT: ACCOUNT may not read gs://BUCKET"
    page = (settings.output / "report.md").read_text()
    assert "Cloud Logging" in page
    assert [name for name in ("shop-1", EMAIL) if name in page + json.dumps(report)] == []


def test_an_interrupted_run_is_torn_down_too(settings: Settings, steps: dict[str, Any]) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    steps["freeze"] = interrupt
    _, report = start(settings)
    assert (report["steps"][-1]["outcome"], report["passed"], PLACES[0].deleted) == ("interrupted", False, True)


def test_a_crash_of_ours_tears_down_too(settings: Settings, steps: dict[str, Any]) -> None:
    steps["drain"] = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        start(settings)
    assert PLACES[0].deleted


def test_what_could_not_be_deleted_is_named_and_the_run_has_not_passed(
    settings: Settings, steps: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Places, "delete", lambda _: ["topic projects/shop-1/topics/x: 403"])
    code, report = start(settings)
    assert (code, report["left"]) == (Exit.FINDINGS, ["topic projects/PROJECT/topics/x: 403"])
    assert not read_journal(settings.output).is_torn_down


def test_a_run_that_was_kept_goes_on_where_it_failed(settings: Settings, steps: dict[str, Any]) -> None:
    begun: list[str] = []
    for name in steps:
        steps[name] = lambda *_, name=name: begun.append(name)
    steps["update"] = lambda *_: (_ for _ in ()).throw(StepFailedError("no"))
    assert start(settings, keep=True)[0] == Exit.FINDINGS
    assert not hasattr(PLACES[0], "deleted")
    steps["update"] = lambda *_: begun.append("update")
    again = hosting.old_run(settings.output, only_tear_down=False, keep=False, stop=StopRequest(), say=lambda _: None)
    assert again == Exit.FINE
    assert begun == [one.name for one in STEPS]
    assert PLACES[1].deleted


def test_tearing_down_does_no_step(settings: Settings, steps: dict[str, Any]) -> None:
    settings.output.mkdir()
    Journal(settings).save()
    steps["check"] = lambda *_: pytest.fail("a step is done")
    code = hosting.old_run(settings.output, only_tear_down=True, keep=False, stop=StopRequest(), say=lambda _: None)
    assert (code, PLACES[0].deleted, read_journal(settings.output).is_torn_down) == (Exit.FINE, True, True)


def test_a_step_has_failed_when_its_time_is_over() -> None:
    with pytest.raises(StepFailedError, match="the drain has taken longer than the 0 minutes"):
        Deadline(Step("drain", "", 0.01, "")).sleep(5, "the drain")


def test_a_report_has_the_rows_that_differ(settings: Settings) -> None:
    settings.output.mkdir()
    differing = compare([row()], []).differences[0]._asdict()
    journal = Journal(settings, facts={"differences": [differing], "used": {"7": {"TotalVcpuTime": 120.0}}})
    page = "\n".join(lines(report_of(journal, [])))
    assert "| t1 | cart | ada-0 | fired | nothing |" in page
    assert "| 7 | TotalVcpuTime | 120 |" in page
