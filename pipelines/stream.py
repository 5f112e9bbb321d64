"""The streaming job: events of a Pub/Sub subscription in; triggers to a topic, everything else into BigQuery.

    python -m kittiwake.pipelines.stream --subscription NAME --rules TARGET --trigger_topic NAME
        --dataset PROJECT.DATASET

Dataflow runs it by itself once it is launched; without --runner it runs in this process, until somebody ends it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam takes a second to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

from collections.abc import Iterator, Sequence

from kittiwake.errors import UnusableError
from kittiwake.pipelines.check import check
from kittiwake.pipelines.flags import error_lines
from kittiwake.pipelines.graphs.stream import stream_pipeline
from kittiwake.pipelines.lifecycle import has_job, run_in_process, say, wait_for_job
from kittiwake.pipelines.options.stream import ParsedOptions, StreamOptions, parse_stream_options
from kittiwake.pipelines.preflight.findings import NotReady, Ready, Verdict, has_refused
from kittiwake.pipelines.refusals import disk_error
from kittiwake.pipelines.runner import (
    IN_PROCESS,
    check_endpoint,
    is_dataflow,
    report_launch,
    silence_beam,
)
from kittiwake.terminal import printing
from kittiwake.terminal.ending import StopRequest, end_process, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.durations import format_duration
from kittiwake.transforms.sinks.base import SinkKind


def main(argv: Sequence[str] | None = None) -> int:
    """Check, or check and launch; the exit code."""
    return run_to_end("stream", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    silence_beam()
    try:
        parsed = parse_stream_options(argv)
        return _check(parsed) if parsed.options.check else _launch(parsed, stop)
    except UnusableError as error:
        report_errors(str(error).split("\n"))
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        say("interrupted; nothing was launched")
        return stop.exit_code
    except Exception as error:  # noqa: BLE001 - reported, with an exit code of its own
        refusal = disk_error(error)
        if refusal is not None:
            report_errors([refusal])
            return Exit.UNUSABLE
        printing.report_crash("stream")
        say(f"failed: {error}")
        return Exit.FAILED


def report_errors(messages: Sequence[str]) -> None:
    """Each on a line of its own, on standard error."""
    for message in messages:
        say(f"error: {message}")


def _check(parsed: ParsedOptions) -> int:
    """Print what the preflight check has found, on standard output."""
    checked = check(parsed.options, stream_pipeline)
    for finding in checked.findings:
        printing.say(f"{finding.verdict:8}{finding.text}")
    for problem in parsed.problems:
        printing.say(f"{Verdict.WRONG:8}{problem}")
    if parsed.problems or isinstance(checked, NotReady):
        return Exit.UNUSABLE
    return Exit.FINDINGS if has_refused(checked.findings) else Exit.FINE


# ---------------------------------------------------------------- launch


def _launch(parsed: ParsedOptions, stop: StopRequest) -> int:
    """Launch the job; where this process runs it, wait until it ends.

    Raises:
        UnusableError: something is not as the job needs it; nothing was launched.
    """
    options = parsed.options
    if parsed.problems:
        raise UnusableError(error_lines(parsed.problems))
    for sink in options.sinks:
        sink.prepare(say)
    checked = check(options, stream_pipeline)
    if isinstance(checked, NotReady):
        raise UnusableError(error_lines(checked.problems))
    check_endpoint(options.beam_flags)
    pipeline = stream_pipeline(options, checked.rules, checked.snapshots)
    for line in _notes(options, checked):
        say(line)
    stop_message = options.source.stop_message
    if options.runner == IN_PROCESS:
        return run_in_process(pipeline, stop, stop_message)
    result = pipeline.run()
    if not has_job(result):
        say("the graph is written; the job that a template starts from it runs by itself")
        return Exit.FINE
    stop.listen()  # Beam's runner of Prism has taken Ctrl-C for itself, to end Prism under the running job
    if is_dataflow(options.runner):
        report_launch("stream", pipeline, result)
        return Exit.FINE
    return wait_for_job(result, stop, stop_message)


def _notes(options: StreamOptions, checked: Ready) -> Iterator[str]:
    """What the job will do, before it does it."""
    for finding in checked.findings:
        yield finding.text if finding.verdict is Verdict.OK else f"{finding.verdict}: {finding.text}"
    timers, source = options.timers, options.source
    yield (
        f"evaluates an event when the watermark (by {source.watermark_clock}) is "
        f"{format_duration(timers.settle_delay_us)} past it, each {format_duration(timers.resolution_us)}; "
        f"corrects for {format_duration(options.allowed_lateness_us)}"
    )
    yield from source.notes(options.job)
    if options.runner == IN_PROCESS:
        yield ("in this process all events are read before anything is decided; --runner=PrismRunner decides meanwhile")
    if not any(sink.kind is SinkKind.RECORDS for sink in options.sinks):
        yield "without --dataset or --output, decisions, dead letters and late events are counted and kept nowhere"


if __name__ == "__main__":
    end_process(main())
