"""From the keys beside `rules` that prepare events to the preparation of one account: what "*" says first.

Pure. Called by `compile.account` and `compile.versions`; what it is given has passed the loader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kittiwake.kernel.plan.preparation import Preparation
from kittiwake.rules.compile.cast import casts_of
from kittiwake.rules.compile.derive import derivation_of, derivation_of_lines
from kittiwake.rules.compile.repeats import repeats_of
from kittiwake.rules.ruleset import RuleSet

if TYPE_CHECKING:
    from kittiwake.input.shapes.base import Lines


def preparation_of(ruleset: RuleSet, account_id: str, lines: tuple[Lines, ...] = ()) -> Preparation:
    """What becomes of an account's events before its rules see them.

    `lines` are those of the shape of its input: each is derived from, but for types that the rules derive themselves.
    """
    said = ruleset.preparing(account_id)
    own = {written.event for one in said for written in one.derive or ()}
    of_shape = (one for one in lines if one.event not in own)
    return Preparation(
        tuple(cast for one in said for written in one.cast or () for cast in casts_of(written)),
        tuple(repeats_of(written) for one in said for written in one.repeats or ()),
        (
            *map(derivation_of_lines, of_shape),
            *(derivation_of(written) for one in said for written in one.derive or ()),
        ),
    )
