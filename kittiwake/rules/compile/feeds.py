"""From `feeds` and `breaker` of a policy to the kernel's.

Pure. Called by `compile.policy`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.policy import Feed
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.policy import PolicyObject


def feeds_of(written: PolicyObject) -> tuple[Feed, ...]:
    """The feeds, then the breakers, each by type: in which order they are written decides nothing."""
    feeds = sorted((written.feeds or {}).items())
    breakers = sorted((written.breaker or {}).items())
    return (
        *(Feed(name, span_us(one.every), one.mode == "hold") for name, one in feeds),
        *(Feed(name, span_us(one.per), one.mode == "hold", int(one.max)) for name, one in breakers),
    )
