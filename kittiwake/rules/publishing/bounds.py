"""Bounds of publishing, each with its reason.

Pure. docs/how-to/publish-rules.md lists them; a test compares.
"""

from __future__ import annotations

from typing import Final

from kittiwake.time.instants import DAY_US, SECOND_US

POLL_INTERVAL_US: Final = 30 * SECOND_US
"""How often a running job polls the pointer: one small object, and rules change a few times a day."""
SKEW_US: Final = 30 * SECOND_US
"""How far clocks may be apart, the time included from the reading of the clock to the pointer's move."""
MIN_LEAD_US: Final = 2 * POLL_INTERVAL_US + SKEW_US
"""How far ahead a version has to be published: every job has seen it then, even if one poll failed."""
LEAD_MAX_US: Final = 366 * DAY_US
"""How far ahead a version can be published: nothing can come before it any more, so a mistyped year is refused."""
VERSIONS_MAX: Final = 500
"""Versions of a target: two a working day for a year. Every job reads all of them when it starts."""
MESSAGE_CHARS_MAX: Final = 2_000
"""Of why a version was published, and of who has: a page, which people read in a list."""
OBJECT_BYTES_MAX: Final = 64_000_000
"""A version with all its files, and the pointer: sixty files of the largest size, and far below a worker's memory."""
