"""Whoever launches a backfill may go away, or change its mind; what becomes of the job and of its output."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

from kittiwake.pipelines.backfill import main
from kittiwake.pipelines.graphs.backfill import build_backfill
from kittiwake.pipelines.locations import open_location
from kittiwake.pipelines.options.backfill import parse_options
from kittiwake.pipelines.runner import new_pipeline
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.transforms.input_files import input_files
from tests.input.inputs import record, write_lines, write_rules
from tests.pipelines.running import arguments


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    events = write_lines(tmp_path / "events.jsonl", [record()])
    return arguments(write_rules(tmp_path / "rules.yaml"), events, tmp_path / "out")


def test_a_job_finishes_its_output_though_nobody_waits_for_it(argv: list[str], tmp_path: Path) -> None:
    options = parse_options(argv)
    pipeline = new_pipeline(options.runner, options.beam_flags)
    location = open_location(options.output)
    programs = Programs(load_rules(options.rules))
    build_backfill(pipeline, input_files(options.inputs), programs, options.run, location, options.written)
    location.release()  # as the end of the launcher does
    pipeline.run()
    assert location.is_finished()
    assert location.summary() is not None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".kittiwake", "dead_letters", "decisions", "summary.json", "triggers",
    ]  # fmt: skip


class Template(PipelineRunner):
    """Writes the graph, and starts no job; as Dataflow's does where the job is a template."""

    def run_pipeline(self, pipeline: Any, options: Any) -> PipelineResult:
        result = PipelineResult(PipelineState.UNKNOWN)
        result.has_job = False
        return result


class Remote(PipelineRunner):
    """Somebody interrupts the launcher of a job that runs elsewhere."""

    answers: ClassVar[bool] = True
    cancelled: ClassVar[list[str]] = []

    def run_pipeline(self, pipeline: Any, options: Any) -> PipelineResult:
        return _Running(PipelineState.RUNNING)


class _Running(PipelineResult):
    def wait_until_finish(self, duration: int | None = None) -> str:
        raise KeyboardInterrupt

    def cancel(self) -> None:
        if not Remote.answers:
            threading.Event().wait(9)
        Remote.cancelled.append("job-1")


def test_a_launch_that_only_writes_a_graph_ends_well_and_says_who_goes_on(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, f"--runner={__name__}.Template"]) == Exit.FINE
    assert "the graph is written; the job that a template starts from it finishes" in capsys.readouterr().err


@pytest.mark.parametrize("answers", [True, False])
def test_an_interrupt_cancels_the_job_or_says_that_it_may_run_on(
    argv: list[str], tmp_path: Path, answers: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Remote, "answers", answers)
    monkeypatch.setattr(Remote, "cancelled", [])
    monkeypatch.setattr("kittiwake.pipelines.lifecycle.END_S", 5.0 if answers else 0.05)
    assert main([*argv, f"--runner={__name__}.Remote"]) == Exit.INTERRUPTED
    said = capsys.readouterr().err.splitlines()[-1]
    if answers:
        assert (Remote.cancelled, said) == (["job-1"], "backfill: interrupted; the output is as it was")
        assert not (tmp_path / "out").exists()
    else:
        assert said.startswith("backfill: interrupted; the job may run on, and then finishes its output by itself.")
        assert (tmp_path / "out" / ".partial").exists()
