"""From `feeds` of a policy to the kernel's.

Pure. Called by `compile.policy`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.policy import Feed
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.policy import PolicyObject


def feeds_of(written: PolicyObject) -> tuple[Feed, ...]:
    """The feeds, by type: in which order they are written decides nothing."""
    feeds = sorted((written.feeds or {}).items())
    return tuple(Feed(name, span_us(feed.every), feed.mode == "hold") for name, feed in feeds)
