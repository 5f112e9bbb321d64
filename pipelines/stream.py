"""The streaming job: events of a Pub/Sub subscription in; triggers to a topic, everything else into BigQuery.

    python -m pipelines.stream --subscription NAME --rules TARGET --trigger_topic NAME --dataset PROJECT.DATASET

Dataflow runs it by itself once it is launched; without --runner it runs in this process, until somebody ends it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam takes a second to load

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import ReadFromPubSub
from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.runners.runner import PipelineResult

from kittiwake.errors import UnusableError
from kittiwake.foreign import visible
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.terminal import printing
from kittiwake.terminal.ending import asked, ended, interrupted, listen
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.durations import format_duration
from pipelines.google.bigquery_tables import client_of, create_tables
from pipelines.google.storage_write import expansion_service
from pipelines.options.stream import ParsedOptions, StreamOptions, parse_stream_options
from pipelines.preflight.check import Checked, Verdict, check
from pipelines.refusals import refused
from pipelines.runner import IN_PROCESS, check_endpoint, hush, is_dataflow, new_pipeline, streaming_flags
from transforms.logs import log_to_stderr
from transforms.sinks.bigquery import Method, SinkInputs, WriteTables
from transforms.sinks.json_files import WriteJsonLines
from transforms.sinks.pubsub import PublishTriggers
from transforms.stream.evaluate import EvaluateRules
from transforms.stream.parse import ParseMessages
from transforms.stream.seed import LoadSnapshots, SnapshotSource

END_S: Final = 5
"""So long a runner in this process may take to end what it is at; it may be waiting for messages for half a minute."""
AGAIN: Final = "ended as you asked; run again, it decides the same"
"""Of recorded events, whoever runs the job."""
GONE: Final = "ended as you asked; what was waiting to be settled was in memory and is gone"
"""Of messages, in this process."""


def main(argv: Sequence[str] | None = None) -> int:
    """Check, or check and launch; the exit code."""
    return ended("stream", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    hush()
    try:
        wanted = parse_stream_options(argv)
        return _check(wanted) if wanted.options.check else _launch(wanted)
    except UnusableError as error:
        say_problems(str(error).split("\n"))
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        say("interrupted; nothing was launched")
        return interrupted()
    except Exception as error:  # noqa: BLE001 - told, and an exit of its own
        refusal = refused(error)
        if refusal is not None:
            say_problems([refusal])
            return Exit.UNUSABLE
        printing.remark_crash("stream")
        say(f"failed: {error}")
        return Exit.FAILED


def say(text: str) -> None:
    """One line for whoever launches, on standard error."""
    printing.remark("stream", text)


def say_problems(problems: Sequence[str]) -> None:
    """Each on a line of its own."""
    for problem in problems:
        say(f"error: {problem}")


def _together(problems: Sequence[str]) -> str:
    """Problems as lines, of which what is foreign in them begins none."""
    return "\n".join(map(visible, problems))


def _check(wanted: ParsedOptions) -> int:
    """Tell how everything is, on standard output."""
    checked = check(wanted.options)
    for finding in checked.findings:
        printing.say(f"{finding.verdict:8}{finding.text}")
    for problem in wanted.problems:
        printing.say(f"{Verdict.WRONG:8}{problem}")
    if wanted.problems or checked.problems:
        return Exit.UNUSABLE
    return Exit.FINDINGS if any(one.verdict is Verdict.REFUSED for one in checked.findings) else Exit.FINE


# ---------------------------------------------------------------- launch


def _launch(wanted: ParsedOptions) -> int:
    """Launch the job; where this process runs it, stay with it until it ends.

    Raises:
        UnusableError: something is not as the job needs it; nothing was launched.
    """
    options = wanted.options
    if wanted.problems:
        raise UnusableError(_together(wanted.problems))
    _create_tables(options)
    checked = check(options)
    if checked.problems:
        raise UnusableError(_together(checked.problems))
    assert checked.rules is not None
    java = expansion_service(options.expansion_jar) if options.method is Method.STORAGE_WRITE else None
    check_endpoint(options.beam_flags)
    pipeline = new_pipeline(options.runner, (*streaming_flags(options.runner), *options.beam_flags))
    build(pipeline, options, checked.rules, checked.snapshots, java)
    _tell(options, checked)
    if options.runner == IN_PROCESS:
        return _ran(pipeline)
    result = pipeline.run()
    listen()  # Beam's runner of Prism has taken Ctrl-C for itself, to end Prism under the running job
    return _left(result, options) if is_dataflow(options.runner) else _stayed(result, options)


def _create_tables(options: StreamOptions) -> None:
    if not options.create_tables or options.dataset is None:
        return
    done = create_tables(client_of(options.dataset), options.dataset, options.table_expiry_days)
    for name in done.made:
        say(f"created {name}")
    if done.problems:
        raise UnusableError(_together(done.problems))


def build(
    pipeline: beam.Pipeline,
    options: StreamOptions,
    rules: RulesSource,
    snapshots: Sequence[SnapshotSource] = (),
    java: Any = None,
) -> None:
    """The graph: read, take, settle, tell. Labels stay: a running job is updated by them.

    The local runner's watermark is the clock, so that an attribute could do nothing there but to fail its reading.
    """
    messages = pipeline | "Read" >> _source(options)
    taken = messages | "Parse" >> ParseMessages(rules, options.shape, options.max_age_us)
    seeds = pipeline | "LoadSnapshots" >> LoadSnapshots(snapshots)
    coming = (taken.arrivals, seeds) | "MergeSnapshots" >> beam.Flatten()
    settled = coming | "Evaluate" >> EvaluateRules(rules, options.waits, options.shape, options.max_age_us)
    dead_letters = [taken.dead, settled.dead_letters]
    if options.trigger_topic is not None:
        dead_letters.append(settled.decisions | "PublishTriggers" >> PublishTriggers(options.trigger_topic))
    if options.dataset is None and options.output is None:
        return
    dead = tuple(dead_letters) | "MergeDeadLetters" >> beam.Flatten()
    tellings = SinkInputs(settled.decisions, dead, settled.late_events)
    if options.dataset is not None:
        _ = tellings | "WriteTables" >> WriteTables(options.dataset, options.recorded, options.method, java)
    if options.output is not None:
        _ = tellings | "WriteJsonLines" >> WriteJsonLines(options.output)


def _source(options: StreamOptions) -> beam.PTransform:
    """Where messages come from.

    Raises:
        UnusableError: recorded events cannot be read.
    """
    if options.events is not None:
        return options.events.source(options.shape)
    return ReadFromPubSub(
        subscription=options.subscription,
        id_label=options.id_label,
        with_attributes=True,
        timestamp_attribute=options.timestamp_attribute if is_dataflow(options.runner) else None,
    )


def _tell(options: StreamOptions, checked: Checked) -> None:
    """What the job will do, before it does it."""
    for finding in checked.findings:
        say(finding.text if finding.verdict is Verdict.OK else f"{finding.verdict}: {finding.text}")
    waits = options.waits
    time = _time_told(options)
    say(
        f"settles an event when the watermark (by {time}) is {format_duration(waits.settle_delay_us)} past it, "
        f"each {format_duration(waits.resolution_us)}; corrects for {format_duration(options.allowed_lateness_us)}"
    )
    if options.subscription is not None and not is_dataflow(options.runner):
        say("this runner's watermark is the clock, whatever the messages say; its state is lost when it ends")
    if options.runner == IN_PROCESS:
        say(
            "in this process all events are taken in before anything is decided; --runner=PrismRunner decides meanwhile"
        )
    if options.dataset is None and options.output is None:
        say("without --dataset, decisions, dead letters and late events are counted and kept nowhere")


def _time_told(options: StreamOptions) -> str:
    if options.events is not None:
        return "the time of the recorded events"
    return "publish time" if options.timestamp_attribute is None else f"attribute {options.timestamp_attribute}"


def _left(result: PipelineResult, options: StreamOptions) -> int:
    """A service has it now."""
    cloud = GoogleCloudOptions(list(options.beam_flags))
    say(f"launched: gcloud dataflow jobs show {result.job_id()} --region={cloud.region} --project={cloud.project}")
    return Exit.FINE


def _ran(pipeline: beam.Pipeline) -> int:
    """Run recorded events in this process, which goes on when they are over."""
    log_to_stderr()
    say("running; Ctrl-C ends it")
    if not _ended(lambda: pipeline.run().wait_until_finish()):
        say(AGAIN)
    return Exit.FINE


def _stayed(result: PipelineResult, options: StreamOptions) -> int:
    """Wait until the job ends: by failing, or because recorded events were over."""
    log_to_stderr()
    say("running; Ctrl-C ends it")
    if not _ended(result.wait_until_finish):
        ending = threading.Thread(target=result.cancel, daemon=True)
        ending.start()
        ending.join(END_S)
        say(GONE if options.events is None else AGAIN)
    return Exit.FINE


def _ended(wait: Callable[[], object]) -> bool:
    """Wait for the end; False: somebody has asked for it. Beam tells that as the failure of the step it was at."""
    try:
        wait()
    except (Exception, KeyboardInterrupt):
        if asked() is None:
            raise
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
