"""Lint of `reaches`.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil

from kittiwake.rules.diagnostics import Diagnostic, numbered
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.rule import Rule


def lint_thresholds(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Thresholds of a count that one event crosses together."""
    if rule.reaches is None or rule.reaches.count is None:
        return
    at = rule.reaches.at
    for path, (threshold, following) in numbered(list(pairwise(at)), ("reaches", "at")):
        if ceil(threshold) == ceil(following):
            message = f"a count crosses {threshold} and {following} with one event: the lower never fires"
            yield Diagnostic(path, LintCode.THRESHOLD_NEVER_FIRES, message, "Write whole numbers, each once")
