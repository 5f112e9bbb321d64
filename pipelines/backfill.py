"""The main job: an archive of events in; triggers, decisions and dead letters out.

    python -m pipelines.backfill --rules RULES --input GLOB --output DIR [--until TIME]

Correct first: every event goes to its contact, every contact is sorted and evaluated once.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam takes a second to load

    from pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Sequence

from kittiwake.batch.record_batches import partitions_for
from kittiwake.batch.report import render, rules_text
from kittiwake.batch.settings import Stop
from kittiwake.batch.summary import Summary
from kittiwake.errors import UnusableError
from kittiwake.input.files import refuse_shaped
from kittiwake.output.formats import check_format
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, say_text
from kittiwake.terminal.progress import megabytes
from pipelines.graphs.backfill import build_backfill
from pipelines.locations import open_location, read_summary
from pipelines.options.backfill import BackfillOptions, parse_options
from pipelines.progress import say, show_progress
from pipelines.refusals import disk_error
from pipelines.runner import new_pipeline, silence_beam
from transforms.input_files import InputFile, input_files, shaped_input_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run one backfill; the exit code."""
    return run_to_end("backfill", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    silence_beam()
    try:
        summary = backfill(parse_options(argv), stop)
    except RulesError as error:
        for one in error.errors:
            say(f"error: {one}")
        return Exit.UNUSABLE
    except (UnusableError, TargetError) as error:
        say(f"error: {error}")
        return Exit.UNUSABLE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - reported, with an exit code of its own
        if _is_interrupt(error, stop):
            say("interrupted; the output is as it was")
            return stop.exit_code
        refusal = disk_error(error)
        if refusal is not None:
            say(f"error: {refusal}; the output is as it was")
            return Exit.UNUSABLE
        report_crash("backfill")
        say("failed; the output is as it was")
        return Exit.FAILED
    say_text(render(summary))
    return Exit.FINDINGS if summary.stopped or summary.findings else Exit.FINE


def _is_interrupt(error: BaseException, stop: StopRequest) -> bool:
    """Whether a person has stopped the run; a runner in this process raises that as another error."""
    return stop.signalled is not None or isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error)


def backfill(options: BackfillOptions, stop: StopRequest) -> Summary:
    """Read, evaluate, write; the summary of the run.

    Raises:
        RulesError: the rules cannot be run.
        TargetError: the target that holds them cannot be read.
        UnusableError: a file cannot be read, or the output not be written; the output is as it was.
    """
    check_format(options.written)
    history = load_rules(options.rules, by_account=not options.strict)
    programs = Programs(history, options.run.allowed_lateness_us, shape=options.run.shape)
    files = _files(options)
    pipeline = new_pipeline(options.runner, options.beam_flags)
    bytes_total = sum(file.size for file in files)
    location = open_location(options.output)
    try:
        say(f"{len(files)} file(s), {megabytes(bytes_total)}, {rules_text(programs.used)}")
        build_backfill(pipeline, files, programs, options.run, location, options.written)
        with show_progress(bytes_total, partitions_for(bytes_total), stop) as watched:
            watched.result = pipeline.run()
            stop.listen()  # Beam's runner of Prism has taken Ctrl-C for itself
            watched.result.wait_until_finish()
        summary = read_summary(location)
        if summary.stopped is Stop.UNREADABLE:
            raise UnusableError("; ".join(summary.counts.unreadable.values()))
        location.publish()
    except BaseException:
        location.discard()
        raise
    return summary


def _files(options: BackfillOptions) -> tuple[InputFile, ...]:
    """The files, each of which its shape can read."""
    run = options.run
    files = shaped_input_files(options.inputs, run.shapes) if run.shapes else input_files(options.inputs, run.shape)
    for file in files:
        refuse_shaped([file.name], run.shapes[file.shape] if run.shapes else run.shape)
    return files


if __name__ == "__main__":
    sys.exit(main())
