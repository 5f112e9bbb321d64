"""The main job: an archive of events in; triggers, decisions and dead letters out.

    python -m kittiwake.pipelines.backfill --rules RULES --input GLOB --output DIR [--until TIME]

Correct first: every event goes to its contact, every contact is sorted and evaluated once. The job finishes its output
itself, as its last step: whoever launches it waits for the summary, and need not.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam takes a second to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apache_beam.options.pipeline_options import GoogleCloudOptions
from msgspec.structs import replace

from kittiwake.batch.record_batches import partitions_for
from kittiwake.batch.report import render, rules_text
from kittiwake.batch.settings import Stop
from kittiwake.batch.starts.lacking import lacking
from kittiwake.batch.summary import Summary
from kittiwake.errors import UnusableError
from kittiwake.output.formats import check_format
from kittiwake.pipelines.flags import error_lines
from kittiwake.pipelines.graphs.backfill import build_backfill
from kittiwake.pipelines.inputs import Asked, FoundInputs, estimate_text, find_inputs
from kittiwake.pipelines.lifecycle import cancel_job, has_job
from kittiwake.pipelines.locations import OutputLocation, TablesRun, open_location
from kittiwake.pipelines.options.backfill import BackfillOptions, parse_options
from kittiwake.pipelines.preflight.dataflow import dataflow_problems, local_problems
from kittiwake.pipelines.preflight.snapshots import find_all
from kittiwake.pipelines.progress import say, show_progress
from kittiwake.pipelines.refusals import disk_error, output_error
from kittiwake.pipelines.runner import DASK, check_flags, is_dataflow, new_pipeline, report_launch, silence_beam
from kittiwake.private_files import kept_from_others
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, say_text
from kittiwake.terminal.progress import megabytes
from kittiwake.time.instants import format_instant
from kittiwake.transforms.snapshot_parts import SnapshotPart
from kittiwake.transforms.stream.snapshot_sources import FoundSnapshots

if TYPE_CHECKING:
    from apache_beam.runners.runner import PipelineResult


def main(argv: Sequence[str] | None = None) -> int:
    """Run one backfill; the exit code."""
    return run_to_end("backfill", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    silence_beam()
    try:
        options = parse_options(argv)
        if options.estimate:
            say_estimates(options)
            return Exit.FINE
        with kept_from_others(shared=options.shared):
            summary = backfill(options, stop)
    except RulesError as error:
        for one in error.errors:
            say(f"error: {one}")
        return Exit.UNUSABLE
    except (UnusableError, TargetError) as error:
        for line in str(error).split("\n"):
            say(f"error: {line}")
        return Exit.UNUSABLE
    except RunsOnError as error:
        say(f"interrupted; {error}")
        return stop.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - reported, with an exit code of its own
        return _failed(error, stop)
    if summary is None:
        say(f"the graph is written; the job that a template starts from it finishes {options.output} itself")
        return Exit.FINE
    say_text(render(summary))
    return Exit.FINE if summary.is_fine(allow_empty=options.run.allow_empty) else Exit.FINDINGS


def _failed(error: BaseException, stop: StopRequest) -> int:
    """Report a run that came to no output; the exit code."""
    if _is_interrupt(error, stop):
        say("interrupted; the output is as it was")
        return stop.exit_code
    refusal = disk_error(error)
    if refusal is not None:
        say(f"error: {refusal}; the output is as it was")
        return Exit.UNUSABLE
    unfinished = output_error(error)
    if unfinished is not None:
        say(f"error: {unfinished}")
        return Exit.UNUSABLE
    report_crash("backfill")
    say("failed; the output is as it was")
    return Exit.FAILED


def _is_interrupt(error: BaseException, stop: StopRequest) -> bool:
    """Whether a person has stopped the run; a runner in this process raises that as another error."""
    return stop.signalled is not None or isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error)


class RunsOnError(Exception):
    """Somebody has asked to end, and the runner has not confirmed it; says how to end the job."""


def backfill(options: BackfillOptions, stop: StopRequest) -> Summary | None:
    """Read, evaluate, write; the summary of the run. None: there is no run, only the graph of a template.

    Raises:
        RulesError: the rules cannot be run.
        TargetError: the target that holds them cannot be read.
        UnusableError: a file cannot be read, or the output not be written; the output is as it was.
        RunsOnError: as it says.
    """
    check_format(options.written)
    if is_dataflow(options.runner):
        _refuse_for_dataflow(options)
    programs = _programs(options)
    found = _found(options, programs)
    started = _start_from(options, programs)
    run = replace(options.run, snapshots_until_us=None if started is None else started.evaluated_to_us)
    tables = found.opened(say)
    pipeline = new_pipeline(options.runner, options.beam_flags)
    size_of_files = sum(file.size for file in found.files)
    bytes_total = size_of_files + tables.size
    location = open_location(options.output, _tables_run(options, programs))
    is_unseen = options.runner == DASK
    with show_progress(bytes_total, partitions_for(bytes_total), stop, quiet=is_unseen) as watched:
        try:
            read = f"{len(found.files)} file(s), {megabytes(size_of_files)}, " if found.files else ""
            say(f"{read}{rules_text(programs.used)}")
            build_backfill(pipeline, found.files, programs, run, location, options.written, tables, _parts(started))
            watched.result = pipeline.run()
            if not has_job(watched.result):
                location.release()
                return None
            stop.listen()  # Beam's runner of Prism has taken Ctrl-C for itself
            if is_dataflow(options.runner):
                report_launch("backfill", pipeline, watched.result)
            watched.result.wait_until_finish()
        except BaseException as error:
            if not location.is_finished():
                is_interrupted = _is_interrupt(error, stop)
                _leave(watched.result if is_interrupted else None, location, options)
                raise
    return _summary_of(location)


def _start_from(options: BackfillOptions, programs: Programs) -> FoundSnapshots | None:
    """The snapshots that contacts start from; None: they start with nothing.

    Raises:
        UnusableError: they cannot be read, or this run cannot go on from them.
    """
    if not options.start_from:
        return None
    try:
        found = find_all(options.start_from, _project(options))
    except UnusableError as error:
        raise UnusableError(f"--start_from: {error}") from error
    if found.refused:
        where, why = found.refused[0]
        said = f"{len(found.refused):,} row(s) are no snapshots, the first {where}: {why}"
        raise UnusableError(f"--start_from: {said}. Run the backfill again that wrote them")
    until_us, at = options.run.until_us, format_instant(found.evaluated_to_us)
    if until_us is not None and until_us < found.evaluated_to_us:
        raise UnusableError(f"--until {format_instant(until_us)}: the snapshots of --start_from are of {at} already")
    say(f"{found.name}, evaluated up to {at}: give it every event since then")
    for note in lacking(programs, has_items=found.has_items, has_feeds=found.has_feeds):
        say(note)
    return found


def _parts(started: FoundSnapshots | None) -> tuple[SnapshotPart, ...]:
    return () if started is None else started.sources


def _tables_run(options: BackfillOptions, programs: Programs) -> TablesRun | None:
    """What a run into tables needs beside their address; None: the output is a folder."""
    if options.run_id is None:
        return None
    say(f"run {options.run_id}: takes the place of an earlier run of this name in {options.output}, if there is one")
    return TablesRun(options.run_id, programs.used.ruleset_version, options.temp_location)


def _programs(options: BackfillOptions) -> Programs:
    history = load_rules(options.rules, by_account=not options.strict)
    return Programs(history, options.run.allowed_lateness_us, shape=options.run.shape)


def _found(options: BackfillOptions, programs: Programs) -> FoundInputs:
    asked = Asked(options.inputs, options.query, options.from_us, _project(options))
    return find_inputs(asked, options.run, programs)


def _project(options: BackfillOptions) -> str | None:
    """Which pays for what is read of BigQuery; None: that of each table."""
    return GoogleCloudOptions(list(options.beam_flags)).project if options.beam_flags else None


def say_estimates(options: BackfillOptions) -> None:
    """Say what a run would read, and read nothing.

    Raises:
        RulesError, TargetError, UnusableError: as `backfill`.
    """
    found = _found(options, _programs(options))
    for one in found.estimates():
        say(estimate_text(one))
    if found.files:
        say(f"{len(found.files)} file(s), {megabytes(sum(file.size for file in found.files))}")


def _leave(running: PipelineResult | None, location: OutputLocation, options: BackfillOptions) -> None:
    """Clear away what a job has written that has ended, or that is cancelled here.

    Raises:
        RunsOnError: it goes on.
    """
    if running is None or cancel_job(running):
        location.discard()
        return
    location.release()
    raise RunsOnError(f"the job may run on, and then finishes its output by itself. {_how_to_cancel(running, options)}")


def _how_to_cancel(running: PipelineResult, options: BackfillOptions) -> str:
    if not is_dataflow(options.runner):
        return "Ask its runner to cancel it"
    cloud = GoogleCloudOptions(list(options.beam_flags))
    return (
        f"To end it: gcloud dataflow jobs cancel {running.job_id()} --region={cloud.region} --project={cloud.project}"
    )


def _summary_of(location: OutputLocation) -> Summary:
    """The summary of a job that has ended."""
    summary, is_finished = location.summary(), location.is_finished()
    if is_finished and summary is not None:
        location.release()
        return summary
    location.discard()
    if summary is not None and summary.stopped is Stop.UNREADABLE:
        raise UnusableError("; ".join(summary.counts.unreadable.values()))
    raise UnusableError("the job has ended without its last step: somebody has cancelled it; the output is as it was")


def _refuse_for_dataflow(options: BackfillOptions) -> None:
    """Refuse a launch whose job could not run; rules are read here, and travel with it.

    Raises:
        UnusableError: a line for each thing that is missing, or that workers cannot reach.
    """
    problems = [
        *dataflow_problems(check_flags(options.beam_flags)),
        *local_problems("--input", options.inputs),
        *local_problems("--start_from", options.start_from),
        *local_problems("--output", [options.output]),
    ]
    if problems:
        raise UnusableError(error_lines(problems))


if __name__ == "__main__":
    sys.exit(main())
