"""The main job: an archive of events in; triggers, decisions and dead letters out.

    python -m pipelines.backfill --rules RULES --input GLOB --output DIR [--until TIME]

Correct first: every event goes to its contact, every contact is sorted and settled once.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam takes a second to load

import sys
from collections.abc import Sequence

import apache_beam as beam

from kittiwake.batch.record_batches import buckets_for
from kittiwake.batch.report import render, rules_text
from kittiwake.batch.settings import RunSettings, Stop
from kittiwake.batch.summary import Summary
from kittiwake.errors import UnusableError
from kittiwake.input.files import refuse_shaped
from kittiwake.input.splits import split_bytes_for
from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, SNAPSHOTS, SUMMARY, TRIGGERS
from kittiwake.output.formats import Format, check_format
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.ending import asked, ended, interrupted, listen
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import remark_crash, say_text
from kittiwake.terminal.progress import megabytes
from pipelines.locations import OutputLocation, open_location, read_summary
from pipelines.options.common import BackfillOptions, parse_options
from pipelines.progress import progress_shown, say
from pipelines.refusals import refused
from pipelines.runner import hush, new_pipeline
from transforms.batch.counts import SumCounts
from transforms.batch.evaluate import EvaluateHistories
from transforms.batch.input_files import input_files
from transforms.batch.parse import ParseRecords
from transforms.batch.read import InputFile, ReadRecords
from transforms.batch.snapshot_files import WriteManifest
from transforms.batch.write import WriteRows, WriteSummary


def main(argv: Sequence[str] | None = None) -> int:
    """Run one backfill; the exit code."""
    return ended("backfill", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    hush()
    try:
        summary = backfill(parse_options(argv))
    except RulesError as error:
        for one in error.errors:
            say(f"error: {one}")
        return Exit.UNUSABLE
    except (UnusableError, TargetError) as error:
        say(f"error: {error}")
        return Exit.UNUSABLE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told, and an exit of its own
        if _is_interrupt(error):
            say("interrupted; the output is as it was")
            return interrupted()
        refusal = refused(error)
        if refusal is not None:
            say(f"error: {refusal}; the output is as it was")
            return Exit.UNUSABLE
        remark_crash("backfill")
        say("failed; the output is as it was")
        return Exit.FAILED
    say_text(render(summary))
    return Exit.FINDINGS if summary.stopped or summary.findings else Exit.FINE


def _is_interrupt(error: BaseException) -> bool:
    """Whether a person has stopped the run; a runner in this process makes another error of it."""
    return asked() is not None or isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error)


def backfill(options: BackfillOptions) -> Summary:
    """Read, decide, write; what was done.

    Raises:
        RulesError: the rules cannot be run.
        TargetError: the target that holds them cannot be read.
        UnusableError: a file cannot be read, or the output not be written; the output is as it was.
    """
    check_format(options.written)
    programs = Programs(load_rules(options.rules, by_account=not options.strict), options.run.allowed_lateness_us)
    files = input_files(options.inputs)
    refuse_shaped((file.name for file in files), options.run.shape)
    pipeline = new_pipeline(options.runner, options.beam_flags)
    bytes_total = sum(file.size for file in files)
    place = open_location(options.output)
    try:
        say(f"{len(files)} file(s), {megabytes(bytes_total)}, {rules_text(programs.used)}")
        build(pipeline, files, programs, options.run, place, options.written)
        with progress_shown(bytes_total, buckets_for(bytes_total)) as watched:
            watched.result = pipeline.run()
            listen()  # Beam's runner of Prism has taken Ctrl-C for itself
            watched.result.wait_until_finish()
        summary = read_summary(place)
        if summary.stopped is Stop.UNREADABLE:
            raise UnusableError("; ".join(summary.counts.unreadable.values()))
        place.publish()
    except BaseException:
        place.discard()
        raise
    return summary


def build(
    pipeline: beam.Pipeline,
    files: tuple[InputFile, ...],
    programs: Programs,
    settings: RunSettings,
    place: OutputLocation,
    written: Format = Format.JSONL,
) -> None:
    """The graph: read, parse, group by bucket of contacts, settle, write; what is counted meets in the summary."""
    bytes_total = sum(file.size for file in files)
    read = pipeline | "Read" >> ReadRecords(files, split_bytes_for(bytes_total), settings.shape)
    parsed = read.blocks | "Parse" >> ParseRecords(settings, programs, buckets_for(bytes_total))
    intake = (read.counts, parsed.counts) | "SumInputCounts" >> SumCounts()
    decided = parsed.packs | "Evaluate" >> EvaluateHistories(programs, settings, Mode.BACKFILL, intake)
    total = (intake, decided.counts) | "SumAllCounts" >> SumCounts()

    _ = parsed.dead_letters | "WriteDeadLetters" >> WriteRows(place.path(DEAD_LETTERS), DEAD_LETTERS, written)
    _ = decided.decisions | "WriteDecisions" >> WriteRows(place.path(DECISIONS), DECISIONS, written)
    _ = decided.triggers | "WriteTriggers" >> WriteRows(place.path(TRIGGERS), TRIGGERS, written)
    if decided.snapshots is not None:
        folder = place.path(SNAPSHOTS)
        files = decided.snapshots | "WriteSnapshots" >> WriteRows(folder, SNAPSHOTS, Format.JSONL)
        _ = files | "WriteManifest" >> WriteManifest(folder)
    summary = WriteSummary(place.path(SUMMARY), Mode.BACKFILL, programs.used, settings)
    _ = total | "WriteSummary" >> summary


if __name__ == "__main__":
    sys.exit(main())
