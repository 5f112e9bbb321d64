"""Checks of `audience`: its bounds, and the leaves of its tree.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.conditions import check_leaves, leaves
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CONDITIONS_MAX
from kittiwake.rules.model.conditions import ConditionTree


def check_audience(tree: ConditionTree, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The tree of an audience."""
    found = list(leaves(tree, path))
    if len(found) > CONDITIONS_MAX:
        message = f"this audience has {len(found)} conditions, more than {CONDITIONS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Split it into several audiences", at_key=True)
    yield from check_leaves(tree, path, "an audience has no event that asks")
