"""What a rule says of itself, carried along: nothing is decided by it.

Read by `kernel.evaluate.include` and by explanations.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Said: TypeAlias = str | tuple[str, ...]
"""A text, or several."""


class About(msgspec.Struct, frozen=True):
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
