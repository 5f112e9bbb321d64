"""The log of a streaming job: each event of `kittiwake.stream.logs` is one line of JSON, through `logging`.

Steps call `log`. Workers need no set-up, for the runner's handler passes the line on as the text of a record (Dataflow
wraps it). A main calls `log_to_stderr`, so that a line is printed as it is.

Importing this module changes the process: Beam no longer logs elements at level DEBUG, which would be personal data.
Whoever imports `kittiwake.beam` and a step of it inherits that.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

from kittiwake.stream.logs import LogEvent, Severity, Value, line_of

LOGGER: Final = logging.getLogger("kittiwake")

_QUOTES_ELEMENTS: Final = "apache_beam.runners.worker.operations"
"""Beam's logger that at level DEBUG prints every element it moves, personal data and all."""


def _is_no_debugging(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


# At import, which every worker does before it runs a step, whatever log level the job has.
logging.getLogger(_QUOTES_ELEMENTS).addFilter(_is_no_debugging)

_LEVELS: Final = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


def log(event: LogEvent, **fields: Value) -> None:
    """Write one line."""
    LOGGER.log(_LEVELS[event.severity], line_of(event, fields))


def log_to_stderr() -> None:
    """Let this process write our lines, and nothing around them, to its standard error. Further calls do nothing."""
    if LOGGER.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
