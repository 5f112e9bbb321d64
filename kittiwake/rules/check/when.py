"""Checks of `when`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.catalog import check_item_change
from kittiwake.rules.check.match import NO_EARLIER_EVENT, check_match
from kittiwake.rules.check.sequence import check_sequence
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.when import When


def check_when(when: When, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """What arms the rule."""
    if isinstance(when, SequenceObject):
        yield from check_sequence(when, path)
    elif isinstance(when, ItemObject):
        yield from check_item_change(when, (*path, "item"))
    else:
        yield from check_match(when, path, no_same=NO_EARLIER_EVENT)
