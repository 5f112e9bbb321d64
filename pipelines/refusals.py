"""Errors of disks and of outputs, found in the errors that a runner raises instead; and of what is not installed.

A runner passes on the text of what a step raised, in this process or in another; the error itself is lost by then.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.output.folder import OutputError

INSTALL: Final = "pip install 'kittiwake[gcp]'"
INSTALL_OTEL: Final = "pip install 'kittiwake[otel]'"
INSTALL_DASK: Final = "pip install 'kittiwake[dask]'"
_GOOGLE: Final = ("google.cloud.bigquery", "google.cloud.storage", "google.pubsub_v1")
"""What is imported of the extra `gcp`, which comes as one."""

_OF_DISKS: Final = tuple(
    map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE))
)


def require_google(what: str) -> bool:
    """True where Google's clients are installed, which `what` needs.

    Raises:
        UnusableError: they are not; it says which extra has them.
    """
    if _is_installed(*_GOOGLE):
        return True
    raise UnusableError(f"{what} needs Google's clients, which are not installed: {INSTALL}")


def require_dask() -> None:
    """Nothing, where Dask is installed.

    Raises:
        UnusableError: it is not.
    """
    if not _is_installed("dask", "distributed"):
        raise UnusableError(f"--runner DaskRunner needs Dask, which is not installed: {INSTALL_DASK}")


def require_otel() -> bool:
    """True where OpenTelemetry's exporter is installed.

    Raises:
        UnusableError: it is not.
    """
    if _is_installed("opentelemetry.exporter.otlp.proto.http"):
        return True
    raise UnusableError(f"--trace_endpoint needs OpenTelemetry's exporter, which is not installed: {INSTALL_OTEL}")


def _is_installed(*modules: str) -> bool:
    """Whether all of them can be found."""
    try:
        return all(find_spec(name) is not None for name in modules)
    except ImportError:  # of a package around one
        return False


def disk_error(error: BaseException) -> str | None:
    """The error message on a disk that refused to write; None: the error is another."""
    why = _found("\n".join(str(one) for one in _chain(error)))
    return why and f"a disk refuses, that of the output or of {tempfile.gettempdir()}: {why}"


_OF_OUTPUTS: Final = re.compile(rf"\b{OutputError.__name__}: (.+?)(?: \[while running '.*)?$", re.MULTILINE)


def output_error(error: BaseException) -> str | None:
    """The error message of the step that finishes an output; None: the error is another."""
    found = _OF_OUTPUTS.search("\n".join(str(one) for one in _chain(error)))
    return found and found[1]


def is_worth_logging(record: logging.LogRecord) -> bool:
    """Whether a line of a runner's log says more than the error messages of `disk_error` and `output_error`."""
    said = record.getMessage()
    return _found(said) is None and not _OF_OUTPUTS.search(said)


def _found(text: str) -> str | None:
    return next((why for why in _OF_DISKS if why in text), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
