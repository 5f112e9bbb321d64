"""The models of a scenario file: all that its author may write (docs/how-to/test-rules.md).

Pure. Filled by `scenario_files`, which says where an error stands; played by `scenario_run`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from kittiwake.reasons import Reason
from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model, Schema, Tag, chosen, problem, shape, shown
from kittiwake.rules.model.number import ExactNumber, Flag, Whole
from kittiwake.rules.model.text import AccountId, Name, RuleId, one_of
from kittiwake.rules.model.time import Duration, ZoneName
from kittiwake.rules.source.tree import Node
from kittiwake.scenarios.times import TIME_OF_DAY, moment_problem

VERBS: Final = ("fired", "entered", "exited", "suppressed", "cancelled", "revoked", "deferred")
"""What a decision may be expected to be; the value beside it names the rule."""


class Written:
    """A value that is data, not language: kept as written, nulls too, and never looked into."""

    def __init__(self, value: Any) -> None:
        self.value = value


FREE_KEYS: Final = frozenset(
    {"with", "contact", "instance", "include", "events", "lists", "rules", "change", "add", "policy"}
)
"""Keys whose values are data, or parts of rules, which are read as such (`scenario_edits`)."""


def with_data(node: Node) -> Node:
    """The tree with everything under `FREE_KEYS` as one leaf each."""
    if isinstance(node.value, dict):
        entries = {key: _leaf(part) if key in FREE_KEYS else with_data(part) for key, part in node.value.items()}
        return Node(entries, node.mark, node.keys)
    if isinstance(node.value, list):
        return Node([with_data(part) for part in node.value], node.mark)
    return node


def _leaf(node: Node) -> Node:
    return Node(Written(_data(node)), node.mark)


def _data(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _data(part) for key, part in node.value.items()}
    if isinstance(node.value, list):
        return [_data(part) for part in node.value]
    return node.value


# ---------------------------------------------------------------- values


def _object(value: object) -> dict[str, Any]:
    data = value.value if isinstance(value, Written) else value
    if isinstance(data, dict):
        return data
    raise problem(Code.WRONG_SHAPE, f"an object is needed here, not {shown(data)}", "Write {product_id: p1}")


def _instances(value: object) -> list[dict[str, Any]]:
    data: Any = value.value if isinstance(value, Written) else value
    if isinstance(data, list) and all(isinstance(one, dict) for one in data):
        return data
    message = f"a list of instances is needed here, not {shown(data)}"
    raise problem(Code.WRONG_SHAPE, message, "Write [{product_id: p1}, {product_id: p2}]")


def _moment(value: object) -> str:
    if isinstance(value, str):
        found = moment_problem(value)
        if found is None:
            return value
        raise problem(Code.BAD_INSTANT, *found)
    raise problem(Code.BAD_INSTANT, f"{shown(value)} is no time", 'Write 2026-11-01T10:00:00Z, or "09:00" in quotes')


def _additions(value: object) -> list[dict[str, Any]]:
    data: Any = value.value if isinstance(value, Written) else value
    rules: list[Any] = data if isinstance(data, list) else [data]
    if rules and all(isinstance(rule, dict) for rule in rules):
        return rules
    raise problem(Code.WRONG_SHAPE, "a rule or a list of rules is needed here", "Write {id: …, when: …}")


def _rules(value: object) -> str | list[Any] | dict[str, Any]:
    """A path, or rules as they are written, which are read as such (`rules.edition_at`)."""
    data = value.value if isinstance(value, Written) else value
    if isinstance(data, (dict, list)) or (isinstance(data, str) and data):
        return data
    message = f"a path or rules are needed here, not {shown(data)}"
    raise problem(Code.WRONG_SHAPE, message, "Write cart.yaml, or {id: …, when: …}")


def _changes(value: object) -> dict[str, dict[str, Any]]:
    data = _object(value)
    wrong = next((name for name, fields in data.items() if not isinstance(fields, dict)), None)
    if data and wrong is None:
        return data
    message = "nothing is changed" if wrong is None else f"{wrong} needs the keys that are changed"
    raise problem(Code.WRONG_SHAPE, message, "Write {cart-abandonment: {wait: 2h}}")


Additions: TypeAlias = Annotated[
    list[dict[str, Any]],
    Checked(_additions, {"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "minItems": 1}]}),
]
Changes: TypeAlias = Annotated[
    dict[str, dict[str, Any]],
    Checked(_changes, {"type": "object", "additionalProperties": {"type": "object"}, "minProperties": 1}),
]
Rules: TypeAlias = Annotated[
    str | list[Any] | dict[str, Any],
    Checked(
        _rules,
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "object"},
                {"type": "array", "items": {"type": "object"}},
            ]
        },
    ),
]
Data: TypeAlias = Annotated[dict[str, Any], Checked(_object, {"type": "object"})]
Instances: TypeAlias = Annotated[
    list[dict[str, Any]],
    Checked(_instances, {"type": "array", "items": {"type": "object"}}),
]
Moment: TypeAlias = Annotated[
    str,
    Checked(
        _moment,
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "pattern": f"^{TIME_OF_DAY.pattern}$"},
            ],
            "examples": ["2026-11-01T10:00:00-05:00", "09:00"],
        },
    ),
]


def _instant(value: object) -> str:
    found = _moment(value)
    if re.fullmatch(TIME_OF_DAY, found):
        raise problem(Code.BAD_INSTANT, f"a test cannot start at {found} of no day", "Write 2026-11-01T10:00:00Z")
    return found


Start: TypeAlias = Annotated[str, Checked(_instant, {"type": "string", "format": "date-time"})]
RuleIds: TypeAlias = Annotated[
    Annotated[RuleId, Tag("|text")] | Annotated[list[RuleId], Tag("|list")],
    chosen(
        lambda value: shape(value) if isinstance(value, (str, list)) else None,
        "a rule's id or a list of them is needed here",
        "Write cart-abandonment or [cart-abandonment, vip]",
    ),
]

# ---------------------------------------------------------------- objects


class Expected(Model):
    """One decision that is expected: a verb with the rule's id, and any fields it must have."""

    fired: RuleId | None = Field(None, description="the rule that fired, whatever the kind of its trigger")
    entered: RuleId | None = Field(None, description="the audience entered, its trigger fired")
    exited: RuleId | None = Field(None, description="the audience left, its trigger fired")
    suppressed: RuleId | None = Field(None, description="the rule a gate or a limit refused")
    cancelled: RuleId | None = Field(None, description="the rule whose deferred candidate came to nothing")
    revoked: RuleId | None = Field(None, description="the rule whose decision a late event took back")
    deferred: RuleId | None = Field(None, description="the rule whose candidate is now held back by a gate")
    reason: Annotated[str, *one_of(*Reason)] | None = Field(None, description="the gate or the cause")
    kind: Annotated[str, *one_of("fired", "entered", "exited")] | None = Field(None, description="kind of the trigger")
    at: Moment | None = Field(None, description="when it was decided; HH:MM in the contact's zone")
    due: Moment | None = Field(None, description="when it fell due; HH:MM in the contact's zone")
    instance: Data | None = Field(None, description="values of per, those named")
    include: Data | None = Field(None, description="fields of the trigger, those named")
    events: Data | None = Field(None, description="first, last and count of the arming events, those named")
    threshold: ExactNumber | None = Field(None, description="the threshold reached")
    reminder: Whole | None = Field(None, description="index of the reminder, from 0")
    occurrence: Name | None = Field(None, description="local date of a repeating wait")
    variant: Name | None = Field(None, description="which of the rule's variants the contact gets")
    channel: Name | None = Field(None, description="the rule's channel")
    late: Flag | None = Field(None, description="whether a late event caused it")
    revision: Whole | None = Field(None, description="how often its id was emitted before")
    replaces: RuleIds | None = Field(None, description="the rules whose decisions it stands for, one for each")
    partial_history: Flag | None = Field(None, description="whether the rule's look-backs began after the contact")
    outranked_by: RuleId | None = Field(None, description="the rule that was the last to pass in the same round")
    lists: Instances | None = Field(None, description="the instances that a digest lists, in its order")


