"""The ordinal of a record among those of its file that are equal to it byte for byte.

Pure but for what it remembers of one file. Depends on nothing but the file: so one worker has to read it whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from kittiwake.input.errors import UnsoundError
from kittiwake.input.lines import Block

ROWS_MAX: Final = 2_000_000
"""Different records of a file: about 300 MB of digests."""

DIGEST_BYTES: Final = 12
"""Of a record: among two million, two that differ share one with a probability of 10⁻¹⁶."""


def with_ordinals(blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks whose lines are numbered among those equal to them.

    Raises:
        UnsoundError: there are too many.
    """
    seen: dict[bytes, int] = {}
    for block in blocks:
        ordinals = []
        for line in block.lines:
            digest = blake2b(line, digest_size=DIGEST_BYTES).digest()
            number = seen.get(digest, 0) + 1
            seen[digest] = number
            ordinals.append(number)
        if len(seen) > ROWS_MAX:
            advice = "give it in several files, each of whole groups of equal rows"
            raise UnsoundError(
                f"it has more than {ROWS_MAX:,} different records, and its shape numbers equal ones: {advice}"
            )
        yield block._replace(ordinals=tuple(ordinals))
