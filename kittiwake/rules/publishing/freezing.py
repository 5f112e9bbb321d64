"""Stop a rule set at an instant, and let it go on: only the pointer changes.

Works while a version is damaged: whoever freezes is in a hurry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from kittiwake.rules.publishing import layout
from kittiwake.rules.publishing.errors import ConflictError, UnchangedError
from kittiwake.rules.publishing.layout import Pointer
from kittiwake.rules.publishing.reading import pointer_of
from kittiwake.rules.publishing.target import Target
from kittiwake.time.instants import format_instant

ATTEMPTS: Final = 5
"""A publisher may be quicker once; five times in a row is no coincidence, and is reported."""


def freeze(target: Target, frozen_at_us: int) -> None:
    """Let nothing be decided beyond an instant.

    Raises:
        UnchangedError: the target is frozen already.
        ConflictError: somebody else changed it, again and again.
        TargetError: it cannot be read or written.
    """

    def change(pointer: Pointer) -> Pointer:
        if pointer.frozen_at is not None:
            advice = f"To move the instant, kittiwake unfreeze {target.location} first"
            raise UnchangedError(f"{target.location} has been frozen already, at {pointer.frozen_at}. {advice}.")
        return replace(pointer, frozen_at=format_instant(frozen_at_us))

    _change(target, change)


def unfreeze(target: Target) -> int:
    """Let a frozen rule set go on; the instant at which it was frozen.

    Raises:
        UnchangedError: it is not frozen.
        ConflictError: somebody else changed it, again and again.
        TargetError: it cannot be read or written.
    """

    def change(pointer: Pointer) -> Pointer:
        if pointer.frozen_at is None:
            raise UnchangedError(f"{target.location} is not frozen: nothing is to be done.")
        return replace(pointer, frozen_at=None)

    return layout.instant_us(_change(target, change).frozen_at or "")


def _change(target: Target, change: Callable[[Pointer], Pointer]) -> Pointer:
    """Swap the pointer for what `change` makes of it, over again if somebody was quicker; the one before."""
    for attempt in range(ATTEMPTS):
        held = pointer_of(target)
        try:
            target.swap(layout.POINTER, layout.written(change(held.pointer)), held.generation)
        except ConflictError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return held.pointer
    raise AssertionError("the last attempt returns or raises")