Expectation: TypeAlias = Annotated[
    Annotated[Annotated[str, *one_of("nothing")], Tag("|text")]
    | Annotated[Expected, Tag("|object")]
    | Annotated[list[Expected], Tag("|list")],
    chosen(
        shape,
        "expect takes nothing, one decision or a list of them",
        "Write expect: nothing, or expect: {fired: cart-abandonment}",
    ),
]


class PublishPart(Model):
    """Rules that come into force now or later: another file, or the present ones with changes."""

    effective_from: Moment | None = Field(None, description="when they come into force; left out: now")
    rules: Rules | None = Field(
        None, description="path of the rules, from this file, or the rules; instead of the keys below"
    )
    change: Changes | None = Field(None, description="by rule id: the keys that are replaced; null takes a key away")
    add: Additions | None = Field(None, description="a rule or a list of rules")
    remove: RuleIds | None = Field(None, description="ids of rules that go")
    policy: Data | None = Field(None, description="the keys of the policy that are replaced; null takes a key away")


class StepPart(Model):
    """One step: the clock moves, rules are published or frozen, an event happens, what came of it is compared."""

    after: Duration | None = Field(None, description="moves the clock on by a duration")
    at: Moment | None = Field(None, description="moves the clock to an instant, or to the next HH:MM of the contact")
    publish: PublishPart | None = Field(None, description="rules that come into force now or later")
    frozen: Flag | None = Field(None, description="true: nothing is decided from now on; false: it goes on")
    event: Name | None = Field(None, description="type of an event that happens now")
    with_: Data | None = Field(None, alias="with", description="properties of the event")
    id: Name | None = Field(None, description="event_id of the event; left out: e0001, e0002, …")
    item: Name | None = Field(None, description="the event is of this item of the catalogue, not of the contact")
    by: Name | None = Field(
        None, description="the event is of this other contact: feeds hear of it, and nothing is decided of it"
    )
    ago: Duration | None = Field(None, description="the event arrives now and happened so long ago")
    expect: Expectation | None = Field(None, description="all that was decided since the last expect")


