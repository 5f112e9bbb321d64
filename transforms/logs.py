"""Writes the log of a streaming job: each event of `kittiwake.stream.logs` is one line of JSON, through `logging`.

Steps call `log`; workers need no setting up, for the runner's own handler passes the line on as a record's text
(Dataflow puts it into an envelope of its own). A main calls `log_to_stderr`, so that a line comes out as it is.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

from kittiwake.stream.logs import LogEvent, Severity, Value, line_of

LOGGER: Final = logging.getLogger("kittiwake")

_QUOTES_ELEMENTS: Final = "apache_beam.runners.worker.operations"
"""Beam's logger that at level DEBUG repeats every element it moves, personal data and all."""


def _is_no_debugging(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


# By being imported, for every worker that runs a step of ours does that first, whatever level its job was given.
logging.getLogger(_QUOTES_ELEMENTS).addFilter(_is_no_debugging)

_LEVELS: Final = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


def log(event: LogEvent, **fields: Value) -> None:
    """One line."""
    LOGGER.log(_LEVELS[event.severity], line_of(event, fields))


def log_to_stderr() -> None:
    """Let this process write our lines, and nothing around them, to its standard error; once, however often asked."""
    if LOGGER.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
