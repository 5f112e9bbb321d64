"""Models of questions about a contact's history: leaves of the trees of conditions.

Pure. Checked further by `check.history`, read by `compile.history`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, TypeAlias

from kittiwake.rules.model.base import Field, JsonSchema, Model, Tag
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.number import ExactNumber, ScalarValue
from kittiwake.rules.model.text import OwnPath, SamePaths
from kittiwake.rules.model.time import Duration, Window

COMPARISONS: Final = ("gt", "gte", "lt", "lte", "eq")
LAST_COMPARISONS: Final = (*COMPARISONS, "in")
"""Those of `last`, whose value may be a text or a bool."""


class _Condition(Model):
    within: Window | None = Field(
        None, description="how far back, or today, this_week, this_month or this_year by the contact's clock; else ever"
    )
    between: list[Duration] | None = Field(
        None,
        description="a range back, the farther end first: [30d, 7d]",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    same: SamePaths | None = Field(None, description="properties that must equal those of the event that asks")


class _Compared(_Condition):
    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": [name]} for name in COMPARISONS]}

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


class Avg(_Compared):
    """The average of a property over matching events; false of none."""

    avg: OwnPath = Field(description="the property whose average is taken")
    of: EventMatch = Field(description="the events over which it is taken")


class Min(_Compared):
    """The smallest value of a property over matching events; false of none."""

    min: OwnPath = Field(description="the property whose smallest value is taken")
    of: EventMatch = Field(description="the events over which it is taken")


class Max(_Compared):
    """The greatest value of a property over matching events; false of none."""

    max: OwnPath = Field(description="the property whose greatest value is taken")
    of: EventMatch = Field(description="the events over which it is taken")


class Last(_Condition):
    """The value of a property in the newest matching event that has one; false of none."""

    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": [name]} for name in LAST_COMPARISONS]}

    last: OwnPath = Field(description="the property whose newest value is taken")
    of: EventMatch = Field(description="the events of which the newest is taken")
    gt: ExactNumber | None = Field(None, description="is greater than")
    gte: ExactNumber | None = Field(None, description="is at least")
    lt: ExactNumber | None = Field(None, description="is less than")
    lte: ExactNumber | None = Field(None, description="is at most")
    eq: ScalarValue | None = Field(None, description="equals, in type too")
    in_: list[ScalarValue] | None = Field(None, alias="in", description="equals one of these")


class Present(_Condition):
    """There is a matching event."""

    present: EventMatch = Field(description="the event that must be there")


class Absent(_Condition):
    """There is no matching event."""

    absent: EventMatch = Field(description="the event that must not be there")


MEASURES: Final = ("count", "sum", "distinct", "avg", "min", "max", "last", "present", "absent")

AnyCondition: TypeAlias = (
    Annotated[Count, Tag("|count")]
    | Annotated[Sum, Tag("|sum")]
    | Annotated[Distinct, Tag("|distinct")]
    | Annotated[Avg, Tag("|avg")]
    | Annotated[Min, Tag("|min")]
    | Annotated[Max, Tag("|max")]
    | Annotated[Last, Tag("|last")]
    | Annotated[Present, Tag("|present")]
    | Annotated[Absent, Tag("|absent")]
)
"""A branch of `model.conditions`, chosen there."""
HistoryCondition: TypeAlias = Count | Sum | Distinct | Avg | Min | Max | Last | Present | Absent
