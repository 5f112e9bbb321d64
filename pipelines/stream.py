"""The streaming job: events of a Pub/Sub subscription in; triggers to a topic, everything else into BigQuery.

    python -m pipelines.stream --subscription NAME --rules TARGET --trigger_topic NAME --dataset PROJECT.DATASET

Dataflow runs it by itself once it is launched; without --runner it runs in this process, until somebody ends it.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import ReadFromPubSub
from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.runners.runner import PipelineResult

from kittiwake.replay.errors import UnusableError
from kittiwake.stream.known import Rules
from kittiwake.time.durations import format_duration
from pipelines.check import Checked, Verdict, check
from pipelines.exits import DONE, FAILED, INTERRUPTED, UNUSABLE
from pipelines.runner import IN_PROCESS, check_endpoint, hush, is_dataflow, new_pipeline, streaming_flags
from pipelines.storage_write import expansion_service
from pipelines.stream_options import Asked, StreamOptions, parse_stream_options
from pipelines.tables import client_of, create_tables
from transforms.delivering import PublishTriggers
from transforms.hosting import SettleStream
from transforms.keeping import KeepRows
from transforms.logs import log_to_stderr
from transforms.seeding import SeedContacts
from transforms.tables import Method, Tellings, WriteTables
from transforms.taking import TakeMessages

END_S: Final = 5
"""So long a runner in this process may take to end what it is at; it may be waiting for messages for half a minute."""
AGAIN: Final = "ended as you asked; run again, it decides the same"
"""Of recorded events, whoever runs the job."""
GONE: Final = "ended as you asked; what was waiting to be settled was in memory and is gone"
"""Of messages, in this process."""
_ASKED: Final = threading.Event()
"""Set when somebody has asked for the end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Check, or check and launch; the exit code."""
    hush()
    _listen()
    try:
        asked = parse_stream_options(argv)
        return _check(asked) if asked.options.check else _launch(asked)
    except UnusableError as error:
        say_problems(str(error).splitlines())
        return UNUSABLE
    except KeyboardInterrupt:
        say("interrupted; nothing was launched")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - told, and an exit of its own
        traceback.print_exc()
        say(f"failed: {error}")
        return FAILED


def _listen() -> None:
    """What ends a container ends the job as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """From here on only we speak: a runner's threads complain at length of what ends under them, such as its Prism."""
    _ASKED.set()
    threading.excepthook = lambda _: None
    logging.disable()
    raise KeyboardInterrupt


def say(text: str) -> None:
    """One line for whoever launches, on standard error."""
    print(f"stream: {text}", file=sys.stderr, flush=True)


def say_problems(problems: Sequence[str]) -> None:
    """Each on a line of its own."""
    for problem in problems:
        say(f"error: {problem}")


def _check(asked: Asked) -> int:
    """Tell how everything is, on standard output."""
    checked = check(asked.options)
    for finding in checked.findings:
        print(f"{finding.verdict:8}{finding.text}")
    for problem in asked.problems:
        print(f"{Verdict.WRONG:8}{problem}")
    return UNUSABLE if asked.problems or checked.problems else DONE


# ---------------------------------------------------------------- launch


def _launch(asked: Asked) -> int:
    """Launch the job; where this process runs it, stay with it until it ends.

    Raises:
        UnusableError: something is not as the job needs it; nothing was launched.
    """
    options = asked.options
    if asked.problems:
        raise UnusableError("\n".join(asked.problems))
    _create_tables(options)
    checked = check(options)
    if checked.problems:
        raise UnusableError("\n".join(checked.problems))
    assert checked.rules is not None
    java = expansion_service(options.expansion_jar) if options.method is Method.STORAGE_WRITE else None
    check_endpoint(options.beam_flags)
    pipeline = new_pipeline(options.runner, (*streaming_flags(options.runner), *options.beam_flags))
    build(pipeline, options, checked.rules, checked.snapshots, java)
    _tell(options, checked)
    if options.runner == IN_PROCESS:
        return _ran(pipeline)
    result = pipeline.run()
    _listen()  # Beam's runner of Prism has taken Ctrl-C for itself, to end Prism under the running job
    return _left(result, options) if is_dataflow(options.runner) else _stayed(result, options)


def _create_tables(options: StreamOptions) -> None:
    if not options.create_tables or options.dataset is None:
        return
    done = create_tables(client_of(options.dataset), options.dataset, options.table_expiry_days)
    for name in done.made:
        say(f"created {name}")
    if done.problems:
        raise UnusableError("\n".join(done.problems))


def build(
    pipeline: beam.Pipeline,
    options: StreamOptions,
    rules: Rules,
    snapshots: Sequence[str] = (),
    java: Any = None,
) -> None:
    """The graph: read, take, settle, tell. Labels stay: a running job is updated by them.

    The local runner's watermark is the clock, so that an attribute could do nothing there but to fail its reading.
    """
    messages = pipeline | "Read" >> _source(options)
    taken = messages | "Take" >> TakeMessages(rules, options.shape, options.max_age_us)
    seeds = pipeline | "Seed" >> SeedContacts(snapshots)
    coming = (taken.arrivals, seeds) | "Coming" >> beam.Flatten()
    settled = coming | "Settle" >> SettleStream(rules, options.waits, options.shape, options.max_age_us)
    dead_letters = [taken.dead, settled.dead]
    if options.trigger_topic is not None:
        dead_letters.append(settled.told | "Publish" >> PublishTriggers(options.trigger_topic))
    if options.dataset is None and options.output is None:
        return
    dead = tuple(dead_letters) | "Dead" >> beam.Flatten()
    tellings = Tellings(settled.told, dead, settled.late)
    if options.dataset is not None:
        _ = tellings | "Tables" >> WriteTables(options.dataset, options.recorded, options.method, java)
    if options.output is not None:
        _ = tellings | "Keep" >> KeepRows(options.output)


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
        f"each {format_duration(waits.grid_us)}; corrects for {format_duration(options.allowed_lateness_us)}"
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
    return DONE


def _ran(pipeline: beam.Pipeline) -> int:
    """Run recorded events in this process, which goes on when they are over."""
    log_to_stderr()
    say("running; Ctrl-C ends it")
    if not _ended(lambda: pipeline.run().wait_until_finish()):
        say(AGAIN)
    return DONE


def _stayed(result: PipelineResult, options: StreamOptions) -> int:
    """Wait until the job ends: by failing, or because recorded events were over."""
    log_to_stderr()
    say("running; Ctrl-C ends it")
    if not _ended(result.wait_until_finish):
        ending = threading.Thread(target=result.cancel, daemon=True)
        ending.start()
        ending.join(END_S)
        say(GONE if options.events is None else AGAIN)
    return DONE


def _ended(wait: Callable[[], object]) -> bool:
    """Wait for the end; False: somebody has asked for it. Beam tells that as the failure of the step it was at."""
    try:
        wait()
    except (Exception, KeyboardInterrupt):
        if not _ASKED.is_set():
            raise
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
