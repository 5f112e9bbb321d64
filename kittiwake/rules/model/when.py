"""Model of `when`: an event match, a sequence, or a change in the catalogue.

Pure. Checked further by `check.when`, read by `compile.when`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from kittiwake.rules.model.base import Tag, chosen, shape
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.match import ChangeMatch, MatchEntry, MatchObject, match_shape
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.text import EventType


def _when_tag(value: Any) -> str | None:
    if isinstance(value, dict):
        if "sequence" in value:
            return "|sequence"
        return "|item" if "item" in value and "event" not in value else match_shape(value)
    return shape(value)


When: TypeAlias = Annotated[
    Annotated[EventType, Tag("|text")]
    | Annotated[list[MatchEntry], Tag("|list")]
    | Annotated[MatchObject, Tag("|object")]
    | Annotated[ChangeMatch, Tag("|change")]
    | Annotated[SequenceObject, Tag("|sequence")]
    | Annotated[ItemObject, Tag("|item")],
    chosen(_when_tag, "an event match, a sequence or an item change is needed here", "Write, say, order.completed"),
]
