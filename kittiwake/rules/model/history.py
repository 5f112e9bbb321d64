"""Models of questions about a contact's history: leaves of the trees of conditions.

Pure. Checked further by `check.history`, read by `compile.history`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field, Tag

from kittiwake.rules.model.base import Model
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import OwnPath, SamePaths
from kittiwake.rules.model.time import Duration

COMPARISONS: Final = ("gt", "gte", "lt", "lte", "eq")


class _Condition(Model):
    within: Duration | None = Field(None, description="how far back; left out: ever")
    same: SamePaths | None = Field(None, description="properties that must equal those of the event that asks")


class _Compared(_Condition):
    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in COMPARISONS]})

    gt: ExactNumber | None = Field(None, description="is greater than")
    gte: ExactNumber | None = Field(None, description="is at least")
    lt: ExactNumber | None = Field(None, description="is less than")
    lte: ExactNumber | None = Field(None, description="is at most")
    eq: ExactNumber | None = Field(None, description="equals")


class Count(_Compared):
    """The number of matching events."""

    count: EventMatch = Field(description="the events that are counted")


class Sum(_Compared):
    """The sum of a property over matching events."""

    sum: OwnPath = Field(description="the property that is summed")
    of: EventMatch = Field(description="the events over which it is summed")


class Distinct(_Compared):
    """The number of different values of a property over matching events."""

    distinct: OwnPath = Field(description="the property whose values are told apart")
    of: EventMatch = Field(description="the events over which they are counted")


class Present(_Condition):
    """There is a matching event."""

    present: EventMatch = Field(description="the event that must be there")


class Absent(_Condition):
    """There is no matching event."""

    absent: EventMatch = Field(description="the event that must not be there")


MEASURES: Final = ("count", "sum", "distinct", "present", "absent")

AnyCondition: TypeAlias = (
    Annotated[Count, Tag("|count")]
    | Annotated[Sum, Tag("|sum")]
    | Annotated[Distinct, Tag("|distinct")]
    | Annotated[Present, Tag("|present")]
    | Annotated[Absent, Tag("|absent")]
)
"""A branch of `model.conditions`, chosen there."""
HistoryCondition: TypeAlias = Count | Sum | Distinct | Present | Absent
