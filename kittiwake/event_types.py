"""Event types that the product itself gives a meaning, and those that "*" does not cover (rules.md, section 3).

Read by the shapes of input, by the compiler and by the kernel.
"""

from __future__ import annotations

from typing import Final

UNMATCHED_BY_ANY: Final = ("contact.", "consent.")
"""Types that "*" does not cover."""

UPDATED: Final = "contact.updated"
DELETED: Final = "contact.deleted"
MERGED: Final = "contact.merged"
ENDINGS: Final = frozenset({DELETED, MERGED})
"""Types that end a contact: nothing is known of it after such an event."""
GRANTED: Final = "consent.granted"
WITHDRAWN: Final = "consent.withdrawn"
