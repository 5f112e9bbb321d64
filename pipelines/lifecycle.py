"""How a main's process begins, and how a streaming job is left, run, waited for and stopped.

`prepare_process` is for the mains alone, before they import Beam: what merely imports a module of ours stays as it is.
This module imports no Beam.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kittiwake.pipelines.refusals import INSTALL
from kittiwake.terminal.ending import StopRequest
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_line
from kittiwake.transforms.logs import log_to_stderr

if TYPE_CHECKING:
    import apache_beam as beam
    from apache_beam.runners.runner import PipelineResult

YOUNG_OBJECTS: Final = 1_000_000
"""New objects after which Python looks for cycles among them. Beam's modules alone are half a million that stay."""
END_S: Final = 5
"""How long a runner in this process may take to cancel a job; it may be waiting for messages for half a minute."""

_NO_BIGQUERY_CLIENT: Final = "apitools not found"


def prepare_process() -> None:
    """Tune the garbage collector, and silence a warning that Beam gives on the root logger as it is imported.

    Without Beam the process ends here, with code 2 and a line that says what to install.
    """
    if find_spec("apache_beam") is None:
        report_line(Path(sys.argv[0]).stem, f"error: Apache Beam is not installed: {INSTALL}")
        sys.exit(Exit.UNUSABLE)
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    logging.getLogger().addFilter(_is_relevant)


def _is_relevant(record: logging.LogRecord) -> bool:
    """Whether a record is no warning that Google's extra of Beam is missing, which only some jobs need."""
    return not record.getMessage().startswith(_NO_BIGQUERY_CLIENT)


def say(text: str) -> None:
    """One line of the streaming job for whoever launches it, on standard error."""
    report_line("stream", text)


def run_in_process(pipeline: beam.Pipeline, stop: StopRequest, stop_message: str) -> int:
    """Run recorded events in this process, and return when they are over."""
    _say_running()
    if not wait_until_done(lambda: pipeline.run().wait_until_finish(), stop):
        say(stop_message)
    return Exit.FINE


def wait_for_job(result: PipelineResult, stop: StopRequest, stop_message: str) -> int:
    """Wait until the job ends, by failing or because recorded events are over; cancel it when somebody asks."""
    _say_running()
    if not wait_until_done(result.wait_until_finish, stop):
        cancel_job(result)
        say(stop_message)
    return Exit.FINE


def cancel_job(result: PipelineResult) -> bool:
    """Ask a runner to cancel a job; whether it says in time that it has."""
    said = threading.Event()

    def cancel() -> None:
        result.cancel()
        said.set()

    threading.Thread(target=cancel, daemon=True).start()
    return said.wait(END_S)


def has_job(result: PipelineResult) -> bool:
    """Whether a runner has started a job; False: it has only written the graph, and a template's launcher starts it."""
    return getattr(result, "has_job", True)


def wait_until_done(wait: Callable[[], object], stop: StopRequest) -> bool:
    """Wait for the end; False: somebody has asked to stop. Beam raises that as the failure of the step it was at."""
    try:
        wait()
    except (Exception, KeyboardInterrupt):
        if stop.signalled is None:
            raise
        return False
    return True


def _say_running() -> None:
    log_to_stderr()
    say("running; Ctrl-C ends it")
