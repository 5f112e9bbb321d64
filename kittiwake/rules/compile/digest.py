"""From the model of `digest` to its plan.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.digest import Digest
from kittiwake.rules.model.digest import DigestObject


def digest_of(written: DigestObject | None) -> Digest | None:
    """The digest of a rule; None: it has none."""
    if written is None:
        return None
    return Digest(written.max, written.highest or written.lowest, written.lowest is None)
