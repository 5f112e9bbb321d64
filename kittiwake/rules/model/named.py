"""Models of named matches: `matches` of a document, and `{match: NAME}`, by which a rule uses one.

Pure. Rules are read after names are written out (`kittiwake.rules.named`), so that no other model knows of them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, TypeAlias

from kittiwake.rules.limits import ID_CHARS_MAX, MATCHES_MAX
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model
from kittiwake.rules.model.match import EventMatch, Where
from kittiwake.rules.model.text import OwnPath, Paths

NAME_PATTERN: Final = rf"[A-Za-z][A-Za-z0-9_\-]{{0,{ID_CHARS_MAX - 1}}}"
"""No dot: most types of events have one."""

MatchName: TypeAlias = Annotated[str, Checked(lambda value: value, {"type": "string", "pattern": f"^{NAME_PATTERN}$"})]


class NamedMatches(Model):
    """Event matches by name."""

    SCHEMA: ClassVar[JsonSchema] = {
        "minProperties": 1,
        "maxProperties": MATCHES_MAX,
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
    }
    own_keys: dict[str, EventMatch]


class NamedMatchObject(Model):
    """A named match where it is used, with what is asked beside it."""

    match: MatchName = Field(description="the name of a match, from matches")
    where: Where | None = Field(None, description="what its properties must be beside what the named match says")
    same: Paths | None = Field(None, description="properties that must equal those of the newest arming event")
    item: OwnPath | None = Field(None, description="in a catalogue rule: the property that names the item")
