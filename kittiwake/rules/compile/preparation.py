"""From the keys beside `rules` that prepare events to the preparation of one account: what "*" says first.

Pure. Called by `compile.account` and `compile.versions`; what it is given has passed the loader.
"""

from __future__ import annotations

from kittiwake.kernel.plan.preparation import Preparation
from kittiwake.rules.compile.cast import casts_of
from kittiwake.rules.compile.derive import derivation_of
from kittiwake.rules.compile.repeats import repeats_of
from kittiwake.rules.ruleset import RuleSet


def preparation_of(ruleset: RuleSet, account_id: str) -> Preparation:
    """What becomes of an account's events before its rules see them."""
    said = ruleset.preparing(account_id)
    return Preparation(
        tuple(cast for one in said for written in one.cast or () for cast in casts_of(written)),
        tuple(repeats_of(written) for one in said for written in one.repeats or ()),
        tuple(derivation_of(written) for one in said for written in one.derive or ()),
    )
