"""Check of `rollout`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, check_range
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.rollout import RolloutObject


def check_rollout(rollout: RolloutObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A percentage."""
    yield from check_range(rollout.percent, (*path, "percent"), 0, 100, "a percentage")
