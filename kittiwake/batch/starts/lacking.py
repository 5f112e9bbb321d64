"""What snapshots say nothing of though the rules ask for it, as notes: a run goes on without, and says so.

Pure. Asked by every host that starts from snapshots, when it has found or read them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.compile.accounts import Programs


def lacking(programs: Programs, *, has_items: bool, has_feeds: bool) -> Iterator[str]:
    """A note each for items and for feeds; none of what no rule asks for."""
    if programs.has_catalog and not has_items:
        yield "there is nothing of items in the snapshots: to catalogue rules the first value of each item is its first"
    if programs.feeds.types and not has_feeds:
        types = ", ".join(sorted(programs.feeds.types))
        yield (
            f"there is nothing of feeds and breakers in the snapshots: {types} counts as neither silent nor flooded"
            " before its first event"
        )
