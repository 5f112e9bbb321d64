"""Draws: a contact's place among all, by a word; who is in the holdout and who gets which variant hangs on it.

Pure. Called by `evaluate.decisions` for the rows of a rule with variants, and by `run.eligibility` for the holdout.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha256

from kittiwake.kernel.plan.variants import Variants


def draw(salt: str, account_id: str, contact_id: str) -> int:
    """64 bits, the same wherever and whenever they are drawn; another word draws independently."""
    return int(sha256(f"{salt}:{account_id}:{contact_id}".encode()).hexdigest()[:16], 16)


def variant_of(variants: Variants, account_id: str, contact_id: str) -> str:
    """The variant that a contact gets."""
    return variants.names[bisect_right(variants.edges, draw(variants.salt, account_id, contact_id))]
