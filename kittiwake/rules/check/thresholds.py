"""Checks of `reaches`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import (
    Diagnostic,
    check_list,
    check_rising,
    numbered,
)
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    THRESHOLDS_MAX,
)
from kittiwake.rules.model.thresholds import ReachesObject


def check_reaches(written: ReachesObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Thresholds of a total."""
    if (written.count is None) == (written.sum is None):
        message = "a total is either a count or a sum"
        yield Diagnostic(path, Code.CLAUSE, message, "Write {count: true, at: […]} or {sum: total, at: […]}")
    yield from check_list(written.at, (*path, "at"), THRESHOLDS_MAX, "thresholds")
    yield from check_rising(written.at, (*path, "at"), "thresholds", "[250, 500, 1000]")
    for where, threshold in numbered(written.at, (*path, "at")):
        if threshold <= 0:
            message = f"a threshold is above 0, not {threshold}"
            yield Diagnostic(where, Code.OUT_OF_RANGE, message, "Write numbers above 0")
