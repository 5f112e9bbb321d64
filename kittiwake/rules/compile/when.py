"""From `when` to what arms the rule.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.match import Matches
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.when import When


def when_of(written: When | None) -> Matches:
    """The matches that arm the rule; none for a sequence, a change in the catalogue and an audience."""
    return () if written is None or isinstance(written, (SequenceObject, ItemObject)) else matches_of(written)
