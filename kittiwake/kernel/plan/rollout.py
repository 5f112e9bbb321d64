"""The rollout of a rule, compiled: to how many contacts it is sent at first.

Read by `kernel.evaluate.rollout`.
"""

from __future__ import annotations

import msgspec

from kittiwake.values import Number


class Rollout(msgspec.Struct, frozen=True):
    """The rule is sent to the contacts whose draw lies in the first `percent`; the others it only watches."""

    percent: Number
    salt: str
