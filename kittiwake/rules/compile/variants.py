"""From the shares of `variants` to the draws that each gets.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from itertools import accumulate

from kittiwake.kernel.plan.variants import Variants, draws_below
from kittiwake.rules.model.rule import Rule


def variants_of(rule: Rule) -> Variants | None:
    """The variants of a rule; None: it has none."""
    written = rule.variants
    if written is None:
        return None
    from fractions import Fraction  # noqa: PLC0415 - for rules with variants only

    shares = written.shares()
    edges = map(draws_below, accumulate(map(Fraction, shares.values())))
    return Variants(written.salt or rule.id, tuple(shares), tuple(edges))