Timeline: TypeAlias = Annotated[
    list[StepPart],
    Schema({"type": "string", "examples": ["10:00  cart.item_added\n11:00  → cart-abandonment fired\n"]}),
]
"""A text to its author; the steps that it stands for to whoever reads the file (`timeline`)."""


class CasePart(Model):
    """One test: a contact that nothing is known of, a clock, and steps or a timeline."""

    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": ["steps"]}, {"required": ["timeline"]}]}

    name: Name = Field(description="a sentence that says what must hold")
    about: RuleIds | None = Field(None, description="the rules whose decisions are compared; left out: all")
    start: Start | None = Field(None, description="where the clock starts")
    contact: Data | None = Field(None, description="attributes, set by contact.updated at the start")
    contact_id: Name | None = Field(None, description="the contact's id, which a holdout depends on")
    rules: Rules | None = Field(None, description="the rules of this test: their path, or the rules")
    clock: ZoneName | None = Field(None, description="the zone in which a timeline tells the time; left out: UTC")
    steps: list[StepPart] | None = Field(None, description="a list of steps")
    timeline: Timeline | None = Field(None, description="instead of steps: a line for each event and each decision")


class ScenarioPart(Model):
    """A scenario file."""

    rules: Rules | None = Field(
        None, description="path of the rules, from this file, or the rules; left out: found by name"
    )
    account: AccountId | None = Field(None, description="the account; left out: the only one of the rules")
    about: RuleIds | None = Field(None, description="the rules whose decisions are compared; left out: all")
    start: Start | None = Field(
        None, description="where the clock starts; left out: noon of Monday 2026-01-05 by the account's clock"
    )
    contact: Data | None = Field(None, description="attributes, set by contact.updated at the start")
    clock: ZoneName | None = Field(None, description="the zone in which timelines tell the time; left out: UTC")
    allowed_lateness: Duration | None = Field(None, description="the horizon for late events; left out: 1h")
    whole_history: Flag = Field(
        True,
        description="whether published rules look back on what was before; false: a stream without a snapshot",
    )
    tests: list[CasePart] = Field(description="a list of tests")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files, for editors."""
    from kittiwake.rules.schema_parts import schema_of  # noqa: PLC0415 - only editors ask for it

    found = schema_of(ScenarioPart)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Kittiwake scenario file"}
